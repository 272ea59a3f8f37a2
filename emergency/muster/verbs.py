"""What can be asked of a roll call: the verbs of `emergency muster`, over the socket and the API as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emergency.core.incident import Incident
from emergency.core.near import nearest
from emergency.core.site import Place, Site
from emergency.core.values import Text, is_drill
from emergency.drills.live.running import players
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes, Problem
from emergency.match import find, plain
from emergency.muster import lists, rolls
from emergency.muster.state import ANSWERS, NOWHERE, Answer, Count, State, floor_of
from emergency.store.codec import to_text
from emergency.store.musters import Expected, GuestRow, PersonRow
from emergency.verbs import VERBS, Args, Desktop, Document, the_incident, the_person

LISTED = 20
"""People that the short answer names of those who need help, and of those who are missing; `missing` names them all."""
MOST_ROWS = 1_000
"""Rows of a list in one request: the rest comes in further ones."""
ANSWER_WORDS: dict[str, Answer] = {
    **dict.fromkeys(("safe", "ok", "out", "1", "平安", "安全"), "safe"),
    **dict.fromkeys(("help", "need-help", "needs-help", "2", "9", "求助", "需要帮助"), "help"),
    **dict.fromkeys(("not-here", "away", "absent", "3", "不在", "不在现场"), "away"),
}  # fmt: skip
MARK_WORDS = {
    **dict.fromkeys(("swept", "clear", "已清", "清空"), "swept"),
    **dict.fromkeys(("given-up", "give-up", "放弃"), "given_up"),
}


def _meant(engine: Engine, args: Args) -> Incident:
    """Return the incident that a code names: its own, or that of its roll call."""
    code = str(args.get("code") or "").strip().upper()
    muster = rolls.musters(engine).by_code(code) if code else None
    if muster is not None and engine.store.incident_by_code(code) is None:
        return engine.incident(muster.incident)
    return the_incident(engine, args.get("code"))


def _by(desktop: Desktop, engine: Engine, args: Args, incident: Incident) -> str:
    word = args.get("by")
    if not word or word == "console":
        return "console"
    if incident.site.agency(str(word)) is not None:
        return str(word)
    return the_person(desktop, engine, str(word))


def _word(args: Args, key: str) -> str:
    if args.get(key) in (None, ""):
        raise Mistakes(f"'{key}' is missing", f"缺少“{key}”")
    return str(args[key])


# the verbs


def muster(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Open the roll call of an incident, or show the one that is open."""
    incident = _meant(engine, args)
    known = rolls.musters(engine).of(incident.id)
    if known is not None and incident.is_closed:
        return _document(desktop, engine, incident, "")
    now = engine.clock.now()
    members = desktop.people.members(engine, desktop.reach_of(incident.mode), now, incident.id, incident.mode)
    if incident.mode == "live_drill":  # who does not take part is not asked
        members = tuple(m for m in players(engine, incident, members) if m.roles)  # nor is who directs it
    by = _by(desktop, engine, args, incident)
    _, did = rolls.open_roll(engine, incident, members, by)
    return _document(desktop, engine, engine.incident(incident.id), did)


