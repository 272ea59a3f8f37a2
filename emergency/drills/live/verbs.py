"""What can be asked of a drill among people: the verbs of `emergency drill`, over the socket and the API as well.

Every verb may be asked twice; what a drill among people may not do now is refused with what is missing and how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from emergency import ids
from emergency.core import commands as c
from emergency.core.incident import Incident
from emergency.core.marks import bare
from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Text, is_drill
from emergency.drills import book as b
from emergency.drills.live import brake, conduct
from emergency.drills.live import running as live
from emergency.drills.live.callout import callout_of
from emergency.drills.live.conduct import Stand
from emergency.drills.scenario import LIVE, Kind, Scenario, mode_of
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes, Problem
from emergency.match import find_place, plain
from emergency.store.drills import Books, DrillRow
from emergency.verbs import VERBS, Args, Desktop, Document, Stands, a_moment, the_person

# finding what is meant


def the_drill(engine: Engine, code: object, *phases: str) -> DrillRow:
    """Return the drill that *code* names: its own code, or its incident's; without one, the only drill in *phases*.

    Raises:
        Mistakes: there is none, or several.
    """
    books = Books(engine.store)
    if code:
        word = str(code).strip().upper()
        row = books.by_code(word) or _by_incident(engine, books, word)
        if row is None:
            codes = [each.code for each in books.all()]
            raise Mistakes(
                f"there is no drill {code}.{nearest(word, codes)}", f"没有演练 {code}。{nearest_zh(word, codes)}"
            )
        return row
    stands = [(row, live.stand_of(engine, row).phase) for row in books.all()]
    fitting = [row for row, phase in stands if phase in phases]
    going = [row for row, phase in stands if phase != "closed"]
    rows = fitting or going or [row for row, _ in stands[-1:]]  # where none fits, it is said why
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise Mistakes(
            "there is no drill; plan one with: emergency drill plan SCENARIO --kind callout",
            "还没有演练;计划一次:emergency drill plan 情景 --kind callout",
        )
    codes = [row.code for row in rows]
    raise Mistakes("several drills; say which: " + ", ".join(codes), "有几次演练,请说是哪次:" + "、".join(codes))


def _by_incident(engine: Engine, books: Books, code: str) -> DrillRow | None:
    known = engine.store.incident_by_code(code)
    return books.of(known.id) if known is not None else None


REASON = Text('--reason "..."', '--reason "..."')
ANSWERS_FOR_IT = Text("请具名负责:--by 姓名", "say who answers for it, by name")
WHO_CONFIRMED = Text('对方谁确认的:--to "赵女士"', 'who said so there: --to "Ms Zhao"')


def _need(args: Args, key: str, how: Text) -> str:
    word = str(args.get(key) or "").strip()
    if not word:
        raise Mistakes(f"'{key}' is missing: {how.en}", f"缺少“{key}”:{how.zh}")
    return word


def _named(desktop: Desktop, engine: Engine, args: Args, key: str = "by") -> str:
    """Return somebody of the roster: what is answered for in a drill is answered for by a name, never by a console."""
    return the_person(desktop, engine, _need(args, key, ANSWERS_FOR_IT))


def _anybody(desktop: Desktop, engine: Engine, args: Args) -> str:
    word = str(args.get("by") or "console")
    return word if word == "console" else the_person(desktop, engine, word)


def _sealed(engine: Engine, words: object) -> str | None:
    return engine.store.seal(str(words)[:1600]) if words else None


def _open(engine: Engine, args: Args, verb: str, *phases: str) -> tuple[DrillRow, Stand]:
    """Return the drill that is meant and how it stands, where *verb* can be done with it."""
    row = the_drill(engine, args.get("drill"), *phases)
    now = live.stand_of(engine, row)
    conduct.allow(now, verb, row.code)
    return row, now


def _write(engine: Engine, row: DrillRow, *entries: b.AnyEntry) -> None:
    Books(engine.store).write(row.id, *entries, at=engine.clock.now())


# planning


def drill_plan(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Plan a drill on real telephones: scenario, kind, director, when, who takes part, who observes."""
    site, now = desktop.people.site(engine), engine.clock.now()
    scenario = find_scenario(desktop, site, _need(args, "scenario", Text("哪个情景", "which scenario")))
    kind = _kind(str(args.get("kind") or scenario.kind))
    plan = desktop.library.named(engine, scenario.playbook, site)
    refuse_scenario(scenario, plan, site, kind)
    director = _named(desktop, engine, args, "director")
    begins = _begins(args.get("begins"), now, site)
    observers = tuple(dict.fromkeys(the_person(desktop, engine, str(who)) for who in args.get("observers") or ()))
    takes_part = _people(desktop, engine, site, args.get("with") or ())
    if takes_part and takes_part <= set(observers):
        raise Mistakes(
            "nobody is left to take part: who observes does not play; name others: --with ROLE|PERSON",
            "没有人参演了:观察员不参演;请另行指定:--with 角色或姓名",
        )
    must_fit(desktop, engine, scenario, kind)
    planned = b.Planned(
        kind=kind,
        playbook=plan.id,
        scenario=live.keep_scenario(engine, scenario),
        director=director,
        begins=begins,
        maximum=scenario.maximum,
        by=_anybody(desktop, engine, args),
        participants=tuple(sorted(takes_part - set(observers))),
        observers=observers,
        carried=_carried(engine),
    )
    row = _planned_so(engine, planned)
    if row is None:
        row = Books(engine.store).plan(ids.new_incident_id(), kind, plan.id, planned.scenario, now, begins)
        _write(engine, row, planned)
    return document(desktop, engine, row)


