"""What can be asked of the program, as verbs on plain documents: the command line, the control socket and the API all
come through here, and nothing else changes an incident on a person's behalf.

A verb takes a mapping of texts and lists and returns a document for JSON: times are UTC in ISO 8601, people are
roster ids. Every verb runs inside one transaction.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from emergency import board, documents, ids
from emergency.core import commands as c
from emergency.core.incident import Incident
from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Fact, Playbook
from emergency.core.site import Site
from emergency.core.values import Mode, Severity, is_drill
from emergency.drills.live.running import players
from emergency.engine import Engine, Team
from emergency.errors import CommandRefused, Mistakes
from emergency.forgetting import with_pseudonyms
from emergency.inbox import Inbox
from emergency.library import Library
from emergency.match import find_place, plain
from emergency.notify import Inbound
from emergency.people import People
from emergency.roster import Reach
from emergency.store.drills import Books
from emergency.store.store import IncidentRow

Args = Mapping[str, Any]
Document = dict[str, Any]


class Desktop:
    """All that verbs need beside the engine."""

    def __init__(
        self,
        people: People,
        inbox: Inbox,
        library: Library,
        reach: Mapping[Mode, Reach],
        sends: frozenset[Mode] = frozenset(),
    ) -> None:
        self.people = people
        self.inbox = inbox
        self.library = library
        self.reach = dict(reach)
        self.sends = sends

    def arm(self, engine: Engine, parent: Incident, playbook: str) -> None:
        """Open what *parent* lets expect, in blue and calling nobody, until a person confirms it; once a parent."""
        if any(i.parent == parent.id and i.playbook.id == playbook for i in engine.open_incidents()):
            return
        try:
            plan = self.library.named(engine, playbook, parent.site)
        except Mistakes:  # the parent still shows what to expect; there is only no plan for it here
            return
        place = parent.site.place(parent.place)
        fits = place.kind == plan.place or (place.kind == "zone" and plan.place == "site")
        command = c.OpenIncident(
            incident=f"{parent.id}-{plan.id}",
            code="",
            mode=parent.mode,
            playbook=plan,
            site=parent.site,
            place=place.id if fits else parent.site.places[0].id,
            members=(),
            by="console",
            parent=parent.id,
            armed=True,
            offset=parent.offset,
        )
        engine.open(command)

    def team(self, engine: Engine, incident: Incident) -> Team:
        """Return who there is for *incident* just now, and when somebody's duty changes next."""
        now = engine.clock.now()
        members = self.people.members(engine, self.reach_of(incident.mode), now, incident.id, incident.mode)
        if incident.mode == "live_drill":  # who does not take part is never called on
            members = players(engine, incident, members)
        return members, self.people.next_change(engine, now)

    def reach_of(self, mode: Mode) -> Reach:
        """Return what the providers for this kind of incident can do; nothing where there are none."""
        return self.reach.get(mode, Reach())


def _word(args: Args, key: str) -> Any:
    """Return a word that the verb cannot do without.

    Raises:
        Mistakes: it is missing.
    """
    if args.get(key) in (None, ""):
        raise Mistakes(f"'{key}' is missing", f"缺少“{key}”")
    return args[key]


def _whole(args: Args, key: str, usual: int) -> int:
    word = str(args.get(key) or usual)
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise Mistakes(f"{key}: '{word}' is no whole number", f"{key}:“{word}”不是整数")
    return int(word)


class Stands(msgspec.Struct, frozen=True):
    """The answer of a verb that is: how this incident stands. It is put into words by `describe`, after the commit:
    nobody's message waits for the document that the one at the keyboard reads."""

    id: str
    more: Document = {}


Verb = Callable[[Desktop, Engine, Args], Document | Stands]
VERBS: dict[str, Verb] = {}


def perform(desktop: Desktop, engine: Engine, verb: str, args: Args) -> Document:
    """Do *verb* and return its document.

    Raises:
        Mistakes: unknown verb or words. CommandRefused: not possible now. StoreError.
    """
    return describe(desktop, engine, carry_out(desktop, engine, verb, args))