def muster_show(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """How a roll call stands; opens nothing."""
    return _document(desktop, engine, _meant(engine, args), "")


def muster_expect(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Put people of a list on the roll call, and ask those who have a number."""
    incident = _meant(engine, args)
    by = _by(desktop, engine, args, incident)
    rows, file = args.get("rows"), str(args.get("file") or "")
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        raise Mistakes("rows: a list of rows, each with a name, an id or a count", "rows:每行写姓名、id 或人数的列表")
    if len(rows) > MOST_ROWS:
        raise Mistakes(
            f"rows: at most {MOST_ROWS} in one request; send the rest in another",
            f"rows:一次最多 {MOST_ROWS} 行,其余分次发送",
        )
    clean = [{str(k): str(v) for k, v in row.items() if v not in (None, "")} for row in rows]
    site, roster = incident.site, desktop.people.roster(engine)
    found = lists.entries(clean, site, roster, lambda row, says, _, zh: Problem(file=file, line=row, says=says, zh=zh))
    _nobody_from_outside(incident, found)
    added = _put_on(desktop, engine, incident, found, by)
    return {**_document(desktop, engine, incident, "expected"), "added": added}


def _nobody_from_outside(incident: Incident, found: Sequence[lists.Entry]) -> None:
    """A drill on real telephones rings nobody who does not take part: a list must not bring them in."""
    if incident.mode != "live_drill":
        return
    strangers = [e for e in found if not e.heads and (e.number or (e.person and e.person not in incident.members))]
    if strangers:
        raise CommandRefused(
            f"{incident.code} is a drill on real telephones, and {len(strangers)} people of the list do not take part; "
            "put them on without a number, or as a count",
            f"{incident.code} 是打真实电话的演练,名单里有 {len(strangers)} 人不参加。请去掉他们的号码,或只写人数",
        )


def _put_on(desktop: Desktop, engine: Engine, incident: Incident, found: Sequence[lists.Entry], by: str) -> int:
    rolls.the_muster(engine, incident)
    known = rolls.musters(engine).guests(incident.id)
    one_way = tuple(f"+{code}" for code in desktop.reach_of(incident.mode).one_way)
    before = {(g.name, g.employer, g.number): g.id for g in known.values()}
    people: list[Expected] = []
    guests: list[GuestRow] = []
    for entry in found:
        if entry.heads:
            rolls.expect_group(engine, incident, entry.place, entry.name, entry.heads, by)
            continue
        if entry.person:
            people.append(_of_roster(desktop, engine, incident, entry))
            continue
        id = before.get((entry.name, entry.employer, entry.number))
        if id is None:
            id = f"{incident.id}.g{len(known) + len(guests) + 1:05d}"
            guests.append(
                GuestRow(
                    id=id, name=entry.name, employer=entry.employer, number=entry.number, language=entry.language,
                    two_way=not (entry.number and entry.number.startswith(one_way)),
                )
            )  # fmt: skip
        people.append(Expected(person=id, place=entry.place, reachable=bool(entry.number)))
    rolls.add_guests(engine, incident, guests)
    return rolls.expect(engine, incident, people, by)


def _of_roster(desktop: Desktop, engine: Engine, incident: Incident, entry: lists.Entry) -> Expected:
    person = desktop.people.roster(engine).people[entry.person]
    return Expected(person=person.id, place=entry.place or person.zone or "", reachable=bool(person.numbers))


def muster_answer(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Answer for somebody: a warden, or whoever sits at the console; `at` says where they were seen."""
    incident = _meant(engine, args)
    rolls.the_muster(engine, incident)
    person = _person(desktop, engine, incident, _word(args, "person"))
    word = _word(args, "answer").strip().lower().replace("_", "-").replace(" ", "-")
    if word not in ANSWER_WORDS:
        raise Mistakes(
            f"'{word}' is no answer.{nearest(word, list(ANSWER_WORDS))} Say safe, help or not-here",
            f"没有“{word}”这种答复。请写 safe、help 或 not-here(平安、求助、不在)",
        )
    by = _by(desktop, engine, args, incident)
    place = the_zone(incident, str(args["at"])) if args.get("at") else None
    if place is not None:
        rolls.seen(engine, incident, person, place.id, by)
    rolls.say(engine, incident, person, ANSWER_WORDS[word], "console", by)
    answer = ANSWER_WORDS[word]
    done = {"person": person, "who": _Names(desktop, engine, incident).of(person)}
    return {
        **_document(desktop, engine, incident, "answered"),
        **done,
        "answer": answer,
        "said": _both(ANSWERS[answer]),
    }


def muster_zone(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """A zone was swept, or is given up with a reason; the incident's own steps for it end with that."""
    incident = _meant(engine, args)
    rolls.the_muster(engine, incident)
    place = the_zone(incident, _word(args, "zone"))
    word = _word(args, "mark").strip().lower().replace("_", "-").replace(" ", "-")
    if word not in MARK_WORDS:
        raise Mistakes(
            f"'{word}' cannot be said of a zone.{nearest(word, list(MARK_WORDS))} Say swept or given-up",
            f"区域不能标“{word}”。请写 swept 或 given-up(已清、放弃)",
        )
    reason = str(args.get("reason") or "")[:1600]
    seal = engine.store.seal(reason) if reason else ""
    by = _by(desktop, engine, args, incident)
    steps = rolls.mark_zone(engine, incident, place.id, MARK_WORDS[word], by, seal)
    done = {"zone": place.id, "mark": MARK_WORDS[word], "steps": list(steps)}
    return {**_document(desktop, engine, engine.incident(incident.id), "marked"), **done}


def muster_missing(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Everybody who needs help or of whom nothing is known, with the last known place; and the zones not swept."""
    incident = _meant(engine, args)
    rolls.the_muster(engine, incident)
    return _document(desktop, engine, incident, "", listed=None)


def muster_close(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """End the roll call; its totals and the hash of its last line go into the incident's log."""
    incident = _meant(engine, args)
    before = rolls.the_muster(engine, incident).closed_at
    rolls.close_roll(engine, incident, _by(desktop, engine, args, incident))
    return _document(desktop, engine, engine.incident(incident.id), "" if before is not None else "closed")


for _each in (muster, muster_show, muster_expect, muster_answer, muster_zone, muster_missing, muster_close):
    VERBS[_each.__name__.replace("_", "-")] = _each


# what is meant


def the_zone(incident: Incident, word: str) -> Place:
    """Return the zone that *word* names. Raises Mistakes: none, or several."""
    exact = lists.zones_by_name(incident.site).get(plain(word))
    if exact is not None:
        return exact
    able = [p for p in incident.site.places if p.kind != "lift"]
    names = [(p, (p.name.en, p.name.zh, p.id, p.short.zh, p.short.en, *p.aliases)) for p in able]
    return find(word, names, "zone")


def _person(desktop: Desktop, engine: Engine, incident: Incident, word: str) -> str:
    guests = rolls.musters(engine).guests(incident.id)
    found = [g.id for g in guests.values() if word == g.id or plain(g.name) == plain(word)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Mistakes(
            f"'{word}' could be {' or '.join(found)}; say the id", f"“{word}”可能是 {' 或 '.join(found)};请写 id"
        )
    return the_person(desktop, engine, word, [g.name for g in guests.values()])


# documents


def _document(desktop: Desktop, engine: Engine, incident: Incident, did: str, listed: int | None = LISTED) -> Document:
    muster = rolls.the_muster(engine, incident)
    state = rolls.state(engine, incident)
    table = rolls.musters(engine)
    groups = table.groups(incident.id)
    names = _Names(desktop, engine, incident)
    return {
        "incident": incident.code,
        "id": incident.id,
        "roll_call": muster.code,
        "mode": "drill" if is_drill(incident.mode) else "real",
        "title": _both(incident.playbook.title),
        "site_name": _both(incident.site.name),
        "address": _both(incident.site.address),
        "place_name": _both(incident.site.place(incident.place).name),
        "did": did,
        "at": to_text(engine.clock.now()),
        "opened_at": to_text(muster.opened_at),
        "closed_at": to_text(muster.closed_at) if muster.closed_at else None,
        "totals": totals(state),
        "zones": [_zone(engine, names, zone) for zone in state.zones],
        "groups": [_group(incident, state, *group) for group in groups],
        "help": [names.row(row) for row in table.people(incident.id, "help", listed)],
        "missing": [names.row(row) for row in table.people(incident.id, "", listed)],
        "lines": muster.lines,
        "head": muster.head,
        "timezone": incident.site.timezone,
        "can_send": incident.mode in desktop.sends,
    }  # fmt: skip


def verify(engine: Engine, incident: Incident) -> int:
    """Return how many lines the roll call of an incident has, 0 where there is none. Raises StoreDamaged."""
    return rolls.verify(engine, incident)


def summary(engine: Engine, incident: Incident) -> Document | None:
    """Return what the board shows of an incident's roll call; None where there is none."""
    if not incident.muster:
        return None
    muster = rolls.musters(engine).of(incident.id)
    if muster is None:
        return None
    return {"roll_call": muster.code, "closed": muster.closed_at is not None, **_count(rolls.total(engine, incident))}


def _both(text: Text) -> Document:
    return {"zh": text.zh, "en": text.en}


def _count(count: Count) -> Document:
    return {
        "expected": count.expected, "safe": count.safe, "help": count.help, "away": count.away,
        "missing": count.missing, "unasked": max(0, count.unasked - count.unreachable),
        "unreachable": count.unreachable,
    }  # fmt: skip


def totals(state: State) -> Document:
    """Return the totals of a roll call; `heads`: people without names, of whom `heads_open` in zones not swept."""
    return {**_count(state.total), "heads": state.heads, "heads_open": state.heads_open}


def _zone(engine: Engine, names: _Names, zone: Any) -> Document:
    mark = zone.mark
    reason = engine.store.words([mark.reason]).get(mark.reason, "") if mark is not None and mark.reason else ""
    return {
        "zone": zone.place,
        "name": _both(zone.name),
        **_count(zone.count),
        "heads": zone.heads,
        "mark": mark.mark if mark is not None else "open",
        "by": names.of(mark.by) if mark is not None and mark.by not in ("", "console") else None,
        "marked_at": to_text(mark.at) if mark is not None and mark.at else None,
        "reason": reason,
    }


def _group(incident: Incident, state: State, place: str, label: str, heads: int) -> Document:
    floor = floor_of(incident.site, place)
    zone = next((zone for zone in state.zones if zone.place == floor), None)
    mark = zone.mark.mark if zone is not None and zone.mark is not None else "open"
    return {"zone": place, "name": _both(incident.site.place(place).name), "label": label, "heads": heads, "mark": mark}


def _place(site: Site, id: str) -> Document:
    """Return a place and the floor it lies on, in words; no floor where it is one itself."""
    known = {place.id: place for place in site.places}
    place, floor = known.get(id), known.get(floor_of(site, id))
    return {
        "zone": id,
        "place": _both(place.name if place is not None else NOWHERE),
        "floor_zone": floor.id if floor is not None else "",
        "floor": _both(floor.name) if floor is not None and floor is not place else None,
    }


class _Names:
    """Names, employers and places of the people that a document shows."""

    def __init__(self, desktop: Desktop, engine: Engine, incident: Incident) -> None:
        self.people = desktop.people.roster(engine).people
        self.guests = rolls.musters(engine).guests
        self.incident = incident
        self._known: dict[str, GuestRow] | None = None
        self._places: dict[str, Document] = {}

    def _guest(self, id: str) -> GuestRow | None:
        if self._known is None:
            self._known = self.guests(self.incident.id)
        return self._known.get(id)

    def of(self, id: str) -> Document:
        """Return a name in both languages; the id where nobody is called so any more."""
        person = self.people.get(id)
        if person is not None:
            return _both(person.name)
        agency = self.incident.site.agency(id)
        if agency is not None:
            return _both(agency.name)
        guest = self._guest(id) if "." in id else None
        name = guest.name if guest is not None and guest.name else id
        return {"zh": name, "en": name}

    def row(self, row: PersonRow) -> Document:
        """Return one person with the last known place."""
        person = self.people.get(row.person)
        guest = self._guest(row.person) if person is None else None
        employer = person.employer if person is not None else guest.employer if guest is not None else ""
        if row.place not in self._places:
            self._places[row.place] = _place(self.incident.site, row.place)
        return {
            "person": row.person,
            "name": self.of(row.person),
            "employer": employer,
            **self._places[row.place],
            "seen_at": to_text(row.place_at) if row.place_at else None,
            "status": row.status or "missing",
            "since": to_text(row.status_at) if row.status_at else None,
            "reachable": row.reachable,
        }