def _planned_so(engine: Engine, planned: b.Planned) -> DrillRow | None:
    """Return the drill that is planned just so and has not begun: whoever presses twice means one."""
    for row in Books(engine.store).all():
        at = live.stand_of(engine, row)
        if at.planned is None or at.phase not in ("planned", "released"):
            continue
        if replace(at.planned, by=planned.by, carried=planned.carried) == planned:
            return row
    return None


def find_scenario(desktop: Desktop, site: Site, word: str) -> Scenario:
    """Return the scenario that *word* means: its id, or a file. Raises Mistakes: every mistake of the file."""
    from emergency.drills.scenarios.file import file_named, read_file

    return read_file(file_named(word, desktop.library.own.parent / "scenarios"), site)


def _kind(word: str) -> Kind:
    if word in LIVE:
        return word
    if word in get_args(Kind):
        how = "emergency drill table SCENARIO" if word == "tabletop" else "emergency drill run SCENARIO"
        raise Mistakes(
            f"a {word} drill needs no plan: {how}. On real telephones: --kind callout, or --kind full",
            f"{word} 演练无须计划:{how}。真实电话:--kind callout 或 --kind full",
        )
    kinds = list(get_args(Kind))
    raise Mistakes(
        f"'{word}' is no kind of drill.{nearest(word, kinds)}", f"没有“{word}”这类演练。{nearest_zh(word, kinds)}"
    )


def refuse_scenario(scenario: Scenario, plan: Playbook, site: Site, kind: Kind) -> None:
    """Refuse a scenario that may not be run so.

    Raises:
        Mistakes: everything at once, with the file.
    """
    found = list(_wrong(scenario, plan, site, kind))
    if found:
        file = Path(scenario.path).name or scenario.id
        raise Mistakes([Problem(file=file, line=0, says=says.en, zh=says.zh) for says in found])


def must_fit(desktop: Desktop, engine: Engine, scenario: Scenario, kind: Kind) -> None:
    """Refuse a scenario that names people, places or steps that are not here.

    An inject without effect is left to the check: the drill is on another day than the scenario's, among other people.

    Raises:
        Mistakes: everything at once, with file and line.
    """
    from emergency.drills.scenarios.fit import NO_EFFECT, OF_TELEPHONES, refuse_unfit

    site = desktop.people.site(engine)
    plans, _ = desktop.library.load_all(engine, site)
    leave = {NO_EFFECT} if kind in LIVE else {NO_EFFECT, *OF_TELEPHONES}
    refuse_unfit(scenario, site, desktop.people.roster(engine), plans, leave)


