"""`drill check`: reads scenarios and what they are checked against, and hands the findings out as plans' are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency import VERSION
from emergency.check.run import Found, located
from emergency.checking import Ground
from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.values import Text
from emergency.drills.scenario import Scenario
from emergency.drills.scenarios.check import Known, check_scenario, clock_text
from emergency.drills.scenarios.file import SHIPPED, read_with_lines
from emergency.errors import Mistakes, Problem
from emergency.phrases import trouble_zh
from emergency.store import codec

if TYPE_CHECKING:
    from emergency.drills.scenarios.dry_run import DryRun

Document = dict[str, Any]
FOLDER = "scenarios"
"""Where an installation keeps its own."""
REVISION = 12
"""Characters of the digest of a plan that name its revision."""
NOT_A_SCENARIO = "S00"


class Plans(Mapping[str, Playbook]):
    """The plans of an installation by id, each read when first asked for."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._files = ground.library.files()
        self._read: dict[str, Playbook] = {}

    def __getitem__(self, id: str) -> Playbook:
        if id not in self._read:
            self._read[id] = self._ground.plan(self._files[id])
        return self._read[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, id: object) -> bool:
        return id in self._files


def revision_of(plan: Playbook) -> str:
    """Return how a scenario names the plan as it is: the first characters of its digest."""
    return codec.document_digest(plan)[:REVISION]


