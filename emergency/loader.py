"""Files that people write become values, or a list of problems with line numbers; never half of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import available_timezones

from msgspec.structs import replace

from emergency import layers, yaml_file
from emergency.core import playbook as p
from emergency.core.check import Finding, check_playbook
from emergency.core.near import nearest
from emergency.core.site import Duty, Place, Shift, Site, SiteAgency
from emergency.core.values import Text
from emergency.errors import Mistakes, Problem
from emergency.roster import EMERGENCY_NUMBERS, Person, Roster

if TYPE_CHECKING:
    from pydantic import ValidationError

    from emergency import shapes

SHORTEST_PLACE = 12
"""Characters of a place's short form, so that an SMS fits one segment (practice)."""
MOST = 500
"""Mistakes of one file that are told."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_playbook(
    raw: bytes,
    name: str,
    site: Site | None = None,
    parts: Sequence[Path] = (layers.SHIPPED_PARTS,),
    changes: Path | None = None,
) -> p.Playbook:
    """Return the plan in *raw*, over the parts it uses and under the site's changes.

    Args:
        name: what messages call the file. parts: folders of parts. changes: the site's own file over this plan.

    Raises:
        Mistakes: every mistake of the file at once, each with its line.
    """
    from emergency import shapes

    file = layers.read_layers(raw, name, parts, changes)
    shape = _shape(file, shapes.PlaybookShape)
    plan = _playbook(shape)
    _refuse(file, check_playbook(plan, site))
    stem = Path(name).stem
    if stem != plan.id and name.endswith(".yaml"):
        _refuse(
            file, [Finding(("playbook",), f"the file is called '{stem}', the plan '{plan.id}'; give them one name")]
        )
    return plan


def read_site(raw: bytes, name: str) -> Site:
    """Return the site in *raw*. Raises Mistakes as `read_playbook` does."""
    from emergency import shapes

    file, shape = _validated(raw, name, shapes.SiteShape)
    _refuse(file, list(_check_site(shape)))
    return _site(shape)


def read_roster(raw: bytes, name: str, site: Site) -> Roster:
    """Return the roster in *raw*, YAML or CSV by the name's ending, numbers in E.164. Raises Mistakes."""
    from emergency import shapes

    if name.lower().endswith(".csv"):
        file = _csv_as_file(raw, name)
        shape = _shape(file, shapes.RosterShape)
    else:
        file, shape = _validated(raw, name, shapes.RosterShape)
    people, findings = _people(shape, site)
    _refuse(file, findings)
    return Roster(people=people)


S = TypeVar("S", bound="shapes.Shape")


def _validated(raw: bytes, name: str, kind: type[S]) -> tuple[yaml_file.YamlFile, S]:
    file = yaml_file.parse(raw, name)
    return file, _shape(file, kind)


def _shape(file: yaml_file.YamlFile, kind: type[S]) -> S:
    from pydantic import ValidationError

    problems = list(file.problems)
    if not isinstance(file.data, dict):
        raise Mistakes([Problem(file=file.name, line=1, says="is empty, or no mapping of names to values")])
    try:
        shape = kind.model_validate(file.data)
    except ValidationError as error:
        raise _all(problems + list(islice(_problems(file, error, kind), MOST))) from None
    if problems:
        raise _all(problems)
    return shape


def _all(problems: list[Problem]) -> Mistakes:
    """Every mistake in order, but no more than anybody reads: a file of the wrong kind holds one on each line."""
    return Mistakes(sorted(problems)[:MOST])


def _problems(file: yaml_file.YamlFile, error: ValidationError, kind: type[shapes.Shape]) -> Iterator[Problem]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(part for part in each["loc"] if part != "[key]")
        yield file.problem(path, _say(each["type"], each["msg"], path, kind))


def _say(kind: str, message: str, path: tuple[Any, ...], root: type[shapes.Shape]) -> str:
    word = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return f"'{word}' is unknown here.{nearest(word, _words_at(root, path[:-1]))}"
    if kind == "missing":
        return f"'{word}' is missing"
    text = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, path))}: {text[0].lower() + text[1:] if text[:1].isupper() else text}"