def carry_out(desktop: Desktop, engine: Engine, verb: str, args: Args) -> Document | Stands:
    """Do *verb* in one transaction; `describe` makes the document.

    Raises:
        Mistakes: unknown verb or words. CommandRefused: not possible now. StoreError.
    """
    if verb not in VERBS:
        raise Mistakes(
            f"'{verb}' is no command.{nearest(verb, sorted(VERBS))}",
            f"没有命令“{verb}”。{nearest_zh(verb, sorted(VERBS))}",
        )

    def work(e: Engine) -> Document | Stands:
        request = args.get("request")
        if request and not e.store.first_time(f"request:{request}", e.clock.now(), "console", None):
            if verb.startswith("drill-"):  # done before; only its answer was lost
                return VERBS["drill-show"](desktop, e, {"drill": args.get("drill")})
            return VERBS["status"](desktop, e, {"code": args.get("code")})
        return VERBS[verb](desktop, e, args)

    return engine.unit(work)


def describe(desktop: Desktop, engine: Engine, answer: Document | Stands) -> Document:
    """Return the document of a verb's answer, as things are now."""
    if not isinstance(answer, Stands):
        return answer
    return {**_status(desktop, engine, engine.incident(answer.id)), **answer.more}


def _verb(function: Verb) -> Verb:
    VERBS[function.__name__.replace("_", "-")] = function
    return function


# finding what is meant


def the_incident(engine: Engine, code: str | None) -> Incident:
    """Return the incident that *code* names; without a code, the only one that goes on, else the only open one.

    Raises:
        Mistakes: no such code, or several are open.
    """
    if code:
        row = engine.store.incident_by_code(code.strip().upper()) or _of_drill(engine, code.strip().upper())
        if row is None:
            codes = [r.code for r in engine.store.open_incidents()]
            raise Mistakes(
                f"there is no incident {code}.{nearest(code, codes)}",
                f"没有事件 {code}。{nearest_zh(code, codes)}查看:emergency status",
            )
        return engine.incident(row.id)
    everything = engine.open_incidents()
    everything = [incident for incident in everything if not incident.armed] or everything
    burning = [incident for incident in everything if not incident.ended]
    for choice in (burning, everything):  # one that only waits for its follow-up does not stand in the way
        if len(choice) == 1:
            return choice[0]
    if not everything:
        raise Mistakes(
            "no incident is open; start one with: emergency trigger PLAYBOOK --at PLACE",
            "没有进行中的事件。启动:emergency trigger 预案 --at 地点",
        )
    raise Mistakes(
        f"several incidents are open; say which:\n{_listed(burning or everything)}",
        f"有几个事件在进行,请写明编号:\n{_listed(burning or everything)}",
    )


def _listed(incidents: Sequence[Incident]) -> str:
    return "\n".join(f"    {_in_words(incident)}" for incident in incidents)


def _of_drill(engine: Engine, code: str) -> IncidentRow | None:
    """Return the incident that the drill with this code (DR3, RH3) became, or None."""
    if not code.startswith(("DR", "RH")):
        return None
    from emergency.store.drills import Books

    drill = Books(engine.store).by_code(code)
    return engine.store.incident(drill.incident) if drill is not None and drill.incident else None


def _in_words(incident: Incident) -> str:
    title, place = incident.playbook.title, incident.site.place(incident.place).name
    return f"{incident.code}  {title.zh} / {title.en}  ·  {place.zh} / {place.en}"


def _live(engine: Engine, args: Args) -> Incident:
    incident = the_incident(engine, args.get("code"))
    both = [each for each in engine.open_incidents() if not each.armed] if not args.get("code") else []
    if len({is_drill(each.mode) for each in both}) > 1:  # also where one only waits for its follow-up
        raise Mistakes(
            f"a drill and something real are open; say which:\n{_listed(both)}",
            f"演练和真实事件都还开着,请写明编号:\n{_listed(both)}",
        )
    if incident.is_closed:
        raise CommandRefused(
            f"{incident.code} is closed; its log can be read, nothing can be added",
            f"{incident.code} 已结束;日志可以看,不能再添加",
        )
    return incident