class Checked:
    """What a check of scenarios came to. runs: what the dry run of each showed. left_out: shipped ones that are written
    for another site."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self.found: list[Found] = []
        self.checked: list[str] = []
        self.runs: dict[str, DryRun] = {}

    @property
    def clean(self) -> list[str]:
        """The scenarios without a mistake."""
        bad = {each.plan for each in self.found if each.counts == "error"}
        return [id for id in self.checked if id not in bad]

    @property
    def errors(self) -> int:
        """How many mistakes there are."""
        return sum(each.counts == "error" for each in self.found)

    def document(self, lang: str) -> Document:
        """Return everything as a document."""
        from emergency.check.report import document

        return {
            "findings": [document(each, lang) for each in self.found],
            "clean": self.clean,
            "left_out": self.left_out,
            "scenarios": {id: run_document(self.runs[id]) if id in self.runs else None for id in self.checked},
        }

    def sarif(self, lang: str) -> Document:
        """Return everything as SARIF 2.1.0."""
        from emergency.check.report import sarif
        from emergency.checking import _uri

        made = sarif(self.found, VERSION, _uri, lang)
        made["runs"][0]["tool"]["driver"]["name"] = "emergency drill check"
        return made

    def lines(self, lang: str) -> list[str]:
        """Return everything as lines for a person."""
        from emergency.check.report import lines
        from emergency.phrases import phrase

        out = [line for each in self.found for line in lines(each, lang)]
        for id in self.checked:
            if id in self.clean:
                out.append(phrase("check_ok", lang, name=id))
            if id in self.runs:
                out += run_lines(self.runs[id], lang)
        if self.left_out:
            out.append(phrase("scenarios_left_out", lang, n=len(self.left_out)))
        return out


def run_document(run: DryRun) -> Document:
    """Return a dry run as a document: why and when it ended, and what became of each expectation, in seconds."""
    return {
        "ended": run.ended,
        "after_s": run.after.total_seconds(),
        "expectations": [
            {
                "id": met.expect.id,
                "of": met.inject,
                "check": met.expect.check,
                "status": _status(met),
                "event": met.hit.seq if met.hit else None,
            }
            for met in run.met
        ],
    }


def _status(met: Any) -> str:
    if met.question:
        return "evaluator"
    if met.hit is None:
        return "unmet"
    return "late" if met.late else "met"


SAYS = {
    "met": Text("达到", "met"),
    "late": Text("达到但超时", "met late"),
    "unmet": Text("未达到", "not met"),
    "evaluator": Text("由评估员看", "for an evaluator"),
}


def run_lines(run: DryRun, lang: str) -> list[str]:
    """Return a dry run as lines: one run among played people, which shows what can happen and proves nothing."""
    because = {
        "scenario": Text("达到结束条件", "its end was reached"),
        "closed": Text("预案走完", "the plan was closed"),
        "maximum": Text("到最长时间", "at its maximum"),
    }.get(run.ended, Text(run.ended, run.ended))
    head = Text(
        f"    试演一遍(虚拟人员):{clock_text(run.after)} {because.zh}",
        f"    one dry run, played people: {clock_text(run.after)}, {because.en}",
    )
    out = [head.of(lang)]
    for met in run.met:
        out.append(f"      {met.expect.id}  {SAYS[_status(met)].of(lang)}: {met.expect.text.of(lang)}")
    return out


def check_files(ground: Ground, files: Mapping[str, Path], *, quick: bool, every: bool = False) -> Checked:
    """Check the scenarios in *files* (id to file); with *quick*, without playing them; of *every* one that there is,
    those are left out that came with the program for another site."""
    report, plans = Checked(), Plans(ground)
    for id, path in files.items():
        try:
            scenario, file = read_with_lines(_bytes(path), str(path), ground.site)
        except Mistakes as error:
            report.found += [_of_problem(id, problem) for problem in error.problems]
            continue
        if every and path.parent == SHIPPED and scenario.site not in ("", ground.site.id):
            report.left_out.append(id)
            continue
        report.checked.append(id)
        try:
            found = check_scenario(scenario, known_of(ground, plans, scenario))
        except Mistakes as error:  # a plan that it names cannot be read
            report.found += [_of_problem(id, problem) for problem in error.problems]
            continue
        if not quick and ground.roster is not None and not any(each.severity == "error" for each in found):
            from emergency.drills.scenarios.dry_run import Ground as Played
            from emergency.drills.scenarios.dry_run import dry_run

            run = dry_run(scenario, Played(ground.site, ground.roster, plans))
            report.runs[id] = run
            found = [*found, *run.findings]
        found.sort(key=lambda each: (each.severity != "error", file.line(each.path)))
        report.found += located(id, found, file.place, ())
    return report


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistakes(
            [
                Problem(
                    file=str(path), line=0, says=f"cannot be read: {error.strerror}", zh=f"读不出:{trouble_zh(error)}"
                )
            ]
        ) from error


def _of_problem(id: str, problem: Problem) -> Found:
    finding = Finding((), problem.says, problem.severity, problem.id or NOT_A_SCENARIO, problem.zh)
    return Found(plan=id, finding=finding, file=problem.file, line=problem.line)


def known_of(ground: Ground, plans: Plans, scenario: Scenario) -> Known:
    """Return what *scenario* is checked against, with who is there when it begins. Raises Mistakes: of its plan."""
    people: frozenset[str] = frozenset()
    team = {}
    if ground.roster is not None:
        from emergency.roster import members
        from emergency.roster.team import Reach

        people = frozenset(ground.roster.people)
        team = {m.id: m for m in members(ground.roster, ground.site, scenario.begins, Reach(), {})}
    revision = revision_of(plans[scenario.playbook]) if scenario.playbook in plans else ""
    return Known(site=ground.site, plans=plans, revision=revision, people=people, team=team)


# the pin


def pin(ground: Ground, path: Path) -> str:
    """Write the plan's present revision into the scenario file at *path*, and return it; nothing else is changed.

    Raises:
        Mistakes: the scenario or its plan cannot be read, or the line cannot be found.
    """
    raw = _bytes(path)
    scenario, file = read_with_lines(raw, str(path), ground.site)
    plans = Plans(ground)
    if scenario.playbook not in plans:
        raise Mistakes(
            [
                file.problem(
                    ("playbook", "id"),
                    f"'{scenario.playbook}' is no plan here",
                    zh=f"这里没有预案“{scenario.playbook}”",
                )
            ]
        )
    revision = revision_of(plans[scenario.playbook])
    text = raw.decode("utf-8-sig")
    lines = text.splitlines(keepends=True)
    known = ("playbook", "revision") in file.lines
    at = file.line(("playbook", "revision" if known else "id")) - 1
    lines[at] = _pinned(lines[at], revision, known)
    made = "".join(lines)
    if read_with_lines(made.encode(), str(path), ground.site)[0].revision != revision:
        raise Mistakes(
            [
                file.problem(
                    ("playbook",),
                    f"write it by hand: playbook: {{id: {scenario.playbook}, revision: {revision}}}",
                    zh=f"请手工写入:playbook: {{id: {scenario.playbook}, revision: {revision}}}",
                )
            ]
        )
    if made != text:
        path.write_text(made, "utf-8")
    return revision


def _pinned(line: str, revision: str, known: bool) -> str:
    if known:
        return re.sub(r"(revision:\s*)([\"']?)[0-9a-f]{12}\2", rf"\g<1>{revision}", line, count=1)
    if "{" in line:
        return re.sub(r"(id:\s*[a-z0-9_]+)", rf"\g<1>, revision: {revision}", line, count=1)
    indent = line[: len(line) - len(line.lstrip())]
    end = "\r\n" if line.endswith("\r\n") else "\n"
    return line.rstrip("\r\n") + end + f"{indent}revision: {revision}" + end


# finding and showing


def files_of(own: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """Return the scenario files that *names* mean (files or ids); all of them for none. Raises Mistakes."""
    from emergency.drills.scenarios.file import file_named, files

    if not names:
        return files(own)
    return {Path(name).stem: file_named(name, own) for name in names}


def within(text: timedelta | None) -> str:
    """Return a length as people read it, or nothing."""
    return clock_text(text) if text is not None else ""


def show_lines(scenario: Scenario, lang: str, timezone: str) -> list[str]:
    """Return a scenario as a page for whoever runs it: never for players. Times are of the site's *timezone*."""
    from emergency.drills.live.lines import local
    from emergency.store.codec import to_text

    both = Text(
        f"{scenario.title.zh}  ({scenario.id})",
        f"{scenario.title.en}  ({scenario.id})",
    )
    begins = local(to_text(scenario.begins), timezone)
    out = [
        both.of(lang),
        f"  {scenario.playbook} {scenario.revision or '-'} · {scenario.place} · {scenario.kind} · {scenario.notice}",
        f"  {begins} · {Text('最长', 'at most').of(lang)} {clock_text(scenario.maximum)}",
    ]
    if scenario.note is not None:
        out.append(f"  0:00  {scenario.note.of(lang)}")
    for objective in scenario.objectives:
        out.append(f"  {objective.id}  {objective.text.of(lang)}  {within(objective.within)}".rstrip())
    for inject in scenario.injects:
        out += _inject_lines(inject, lang)
    if scenario.ends_when:
        out.append(f"  {Text('结束', 'ends').of(lang)}: {scenario.ends_when}")
    return out


