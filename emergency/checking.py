"""`playbook check`: reads the files that a check needs, and hands its findings out as a document or as SARIF.

Light, for an editor asks on every save: the engine, the store and the checks that take long are imported when used.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from emergency import VERSION
from emergency.check.run import Found, Place, check_plan, located
from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.errors import CommandRefused, Mistakes, Problem
from emergency.library import Library
from emergency.phrases import unreadable
from emergency.roster import Roster

if TYPE_CHECKING:
    from emergency.check.plan import Proof
    from emergency.check.waivers import Waiver
    from emergency.engine import Engine
    from emergency.settings import Settings
    from emergency.store.store import SqliteStore

Document = dict[str, Any]
WAIVERS = "waivers.yaml"


class Ground:
    """What plans are checked against: the site, its people, the day, and where each of them is written.

    roster: None when nobody is known; then nothing is said of people. site_file, roster_file: where their mistakes are
    told; None when only what is in force is known. engine: the store in force, or None; it holds plans compiled before.
    link: the longest address that a message may end with; empty where messages carry none.
    """

    def __init__(
        self,
        library: Library,
        site: Site,
        roster: Roster | None,
        now: datetime,
        *,
        site_file: Path | None = None,
        roster_file: Path | None = None,
        engine: Engine | None = None,
        link: str = "",
    ) -> None:
        from zoneinfo import ZoneInfo

        self.library, self.site, self.roster, self.engine = library, site, roster, engine
        self.link = link
        self.day: date = now.astimezone(ZoneInfo(site.timezone)).date()
        self.site_file, self.roster_file = site_file, roster_file

    def plan(self, path: Path) -> Playbook:
        """Return the plan in *path*, from its compiled form where there is one. Raises Mistakes."""
        if self.engine is None:
            return self.library.read(path, self.site)
        return self.library.load(self.engine, path, self.site)


class Report:
    """What a check came to. `clean` holds the plans without a mistake; `proofs` what was proved of each."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.checked: list[str] = []
        self.proofs: dict[str, Proof] = {}

    @property
    def clean(self) -> list[str]:
        """The plans without a mistake that counts."""
        bad = {each.plan for each in self.found if each.counts == "error"}
        return [id for id in self.checked if id not in bad]

    @property
    def failed(self) -> bool:
        """Whether a mistake is left that nobody answers for."""
        return any(each.counts == "error" for each in self.found)

    def document(self, lang: str) -> Document:
        """Return everything as a document."""
        from emergency.check.report import document, proof_document

        return {
            "findings": [document(each, lang) for each in self.found],
            "clean": self.clean,
            "plans": {id: proof_document(self.proofs[id]) if id in self.proofs else None for id in self.checked},
        }

    def sarif(self, lang: str) -> Document:
        """Return everything as SARIF 2.1.0."""
        from emergency.check.report import sarif

        return sarif(self.found, VERSION, _uri, lang)

    def lines(self, lang: str, *, every: bool) -> list[str]:
        """Return everything as lines for a person; of *every* plan, only the mistakes and how much else there is."""
        from emergency.check.report import lines, summary

        out: list[str] = []
        for each in self.found:
            if not every or each.counts in ("error", "waived") or each.plan not in self.checked:
                out += lines(each, lang)
        for id in self.checked:
            mine = [each for each in self.found if each.plan == id]
            if id in self.clean:
                out.append(_clean(id, list(summary(mine, lang)), lang))
            if not every and id in self.proofs:
                out += _proved(self.proofs[id], lang)
        return out


def _clean(id: str, rest: Sequence[str], lang: str) -> str:
    from emergency.phrases import phrase

    words = phrase("check_ok", lang, name=id)
    return words if not rest else f"{words} ({', '.join(rest)})"