def the_person(desktop: Desktop, engine: Engine, word: str, or_one_of: Sequence[str] = ()) -> str:
    """Return the roster id that *word* names: an id, or a name in either language.

    Args:
        or_one_of: what else might have been meant, for the hint.

    Raises:
        Mistakes: nobody, or several.
    """
    people = desktop.people.roster(engine).people
    if word in people:
        return word
    asked = plain(word)
    found = [p.id for p in people.values() if asked in (plain(p.id), plain(p.name.zh), plain(p.name.en))]
    if len(found) == 1:
        return found[0]
    if found:
        raise Mistakes(
            f"'{word}' could be {' or '.join(found)}; say the id", f"“{word}”可能是 {' 或 '.join(found)};请写 id"
        )
    known = [*people, *or_one_of]
    raise Mistakes(
        f"'{word}' is not in the roster.{nearest(word, known)}",
        f"名册里没有“{word}”。{nearest_zh(word, known) or '查看:emergency roster show'}",
    )


def _by(desktop: Desktop, engine: Engine, args: Args, incident: Incident | None = None) -> str:
    word = args.get("by")
    if not word or word == "console":
        return "console"
    if incident is not None and incident.site.agency(str(word)) is not None:
        return str(word)
    return the_person(desktop, engine, str(word))


def _sealed(engine: Engine, args: Args, key: str) -> str | None:
    text = args.get(key)
    return engine.store.seal(str(text)[:1600]) if text else None


def severity_of(word: str) -> Severity:
    """Return the level that *word* names, in either language. Raises Mistakes."""
    if word in Severity.__members__:
        return Severity[word]
    by_words = {"蓝": "blue", "黄": "yellow", "橙": "orange", "红": "red"}
    for zh, name in by_words.items():
        if word.startswith(zh):
            return Severity[name]
    names = list(Severity.__members__)
    raise Mistakes(
        f"'{word}' is no severity.{nearest(word, names)}",
        f"没有“{word}”这一级。{nearest_zh(word, [*by_words, *names])}",
    )


def _status(desktop: Desktop, engine: Engine, incident: Incident) -> Document:
    people = with_pseudonyms(engine, desktop.people.roster(engine), incident)
    document = documents.status(incident, people, engine.clock.now(), engine.store.words)
    why = engine.store.why_waiting(incident.id) if document["unsent"] else {}
    for each in document["unsent"]:
        each["reason"] = why.get(each["delivery"], each["reason"])
    going = engine.open_incidents()
    family = {i.id: i for i in going}
    contested = board.wanted_twice(going, incident.code)
    for key, names in board.named(contested, going, desktop.people.roster(engine)).items():
        document[key] = {**names, **document[key]}
    parent = family.get(incident.parent or "")
    children = [
        {
            "incident": child.code,
            "playbook": child.playbook.id,
            "title": {"zh": child.playbook.title.zh, "en": child.playbook.title.en},
            "armed": child.armed,
        }
        for child in family.values()
        if child.parent == incident.id
    ]
    relations = {"parent": parent.code if parent else None, "children": children, "wanted_twice": contested}
    for person in document["help"]:
        known = desktop.people.person(engine, person) if person not in document["people"] else None
        if known is not None:
            document["people"][person] = {"zh": known.name.zh, "en": known.name.en}
    roll_call = roll_calls.summary(engine, incident)
    if document["drill_kind"] is not None:
        drill = Books(engine.store).of(incident.id)
        document["drill_kind"] = drill.kind if drill is not None else document["drill_kind"]
    return {**document, **relations, "roll_call": roll_call, "can_send": incident.mode in desktop.sends}


# the verbs