def _words_at(root: type[shapes.Shape], path: tuple[Any, ...]) -> list[str]:
    """Return the words that may stand in the mapping at *path*."""
    from emergency import shapes

    here: Any = root
    for part in path:
        if isinstance(here, type) and issubclass(here, shapes.Shape):
            fields = {f.alias or name: f for name, f in here.model_fields.items()}
            here = fields[str(part)].annotation if str(part) in fields else None
        else:
            here = next((a for a in getattr(here, "__args__", ()) if _is_shape(a)), None)
        while here is not None and not _is_shape(here) and not hasattr(here, "__origin__"):
            here = next((a for a in getattr(here, "__args__", ()) if _is_shape(a) or hasattr(a, "__origin__")), None)
    if _is_shape(here):
        return [f.alias or name for name, f in here.model_fields.items()]
    return []


def _is_shape(kind: Any) -> bool:
    from emergency import shapes

    return isinstance(kind, type) and issubclass(kind, shapes.Shape)


def _refuse(file: yaml_file.YamlFile, findings: Sequence[Finding]) -> None:
    problems = sorted(file.problem(f.path, f.says, f.id, f.zh) for f in findings if f.severity == "error")
    if problems:
        raise Mistakes(problems[:MOST])


def _playbook(s: shapes.PlaybookShape) -> p.Playbook:
    return p.Playbook(
        id=s.playbook,
        code=s.code,
        title=s.title,
        place=s.place,
        start=s.severity.start,
        raises=tuple(p.Raise(to=r.to, when=r.when) for r in s.severity.raise_),
        lowers=tuple(p.Raise(to=r.to, when=r.when) for r in s.severity.lower),
        roles=tuple(p.RoleCall(role=name, at=r.at, heads=r.heads) for name, r in s.roles.items()),
        facts=tuple(
            p.Fact(name=name, type=f.type, ask=f.ask, unless_told=f.unless_told, choices=tuple(f.choices))
            for name, f in s.facts.items()
        ),
        clocks=tuple(p.Clock(name=name, since=c.since) for name, c in s.clocks.items()),
        agencies=tuple(p.Agency(name=name, say=a.say) for name, a in s.agencies.items()),
        states=tuple(_state(name, state) for name, state in s.states.items()),
        merge=p.Merge(same=s.merge.same, within=s.merge.within) if s.merge else None,
        silent_place=s.silent == "place",
        press=s.press,
        begins=tuple(p.Begin(state=b.state, when=b.when) for b in s.begin),
        milestones=tuple(
            p.Milestone(
                name=name, title=m.title, within=m.within, source=m.source, call=m.call, step=m.step, state=m.state
            )
            for name, m in s.milestones.items()
        ),
    )


def _state(name: str, s: shapes.StateShape) -> p.State:
    return p.State(
        name=name,
        title=s.title,
        headline=s.headline,
        severity=s.severity,
        steps=tuple(_step(n, each) for n, each in s.steps.items()),
        leave=tuple(_leave(each) for each in s.leave),
        commanded_by=s.commanded_by,
        tells=s.tells is not None,
        announce=s.announce,
        checklist=tuple(s.checklist),
        expects=tuple(p.KnockOn(playbook=k.playbook, when=k.when) for k in s.expects),
        ends=s.ends,
        final=s.final,
    )


def _step(name: str, s: shapes.StepShape) -> p.Step:
    return p.Step(
        name=name,
        role=s.role,
        do=s.do or Text(f"打电话:{name}", f"call: {name}"),
        done=s.done,
        source=s.source,
        strand=s.strand,
        call=s.call,
        reports=tuple(s.reports),
        decision=tuple(replace(answer, name=n) for n, answer in s.decision.items()),
        per=s.per,
        every=s.every,
        when=s.when,
        late=tuple(s.late) if s.late is not None else p.DEFAULT_LATE,
    )


def _leave(s: shapes.LeaveShape) -> p.Leave:
    alert = p.Nudge(role=s.alert.role, do=s.alert.do) if s.alert else None
    return p.Leave(to=s.to, when=s.when, after=s.after, source=s.source, because=s.because, alert=alert)