def _proved(proof: Proof, lang: str) -> list[str]:
    from emergency.phrases import phrase

    out = [phrase("check_explored", lang, n=proof.explored.situations, ways=proof.explored.ways)]
    for each in proof.milestones:
        worst = phrase("check_unbounded", lang) if each.worst is None else _length(each.worst.total_seconds())
        out.append(
            phrase(
                "check_milestone",
                lang,
                title=each.title.of(lang),
                worst=worst,
                target=_length(each.target.total_seconds()),
                source=each.source,
            )
        )
    return out


def _length(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _uri(file: str) -> str:
    """Return a file as a URI, relative to where the command was given when it lies there."""
    from urllib.parse import quote

    path = Path(file).absolute()
    here = Path.cwd()
    return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()


def check(ground: Ground, files: dict[str, Path], *, quick: bool) -> Report:
    """Check the plans in *files* (id to file); with *quick*, the lint alone."""
    report = Report()
    waivers, of_waivers = _waivers(ground, report)
    plans = {}
    for id, path in files.items():
        try:
            plans[id] = ground.library.read(path, ground.site)
            report.checked.append(id)
        except Mistakes as error:
            report.found += [_of_problem(id, problem) for problem in error.problems]
    others = [] if quick else _others(ground, plans)
    for id, plan in plans.items():
        found, proof = check_plan(plan, ground.site, ground.roster, ground.day, others, quick=quick, link=ground.link)
        report.found += located(id, found, _place_in(ground, files[id]), waivers)
        if proof is not None:
            report.proofs[id] = proof
    if plans and not quick:
        report.found += _organisation(ground, waivers)
        report.found += _unused(ground, waivers, of_waivers, report)
    return report


def _others(ground: Ground, plans: dict[str, Playbook]) -> list[Playbook]:
    """Return every plan that can be read: what else may be under way."""
    found = {plan.id: plan for plan in plans.values()}
    for id, path in ground.library.files().items():
        if id not in found:
            with contextlib.suppress(Mistakes):  # told when that plan is checked
                found[id] = ground.plan(path)
    return list(found.values())


def _of_problem(plan: str, problem: Problem) -> Found:
    finding = Finding((), problem.says, problem.severity, problem.id, problem.zh)
    return Found(plan=plan, finding=finding, file=problem.file, line=problem.line)


def _place_in(ground: Ground, file: Path) -> Place:
    """Return what names the line of a path; the file is read for it when the first finding asks."""
    layered: list[Any] = []

    def place(path: Sequence[str | int]) -> tuple[str, int]:
        if not layered:
            layered.append(ground.library.layered(file))
        where: tuple[str, int] = layered[0].place(tuple(path))
        return where

    return place


def _organisation(ground: Ground, waivers: Sequence[Waiver]) -> list[Found]:
    """What is wrong with site and roster, whatever the plan."""
    if ground.roster is None:
        return []
    from emergency.check.people import check_organisation

    of_site, of_roster = check_organisation(ground.site, ground.roster, ground.day)
    found = located("site", of_site, _line_of(ground.site_file, "site.yaml"), waivers)
    return found + located("roster", of_roster, _line_of(ground.roster_file, "roster.yaml"), waivers)


def _line_of(file: Path | None, name: str) -> Place:
    if file is None or file.suffix not in (".yaml", ".yml"):
        return lambda path: (str(file or name), 0)
    from emergency import yaml_file

    read = yaml_file.read(file)
    return lambda path: read.place(path)


def _waivers(ground: Ground, report: Report) -> tuple[list[Waiver], Place | None]:
    """Return the waivers of the installation; what is wrong with them goes into the report."""
    file = ground.library.own.parent / WAIVERS
    if not file.exists():
        return [], None
    from emergency import yaml_file
    from emergency.check.waivers import read_waivers

    try:
        read = yaml_file.read(file)
    except Mistakes as error:
        report.found += [_of_problem("waivers", problem) for problem in error.problems]
        return [], None
    good, wrong = read_waivers(read.data, ground.day)
    report.found += [_of_problem("waivers", problem) for problem in read.problems]
    report.found += located("waivers", wrong, read.place, ())
    return good, read.place


def _unused(ground: Ground, waivers: Sequence[Waiver], place: Place | None, report: Report) -> list[Found]:
    if place is None:
        return []
    from emergency.check.waivers import not_needed

    used = [each.waiver for each in report.found if each.waiver is not None]
    checked = {*report.checked, "site", "roster"}
    return located("waivers", not_needed(waivers, used, lambda waiver: waiver.plan in checked), place, ())


# where everything comes from


@contextlib.contextmanager
def ground_of(settings: Settings, site: str | None, roster: str | None, *, quick: bool) -> Iterator[Ground]:
    """Return the ground of an installation, with another site or roster where a file is named. With both, no
    installation is needed.

    Raises:
        Mistakes: of the files. CommandRefused, StoreError: there is no installation.
    """
    from emergency.clock import SystemClock
    from emergency.layers import SHIPPED_PARTS

    library = Library(SHIPPED_PARTS.parent, settings.home / "playbooks")
    clock = SystemClock()
    with contextlib.ExitStack() as held:
        store = None
        if site is None or settings.database_file.exists():
            from emergency.store.store import SqliteStore

            store = held.enter_context(contextlib.closing(SqliteStore(settings.database_file, create=False)))
        here = _site(store, site)
        people = None if quick and roster is None else _roster(store, roster, here)
        engine = None
        if store is not None and not quick and site is None:
            from emergency.engine import Engine

            engine = Engine(store, clock)
        yield Ground(
            library,
            here,
            people,
            clock.now(),
            site_file=Path(site) if site else _own(settings, "site.yaml", here, None, None if quick else store),
            roster_file=Path(roster)
            if roster
            else _own(settings, "roster.yaml", here, people, None if quick else store),
            engine=engine,
            link="" if quick else _link(settings),
        )


def _link(settings: Settings) -> str:
    if settings.public_url is None:
        return ""
    from emergency.links import ADDED

    return settings.public_url + "/a/".ljust(ADDED, "0")


def _site(store: SqliteStore | None, file: str | None) -> Site:
    if file is not None:
        from emergency.loader import read_site

        return read_site(_bytes(file), file)
    body = store.current("site") if store is not None else None
    if body is None:
        raise CommandRefused(
            "this installation has no site yet; make one with: emergency init --sample",
            "这个安装还没有场所。请先建立:emergency init --sample",
        )
    return msgspec.json.decode(body, type=Site)


def _roster(store: SqliteStore | None, file: str | None, site: Site) -> Roster | None:
    if file is not None:
        from emergency.loader import read_roster

        return read_roster(_bytes(file), file, site)
    body = store.current("roster") if store is not None else None
    return msgspec.json.decode(body, type=Roster) if body is not None else None


def _own(settings: Settings, name: str, site: Site, roster: Roster | None, store: SqliteStore | None) -> Path | None:
    """Return the file in the home that says what is in force; None when it has been changed since, or is not there."""
    file = settings.home / name
    if store is None or not file.exists():
        return None
    from emergency.loader import read_roster, read_site

    with contextlib.suppress(Mistakes):
        read = read_site(file.read_bytes(), name) if roster is None else read_roster(file.read_bytes(), name, site)
        if msgspec.json.encode(read, order="sorted") == msgspec.json.encode(roster or site, order="sorted"):
            return file
    return None


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Mistakes(*unreadable(file, error)) from error


def files_named(ground: Ground, name: str | None) -> dict[str, Path]:
    """Return the plan files that *name* means: a file, an id, another name of a plan; all of them for None.

    Raises:
        Mistakes: it is no name of a plan, or of several.
    """
    if name is not None and (name.endswith((".yaml", ".yml")) or "/" in name or os.sep in name):
        return {name: Path(name)}
    files = ground.library.files()
    if name is None:
        return files
    if name not in files:
        from emergency.match import find_playbook

        name = find_playbook(name, _others(ground, {})).id
    return {name: files[name]}