def _inject_lines(inject: Any, lang: str) -> list[str]:
    from emergency.drills.scenarios.msel import SUBJECTS, params_text

    when = clock_text(inject.at) if inject.at is not None else inject.when or inject.caused_by or ""
    if inject.after:
        when += f" +{clock_text(inject.after)}"
    if inject.reserve:
        when = Text("备用", "reserve").of(lang)
    head = f"  {when:<8}  {inject.id}  {SUBJECTS[inject.kind].of(lang)}: {inject.target} {params_text(inject.params)}"
    out = [head.rstrip()]
    if inject.text is not None:
        out.append(f"            “{inject.text.of(lang)}”")
    for expect in inject.expect:
        mark = "!" if expect.critical else " "
        out.append(f"          {mark} {expect.id}  {expect.text.of(lang)}  {within(expect.within)}".rstrip())
    return out


def own_folder(home: Path) -> Path:
    """Return the folder of an installation's own scenarios."""
    return home / FOLDER


@contextlib.contextmanager
def ground_for(settings: Any, site: str | None, roster: str | None, *, quick: bool) -> Iterator[Ground]:
    """Return what scenarios are checked against, as plans are. Raises as `checking.ground_of`."""
    from emergency.checking import ground_of

    with ground_of(settings, site, roster, quick=quick) as ground:
        yield ground