def _check_site(s: shapes.SiteShape) -> Iterator[Finding]:
    if s.timezone not in available_timezones():
        yield Finding(
            ("timezone",), f"'{s.timezone}' is no time zone.{nearest(s.timezone, sorted(available_timezones()))}"
        )
    for id, zone in s.zones.items():
        if zone.within is not None and (zone.within not in s.zones or zone.within == id):
            yield Finding(
                ("zones", id, "within"), f"'{zone.within}' is no other zone.{nearest(zone.within, list(s.zones))}"
            )
    for kind, places in (("zones", s.zones), ("lifts", s.lifts)):
        for id, place in places.items():
            for words in (place.short.zh, place.short.en):
                if len(words) > SHORTEST_PLACE:
                    yield Finding((kind, id, "short"), f"'{words}' is longer than {SHORTEST_PLACE} characters")
    for id in set(s.zones) & set(s.lifts):
        yield Finding(("lifts", id), f"'{id}' is a zone already")
    yield from _check_cycles({id: [z.within] for id, z in s.zones.items()}, "zones", "lies within itself")
    roles = list(s.roles)
    for id, duty in s.roles.items():
        for key, words_of in (("deputies", duty.deputies), ("conflicts", duty.conflicts), ("higher", [duty.higher])):
            for word in words_of:
                if word is not None and word not in roles:
                    yield Finding(("roles", id, key), f"'{word}' is no role.{nearest(word, roles)}")
                elif word == id:
                    yield Finding(("roles", id, key), f"'{id}' stands beside itself")
    for decision, may in s.may.items():
        if decision in roles:
            yield Finding(("may", decision), f"'{decision}' is a role; give the decision a name of its own")
        for index, word in enumerate(may):
            if word not in roles:
                yield Finding(("may", decision, index), f"'{word}' is no role.{nearest(word, roles)}")
    yield from _check_cycles({id: [d.higher] for id, d in s.roles.items()}, "roles", "is its own next higher role")
    if not any(d.command for d in s.roles.values()):
        yield Finding(("roles",), "no role may take command; mark at least one with command: yes")
    for id, shift in s.shifts.items():
        if shift.from_ == shift.to:
            yield Finding(("shifts", id), "begins and ends at the same time")


def _check_cycles(links: dict[str, list[str | None]], key: str, says: str) -> Iterator[Finding]:
    for start in links:
        seen, here = {start}, links[start][0]
        while here is not None and here in links and here not in seen:
            seen.add(here)
            here = links[here][0]
        if here == start:
            yield Finding((key, start), f"'{start}' {says}: " + " -> ".join([*sorted(seen), start]))


def _site(s: shapes.SiteShape) -> Site:
    whole = Place(id="site", kind="site", name=s.name, short=s.name, aliases=(s.site,))
    zones = [_place(id, "zone", z) for id, z in s.zones.items()]
    lifts = [_place(id, "lift", each) for id, each in s.lifts.items()]
    return Site(
        id=s.site,
        name=s.name,
        signature=s.signature,
        address=s.address,
        timezone=s.timezone,
        country=s.country,
        places=(whole, *zones, *lifts),
        duties=tuple(
            Duty(
                role=role,
                title=d.title,
                deputies=tuple(d.deputies),
                higher=d.higher,
                command=d.command,
                urgent=d.urgent,
                conflicts=tuple(d.conflicts),
            )
            for role, d in s.roles.items()
        ),
        agencies=tuple(SiteAgency(id=id, name=a.name, number=a.number) for id, a in s.agencies.items()),
        shifts=tuple(
            Shift(id=id, days=_days(each.days), starts=each.from_, ends=each.to) for id, each in s.shifts.items()
        ),
        facts=dict(s.facts),
        may={decision: tuple(roles) for decision, roles in s.may.items()},
        code_words=dict(s.code_words),
    )


def _place(id: str, kind: Any, s: shapes.PlaceShape) -> Place:
    return Place(
        id=id,
        kind=kind,
        name=s.name,
        short=s.short,
        within=s.within,
        registration=s.registration,
        gate=s.gate,
        aliases=tuple(s.aliases),
        apart=s.apart,
    )