@_verb
def trigger(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Start an incident, or join a second report to the open one it belongs to."""
    site = desktop.people.site(engine)
    plan = desktop.library.named(engine, str(_word(args, "playbook")), site)
    place = find_place(args.get("at"), plan, site)
    mode: Mode = "drill" if args.get("drill") else "real"
    by = _by(desktop, engine, args)
    severity = severity_of(str(_word(args, "severity"))) if args.get("severity") else None
    note = _sealed(engine, args, "note")
    now = engine.clock.now()
    facts = _facts_told(engine, plan, args, site.timezone)
    going = engine.open_incidents()
    armed = None if args.get("separate") else _armed(going, plan.id, mode)
    if armed is not None:
        return _confirmed(
            desktop, engine, armed, c.ConfirmIncident(by=by, place=place.id, severity=severity, note=note, facts=facts)
        )
    again = None if args.get("separate") else _joins(going, plan.id, place.id, mode, now)
    if again is not None and again.id != args.get("id"):
        incident = engine.handle(again.id, c.MergeReport(by=by, place=place.id, note=note))
        if severity is not None and severity > incident.severity:
            incident = engine.handle(again.id, c.ChangeSeverity(to=severity, by=by))
        for name, value in facts.items():
            incident = engine.handle(again.id, c.ReportFact(fact=name, value=value, by=by))
        return Stands(incident.id, {"joined": True})
    members = desktop.people.members(engine, desktop.reach_of(mode), now, mode=mode, among=going)
    command = c.OpenIncident(
        incident=str(args.get("id") or ids.new_incident_id()),
        code="",
        mode=mode,
        playbook=plan,
        site=site,
        place=place.id,
        members=members,
        by=by,
        severity=severity,
        note=note,
        facts=facts,
        parent=_parent(going, plan.id, mode),
        offset=_minutes_ahead(now, site),
        until=desktop.people.next_change(engine, now),
    )
    incident = engine.open(command)
    return Stands(incident.id, {"joined": False})


def _minutes_ahead(now: datetime, site: Site) -> int:
    ahead = now.astimezone(ZoneInfo(site.timezone)).utcoffset() or timedelta(0)
    return int(ahead.total_seconds()) // 60


def _facts_told(engine: Engine, plan: Playbook, args: Args, timezone: str) -> dict[str, str]:
    """Return the facts that come with a report, each in the one spelling of its type; free words as seals."""
    values = args.get("facts") or {}
    if not isinstance(values, Mapping):
        raise Mistakes("facts: say what is known of which fact, for example people=3", "facts:请写 情况=值,如 people=3")
    found = {}
    for name, value in values.items():
        declared = plan.fact(name)
        if declared is None:
            raise Mistakes(
                f"'{name}' is no fact of {plan.id}.{nearest(name, [f.name for f in plan.facts])}",
                f"预案 {_named_zh(plan)} 没有“{name}”这项情况。{_fact_near_zh(plan, name)}",
            )
        told = parse_fact(declared, str(value), engine.clock.now(), timezone)
        found[name] = engine.store.seal(told) if declared.type == "text" else told
    return found


def _named_zh(plan: Playbook) -> str:
    return f"{plan.title.zh}({plan.id})"


def _fact_near_zh(plan: Playbook, name: str) -> str:
    return nearest_zh(name, [f.name for f in plan.facts]) or f"查看:emergency playbook show {plan.id}"


def _armed(going: Sequence[Incident], playbook: str, mode: Mode) -> Incident | None:
    """Return the incident of that plan which is expected and waits to be confirmed, the oldest first."""
    ours = (i for i in going if i.playbook.id == playbook and i.mode == mode and i.armed)
    return next(ours, None)


def _parent(going: Sequence[Incident], playbook: str, mode: Mode) -> str | None:
    """Return the latest incident that lets expect such a one, or None."""
    ours = (i for i in reversed(going) if i.mode == mode and not i.ended)
    return next((i.id for i in ours if playbook in i.expected), None)


def _confirmed(desktop: Desktop, engine: Engine, armed: Incident, command: c.ConfirmIncident) -> Stands:
    _fresh_team(desktop, engine, armed)
    until = desktop.people.next_change(engine, engine.clock.now())
    confirmed = engine.handle(armed.id, msgspec.structs.replace(command, until=until))
    return Stands(confirmed.id, {"joined": False})


@_verb
def confirm(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """What another incident lets expect has come: begin it, at a place."""
    incident = the_incident(engine, str(_word(args, "code")))
    if not incident.armed:
        raise CommandRefused(
            f"{incident.code} does not wait to be confirmed",
            f"{incident.code} 不在等待确认。现在怎样:emergency status {incident.code}",
        )
    place = find_place(args["at"], incident.playbook, incident.site).id if args.get("at") else incident.place
    if incident.playbook.place == "lift" and incident.site.place(place).kind != "lift":
        place = find_place(args.get("at"), incident.playbook, incident.site).id
    severity = severity_of(str(args["severity"])) if args.get("severity") else None
    facts = _facts_told(engine, incident.playbook, args, incident.site.timezone)
    command = c.ConfirmIncident(
        by=_by(desktop, engine, args, incident), place=place, severity=severity, note=_sealed(engine, args, "note"),
        facts=facts,
    )  # fmt: skip
    return _confirmed(desktop, engine, incident, command)


def _joins(going: Sequence[Incident], playbook: str, place: str, mode: Mode, now: datetime) -> Incident | None:
    """Return the open incident that a report of this place belongs to, by the plan's merge rule."""
    for incident in reversed(going):
        merge = incident.playbook.merge
        if (
            incident.playbook.id != playbook
            or incident.mode != mode
            or incident.ended
            or merge is None
            or incident.armed
        ):
            continue
        near = _holds(incident.site, incident.place, place) or _holds(incident.site, place, incident.place)
        if now - incident.opened <= merge.within and (merge.same == "site" or near):
            return incident
    return None


def _holds(site: Site, outer: str, inner: str) -> bool:
    """Whether *inner* lies within *outer*; everything lies within the site itself."""
    return outer == site.places[0].id or inner in site.inside(outer)


@_verb
def status(desktop: Desktop, engine: Engine, args: Args) -> Document | Stands:
    """How an incident stands; without a code, the one that is open, or a list of all that are."""
    if not args.get("code"):
        everything = engine.open_incidents()
        going = [incident for incident in everything if not incident.ended and not incident.armed]
        if len(everything) != 1 and len(going) != 1:
            contested = board.wanted_twice(everything)
            names = board.named(contested, everything, desktop.people.roster(engine))
            return {
                "incidents": [_status(desktop, engine, incident) for incident in everything],
                "wanted_twice": contested,
                **names,
            }
    return Stands(the_incident(engine, args.get("code")).id)


@_verb
def log(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """The log of an incident, line by line; with `verify`, after recomputing its chain and that of its book."""
    incident = the_incident(engine, args.get("code"))
    with engine.store.one_view():  # what is shown is what was verified
        lines = [
            {"seq": r.seq, "at": r.at, "kind": r.kind, "data": documents.without_type(r.data), "hash": r.hash}
            for r in engine.store.records(incident.id, _whole(args, "after", 0))
        ]
        verified = engine.store.verify(incident.id) if args.get("verify") else None
        roll_call = roll_calls.verify(engine, incident) if args.get("verify") else 0
        book, entries = _book(engine, incident, verify=bool(args.get("verify")))
    seals = engine.store.words(documents.seals_in(lines))
    people = with_pseudonyms(engine, desktop.people.roster(engine), incident)
    return {
        "incident": incident.code,
        "id": incident.id,
        "lines": lines,
        "verified": verified,
        "verified_roll_call": roll_call,
        "book": book,
        "verified_book": entries,
        "words": seals,
        "people": documents.names(incident, people),
        "role_titles": {duty.role: {"zh": duty.title.zh, "en": duty.title.en} for duty in incident.site.duties},
        "titles": _titles(desktop, engine, incident),
        "timezone": incident.site.timezone,
    }


def _titles(desktop: Desktop, engine: Engine, incident: Incident) -> Document:
    """Return what the ids in a log are called: of states, steps, places, agencies, and of plans that may follow."""
    plans = {}
    for id in sorted(incident.expected):
        with contextlib.suppress(Mistakes):
            plans[id] = desktop.library.named(engine, id, incident.site).title
    found = {
        "states": {state.name: state.title for state in incident.playbook.states},
        "steps": {step.name: step.do for state in incident.playbook.states for step in state.steps},
        "places": {place.id: place.name for place in incident.site.places},
        "agencies": {agency.id: agency.name for agency in incident.site.agencies},
        "plans": plans,
    }
    return {kind: {id: {"zh": said.zh, "en": said.en} for id, said in each.items()} for kind, each in found.items()}


def _book(engine: Engine, incident: Incident, *, verify: bool) -> tuple[str, int]:
    """Return under which code the book of a drill or an incident goes, and how many entries it has where its chain is
    to be recomputed. Raises StoreDamaged."""
    from emergency.store.drills import Books

    books = Books(engine.store)
    drill = books.of(incident.id)
    subject = drill.id if drill is not None else incident.id
    return drill.code if drill is not None else incident.code, books.verify(subject) if verify else 0


@_verb
def reply(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Enter what somebody said by radio or in person, as if it had come by SMS."""
    person = the_person(desktop, engine, str(_word(args, "person")))
    inbound = Inbound(
        id=f"console:{args.get('id') or ids.new_incident_id()}",
        provider="console",
        channel="sms",
        sender="",
        text=str(_word(args, "text")),
    )
    outcome = desktop.inbox.receive(engine, inbound, person=person, by="console")
    code = engine.incident(outcome.incident).code if outcome.incident else None
    return {"person": person, "outcome": outcome.kind, "incident": code, "answer": outcome.says}


@_verb
def transition(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Order a transition; with `override`, over its guard and with a reason."""
    incident = _live(engine, args)
    to = str(_word(args, "to")).strip().lower().replace("-", "_").replace(" ", "_")
    for state in incident.playbook.states:
        if plain(str(_word(args, "to"))) in (plain(state.title.zh), plain(state.title.en)):
            to = state.name
    names = [state.name for state in incident.playbook.states]
    if to not in names:
        raise Mistakes(
            f"'{args['to']}' is no state of {incident.playbook.id}.{nearest(to, names)}",
            f"预案 {_named_zh(incident.playbook)} 没有“{args['to']}”这个阶段。{nearest_zh(to, names)}",
        )
    _override_needs_a_reason(args)
    command = c.OrderTransition(
        to=to,
        by=_by(desktop, engine, args, incident),
        reason=_sealed(engine, args, "reason"),
        override=bool(args.get("override")),
    )
    return Stands(engine.handle(incident.id, command).id)


def _override_needs_a_reason(args: Args) -> None:
    if args.get("override") and not args.get("reason"):
        raise Mistakes('an override needs a reason: --reason "..."', '强制执行要写理由:--reason "理由"')


@_verb
def severity(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Raise or lower the level by a person's word."""
    incident = _live(engine, args)
    command = c.ChangeSeverity(
        to=severity_of(str(_word(args, "level"))),
        by=_by(desktop, engine, args, incident),
        reason=_sealed(engine, args, "reason"),
    )
    return Stands(engine.handle(incident.id, command).id)


@_verb
def fact(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Tell facts of the plan: `values` maps a fact to what was said."""
    incident = _live(engine, args)
    by = _by(desktop, engine, args, incident)
    values = _word(args, "values")
    if not isinstance(values, Mapping):
        raise Mistakes(
            "values: say what was told of which fact, for example people=3", "values:请写 情况=值,如 people=3"
        )
    for name, value in values.items():
        declared = incident.playbook.fact(name)
        if declared is None:
            names = [f.name for f in incident.playbook.facts]
            raise Mistakes(
                f"'{name}' is no fact of {incident.playbook.id}.{nearest(name, names)}",
                f"预案 {_named_zh(incident.playbook)} 没有“{name}”这项情况。{_fact_near_zh(incident.playbook, name)}",
            )
        told = parse_fact(declared, str(value), engine.clock.now(), incident.site.timezone)
        sealed = engine.store.seal(told) if declared.type == "text" else None
        incident = engine.handle(incident.id, c.ReportFact(fact=name, value=told, by=by, sealed=sealed))
    return Stands(incident.id)


YES = frozenset({"yes", "y", "true", "1", "是", "有", "对"})
NO = frozenset({"no", "n", "false", "0", "否", "无", "没有", "不"})


def parse_fact(declared: Fact, text: str, now: datetime, timezone: str) -> str:
    """Return what was said of a fact, in the one spelling of its type.

    Raises:
        Mistakes: it is no value of that type.
    """
    word = text.strip() if declared.type == "text" else unicodedata.normalize("NFKC", text).strip()
    match declared.type:
        case "yes_no" if word.lower() in YES | NO:
            return "yes" if word.lower() in YES else "no"
        case "count" if word.isascii() and word.isdigit() and len(word) <= 7:
            return str(int(word))
        case "number" if _is_number(word):
            return word
        case "choice" if word in declared.choices:
            return word
        case "time":
            return a_moment(declared.name, word, now, timezone)
        case "text" if word:
            return word[:1600]
    wants = {"yes_no": "yes or no", "count": "a whole number", "number": "a number", "text": "words"}.get(
        declared.type, "one of " + ", ".join(declared.choices)
    )
    wants_zh = {"yes_no": "是或否", "count": "整数", "number": "数", "text": "文字"}.get(
        declared.type, "其中之一:" + "、".join(declared.choices)
    )
    raise Mistakes(
        f"{declared.name}: '{text}' is not {wants} ({declared.ask.zh} / {declared.ask.en})",
        f"{declared.name}:“{text}”不行,要写{wants_zh}({declared.ask.zh})",
    )


def _is_number(word: str) -> bool:
    try:
        return -1e9 < float(word) < 1e9
    except ValueError:
        return False


FARTHEST = timedelta(days=3660)
"""No moment that a plan asks about is farther away: a slip of the hand in the year."""


def a_moment(name: str, word: str, now: datetime, timezone: str) -> str:
    """Read `14:05` (the nearest such time, in the site's zone) or ISO 8601."""
    zone = ZoneInfo(timezone)
    try:
        if len(word) <= 5 and ":" in word:
            clock = datetime.strptime(word, "%H:%M").time()
            here = now.astimezone(zone)
            days = [here + timedelta(days=n) for n in (-1, 0, 1)]
            moments = [datetime.combine(day.date(), clock, zone) for day in days]
            return min(moments, key=lambda m: abs(m - now)).astimezone(now.tzinfo).isoformat()
        moment = datetime.fromisoformat(word)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(now.tzinfo)
        if abs(moment - now) > FARTHEST:
            raise ValueError(word)
        return moment.isoformat()
    except (ValueError, OverflowError):
        raise Mistakes(
            f"{name}: '{word}' is no time; write 14:05, or 2026-03-01T14:05",
            f"{name}:“{word}”不是时间;请写 14:05,或 2026-03-01T14:05(离现在不能太远)",
        ) from None


@_verb
def assign(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Give a role to a person; the role `command` hands over command itself."""
    incident = _live(engine, args)
    person = the_person(desktop, engine, str(_word(args, "person")))
    by = _by(desktop, engine, args, incident)
    reason = _sealed(engine, args, "reason")
    word = str(_word(args, "role"))
    role = word if word == "command" else _role_named(incident, word)
    if role is None:
        known = [*_roles(incident), "command"]
        raise Mistakes(
            f"'{word}' is no role here.{nearest(word, known)}",
            f"这里没有“{word}”这个角色。{nearest_zh(word, known) or '查看:emergency roster who'}",
        )
    incident = _fresh_team(desktop, engine, incident)
    if role == "command":
        return Stands(engine.handle(incident.id, c.HandOver(person=person, by=by, reason=reason)).id)
    command = c.AssignRole(role=role, person=person, by=by, reason=reason, slot=_whole(args, "slot", 1))
    return Stands(engine.handle(incident.id, command).id)


def _roles(incident: Incident) -> list[str]:
    known = [d.role for d in incident.site.duties] + [r.role for r in incident.playbook.roles]
    return list(dict.fromkeys(known))


def _role_named(incident: Incident, word: str) -> str | None:
    """Return the role that *word* names, an id or a title in either language; None when there is no such role."""
    if word in _roles(incident):
        return word
    for duty in incident.site.duties:
        if plain(word) in (plain(duty.role), plain(duty.title.zh), plain(duty.title.en)):
            return duty.role
    return None


def _fresh_team(desktop: Desktop, engine: Engine, incident: Incident) -> Incident:
    members, until = desktop.team(engine, incident)
    return engine.handle(incident.id, c.UpdateRoster(members=members, until=until))


@_verb
def note(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Put words on the record."""
    incident = _live(engine, args)
    text = _sealed(engine, args, "text")
    if text is None:
        raise Mistakes("a note needs words", "请写要记的话")
    command = c.AddNote(by=_by(desktop, engine, args, incident), text=text)
    return Stands(engine.handle(incident.id, command).id)


@_verb
def tell(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """Send words to everyone alerted, to roles, or to persons."""
    incident = _live(engine, args)
    text = _sealed(engine, args, "text")
    if text is None:
        raise Mistakes("say what to tell them", "请写要通知的话")
    roles: list[str] = []
    people: list[str] = []
    for word in args.get("to") or ():
        role = _role_named(incident, str(word))
        if role is not None:
            roles.append(role)
        else:
            people.append(the_person(desktop, engine, str(word), or_one_of=_roles(incident)))
    if people:
        incident = _fresh_team(desktop, engine, incident)
    command = c.Tell(by=_by(desktop, engine, args, incident), text=text, roles=tuple(roles), people=tuple(people))
    return Stands(engine.handle(incident.id, command).id)


@_verb
def stand_down(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """End it: confirm the checklist, tell everyone who was told."""
    incident = _live(engine, args)
    ending = next((s for s in incident.playbook.states if s.ends == "stand_down"), None)
    lines = len(ending.checklist) if ending else 0
    asked = [str(item) for item in args.get("check") or ()]
    ticked = range(1, lines + 1) if "all" in asked else [_item(item, lines) for item in asked]
    _override_needs_a_reason(args)
    command = c.StandDown(
        by=_by(desktop, engine, args, incident),
        ticked=tuple(ticked),
        reason=_sealed(engine, args, "reason"),
        override=bool(args.get("override")),
    )
    return Stands(engine.handle(incident.id, command).id)


def _item(word: str, lines: int) -> int:
    if word.isascii() and word.isdigit() and 1 <= int(word) <= lines:
        return int(word)
    raise Mistakes(
        f"--check {word}: say the number of a line of the checklist (1 to {lines}), or all",
        f"--check {word}:请写清单的行号(1 到 {lines}),或 all",
    )


@_verb
def cancel(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """It was a false alarm; the reason is its cause."""
    incident = _live(engine, args)
    reason = _sealed(engine, args, "reason")
    if incident.armed:
        dismissed = c.DismissIncident(by=_by(desktop, engine, args, incident))
        return Stands(engine.handle(incident.id, dismissed).id)
    if reason is None:
        raise Mistakes('a false alarm needs its cause: --reason "..."', '取消误报要写原因:--reason "原因"')
    command = c.CancelIncident(by=_by(desktop, engine, args, incident), reason=reason)
    return Stands(engine.handle(incident.id, command).id)


@_verb
def give_up(desktop: Desktop, engine: Engine, args: Args) -> Stands:
    """A step will not be done (a zone cannot be swept); somebody answers for that with a reason."""
    incident = _live(engine, args)
    reason = _sealed(engine, args, "reason")
    if reason is None:
        raise Mistakes('giving up needs a reason: --reason "..."', '放弃任务要写理由:--reason "理由"')
    word = str(_word(args, "step")).upper()
    run = next((r for r in incident.steps.values() if word in (r.letter, incident.code + r.letter, r.id.upper())), None)
    if run is None:
        raise Mistakes(
            f"{incident.code} has no step {args['step']}; say its letter, as `emergency status` shows it",
            f"{incident.code} 没有任务 {args['step']};请写 emergency status 里任务的字母",
        )
    command = c.GiveUpStep(step=run.id, by=_by(desktop, engine, args, incident), reason=reason)
    return Stands(engine.handle(incident.id, command).id)


@_verb
def roster_who(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Who would take which role now, or at another moment: of the whole site, or of one plan."""
    from emergency.readiness.board import who  # what it needs is loaded by who asks for it

    now = engine.clock.now()
    zone = desktop.people.site(engine).timezone
    at = datetime.fromisoformat(a_moment("--at", str(_word(args, "at")), now, zone)) if args.get("at") else now
    return who(desktop, engine, at, str(args["plan"]) if args.get("plan") else None)


from emergency.drills import evaluate as evaluations  # noqa: E402, F401  (kept in VERBS as well)
from emergency.drills.live import stopping as red_commands  # noqa: E402, F401  (kept in VERBS as well)
from emergency.drills.live import verbs as drill_verbs  # noqa: E402, F401  (kept in VERBS, and made of what stands above)
from emergency.muster import verbs as roll_calls  # noqa: E402  (its verbs are kept in VERBS, and made of what stands above)