def _wrong(scenario: Scenario, plan: Playbook, site: Site, kind: Kind) -> Iterator[Text]:
    from emergency.drills.scenarios.real_words import denials
    from emergency.store import codec

    revision = codec.document_digest(plan)
    if scenario.revision and not revision.startswith(scenario.revision):
        yield Text(
            f"写给 {plan.id} 的 {scenario.revision} 版,现在是 {revision[:12]} 版;看清改了什么,再重新写入版本:"
            f"emergency drill check --pin {scenario.path or scenario.id}",
            f"is written for revision {scenario.revision} of {plan.id}, which is {revision[:12]} now; look at what "
            f"has changed, then pin it anew: emergency drill check --pin {scenario.path or scenario.id}",
        )
    if scenario.site and scenario.site != site.id:
        yield Text(
            f"写给场所“{scenario.site}”,不是“{site.id}”",
            f"is written for the site '{scenario.site}', not for '{site.id}'",
        )
    if kind in LIVE and not scenario.safety.notices:
        yield Text(
            "没有写谁必须事先知道;打真实电话的演练须写:在 safety 下加 notices(报警监控中心第一个)",
            "says nobody who must know beforehand; a drill on real telephones needs that: "
            "add notices under safety (the alarm-monitoring centre first)",
        )
    if kind in LIVE and scenario.safety.violent and scenario.notice != "announced":
        yield Text(
            "涉及暴力:只可桌面推演,或在人人事先知情时演(notice: announced)",
            "is about violence: it may be played at a table, or among people who all know: notice: announced",
        )
    for words in denials(_texts(scenario)):
        yield Text(f"“{words}”等于说这不是演练", f"'{words}' says that this is no drill")


def _texts(scenario: Scenario) -> Iterator[str]:
    for inject in scenario.injects:
        if inject.text is not None:
            yield from (inject.text.zh, inject.text.en)
    if scenario.note is not None:
        yield from (scenario.note.zh, scenario.note.en)


def _begins(word: object, now: datetime, site: Site) -> datetime | None:
    if not word:
        return None
    typed = str(word).strip()
    try:
        begins = datetime.fromisoformat(a_moment("--begins", typed.replace(" ", "T"), now, site.timezone))
    except Mistakes as error:
        zh = f"--begins:“{typed}”不是时间;请写 14:05,或 2026-03-01 14:05(离现在不能太远)"
        raise Mistakes(str(error), zh) from None
    if begins < now - conduct.LATE:
        raise Mistakes(
            f"--begins {typed} is past; a drill is planned for a time to come, or without --begins",
            f"--begins {typed} 已经过去;请写将来的时间,或不写 --begins",
        )
    return begins


def _people(desktop: Desktop, engine: Engine, site: Site, words: Sequence[object]) -> set[str]:
    """Return the roster ids that roles and persons name."""
    roster = desktop.people.roster(engine).people
    found: set[str] = set()
    for word in map(str, words):
        role = next(
            (d.role for d in site.duties if plain(word) in (plain(d.role), plain(d.title.zh), plain(d.title.en))), None
        )
        if role is None:
            found.add(the_person(desktop, engine, word, [duty.role for duty in site.duties]))
            continue
        holders = {person.id for person in roster.values() if role in person.roles}
        if not holders:
            raise Mistakes(f"nobody in the roster has the role '{role}'", f"名册里没有人担任“{role}”")
        found |= holders
    return found


def _carried(engine: Engine) -> tuple[str, ...]:
    """Return the corrective actions of earlier drills that are open: this one is to look at them."""
    try:
        from emergency.drills.evaluate import open_actions
    except ImportError:
        return ()
    return tuple(action.id for action in open_actions(engine.store))


# before it begins