def _days(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start = DAYS.index(first)
        span = (DAYS.index(last or first) - start) % 7
        found += [(start + n) % 7 for n in range(span + 1)]
    return tuple(sorted(set(found)))


def e164(text: str, country: str) -> str:
    """Return a telephone number in E.164.

    Raises:
        ValueError: it is no number that could be called, has an extension, or is an emergency number.
    """
    import phonenumbers

    digits = "".join(str(int(ch)) for ch in text if ch.isdecimal())
    if digits in EMERGENCY_NUMBERS:
        raise ValueError("is an emergency number; the program never calls those")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise ValueError("is no telephone number; write it as +CODE NUMBER") from None
    if number.extension:
        raise ValueError("has an extension; give a direct number")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("is not a number that exists in its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _people(shape: shapes.RosterShape, site: Site) -> tuple[dict[str, Person], list[Finding]]:
    findings: list[Finding] = []
    people: dict[str, Person] = {}
    owner: dict[str, str] = {}
    roles = [d.role for d in site.duties]
    for id, s in shape.people.items():
        at: tuple[str | int, ...] = ("people", id)
        numbers = _numbers(s.numbers, at, site, owner, id, findings)
        _known(findings, (*at, "shift"), s.shift, [x.id for x in site.shifts], "shift")
        if s.zone is not None:
            _known(findings, (*at, "zone"), s.zone, [x.id for x in site.places], "zone")
        for role, rank in s.roles.items():
            _known(findings, (*at, "roles", role), role, roles, "role of the site")
            if not 1 <= rank <= 99:
                findings.append(Finding((*at, "roles", role), "a rank is 1 (holder) to 99"))
        people[id] = Person(
            id=id,
            name=s.name,
            language=s.language,
            numbers=numbers,
            roles=dict(s.roles),
            shift=s.shift,
            on_call=s.on_call,
            zone=s.zone,
        )
    return people, findings


def _known(findings: list[Finding], at: tuple[str | int, ...], word: str, words: list[str], what: str) -> None:
    if word not in words:
        findings.append(Finding(at, f"'{word}' is no {what}.{nearest(word, words)}"))


def _numbers(
    texts: list[str], at: tuple[str | int, ...], site: Site, owner: dict[str, str], id: str, findings: list[Finding]
) -> tuple[str, ...]:
    found: list[str] = []
    for index, text in enumerate(texts):
        here = (*at, "numbers", index)
        try:
            number = e164(text, site.country)
        except ValueError as error:
            findings.append(Finding(here, f"number {index + 1} of {id} {error}"))
            continue
        if number in owner:
            findings.append(Finding(here, f"number {index + 1} of {id} is also that of {owner[number]}"))
        owner.setdefault(number, id)
        found.append(number)
    return tuple(found)


COLUMNS = ("id", "name_zh", "name_en", "language", "numbers", "roles", "shift", "on_call", "zone")


def _csv_as_file(raw: bytes, name: str) -> yaml_file.YamlFile:
    """A CSV roster as the YAML one would read: one row a person; several numbers or roles parted by `;`."""
    yaml_file.refuse_large(raw, name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Mistakes([Problem(file=name, line=line, says="is not UTF-8 text; save it as CSV UTF-8")]) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [c for c in COLUMNS[:7] if c not in (reader.fieldnames or [])]
    if missing:
        raise Mistakes(
            [
                Problem(
                    file=name, line=1, says=f"the column '{missing[0]}' is missing; there must be: {', '.join(COLUMNS)}"
                )
            ]
        )
    people: dict[str, Any] = {}
    lines: dict[yaml_file.Path_, int] = {(): 1}
    problems = [
        Problem(file=name, line=1, says=f"the column '{word}' is unknown.{nearest(word, COLUMNS)}")
        for word in reader.fieldnames or []
        if word not in COLUMNS
    ]
    try:
        for row in reader:
            id = (row["id"] or "").strip()
            if id in people:
                problems.append(Problem(file=name, line=reader.line_num, says=f"'{id}' stands here twice"))
            if None in row:
                problems.append(Problem(file=name, line=reader.line_num, says=f"'{id}' has more cells than the header"))
            lines["people", id] = reader.line_num
            people[id] = _row(row)
    except csv.Error as error:
        raise Mistakes([Problem(file=name, line=reader.reader.line_num, says=f"is not CSV: {error}")]) from error
    return yaml_file.YamlFile(name, {"people": people}, lines, problems)


def _row(row: dict[str, str | None]) -> dict[str, Any]:
    def cell(key: str) -> str:
        return (row.get(key) or "").strip()

    roles = dict(_role_and_rank(part) for part in cell("roles").split(";") if part.strip())
    person: dict[str, Any] = {
        "name": {"zh": cell("name_zh"), "en": cell("name_en")},
        "language": cell("language"),
        "numbers": [n.strip() for n in cell("numbers").split(";") if n.strip()],
        "roles": roles,
        "shift": cell("shift"),
    }
    if cell("on_call"):
        person["on_call"] = cell("on_call")
    if cell("zone"):
        person["zone"] = cell("zone")
    return person


def _role_and_rank(part: str) -> tuple[str, str]:
    role, _, rank = part.strip().partition(":")
    return role.strip(), rank.strip() or "1"
