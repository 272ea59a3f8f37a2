"""Making an installation, and looking after its plans and its people."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emergency.app import App
from emergency.core.explain import words_of
from emergency.core.playbook import Leave, Playbook, State
from emergency.core.site import OFF, Site
from emergency.core.values import SEVERITY_WORDS, Text
from emergency.core.wording import plan_keys
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes, Problem, StoreError
from emergency.loader import circles_of_deputies, read_site
from emergency.people import save_roster, save_site
from emergency.phrases import phrase, trouble_zh, unreadable
from emergency.roster import Person, Roster, mask
from emergency.roster.calendar import zone_of
from emergency.roster.files import read_path
from emergency.settings import Settings

SAMPLE = Path(__file__).parent / "sample"
Document = dict[str, Any]


def make_installation(settings: Settings, app: App, *, sample: bool) -> Document:
    """Make the folder, the database, and (with *sample*) the sample site and its people; return what was made.

    Raises:
        CommandRefused: there is an installation already.
        Mistakes: the site or roster files that lie in the folder hold mistakes.
    """
    home = settings.home
    if _is_made(settings, app):
        raise CommandRefused(
            f"{home} holds an installation already; choose another folder with --home",
            f"{home} 里已有安装;请用 --home 换个文件夹",
        )
    site_file = home / "site.yaml"
    if not sample and not site_file.exists():
        raise CommandRefused(
            f"{site_file} is missing. Write your site there and run init again; for a file to copy from, "
            "make the sample elsewhere: emergency --home DIR init --sample",
            f"缺少 {site_file}。请在那里写好场所文件再运行 init;"
            "要范本,可在别处建样例:emergency --home 文件夹 init --sample",
        )
    _make_folders(home, sample=sample)
    document: Document = {"home": str(home), "site": None, "people": 0, "playbooks": 0}
    site = read_site(_bytes(site_file), str(site_file))
    roster = _roster_of(home, site)
    engine = app.engine(create=True)

    def put_in(e: Engine) -> None:
        save_site(e, site, e.clock.now())
        save_roster(e, roster, e.clock.now(), note="init")
        plans, _ = app.library.load_all(e, site)
        document.update(site=site.id, people=len(roster.people), playbooks=len(plans))

    engine.unit(put_in)
    _keep_copy(app, engine)
    engine.store.close()
    return document


def _keep_copy(app: App, engine: Engine) -> None:
    """Keep what a last resort works from. A full disk spoils that copy, and not what has been put in force."""
    with contextlib.suppress(OSError):
        engine.unit(app.keep_copy)


def _is_made(settings: Settings, app: App) -> bool:
    """Whether the database is there and holds a site; an init that was cut short may leave one without."""
    if not settings.database_file.exists():
        return False
    engine = app.engine()
    made = engine.store.current("site") is not None
    engine.store.close()
    return made


def _make_folders(home: Path, *, sample: bool) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (home / "playbooks").mkdir(exist_ok=True)
        for name in ("site.yaml", "roster.yaml"):
            if sample and not (home / name).exists():
                shutil.copyfile(SAMPLE / name, home / name)
    except OSError as error:
        raise StoreError(
            f"no installation can be made in {home}: {error.strerror}", f"{home} 里建不了安装:{trouble_zh(error)}"
        ) from error


def _roster_of(home: Path, site: Site) -> Roster:
    for name in ("roster.yaml", "roster.csv", "roster.xlsx", "roster"):
        path = home / name
        if path.exists():
            return read_path(path, site).roster
    return Roster()


def import_site(app: App, file: str) -> Document:
    """Put a changed site in force; incidents that are open keep the one they began with. What is wrong, it says in the
    operator's language.

    Raises:
        Mistakes: of the file, or people of the roster in force who would hang in the air.
    """
    engine, lang = app.engine(), app.settings.lang
    site = read_site(_bytes(Path(file)), file)
    problems = list(left_hanging(app.people.roster(engine), site, file))
    if problems:
        engine.store.close()
        raise Mistakes(problems)

    def put_in(e: Engine) -> list[Mistakes]:
        save_site(e, site, e.clock.now())
        return app.library.load_all(e, site)[1]

    unfit = engine.unit(put_in)
    _keep_copy(app, engine)
    engine.store.close()
    return {
        "site": site.id,
        "file": file,
        "unusable": [p.of(lang) for error in unfit for p in error.problems],
        "warnings": [problem.of(lang) for problem in circles_of_deputies(_bytes(Path(file)), file)],
    }


WHAT_ZH = {"shift": "班次", "zone": "区域", "role": "角色"}


def left_hanging(roster: Roster, site: Site, file: str) -> Iterator[Problem]:
    """Yield whom of the people of a roster a site has no shift, no zone or no role for."""
    shifts, places = {OFF, *(s.id for s in site.shifts)}, {p.id for p in site.places}
    patterns = shifts | {rotation.id for rotation in site.rotations}
    duties = {d.role for d in site.duties}
    for person in roster.people.values():
        wanted = [("shift", person.shift, patterns), ("zone", person.zone, places), ("shift", person.standby, patterns)]
        wanted += [("role", role, duties) for role in person.roles]
        wanted += [("shift", swap.shift, shifts) for swap in person.swaps]
        for what, word, known in wanted:
            if word is not None and word not in known:
                yield Problem(
                    file=file,
                    line=0,
                    says=f"{person.id} has the {what} '{word}', which this site has not",
                    zh=f"{person.id} 的{WHAT_ZH[what]}“{word}”,这个场所里没有",
                )


def check_site(file: str, lang: str = "en") -> Document:
    """Return the mistakes of a site file, their sentences in *lang*."""
    try:
        read_site(_bytes(Path(file)), file)
        circles = circles_of_deputies(_bytes(Path(file)), file)
    except Mistakes as error:
        return _findings(error.problems, [], lang)
    return _findings(circles, [] if circles else [file], lang)


def check_roster(app: App, file: str | None, lang: str) -> Document:
    """Return the mistakes of a roster file, and what a roster lacks: roles that nobody could take."""
    engine = app.engine()
    site = app.people.site(engine)
    today = engine.clock.now().astimezone(zone_of(site)).date()
    findings: list[Problem] = []
    doubts: list[Problem] = []
    name = file or phrase("roster_name", lang)
    roster = app.people.roster(engine)
    if file is not None:
        try:
            found = read_path(Path(file), site)
            roster, doubts = found.roster, found.doubts(site, today)
        except Mistakes as error:
            findings = error.problems
    if not findings:
        findings = doubts + _lacking(roster, site, name, lang)
    engine.store.close()
    return _findings(findings, [] if findings else [name], lang)


def _lacking(roster: Roster, site: Site, name: str, lang: str) -> list[Problem]:
    found = []

    def warn(key: str, **values: object) -> None:
        found.append(Problem(file=name, line=0, says=phrase(key, lang, **values), severity="warning"))

    works = {rotation.id: rotation.cycle for rotation in site.rotations}
    for duty in site.duties:
        for shift in site.shifts:
            there = [
                p
                for p in roster.people.values()
                if (p.on_call or shift.id in works.get(p.shift, (p.shift,)))
                and _could(p.roles, duty.role, duty.deputies)
            ]
            if not there:
                when = f"{shift.id} 班({shift.starts}-{shift.ends})" if lang == "zh" else shift.id
                warn("lacks_role", role=duty.title.of(lang), shift=when)
    for person in roster.people.values():
        if not person.numbers:
            warn("lacks_number", person=person.id)
        elif len(person.numbers) == 1 and any(site.duty(role).urgent for role in person.roles):
            warn("lacks_second", person=person.id)
    return found


def _could(roles: dict[str, int], role: str, deputies: tuple[str, ...]) -> bool:
    return bool(set(roles) & {role, *deputies})


def _findings(problems: list[Problem], clean: list[str], lang: str) -> Document:
    return {"findings": [_finding(problem, lang) for problem in problems], "clean": clean}


def _finding(problem: Problem, lang: str) -> Document:
    says = problem.zh if lang == "zh" and problem.zh else problem.says
    mark = "" if problem.severity == "error" else phrase("warning_mark", lang)
    return {
        "severity": problem.severity,
        "file": problem.file,
        "line": problem.line,
        "says": says,
        "text": mark + problem.of(lang),
    }


def show_roster(app: App, *, numbers: bool) -> Document:
    """Return everybody; numbers are masked unless asked for. `_role_titles` and `_shifts` say what their ids stand for
    in Chinese."""
    engine = app.engine()
    roster, site = app.people.roster(engine), app.people.site(engine)
    engine.store.close()
    return {
        "people": [_shown(p, p.numbers if numbers else tuple(map(mask, p.numbers))) for p in roster.people.values()],
        "_role_titles": {duty.role: duty.title.zh for duty in site.duties},
        "_shifts": {shift.id: f"{shift.starts}-{shift.ends}" for shift in site.shifts},
    }


def _shown(p: Person, numbers: Sequence[str]) -> Document:
    from emergency.roster.columns import as_yaml

    said = as_yaml(p, numbers)
    usual = {"language": p.language, "roles": p.roles, "shift": p.shift, "on_call": p.on_call, "zone": p.zone}
    more: Document = {"standby": None, "positions": [], "employer": "", "licences": {}, "leave": [], "swaps": []}
    ends = {"since": None, "until": None}
    return {
        "id": p.id,
        "name": _both(p.name),
        "numbers": list(numbers),
        **usual,
        **{key: said.get(key, empty) for key, empty in {**more, **ends}.items()},
    }


def list_playbooks(app: App) -> Document:
    """Return the plans that can be triggered, and the mistakes of those that cannot, in the operator's language."""
    engine = app.engine()
    plans, bad = app.library.load_all(engine, app.people.site(engine))
    files = app.library.files()
    engine.store.close()
    return {
        "playbooks": [
            {"id": p.id, "code": p.code, "title": _both(p.title), "place": p.place, "file": str(files[id])}
            for id, p in plans.items()
        ],
        "mistakes": [problem.of(app.settings.lang) for error in bad for problem in error.problems],
    }


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistakes(*unreadable(path, error)) from error