def drill_notice(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Write down that a party which must know beforehand does: who there said so, and who asked."""
    row, now = _open(engine, args, "notice", "planned", "released")
    who = _party(engine, row, args)
    to = _need(args, "to", WHO_CONFIRMED)
    by = _named(desktop, engine, args)
    if who not in now.notices:
        _write(engine, row, b.NoticeConfirmed(who=who, to=engine.store.seal(to), by=by))
    return document(desktop, engine, row)


def _party(engine: Engine, row: DrillRow, args: Args) -> str:
    known = {plain(notice.who): notice.who for notice in live.scenario_of(engine, row).safety.notices}
    names = list(known.values())
    word = _need(args, "who", Text("哪一方:" + "、".join(names), "which party: " + ", ".join(names)))
    if plain(word) not in known:
        raise Mistakes(
            f"'{word}' is not among those who are told of {row.code}.{nearest(word, names)}",
            f"“{word}”不在 {row.code} 的告知名单里。{nearest_zh(word, names)}",
        )
    return known[plain(word)]


def drill_release(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Answer for letting a drill begin; two people of the roster are needed."""
    row, now = _open(engine, args, "release", "planned", "released")
    by = _named(desktop, engine, args)
    if now.begun is not None:
        return document(desktop, engine, row)
    missing = list(_missing(desktop, engine, row, now))
    if missing:
        raise CommandRefused(
            f"{row.code} cannot be released yet:\n" + "\n".join(each.en for each in _listed(missing)),
            f"{row.code} 还不能放行:\n" + "\n".join(each.zh for each in _listed(missing)),
        )
    if by not in now.released:
        _write(engine, row, b.Released(by=by))
    return document(desktop, engine, row)


def _listed(missing: Sequence[conduct.Missing]) -> list[Text]:
    return [Text(f"    {each.zh}:{each.way_out}", f"    {each.says}: {each.way_out}") for each in missing]


def _missing(desktop: Desktop, engine: Engine, row: DrillRow, now: Stand) -> Iterator[conduct.Missing]:
    from emergency.roster.calendar import is_holiday, weekday

    site, clock = desktop.people.site(engine), engine.clock.now()
    zone = ZoneInfo(site.timezone)

    def day(moment: datetime) -> date:
        return moment.astimezone(zone).date()

    def works(day: date) -> bool:
        return weekday(site, day) < 5 and not is_holiday(site, day)

    begins = max(clock, row.begins_at) if row.begins_at else clock
    notices = live.scenario_of(engine, row).safety.notices
    yield from conduct.missing_notices(now, notices, begins, day, works, row.code)


def drill_begin(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """STARTEX: open the drill's incident, on real telephones, for those who take part and nobody else."""
    row, now = _open(engine, args, "begin", "released")
    if now.begun is not None:
        return document(desktop, engine, row)
    by = _anybody(desktop, engine, args)
    planned = now.planned
    assert planned is not None
    trouble = list(_in_the_way(desktop, engine, row, now))
    if trouble:
        raise CommandRefused(
            f"{row.code} cannot begin:\n" + "\n".join(each.en for each in trouble),
            f"{row.code} 不能开始:\n" + "\n".join(each.zh for each in trouble),
        )
    scenario, moment = live.scenario_of(engine, row), engine.clock.now()
    mode = mode_of(row.kind)
    team = desktop.people.members(engine, desktop.reach_of(mode), moment, mode=mode)
    participants = live.participants_now(planned, team)
    if not participants:
        raise CommandRefused(
            f"{row.code} cannot begin: nobody who takes part is there; name them: --with ROLE",
            f"{row.code} 不能开始:参演的人都不在;请在计划里指定:--with 角色",
        )
    incident = engine.open(
        opening(desktop, engine, scenario, row.kind, live.chosen(team, participants, planned.director), planned)
    )
    Books(engine.store).begin(row.id, incident.id, moment)
    begun = b.Begun(incident=incident.id, code=incident.code, by=by, participants=participants)
    _write(engine, row, begun)
    row = the_drill(engine, row.code)
    live.Play(desktop, engine, row).step()  # what holds from the start holds before the first message leaves
    return document(desktop, engine, row)


def opening(
    desktop: Desktop, engine: Engine, scenario: Scenario, kind: Kind, team: Sequence[Any], planned: b.Planned
) -> c.OpenIncident:
    """Return the command that begins a drill's incident, at the scenario's place and with what it knows.

    Raises:
        Mistakes: the plan, the place or a fact is not there any more, or the plan is another than the scenario's.
    """
    from emergency.verbs import _facts_told, _minutes_ahead

    site, now = desktop.people.site(engine), engine.clock.now()
    plan = desktop.library.named(engine, scenario.playbook, site)
    refuse_scenario(scenario, plan, site, kind)
    place = find_place(scenario.place, plan, site)
    callout = kind == "callout"
    return c.OpenIncident(
        incident=ids.new_incident_id(),
        code="",
        mode=mode_of(kind),
        playbook=callout_of(plan, scenario.severity) if callout else plan,
        site=site,
        place=place.id,
        members=tuple(team),
        by="console",
        severity=scenario.severity,
        note=_sealed(engine, scenario.note.zh) if scenario.note else None,
        facts={} if callout else _facts_told(engine, plan, {"facts": scenario.told}, site.timezone),
        offset=_minutes_ahead(now, site),
        until=desktop.people.next_change(engine, now),
        director=planned.director,
        maximum=scenario.maximum,
    )


def _in_the_way(desktop: Desktop, engine: Engine, row: DrillRow, now: Stand) -> Iterator[Text]:
    from emergency.server import watched

    yield from _listed(list(_missing(desktop, engine, row, now)))
    if not conduct.in_its_time(row.begins_at, engine.clock.now()):
        at = row.begins_at.astimezone(ZoneInfo(desktop.people.site(engine).timezone)) if row.begins_at else ""
        yield Text(
            f"    告知的时间是 {at:%Y-%m-%d %H:%M},对方按此准备;须在此前 15 分钟到此后 2 小时内开始,"
            f"否则重新计划:emergency drill abort {row.code} --reason ...",
            f"    it was announced for {at:%Y-%m-%d %H:%M}, and those who were told count on that; begin it from 15 "
            f"minutes before to 2 hours after, or plan it anew: emergency drill abort {row.code} --reason ...",
        )
    if "live_drill" not in desktop.sends:
        yield Text(
            "    没有演练专用的发送号;在账号旁设置 TWILIO_DRILL_FROM 或 TWILIO_DRILL_MESSAGING_SERVICE_SID,"
            "使手机显示的名称与真实警情不同;详见:emergency doctor",
            "    there is no sender for drills; set TWILIO_DRILL_FROM or TWILIO_DRILL_MESSAGING_SERVICE_SID beside the "
            "account, so that telephones show another name than in an emergency; see: emergency doctor",
        )
    if not watched(engine):
        yield Text(
            "    没有程序在看计时和答复;请在另一窗口启动:emergency serve",
            "    nobody watches timers and answers; start it in another window: emergency serve",
        )
    for incident in engine.open_incidents():
        if not is_drill(incident.mode) and not incident.ended and not incident.armed:
            yield Text(
                f"    {incident.code} 是真实事件,正在进行;请等它结束",
                f"    {incident.code} is real and goes on; wait until it is over",
            )
        elif incident.mode == "live_drill" and not incident.is_closed and incident.parent is None:
            yield Text(
                f"    演练 {incident.code} 正在进行;请先结束:emergency drill end",
                f"    the drill {incident.code} goes on; end it first: emergency drill end",
            )


# while it runs


def drill_pause(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Freeze a drill: its clock stands, nothing of it is sent. Anybody may."""
    row, _ = _open(engine, args, "pause", "running", "paused")
    because = "unsafe" if args.get("unsafe") else "director"
    freeze(engine, row, _anybody(desktop, engine, args), because)
    return document(desktop, engine, row)


def freeze(engine: Engine, row: DrillRow, by: str, because: str, other: str | None = None) -> None:
    """Let everything of a drill stand still; the book follows. *because* and *other* as in the event `DrillFrozen`."""
    for incident in live.incidents_of(engine, row):
        engine.handle(incident.id, c.FreezeDrill(by=by, because=because, other=other))


def drill_resume(desktop: Desktop, engine: Engine, args: Args) -> Document | Stands:
    """Let a drill go on; the director alone says so. One on the screen that nobody planned has no director."""
    plain = brake.on_screen(engine, str(args.get("drill") or ""))
    if plain is not None:
        return Stands(brake.resume(engine, plain.id, _anybody(desktop, engine, args)).id)
    row, now = _open(engine, args, "resume", "paused")
    by = _anybody(desktop, engine, args)
    conduct.only_the_director(now, by, row.code)
    still = [i.code for i in engine.open_incidents() if not is_drill(i.mode) and not i.ended and not i.armed]
    if still:
        raise CommandRefused(
            f"{row.code} stays frozen: {', '.join(still)} is real and goes on; wait until it is over",
            f"{row.code} 保持冻结:{'、'.join(still)} 是真实事件,正在进行;请等它结束",
        )
    for incident in live.incidents_of(engine, row):
        engine.handle(incident.id, c.ResumeDrill(by=by))
    return document(desktop, engine, row)


def drill_speed(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Set the speed of a drill's clock; only one at a table has a clock of its own."""
    row, now = _open(engine, args, "speed", "running", "paused")
    speed = _speed(args.get("speed"))
    if speed != now.speed:
        _write(engine, row, b.Sped(speed=speed, by=_anybody(desktop, engine, args)))
    return document(desktop, engine, row)


def _speed(word: object) -> float:
    try:
        speed = float(str(word))
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= 1000:
        raise Mistakes(
            f"speed: '{word}' is no speed; say 1 for the real one, 10 for ten times, at most 1000",
            f"速度“{word}”不对;1 为实时,10 为十倍,最多 1000",
        )
    return speed


def drill_skip(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Leave an inject out; with a reason."""
    row, now = _open(engine, args, "skip", "running", "paused")
    inject = _inject(engine, row, args)
    if now.gone(inject) is not None:
        raise CommandRefused(
            f"{inject} has happened already; it cannot be left out any more", f"{inject} 已发生,不能再跳过"
        )
    if inject not in now.skipped:
        reason = _sealed(engine, _need(args, "reason", REASON))
        _write(engine, row, b.InjectSkipped(inject=inject, by=_anybody(desktop, engine, args), reason=reason))
    return document(desktop, engine, row)


def _inject(engine: Engine, row: DrillRow, args: Args) -> str:
    known = [inject.id for inject in live.scenario_of(engine, row).injects]
    word = _need(args, "inject", Text("哪条注入:" + "、".join(known), "which inject: " + ", ".join(known)))
    found = next((id for id in known if plain(id) == plain(word)), None)
    if found is None:
        raise Mistakes(
            f"'{word}' is no inject of {row.code}.{nearest(word, known)}",
            f"{row.code} 没有注入“{word}”。{nearest_zh(word, known)}",
        )
    return found


def drill_inject(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Let an inject happen now: a reserve, or one before its time."""
    row, now = _open(engine, args, "inject", "running")
    scenario = live.scenario_of(engine, row)
    inject = scenario.inject(_inject(engine, row, args))
    assert inject is not None
    if now.gone(inject.id) is None or inject.again:
        by = _anybody(desktop, engine, args)
        live.Play(desktop, engine, row).release(inject, planned=inject.at, by=by)
    return document(desktop, engine, row)


def drill_say(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """An inject that stands in no script: words to those who take part; they go out with the drill's marks."""
    row, now = _open(engine, args, "inject", "running")
    words = _need(args, "text", Text('说什么:--say "..."', 'what to say: --say "..."'))
    incident = engine.incident(row.incident or "")
    _may_be_said(engine, incident, words)
    people = _receivers(desktop, engine, incident, args.get("to") or ())
    seal = engine.store.seal(words[:1600])
    by = _anybody(desktop, engine, args)
    number = 1 + sum(gone.entry.adhoc for gone in now.injects)
    target = " ".join(people)
    adhoc = b.InjectReleased(
        inject=f"adhoc{number}", kind="message.inbound", target=target, by=by, adhoc=True, text=seal
    )
    _write(engine, row, adhoc)
    engine.handle(incident.id, c.Tell(by="console", text=seal, people=tuple(people)))
    return document(desktop, engine, row)


def _may_be_said(engine: Engine, incident: Incident, words: str) -> None:
    """Refuse words that nobody may say in a drill: somebody would believe them; and more than a message holds."""
    from emergency.drills.scenarios.real_words import denials
    from emergency.drills.scenarios.shapes import MOST_WORDS
    from emergency.roster.person import EMERGENCY_NUMBERS

    if len(words) > MOST_WORDS:
        raise Mistakes(
            f"the words have {len(words)} characters; a message holds {MOST_WORDS}, shorten them",
            f"共 {len(words)} 字;一条消息最多 {MOST_WORDS} 字,请缩短",
        )
    if denials([words]):
        raise Mistakes(
            f"'{words}' says that this is no drill; nobody says that in one",
            f"“{words}”等于说这不是演练;演练中不能这样说",
        )
    if any(phrase in bare(words) for phrase in brake.phrases(engine, incident)):
        raise Mistakes(
            f"'{words}' are the words for something real. If it is, stop the drill: emergency drill stop",
            f"“{words}”是真实警情口令。若属实,请停止演练:emergency drill stop",
        )
    numbers = [number for number in re.findall(r"[0-9]+", words) if number in EMERGENCY_NUMBERS]
    if numbers:
        raise Mistakes(
            f"{', '.join(numbers)} is a number that nobody dials in a drill; say instead: tell control",
            f"演练中谁也不拨 {'、'.join(numbers)};请写“向导演组报”",
        )


def _receivers(desktop: Desktop, engine: Engine, incident: Incident, words: Sequence[object]) -> list[str]:
    found: dict[str, None] = {}
    for word in map(str, words):
        role = next((role for role in incident.roles if plain(role) == plain(word)), None)
        title = next(
            (d.role for d in incident.site.duties if plain(word) in (plain(d.title.zh), plain(d.title.en))), None
        )
        holders = incident.holders(role or title or "")
        found |= dict.fromkeys(holders or (the_person(desktop, engine, word, list(incident.roles)),))
    if not found:
        raise Mistakes("say to whom: --to ROLE, or --to PERSON", "告诉谁:--to 角色,或 --to 姓名")
    strangers = [person for person in found if person not in incident.members]
    if strangers:
        raise CommandRefused(
            f"{', '.join(strangers)} does not take part in this drill; nobody else is told anything",
            f"{'、'.join(strangers)} 没有参演;没参演的人,什么也不会告诉",
        )
    return list(found)


def drill_abort(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Break a drill off: take back what waits, and tell whom it has reached. Anybody may; one that was only planned is
    given up."""
    row, now = _open(engine, args, "abort", "running", "paused")
    if now.over is not None:
        return document(desktop, engine, row)
    by = _anybody(desktop, engine, args)
    reason = _sealed(engine, _need(args, "reason", REASON))
    if now.begun is None:
        _write(engine, row, b.Aborted(by=by, because="director", reason=reason))
        Books(engine.store).end(row.id, engine.clock.now())
    for incident in reversed(live.incidents_of(engine, row)):
        engine.handle(incident.id, c.AbortDrill(by=by, because="director", reason=reason))
    return document(desktop, engine, row)


def drill_end(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """ENDEX: the director ends it as planned; whom it reached is told."""
    row, now = _open(engine, args, "end", "running", "paused")
    if now.over is not None:
        return document(desktop, engine, row)
    live.Play(desktop, engine, row).end("director", _anybody(desktop, engine, args))
    return document(desktop, engine, row)


def drill_restored(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Write down that a party confirmed that its line works again."""
    row, now = _open(engine, args, "restored", "over")
    who = _party(engine, row, args)
    to = _need(args, "to", WHO_CONFIRMED)
    by = _named(desktop, engine, args)
    if who not in now.restored:
        _write(engine, row, b.LineRestored(who=who, to=engine.store.seal(to), by=by))
    return document(desktop, engine, row)


def drill_close(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Close the drill: it is a record from here on. Not before every line is confirmed as restored."""
    row = the_drill(engine, args.get("drill"), "over")
    now = live.stand_of(engine, row)
    if now.phase != "closed":
        conduct.allow(now, "close", row.code)
        waiting = conduct.unrestored(now, live.scenario_of(engine, row))
        if waiting:
            ways = [f'    emergency drill restored {row.code} {who} --to "NAME" --by NAME' for who in waiting]
            raise CommandRefused(
                f"{row.code} cannot be closed: not confirmed as restored: {', '.join(waiting)}. Ask them, then:\n"
                + "\n".join(ways),
                f"{row.code} 不能归档:尚未确认恢复:{'、'.join(waiting)}。请问清后:\n" + "\n".join(ways),
            )
        _write(engine, row, b.Closed(by=_named(desktop, engine, args)))
    return document(desktop, engine, row)


def drill_show(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """How a drill stands, as control, an evaluator or a player may know it."""
    row = the_drill(engine, args.get("drill"), "running", "paused")
    eyes = str(args.get("as") or "control")
    if eyes not in ("control", "evaluator", "player"):
        raise Mistakes(
            f"--as {eyes}: say control, evaluator or player", f"--as {eyes}:请写 control、evaluator 或 player"
        )
    return document(desktop, engine, row, eyes)


def document(desktop: Desktop, engine: Engine, row: DrillRow, eyes: str = "control") -> Document:
    """Return how a drill stands as a document; see `drills/live/documents.py`."""
    from emergency.drills.live.documents import drill

    missing = partial(_missing, desktop, engine, row)
    return drill(desktop, engine, row, eyes, missing)


for verb in (
    drill_plan, drill_notice, drill_release, drill_begin, drill_pause, drill_resume, drill_speed, drill_skip,
    drill_inject, drill_say, drill_abort, drill_end, drill_restored, drill_close, drill_show,
):  # fmt: skip
    VERBS[verb.__name__.replace("_", "-")] = verb