def show_playbook(app: App, name: str, lang: str) -> tuple[Document, list[str]]:
    """Return a plan as a document and as lines for a person."""
    import msgspec

    engine = app.engine()
    site = app.people.site(engine)
    plan = app.library.named(engine, name, site)
    engine.store.close()
    document: Document = msgspec.to_builtins(plan)
    return document, list(_plan_lines(plan, site, lang))


def effective_playbook(app: App, name: str) -> tuple[Document, list[str]]:
    """Return every value of a plan as it holds here, with the file and the line it comes from."""
    from emergency.layers import leaves

    engine = app.engine()
    plan = app.library.named(engine, name, app.people.site(engine))
    engine.store.close()
    layered = app.library.layered(app.library.files()[plan.id])
    values = [(_dotted(path), value, *layered.place(path)) for path, value in leaves(layered.data)]
    document: Document = {
        "playbook": plan.id,
        "values": [{"path": path, "value": value, "file": file, "line": line} for path, value, file, line in values],
    }
    return document, [f"{path} = {value}    # {Path(file).name}:{line}" for path, value, file, line in values]


def _dotted(path: Sequence[str | int]) -> str:
    """Return a path as a site's changes name it: lines of a list are counted from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _plan_lines(plan: Playbook, site: Site, lang: str) -> list[str]:
    lines = [f"{plan.code}  {plan.id}  {plan.title.zh} / {plan.title.en}"]
    lines.append(f"{phrase('plan_roles', lang)}:")
    for level in sorted({call.at for call in plan.roles if call.at is not None}):
        called = [
            site.duty(call.role).title.of(lang) + (f" ×{call.heads}" if call.heads > 1 else "")
            for call in plan.roles
            if call.at == level
        ]
        lines.append(f"    {phrase('plan_from', lang, level=SEVERITY_WORDS[level].of(lang))}: {', '.join(called)}")
    by_steps = [site.duty(call.role).title.of(lang) for call in plan.roles if call.at is None]
    if by_steps:
        lines.append(f"    {phrase('plan_by_steps', lang)}: {', '.join(by_steps)}")
    for rule in plan.raises:
        lines.append(f"  ↑ {SEVERITY_WORDS[rule.to].of(lang)}: {words_of(rule.when, lang=lang)}")
    for state in plan.states:
        lines += _state_lines(state, site, lang)
    lines.append(f"{phrase('plan_facts', lang)}:")
    for fact in plan.facts:
        kind = "|".join(fact.choices) or FACT_KINDS[fact.type]
        lines.append(f"    {fact.name}={kind}: {fact.ask.of(lang)}")
    return lines


FACT_KINDS = {"count": "3", "number": "1.5", "yes_no": "yes|no", "time": "14:05", "text": "...", "choice": ""}
"""What a value of each type looks like."""


def _state_lines(state: State, site: Site, lang: str) -> list[str]:
    agency = site.agency(state.commanded_by) if state.commanded_by and lang == "zh" else None
    by = agency.name.zh if agency is not None else state.commanded_by
    commanded = f"  ({phrase('agency_commands', lang, name=by)})" if by else ""
    lines = [f"● {state.name}  {state.title.of(lang)}{commanded}"]
    for step in state.steps:
        due = f"  ≤ {_length(step.done)} [{step.source}]" if step.done else ""
        answers = "".join(f"  {key} {word}" for key, word in plan_keys(step, lang)) if step.decision else ""
        lines.append(f"    {site.duty(step.role).title.of(lang)}: {step.do.of(lang)}{due}{answers}")
    for leave in state.leave:
        lines.append(f"    → {_leads_to(leave, site, lang)}: {_when(leave, lang)}")
    return lines


def _leads_to(leave: Leave, site: Site, lang: str) -> str:
    if leave.to is not None:
        return leave.to
    return phrase("nudge", lang, role=site.duty(leave.alert.role).title.of(lang)) if leave.alert else "…"


def _when(leave: Leave, lang: str) -> str:
    if leave.after is not None:
        return f"{phrase('plan_after', lang, length=_length(leave.after))} [{leave.source}]"
    return words_of(leave.when, lang=lang) if leave.when is not None else ""


def _length(length: Any) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _both(text: Text) -> Document:
    return {"zh": text.zh, "en": text.en}
