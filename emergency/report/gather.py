"""One report as a frozen value: from the log, the book, the scenario and what is known beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emergency import show
from emergency.core import events as e
from emergency.core.gaps import TOO_LONG
from emergency.core.values import SEVERITY_WORDS, Text, is_drill
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Call, Course, Mark, Sent
from emergency.drills.scenario import Inject, Kind, Scenario
from emergency.report import values as v
from emergency.report.labels import Labels, Who, reasons_of, strings_of
from emergency.report.values import Line
from emergency.roster import Person
from emergency.store import codec
from emergency.store.actions import Agreed

THREE = 3
"""Strengths and problems of the first page: what fits, and what anybody remembers."""
SHARE_SHOWN = 0.8
"""The share of steps that the timeline shows; those far later stand in its table (practice)."""
LEAST_SHOWN = 300.0
"""Seconds that the timeline shows at least."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """All that a report is made of. history, written: the log and the book; head, book_head: the hashes of their ends.

    others: code to log of the other incidents of the same drill. actions: every corrective action. people: the
    roster, for labels and the restricted annex. words: seal to what was typed, where it is still kept. findings: the
    plan's check, None where it was not run. model: the version of the people model that played, empty for real people.
    """

    code: str
    history: Sequence[tuple[e.AnyEvent, datetime]]
    written: Sequence[b.Written]
    head: str
    made: datetime
    engine: str
    book_head: str = ""
    others: Mapping[str, Sequence[tuple[e.AnyEvent, datetime]]] = {}
    kind: Kind | None = None
    scenario: Scenario | None = None
    scenario_digest: str = ""
    people: Mapping[str, Person] = {}
    words: Mapping[str, str] = {}
    actions: Sequence[Agreed] = ()
    findings: tuple[v.PlanFinding, ...] | None = None
    forecast: v.Forecast | None = None
    model: str = ""
    names: bool = False


def gather(source: Source) -> v.Report:
    """Return the report of *source*."""
    return Gathering(source).report()


class Gathering:
    """One report in the making: what its parts share."""

    def __init__(self, source: Source) -> None:
        """Read the log once."""
        self.source = source
        self.course = Course(source.history, source.written, source.others)
        self.incident = self.course.incident
        self.labels = Labels(self.course, source.people, source.words)
        now = None if self.incident.is_closed else source.made
        self.scores = scoring.rate_course(self.course, source.scenario, now)
        self.zero = self.course.opened.at

    def since(self, at: datetime) -> float:
        """Return seconds from the opening."""
        return (at - self.zero).total_seconds()

    def title(self, role: str) -> Text:
        """Return the title of a role."""
        return self.incident.site.duty(role).title if role else Text("", "")

    def report(self) -> v.Report:
        """Put the parts together."""
        cards = self.cards()
        analysis = tuple(map(self.analysis, self.scores))
        actions = tuple(self.actions())
        together = self.together()
        return v.Report(
            cover=self.cover(), scores=self.scores, strengths=tuple(self.strengths(cards))[:THREE],
            problems=tuple(self.problems(cards))[:THREE], safety=tuple(self.safety()), overview=tuple(self.overview()),
            injects=tuple(self.injects()), timeline=self.timeline(), curves=tuple(self.curves()), together=together,
            waiting=self.waiting(), funnel=self.funnel(self.course.sent, self.course.calls),
            channels=tuple(self.by_channel()), not_reached=tuple(self.not_reached()), cards=cards, analysis=analysis,
            findings=self.findings(), forecast=self.source.forecast, notes=tuple(self.notes()), actions=actions,
            gaps=tuple(self.gaps(actions)), raw=tuple(self.raw()), role_titles=self.role_titles(),
            override_by={s.id: self.labels.of(s.override.by) for s in self.scores if s.override},
            override_why={s.id: self.labels.typed(s.override.reason) for s in self.scores if s.override},
            named=tuple(self.named()) if self.source.names else (),
        )  # fmt: skip

    def role_titles(self) -> dict[str, Text]:
        """Return role to title, for every role of the report."""
        roles = {*self.incident.roles, *(c.role for c in self.course.calls), *(w.run.role for w in self.course.work)}
        return {role: self.title(role) for role in sorted(filter(None, roles))}

    # 1, 3: what it was

    def cover(self) -> v.Cover:
        """Return what the report is of."""
        course, source, scenario = self.course, self.source, self.source.scenario
        ended = course.ended
        kind = source.kind or ("screen" if self.incident.mode == "drill" else "callout")
        drill = is_drill(self.incident.mode)
        return v.Cover(
            code=source.code, id=self.incident.id, drill=drill, kind=kind if drill else "real",
            title=course.plan.title, site=self.incident.site.name, address=self.incident.site.address,
            place=self.incident.site.place(self.incident.place).name, notice=scenario.notice if scenario else "",
            began=self.zero, ended=ended.at if ended else None, over=self.how_it_ended(), playbook=course.plan.id,
            revision=codec.document_digest(course.plan)[:12], scenario=scenario.id if scenario else "",
            scenario_title=scenario.title if scenario else None, scenario_digest=source.scenario_digest,
            head=source.head, lines=len(source.history), entries=len(source.written), book_head=source.book_head,
            engine=source.engine, model=source.model, made=source.made, timezone=self.incident.site.timezone,
            rating=scoring.overall(self.scores),
        )  # fmt: skip

    def how_it_ended(self) -> str:
        """Return `aborted`, how the plan ended (`stand_down`, `false_alarm`, `cancelled`), `stopped`, or `open`."""
        if self.course.broken_off:
            return "aborted"
        ended = self.incident.ended
        if ended and ended != "endex":
            return ended
        return "stopped" if self.course.ended else "open"

    def overview(self) -> Iterator[tuple[Text, Line]]:
        """Yield the rows of the overview that are not on the cover."""
        course = self.course
        director = next((entry.director for _, entry in course.entries(b.Planned)), "")
        observers = {entry.by for _, entry in course.entries(b.Observed)}
        alerted = {call.person for call in course.calls}
        answered = {call.person for call in course.calls if call.acked}
        level = SEVERITY_WORDS[course.severest]
        named = dict.fromkeys(s.capability for s in self.scores if s.capability not in NO_CAPABILITY)
        able = [CAPABILITIES.get(name, Text(name, name)) for name in named]
        capabilities = Text("、".join(each.zh for each in able), ", ".join(each.en for each in able))
        yield Text("危险", "Hazard"), Line(text=course.plan.title)
        yield Text("最高级别", "Gravest level"), Line(text=level, refs=self.level_refs())
        yield Text("检验的能力", "Capabilities"), Line(text=capabilities)
        yield Text("目标数", "Objectives"), Line(text=Text(str(len(self.scores)), str(len(self.scores))))
        said = f"{len(self.incident.members)} / {len(alerted)} / {len(answered)}"
        yield Text("可调人员 / 被呼叫 / 有应答", "Team / called / answered"), Line(text=Text(said, said))
        yield Text("导调", "Director"), Line(text=self.labels.of(director) if director else scoring.UNKNOWN)
        said = str(len(observers)) if observers else ""
        yield Text("观察评估员", "Observers"), Line(text=Text(said, said) if said else Text("无记录", "none on record"))
        yield Text("主办", "Sponsor"), Line(text=self.incident.site.name)

    def level_refs(self) -> tuple[str, ...]:
        """Return the lines at which the level changed."""
        return tuple(mark.ref for mark, _ in self.course.of(e.SeverityChanged))

    # 2: the result

    def strengths(self, cards: Sequence[v.RoleCard]) -> Iterator[Line]:
        """Yield what went well, best evidence first: objectives reached, roles at once there, what players said."""
        good = [score for score in self.scores if score.rating == "P" and score.evidence]
        good.sort(key=lambda score: (score.seconds is None, score.seconds or 0))
        for score in good:
            yield Line(text=score.sentence, refs=score.evidence[:3], tone="good")
        late = {each.role for score in self.scores for each in score.found if each.status in ("late", "missed")}
        for card in cards:
            if card.rating == "P" and card.critical and card.manned is not None and card.role not in late:
                took = scoring.length(card.manned)
                text = Text(
                    f"{card.title.zh}:{took} 内到齐应答,任务按时。",
                    f"{card.title.en}: all had answered in {took}, steps in time.",
                )
                yield Line(text=text, refs=card.refs[:2], tone="good")
        for mark, entry in self.course.entries(b.HotWash):
            if entry.topic == "well":
                words = self.labels.typed(entry.text)
                yield Line(text=Text(words, words), refs=(mark.ref,), tone="good")

    def problems(self, cards: Sequence[v.RoleCard]) -> Iterator[Line]:
        """Yield what went badly, gravest first: unsafe acts, objectives by rating, roles that nobody filled, words."""
        for mark, entry in self.course.entries(b.Observed):
            if entry.unsafe:
                words = self.labels.typed(entry.text) or "-"
                yield Line(text=Text(f"不安全行为:{words}", f"unsafe act: {words}"), refs=(mark.ref,), tone="bad")
        bad = [score for score in self.scores if score.rating in ("U", "M", "S")]
        for score in sorted(bad, key=lambda score: -"PSMU".index(score.rating or "P")):
            yield Line(text=score.sentence, refs=self.missed_refs(score) or score.evidence[:3], tone="bad")
        yield from self.empty_places()
        for mark, wash in self.course.entries(b.HotWash):
            if wash.topic in ("badly", "safety"):
                words = self.labels.typed(wash.text)
                yield Line(text=Text(words, words), refs=(mark.ref,), tone="bad")

    def empty_places(self) -> Iterator[Line]:
        """Yield the roles of which a place stayed empty to the end, or was wanted for longer than the program's own
        rule allows; a place that somebody took soon was no problem. Of each role the worst."""
        worst: dict[str, Vacancy] = {}
        for each in self.vacancies():
            known = worst.get(each.role)
            if each.is_grave and (known is None or each.rank > known.rank):
                worst[each.role] = each
        for role, gap in worst.items():
            title, how = self.title(role), gap.how
            text = Text(
                f"{title.zh}有岗位无人可担任,{how.zh}。", f"Nobody was left for a place of {title.en}: {how.en}."
            )
            yield Line(text=text, refs=gap.refs, tone="bad")

    def vacancies(self) -> Iterator[Vacancy]:
        """Yield each time at which nobody was left for a place of a role, until somebody held it or answered for it."""
        course = self.course
        end = course.ended or course.last
        given = course.of(e.RoleAssigned)
        for mark, gap in course.of(e.RoleUnfilled):
            place = (gap.role, gap.slot)  # whoever is called from above leaves it a gap until they answer
            taken = [m for m, x in given if (x.role, x.slot) == place and x.because != "higher" and m.at >= mark.at]
            taken += [m for slot, m in course.answers(gap.role) if slot == gap.slot and m.at >= mark.at]
            filled = min((m for m in taken if m.at <= end.at), key=lambda m: m.at, default=None)
            spans = list(self.wanted(gap.role, mark.at, (filled or end).at))
            lasted = sum((course.spent(since, until) for since, until in spans), timedelta(0))
            yield Vacancy(
                role=gap.role, since=mark, filled=filled, lasted=lasted.total_seconds(),
                wanted=filled is None and any(until == end.at for _, until in spans),
            )  # fmt: skip

    def wanted(self, role: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans, one after the other, in which a role had something to do, or nobody had said they were
        ready: an empty place hurts only then."""
        spans = []
        for work in self.course.work:
            if work.run.role == role and (work.plan is not None or work.acked is None):
                over = min(until, work.ended.at) if work.ended else until
                spans.append((max(since, work.started.at), over))
        last = since
        for began, over in sorted(spans):
            if over > max(began, last):
                yield max(began, last), over
                last = over

    def missed_refs(self, score: scoring.Score) -> tuple[str, ...]:
        """Return the lines of what was not in time."""
        return tuple(ref for each in score.found if each.status != "met" for ref in each.evidence)[:3]

    def safety(self) -> Iterator[Line]:
        """Yield the safety statement: who was hurt, what real came in between, and the monitoring line."""
        course = self.course
        drill = is_drill(self.incident.mode)
        unsafe = [mark.ref for mark, entry in course.entries(b.Observed) if entry.unsafe]
        if drill:
            yield _counted(Text("不安全行为", "Unsafe acts on record"), unsafe)
        else:
            yield from self.hurt()
        helped = [mark.ref for mark, _ in course.of(e.HelpAsked)]
        yield _counted(Text("求助(按9)", "Calls for help (key 9)"), helped)
        if not drill:
            return
        real = [span for span in course.stood if span.what in ("real", "help", "phrase")]
        yield _counted(
            Text("演练中插入真实事件而暂停", "Stood still for something real"), [span.since.ref for span in real]
        )
        restored = course.entries(b.LineRestored)
        for mark, entry in restored:
            by, when = self.labels.of(entry.by), self.clock(mark.at)
            yield Line(
                text=Text(f"{when} 由{by.zh}确认已恢复:{entry.who}", f"{entry.who}: restored {when}, says {by.en}"),
                refs=(mark.ref,), tone="good",
            )  # fmt: skip
        if not restored and self.incident.mode == "live_drill":
            yield Line(
                text=Text(
                    "报警联网是否恢复:不详(无确认记录)", "Monitoring line restored: unknown, nobody confirmed it"
                ),
                tone="bad",
            )

    def hurt(self) -> Iterator[Line]:
        """Yield what was told of the hurt and the dead, each as of when; unknown where nobody told."""
        names = {"injured": Text("伤", "hurt"), "dead": Text("亡", "dead"), "missing": Text("失联", "missing")}
        for fact, word in names.items():
            if self.course.plan.fact(fact) is None:
                continue
            told = self.incident.facts.get(fact)
            refs = tuple(mark.ref for mark, event in self.course.of(e.FactReported) if event.fact == fact)
            if told is None or not refs:
                yield Line(text=Text(f"{word.zh}:不详", f"{word.en}: unknown"))
            else:
                when = self.clock(told.last)
                yield Line(
                    text=Text(f"{word.zh}:{told.value}({when} 报告)", f"{word.en}: {told.value} (told {when})"),
                    refs=refs[-1:],
                )

    def clock(self, at: datetime) -> str:
        """Return a moment on the site's clock."""
        return show.clock(codec.to_text(at), self.incident.site.timezone)

    # 4: injects

    def injects(self) -> Iterator[v.InjectLine]:
        """Yield every inject: those of the scenario in its order, then what stood in no script."""
        known = {entry.inject for _, entry in self.course.entries(b.InjectReleased)}
        for inject in self.source.scenario.injects if self.source.scenario else ():
            yield self.inject(inject)
            known.discard(inject.id)
        for mark, entry in self.course.entries(b.InjectReleased):
            if entry.inject in known:
                words = self.labels.typed(entry.text)
                text = Text(words, words) if words else INJECTS.get(entry.kind, Text(entry.kind, entry.kind))
                yield v.InjectLine(
                    id=entry.inject, kind=entry.kind, text=text, target=self.target(entry.target),
                    planned=None, released=self.since(mark.at), until=_seconds(entry.until),
                    status="adhoc" if entry.adhoc else "released", by=self.labels.of(entry.by), objective="",
                    touched=None, refs=(mark.ref,),
                )  # fmt: skip
        for mark, rescue in self.course.entries(b.Contingent):
            yield v.InjectLine(
                id=rescue.inject, kind=rescue.do, text=Text(f"未达到 {rescue.if_not}", f"{rescue.if_not} was not met"),
                target=Text("", ""), planned=None, released=self.since(mark.at), until=None, status="contingency",
                by=Text("导控", "control"), objective="", touched=None, refs=(mark.ref,),
            )  # fmt: skip

    def inject(self, inject: Inject) -> v.InjectLine:
        """Return one inject of the scenario, planned against released."""
        released = [(m, entry) for m, entry in self.course.entries(b.InjectReleased) if entry.inject == inject.id]
        skipped = [(m, entry) for m, entry in self.course.entries(b.InjectSkipped) if entry.inject == inject.id]
        mark, entry = released[0] if released else (None, None)
        status = "released" if mark else "skipped" if skipped else "not_released"
        by = entry.by if entry else skipped[0][1].by if skipped else ""
        until = _seconds(entry.until) if entry and entry.until else None
        text = inject.text or INJECTS.get(inject.kind, Text(inject.kind, inject.kind))
        return v.InjectLine(
            id=inject.id, kind=inject.kind, text=Text(self.labels.clean(text.zh), self.labels.clean(text.en)),
            target=self.target(inject.target or (inject.deliver.to if inject.deliver else "")),
            planned=_seconds(inject.at), until=until,
            released=self.since(mark.at) if mark else None, status=status, by=self.labels.of(by),
            objective=inject.objective or "", touched=self.touched(inject, mark, until),
            refs=tuple(m.ref for m, _ in (*released, *skipped)),
        )  # fmt: skip

    def target(self, word: str) -> Text:
        """Return what an inject is aimed at: a person's label, a role's or an agency's name, else the word itself."""
        if word.startswith("role."):
            return self.title(word.removeprefix("role."))
        if word in self.incident.members:
            return self.labels.of(word)
        agency = self.incident.site.agency(word)
        known = next((place.name for place in self.incident.site.places if place.id == word), None)
        return agency.name if agency else known or TARGETS.get(word) or Text(word, word)

    def touched(self, inject: Inject, mark: Mark | None, until: float | None) -> int | None:
        """Return how many messages fell into an inject's effect; None for those that act on no message."""
        if mark is None or not inject.kind.startswith(("person.", "channel.")):
            return None
        end = self.zero + timedelta(seconds=until) if until is not None else self.course.last.at
        return sum(
            inject.target in (each.person, each.channel) and mark.at <= each.queued.at <= end
            for each in self.course.sent
        )

    # 5: the timeline

    def timeline(self) -> v.Timeline:
        """Return the course as bars, bands and ticks."""
        course, states = self.course, self.course.of(e.StateEntered)
        bars = tuple(self.bars())
        moments = sorted(_lasts(bar) for bar in bars)
        length = self.since(course.last.at)
        end = self.since(course.ended.at) if course.ended else length
        usual = moments[int(len(moments) * SHARE_SHOWN)] * 1.1 if moments else end
        ends = [mark for mark, _ in states[1:]] + [None]
        bands = tuple(
            v.Band(
                kind="state", name=course.plan.state(event.state).title, since=self.since(mark.at),
                until=self.since(end_.at) if end_ else None, refs=(mark.ref,),
            )
            for (mark, event), end_ in zip(states, ends, strict=True)
        )  # fmt: skip
        commanders = tuple(
            v.Band(
                kind="command", name=self.labels.of(span.what), since=self.since(span.since.at),
                until=self.since(span.until.at) if span.until else None, refs=(span.since.ref,),
            )
            for span in course.commanders()
        )  # fmt: skip
        shown = min(max(LEAST_SHOWN, usual), max(LEAST_SHOWN, length))
        return v.Timeline(
            bars=bars, states=bands, commanders=commanders, through=tuple(self.through()), ticks=tuple(self.ticks()),
            shown=shown, over=self.since(course.ended.at) if course.ended else None, length=length,
        )  # fmt: skip

    def bars(self) -> Iterator[v.Bar]:
        """Yield the steps of the plan in the order in which they began."""
        site = self.incident.site
        for work in self.course.of_plan():
            run, plan = work.run, work.plan
            if plan is None:
                continue
            zone = site.place(run.zone).short if run.zone else None
            name = Text(f"{zone.zh} {plan.do.zh}", f"{zone.en}: {plan.do.en}") if zone else plan.do
            allowed = self.course.spent(work.started.at, run.due).total_seconds() if run.due else None
            marks = (work.started, work.acked, work.ended, *work.chased)
            yield v.Bar(
                name=self.filled(name), role=run.role, letter=run.letter, state=run.state,
                started=self.since(work.started.at), acked=self.since(work.acked.at) if work.acked else None,
                due=self.since(run.due) if run.due else None, ended=self.since(work.ended.at) if work.ended else None,
                status=_status_of(work, self.course), allowed=allowed,
                took=self.course.spent(work.started.at, work.done.at).total_seconds() if work.done else None,
                person=self.labels.of(run.person) if run.person else Text("无人", "nobody"), source=plan.source,
                refs=tuple(mark.ref for mark in marks if mark),
            )  # fmt: skip

    def filled(self, text: Text) -> Text:
        """Return words of the plan with the place and the facts in them, without names."""
        from emergency.core.wording import filled

        return Text(
            self.labels.clean(filled(text, self.incident, "zh")), self.labels.clean(filled(text, self.incident, "en"))
        )

    def through(self) -> Iterator[v.Band]:
        """Yield what shades the whole timeline: outages and pauses."""
        for mark, entry in self.course.entries(b.InjectReleased):
            if entry.kind.startswith("channel."):
                words = f"{entry.inject} {entry.target}"
                yield v.Band(
                    kind="outage", name=Text(words, words), since=self.since(mark.at), until=_seconds(entry.until),
                    refs=(mark.ref,),
                )  # fmt: skip
        for span in self.course.stood:
            yield v.Band(
                kind="pause", name=PAUSES.get(span.what, Text("暂停", "paused")), since=self.since(span.since.at),
                until=self.since(span.until.at) if span.until else None, refs=(span.since.ref,),
            )  # fmt: skip

    def ticks(self) -> Iterator[v.Tick]:
        """Yield the injects and the milestones, as lines across the timeline."""
        for mark, entry in self.course.entries(b.InjectReleased):
            yield v.Tick(
                kind="inject",
                id=entry.inject,
                name=Text(entry.kind, entry.kind),
                at=self.since(mark.at),
                refs=(mark.ref,),
            )
        for milestone in self.course.plan.milestones:
            due = self.course.after(self.zero, milestone.within)
            reached = self.course.reached(milestone)
            refs = (reached.ref,) if reached else ()
            yield v.Tick(kind="milestone", id="", name=milestone.title, at=self.since(due), refs=refs)
        if self.course.broken_off:
            mark = self.course.broken_off
            yield v.Tick(kind="abort", id="", name=Text("中止", "broken off"), at=self.since(mark.at), refs=(mark.ref,))

    # 6: notification

    def curves(self) -> Iterator[v.Curve]:
        """Yield how each critical role answered."""
        for role in self.course.critical_roles():
            marks = self.course.acknowledged(role)[: self.course.heads_needed(role)]
            dues = [w.run.due for w in self.course.of_plan() if w.run.role == role and w.run.due]
            yield v.Curve(
                role=role, name=self.title(role), heads=self.course.heads_needed(role),
                steps=tuple((self.since(mark.at), n) for n, mark in enumerate(marks, start=1)),
                censored=tuple(self.given_up(role)), target=self.since(min(dues)) if dues else None,
                refs=tuple(mark.ref for mark in marks),
            )  # fmt: skip

    def given_up(self, role: str) -> Iterator[float]:
        for call in self.course.calls:
            if call.role == role and not call.acked:
                end = call.closed or self.course.last
                yield self.since(end.at)

    def together(self) -> v.Curve:
        """Return how all heads of all critical roles answered, on one curve."""
        roles = self.course.critical_roles()
        marks = [m for role in roles for m in self.course.acknowledged(role)[: self.course.heads_needed(role)]]
        marks.sort(key=lambda mark: mark.at)
        goals = self.source.scenario.objectives if self.source.scenario else ()
        wanted = [each.within for each in goals if each.metric == "all_critical_acked" and each.within is not None]
        return v.Curve(
            role="", name=Text("全部关键岗位", "all critical roles"), heads=sum(map(self.course.heads_needed, roles)),
            steps=tuple((self.since(mark.at), n) for n, mark in enumerate(marks, start=1)), censored=(),
            target=_seconds(min(wanted, default=None)), refs=tuple(mark.ref for mark in marks),
        )  # fmt: skip

    def waiting(self) -> v.Waiting:
        """Return how long orders waited for an answer, over all ladders, pauses left out."""
        answered: list[float] = []
        censored: list[float] = []
        for first, calls in self.ladders():
            acks = [call.acked.at for call in calls if call.acked]
            if acks:
                answered.append(self.course.spent(first.at, min(acks)).total_seconds())
                continue
            ends = [call.closed.at if call.closed else self.course.last.at for call in calls]
            censored.append(max(0.0, self.course.spent(first.at, max(ends)).total_seconds()))
        steps = kaplan_meier(answered, censored)
        return v.Waiting(
            orders=len(answered) + len(censored), answered=len(answered), steps=steps, censored=tuple(sorted(censored)),
            median=next((at for at, share in steps if share >= 0.5), None), slowest=max(answered, default=None),
        )  # fmt: skip

    def ladders(self) -> list[tuple[Mark, list[Call]]]:
        """Return the calls by ladder, each with when it was asked first."""
        found: dict[str, list[Call]] = {}
        for call in self.course.calls:
            found.setdefault(call.root, []).append(call)
        return [(calls[0].asked, calls) for calls in found.values()]

    def funnel(self, sent: Sequence[Sent], calls: Sequence[Call]) -> tuple[v.Stage, ...]:
        """Return the stages from a message planned to a person there. Messages first, then calls on people."""
        asked = {each.id for each in calls}
        went = {each.alert for each in sent if each.accepted}
        declined = sum(call.lost == "declined" for call in calls)
        valid = sum(call.acked is not None for call in calls)
        unread = sum(event.via not in ("console", "") for _, event in self.course.of(e.NoteAdded))
        whole = len(calls) == len(self.course.calls)
        return (
            v.Stage(key="planned", unit="messages", count=len(sent)),
            v.Stage(key="submitted", unit="messages", count=sum(bool(each.accepted or each.failed) for each in sent)),
            v.Stage(key="accepted", unit="messages", count=sum(each.accepted is not None for each in sent)),
            v.Stage(key="delivered", unit="messages", count=sum(each.delivered is not None for each in sent)),
            v.Stage(key="called", unit="calls", count=len(asked & went)),
            v.Stage(key="replied", unit="calls", count=valid + declined + (unread if whole else 0)),
            v.Stage(key="valid", unit="calls", count=valid),
            v.Stage(key="arrived", unit="calls", count=None),
        )

    def by_channel(self) -> Iterator[tuple[str, tuple[v.Stage, ...]]]:
        """Yield the message stages of each channel."""
        for channel in ("sms", "voice"):
            some = [each for each in self.course.sent if each.channel == channel]
            if some:
                yield channel, self.funnel(some, ())[:4]

    def not_reached(self) -> Iterator[v.NotReached]:
        """Yield everybody who was called and never answered anything, or refused, with the cause."""
        by_person: dict[str, list[Call]] = {}
        for call in self.course.calls:
            by_person.setdefault(call.person, []).append(call)
        for person, calls in by_person.items():
            refused = next((call for call in calls if call.lost == "declined"), None)
            if any(call.acked for call in calls) and refused is None:
                continue
            sent = [each for each in self.course.sent if each.person == person]
            cause, detail = _cause(sent, refused)
            first = refused or calls[0]
            yield v.NotReached(
                person=self.labels.of(person), role=first.role, kind=first.kind, asked=self.since(first.asked.at),
                cause=cause, detail=detail, messages=len(sent), refs=(first.asked.ref,),
            )  # fmt: skip

    # 7: roles

    def cards(self) -> tuple[v.RoleCard, ...]:
        """Return the scorecards, the most critical role first: command, then called at the lightest level, then by how
        many steps with a source it has; those that were never called are left out."""
        called = {call.role for call in self.course.calls if call.role} | set(self.incident.roles)
        levels = {each.role: each.at.rank if each.at else 9 for each in self.course.plan.roles}
        duties = {duty.role: n for n, duty in enumerate(self.incident.site.duties)}
        critical = self.course.critical_roles()

        def weight(role: str) -> tuple[Any, ...]:
            sourced = sum(bool(w.plan and w.plan.source) for w in self.course.of_plan() if w.run.role == role)
            command = self.incident.site.duty(role).command
            return (not command, role not in critical, levels.get(role, 9), -sourced, duties.get(role, 99))

        return tuple(self.card(role, role in critical) for role in sorted(called, key=weight))

    def card(self, role: str, critical: bool) -> v.RoleCard:
        """Return how one role did."""
        course = self.course
        calls = [call for call in course.calls if call.role == role]
        given = [(mark, event) for mark, event in course.of(e.RoleAssigned) if event.role == role]
        works = [work for work in course.of_plan() if work.run.role == role]
        over = course.ended.at if course.ended else course.last.at
        states = [scoring.step_status(work, over) for work in works]
        first = calls[0].asked.at if calls else None
        acks = course.acknowledged(role)
        manned = course.manned(role)
        names = {role, *(work.run.name for work in works)}
        notes = [mark for mark, entry in course.entries(b.Observed) if entry.about in names]
        return v.RoleCard(
            role=role, title=self.title(role), critical=critical, heads=course.heads_needed(role),
            holders=tuple(dict.fromkeys(self.holder(event) for _, event in given)), asked=len(calls),
            answered=sum(call.acked is not None for call in calls),
            first=course.spent(first, acks[0].at).total_seconds() if first and acks else None,
            manned=course.spent(first, manned.at).total_seconds() if first and manned else None, arrived=None,
            steps=len(works), in_time=sum(state == "met" for state in states),
            late=states.count("late"), missed=states.count("missed"), handovers=max(0, self.changes(given)),
            notes=len(notes), rating=_role_rating(calls, states),
            refs=tuple(mark.ref for mark in (*acks[:1], *(m for m, _ in given[:1]), *notes)),
        )  # fmt: skip

    def holder(self, event: e.RoleAssigned) -> Text:
        """Return who holds a role, with how they came to it and which deputy they are."""
        from emergency.core.because import HOW

        member = self.incident.members.get(event.person)
        rank = member.roles.get(event.role, 0) if member else 0
        which = Text("", "") if rank < 2 else Text(f"第{rank - 1}替补", f"deputy {rank - 1}")
        how = HOW.get(event.because, Text("", "")) if rank < 2 else which
        label = self.labels.of(event.person)
        return Text(f"{label.zh}({how.zh})", f"{label.en} ({how.en})") if how.zh else label

    def changes(self, given: Sequence[tuple[Mark, e.RoleAssigned]]) -> int:
        """Return how often a place of a role went to another person."""
        return len({(event.slot, event.person) for _, event in given}) - len({event.slot for _, event in given})

    # 8: why

    def analysis(self, score: scoring.Score) -> v.Analysis:
        """Return one objective in words."""
        bad = [each for each in score.found if each.status in ("late", "missed")]
        expected = [Line(text=Text(f"{score.text.zh}:{score.target.zh}", f"{score.text.en}: {score.target.en}"))]
        expected += [Line(text=self.quoted(each)) for each in (bad or score.found)[:6]]
        happened = [
            Line(text=Text(f"实测 {score.measured.zh}", f"measured: {score.measured.en}"), refs=score.evidence[:6])
        ]
        happened += [self.outcome(each) for each in bad[:8]]
        roles = list(dict.fromkeys(filter(None, (score.role, *(each.role for each in bad)))))
        troubled = score.rating in ("S", "M", "U")
        verdict = "improve" if troubled else "strength" if score.rating == "P" else "untested"
        return v.Analysis(
            score=score, expected=tuple(expected), happened=tuple(happened),
            why=tuple(self.why(roles)) if troubled else (),
            consequence=tuple(self.consequences(roles)) if troubled else (), verdict=verdict,
        )  # fmt: skip

    def quoted(self, found: scoring.Found) -> Text:
        """Return what was expected, with its time and its source."""
        rest = f" ≤ {scoring.length(found.allowed)}" if found.allowed is not None else ""
        source = scoring.source_of(found.source)
        zh, en = (f"{rest} [{source.zh}]", f"{rest} [{source.en}]") if found.source else (rest, rest)
        critical = Text("(关键)", " (critical)") if found.critical else Text("", "")
        text = self.filled(found.text)
        return Text(f"{found.id} {text.zh}{critical.zh}{zh}", f"{found.id} {text.en}{critical.en}{en}")

    def outcome(self, found: scoring.Found) -> Line:
        """Return what became of an expectation."""
        word = scoring.STATUS_WORDS[found.status]
        took = f" {scoring.length(found.seconds)}" if found.seconds is not None else ""
        return Line(
            text=Text(f"{found.id} {word.zh}{took}", f"{found.id} {word.en}{took}"), refs=found.evidence, tone="bad"
        )

    def why(self, roles: Sequence[str]) -> Iterator[Line]:
        """Yield what the log says of the cause, by kind; where it says nothing, that it is unknown."""
        found = list(self.causes(roles))
        yield from found
        if not found:
            yield Line(
                text=Text(
                    "不详:日志看不出原因,请询问当事人", "unknown: the log does not show it; ask those who were there"
                )
            )

    def causes(self, roles: Sequence[str]) -> Iterator[Line]:
        course = self.course
        calls = [call for call in course.calls if not roles or call.role in roles]
        silent = [call for call in calls if not call.acked and call.lost not in ("taken", "relieved", "called_away")]
        if silent and calls:
            n, of = len(silent), len(calls)
            text = Text(f"人员:{of} 次呼叫中 {n} 次无人应答", f"people: {n} of {of} calls were not answered")
            yield Line(text=text, refs=tuple(call.asked.ref for call in silent[:3]))
        people = {call.person for call in calls}
        failed = [each for each in course.sent if each.failed and each.person in people]
        if failed:
            why = reasons_of(", ".join(dict.fromkeys(each.reason for each in failed if each.reason)))
            text = Text(
                f"设备与通道:{len(failed)} 条消息失败({why.zh})",
                f"equipment: {len(failed)} messages failed ({why.en})",
            )
            yield Line(text=text, refs=tuple(each.failed.ref for each in failed[:3] if each.failed))
        for gap in [each for each in self.vacancies() if each.role in roles][:2]:
            title, how = self.title(gap.role), gap.how
            text = Text(
                f"组织:{title.zh}有岗位无人可派,{how.zh}",
                f"organisation: nobody was left for a place of {title.en}, {how.en}",
            )
            yield Line(text=text, refs=gap.refs)
        for mark, entry in course.entries(b.InjectReleased):
            if entry.kind.startswith("channel.") or entry.target in people:
                target = self.target(entry.target)
                text = Text(f"演练情景:{entry.inject}({target.zh})", f"exercise: inject {entry.inject} ({target.en})")
                yield Line(text=text, refs=(mark.ref,))
        for mark, seen in course.entries(b.Observed):
            if seen.about in roles and seen.text:
                words = self.labels.typed(seen.text)
                yield Line(text=Text(f"观察:{words}", f"observed: {words}"), refs=(mark.ref,))

    def consequences(self, roles: Sequence[str]) -> Iterator[Line]:
        """Yield what followed: states the plan went to for lack of an answer, a graver level, steps never done."""
        for mark, event in self.course.of(e.StateEntered):
            if event.via in ("late_step", "timeout"):
                title = self.course.plan.state(event.state).title
                yield Line(
                    text=Text(f"按最坏情况进入「{title.zh}」", f"the plan assumed the worse: {title.en}"),
                    refs=(mark.ref,),
                )
        for mark, level in self.course.of(e.SeverityChanged):
            if level.via == "late_step":
                word = SEVERITY_WORDS[level.to]
                yield Line(text=Text(f"级别升至{word.zh}", f"the level rose to {word.en}"), refs=(mark.ref,))
        left = [w for w in self.course.of_plan() if w.run.role in roles and w.run.status == "dropped" and w.ended]
        if left:
            text = Text(f"{len(left)} 项任务未做即被撤销", f"{len(left)} steps were dropped undone")
            yield Line(text=text, refs=tuple(w.ended.ref for w in left[:3] if w.ended))

    # 9: the plan

    def findings(self) -> tuple[v.PlanFinding, ...] | None:
        """Return what the check of the plan found, without names; None where it was not run."""
        if self.source.findings is None:
            return None
        clean = self.labels.clean
        return tuple(
            msgspec.structs.replace(
                each, says=Text(clean(each.says.zh), clean(each.says.en)), reason=clean(each.reason)
            )
            for each in self.source.findings
        )

    # 11: notes, actions

    def notes(self) -> Iterator[v.Note]:
        """Yield what observers, evaluators and players wrote, in order."""
        for written in self.course.written:
            entry, ref = written.entry, f"B{written.seq}"
            match entry:
                case b.Observed():
                    kind, topic, rating, unsafe, text = "observed", entry.about, entry.rating, entry.unsafe, entry.text
                case b.HotWash():
                    kind, topic, rating, unsafe, text = "hotwash", entry.topic, None, False, entry.text
                case b.Answered():
                    topic = f"{entry.question} {'✓' if entry.met else '✗'}"
                    kind, rating, unsafe, text = "answered", None, False, entry.text
                case _:
                    continue
            tapped = None if isinstance(entry, b.HotWash) else entry.tapped
            yield v.Note(
                kind=kind, topic=topic, by=self.labels.of(entry.by), at=tapped or written.at, later=tapped is not None,
                text=self.labels.typed(text),
                rating=rating, unsafe=unsafe, ref=ref,
            )  # fmt: skip

    def actions(self) -> Iterator[v.ActionLine]:
        """Yield the actions agreed here, then earlier ones that are open or were closed since it began."""
        subjects = {self.incident.id, *(a.subject for a in self.source.actions if a.code == self.source.code)}
        began = self.zero
        today = self.source.made.date().isoformat()
        mine = [each for each in self.source.actions if each.subject in subjects]
        older = [
            each
            for each in self.source.actions
            if each.subject not in subjects
            and each.at <= self.source.made
            and (each.done is None or each.done_at >= began)
        ]
        for each in (*mine, *older):
            entry, carried = each.entry, each.subject not in subjects
            repeats = entry.repeats or self.repeated(each, mine if carried else self.source.actions)
            yield v.ActionLine(
                id=entry.id, origin=each.code, problem=self.labels.typed(entry.problem),
                action=self.labels.typed(entry.action), element=entry.element, owner=self.labels.of(entry.owner),
                agreed=each.at, due=entry.due, overdue=each.done is None and bool(entry.due) and entry.due < today,
                done=each.done_at if each.done else None,
                evidence=self.labels.typed(each.done.evidence) if each.done else "", verify=entry.verify,
                verified=each.done.verified if each.done else "", carried=carried, repeats=repeats,
                objective=entry.objective, ref="" if carried else f"B{each.seq}",
            )  # fmt: skip

    def repeated(self, action: Agreed, others: Sequence[Agreed]) -> str:
        """Return an earlier action on the same objective of the same plan: the finding came back. Empty for none.

        For one carried over: its own id, where its objective has failed again here.
        """
        if not action.entry.objective or action.playbook != self.course.plan.id:
            return ""
        if action.subject != self.incident.id and action.code != self.source.code:
            failed = {score.id for score in self.scores if score.rating in ("M", "U")}
            return action.entry.id if action.entry.objective in failed else ""
        same = (
            each.entry.id
            for each in others
            if each.at < action.at
            and each.subject != action.subject
            and each.playbook == action.playbook
            and each.entry.objective == action.entry.objective
        )
        return next(same, "")

    # what is missing

    def gaps(self, actions: Sequence[v.ActionLine]) -> Iterator[Line]:
        """Yield what this report cannot know."""
        course = self.course
        accepted = [each for each in course.sent if each.accepted]
        silent = [each for each in accepted if not each.delivered and not each.failed]
        if silent:
            n, of = len(silent), len(accepted)
            yield Line(text=Text(f"{of} 条消息中 {n} 条没有送达回执", f"{n} of {of} receipts missing"))
        yield Line(
            text=Text("到场时间:电话系统不记录,不详", "arrival on the spot: telephones do not record it; unknown")
        )
        if is_drill(self.incident.mode) and self.source.scenario is None:
            yield Line(
                text=Text("没有情景:目标由预案推出", "there was no scenario: the objectives are those the plan implies")
            )
        untested = [score.id for score in self.scores if score.status == "untested"]
        if untested:
            ids = ", ".join(untested)
            yield Line(text=Text(f"未检验的目标:{ids}", f"objectives that were not tested: {ids}"))
        if not course.entries(b.Observed):
            yield Line(text=Text("没有观察员记录", "no observer wrote anything down"))
        lost = _seals(self.source.history) - set(self.source.words)
        if lost:
            yield Line(text=Text(f"{len(lost)} 段文字已按规定删除", f"{len(lost)} typed texts were forgotten"))
        agreed = {action.objective for action in actions}
        bare = [score.id for score in self.scores if score.rating in ("M", "U") and score.id not in agreed]
        if bare:
            ids = ", ".join(bare)
            yield Line(text=Text(f"尚无整改措施的目标:{ids}", f"no action agreed yet for: {ids}"), tone="bad")
        if not (self.incident.is_closed or course.ended):
            yield Line(text=Text("事件尚未结束,这是中间稿", "it goes on still: this is a draft"), tone="bad")

    # the annexes

    def raw(self) -> Iterator[v.Raw]:
        """Yield the lines of the log (without timers), then those of the book."""
        readers = {lang: show.LogReader(self.reader_doc(lang), lang) for lang in ("zh", "en")}
        known = {id: who.label for id, who in self.labels.who.items()}
        for mark, event in self.course.all():
            kind = type(event).__name__
            if kind in show.TIMERS:
                continue
            data = _plain(event)
            said = {}
            for lang, reader in readers.items():
                line = {"seq": 0, "at": "", "kind": kind, "data": _labelled(data, known, lang, self.labels)}
                said[lang] = reader.line({**line, "at": codec.to_text(mark.at)}, {})
            zh, en, _ = show.KINDS.get(kind, (kind, kind, ""))
            yield v.Raw(
                ref=mark.ref, at=mark.at, kind=Text(zh, en), says=Text(_rest(said["zh"], zh), _rest(said["en"], en))
            )
        for written in self.course.written:
            yield self.of_book(written, known)

    def reader_doc(self, lang: str) -> dict[str, Any]:
        """Return what the reader of the log needs to know, without a name."""
        titles = {role: {"zh": t.zh, "en": t.en} for role, t in self.role_titles().items()}
        titles |= {call.role: _both(self.title(call.role)) for call in self.course.plan.roles}
        return {
            "incident": self.incident.code,
            "timezone": self.incident.site.timezone, "people": {}, "role_titles": titles,
        }  # fmt: skip

    def of_book(self, written: b.Written, known: Mapping[str, Text]) -> v.Raw:
        """Return one line of the book in words."""
        kind = type(written.entry).__name__
        data = msgspec.to_builtins(written.entry)
        said = {}
        for lang in ("zh", "en"):
            shown = _labelled(data, known, lang, self.labels)
            for key in SOMEBODY & set(data):
                shown[key] = self.labels.of(data[key]).of(lang)
            said[lang] = " ".join(
                f"{key}={value}" for key, value in shown.items() if key != "type" and value not in ("", None, [])
            )
        return v.Raw(
            ref=f"B{written.seq}",
            at=written.at,
            kind=BOOK_WORDS.get(kind, Text(kind, kind)),
            says=Text(said["zh"], said["en"]),
        )

    def named(self) -> Iterator[v.Named]:
        """Yield who each label is, in the order of their numbers; then who is in no roster."""
        for who in self.labels.who.values():
            if self.appears(who):
                person = self.source.people.get(who.id)
                name = person.name if person else Text("(已删除)", "(forgotten)")
                yield v.Named(label=who.label, name=name, role=self.title(who.role))
        for seal, label in self.labels.outsiders().items():
            words = self.source.words.get(seal, "-")
            yield v.Named(label=label, name=Text(words, words), role=Text("", ""))

    def appears(self, who: Who) -> bool:
        """Return whether somebody had any part in it."""
        told = {word for each in self.course.written for word in strings_of(msgspec.to_builtins(each.entry))}
        return who.id in self.incident.of_person or who.id in told


class Vacancy(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a role for which nobody was left. filled: when somebody took it, None: never. lasted: for how many
    seconds it was wanted and empty, pauses left out. wanted: it still was at the end."""

    role: str
    since: Mark
    filled: Mark | None
    lasted: float
    wanted: bool

    @property
    def is_grave(self) -> bool:
        """Whether it lasted to the end, or longer than a role may have nobody (the rule that calls somebody above)."""
        return self.wanted or self.lasted > TOO_LONG.total_seconds()

    @property
    def rank(self) -> tuple[bool, float]:
        """How grave it was, to compare."""
        return self.wanted, self.lasted

    @property
    def how(self) -> Text:
        """How long it was empty, and how that ended."""
        lasted = scoring.length(self.lasted)
        if self.filled is not None:
            return Text(f"空缺 {lasted} 后补上", f"empty for {lasted}, then taken")
        if self.wanted:
            return Text(f"到结束仍空缺({lasted})", f"empty to the end ({lasted})")
        return Text(f"空缺 {lasted},此后不再需要", f"empty for {lasted}, then not needed any more")

    @property
    def refs(self) -> tuple[str, ...]:
        """The lines that show when it began and when it was over."""
        return (self.since.ref, self.filled.ref) if self.filled else (self.since.ref,)


SOMEBODY = frozenset({"by", "to", "owner", "director"})
"""Fields of the book that hold a person: a roster id, or the seal of a name."""
NO_CAPABILITY = frozenset({"injects"})
"""Where answers to injects that belong to no objective are gathered: a heap, and nothing that anybody can do."""
CAPABILITIES: dict[str, Text] = {
    "milestone": Text("里程碑", "milestones"),
    "notification": Text("通知", "notification"),
    "operations": Text("处置", "operations"),
    "command": Text("指挥", "command"),
    "communications": Text("通信", "communications"),
    "coordination": Text("协调", "coordination"),
    "evacuation": Text("疏散", "evacuation"),
    "rescue": Text("救援", "rescue"),
    "public_information": Text("信息发布", "public information"),
    "course": Text("处置进程", "course"),
    "succession": Text("接替", "succession"),
    "restraint": Text("克制", "restraint"),
    "tasks": Text("任务", "tasks"),
    "two_at_once": Text("两事并发", "two at once"),
}
TARGETS: dict[str, Text] = {
    "sms": Text("短信", "text messages"),
    "voice": Text("电话", "calls"),
    "command": Text("指挥", "whoever commands"),
    "": Text("", ""),
}
INJECTS: dict[str, Text] = {
    "person.unreachable": Text("人员失联", "cannot be reached"),
    "person.late": Text("人员迟到", "is late"),
    "person.declines": Text("人员拒绝", "declines"),
    "person.wrong_number": Text("号码错误", "wrong number"),
    "person.nonsense": Text("答非所问", "answers nonsense"),
    "person.false_ack": Text("应答而不行动", "acknowledges and does nothing"),
    "person.claims_command": Text("另有人自称指挥", "claims command"),
    "channel.outage": Text("通道中断", "channel out"),
    "channel.slow": Text("通道缓慢", "channel slow"),
    "channel.voicemail": Text("语音信箱接听", "voicemail answers"),
    "channel.busy": Text("占线", "busy"),
    "asset.failure": Text("设施失效", "asset fails"),
    "event.secondary": Text("次生事件", "secondary event"),
    "fact.told": Text("报告情况", "a fact is told"),
    "decision.answer": Text("作出决定", "a decision is taken"),
    "order.transition": Text("下令转换阶段", "the plan is ordered on"),
    "message.inbound": Text("来电来信", "a message comes in"),
}
PAUSES: dict[str, Text] = {
    "director": Text("导调暂停", "paused by the director"),
    "unsafe": Text("安全暂停", "paused: unsafe act"),
    "help": Text("求助暂停", "paused: help asked"),
    "real": Text("真实事件", "paused: real incident"),
    "red": Text("紧急停止", "red command"),
    "restored": Text("恢复备份后暂停", "paused: a backup was restored"),
    "phrase": Text("安全暗语", "paused: safety phrase"),
}
BOOK_WORDS: dict[str, Text] = {
    "Planned": Text("计划", "planned"),
    "NoticeConfirmed": Text("告知已确认", "notice confirmed"),
    "Released": Text("批准实施", "released"),
    "Begun": Text("演练开始", "STARTEX"),
    "InjectReleased": Text("情景发生", "inject released"),
    "InjectSkipped": Text("情景跳过", "inject skipped"),
    "Contingent": Text("导控补救", "contingency"),
    "Paused": Text("暂停", "paused"),
    "Resumed": Text("继续", "resumed"),
    "Sped": Text("变速", "speed"),
    "Aborted": Text("中止", "broken off"),
    "Ended": Text("演练结束", "ENDEX"),
    "LineRestored": Text("线路恢复", "line restored"),
    "Closed": Text("归档", "closed"),
    "Observed": Text("观察", "observed"),
    "Answered": Text("评估答复", "evaluator"),
    "Rated": Text("人工评定", "rated by a person"),
    "HotWash": Text("讲评", "hot wash"),
    "Action": Text("整改措施", "action"),
    "ActionDone": Text("整改完成", "action done"),
}


def kaplan_meier(answered: Sequence[float], censored: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the share that has answered by each moment at which somebody did (the product-limit estimate).

    One that was never answered counts among those waited for until it was given up, and then no more: leaving it out
    would make people look quicker than they are.
    """
    steps, left = [], 1.0
    for moment in sorted(set(answered)):
        waiting = sum(each >= moment for each in (*answered, *censored))
        left *= 1 - sum(each == moment for each in answered) / waiting
        steps.append((moment, 1 - left))
    return tuple(steps)


def _lasts(bar: v.Bar) -> float:
    """Return up to when a bar has something to show: its end, else a little past its target."""
    if bar.ended is not None:
        return bar.ended
    return bar.due * 1.2 if bar.due is not None else bar.started


def _status_of(work: Any, course: Course) -> str:
    over = course.ended.at if course.ended else course.last.at
    status = scoring.step_status(work, over)
    if status == "untested":
        return "open" if work.run.status == "open" else "moved_on"
    return status


def _role_rating(calls: Sequence[Call], states: Sequence[str]) -> b.Rating | None:
    """Return how a role did: U where nobody ever answered, M with a step missed or more than half late, S with fewer
    late, else P."""
    if not calls:
        return None
    if not any(call.acked for call in calls):
        return "U" if any(call.lost != "taken" for call in calls) else None
    return _of_steps(states)


def _of_steps(states: Sequence[str]) -> b.Rating:
    done, late = states.count("met"), states.count("late")
    if "missed" in states or done < scoring.HALF * (done + late):
        return "M"
    return "S" if late else "P"


def _cause(sent: Sequence[Sent], refused: Call | None) -> tuple[str, str]:
    """Return why somebody was not reached, and the provider's reason where there is one."""
    if refused is not None:
        return "declined", ""
    if not sent:
        return "no_number", ""
    if any(each.delivered for each in sent):
        return "no_reply", ""
    failed = [each for each in sent if each.failed]
    if failed and not any(each.accepted and not each.failed for each in sent):
        return "failed", ", ".join(dict.fromkeys(each.reason for each in failed if each.reason))
    return ("no_receipt" if any(each.accepted for each in sent) else "not_sent"), ""


def _counted(name: Text, refs: Sequence[str]) -> Line:
    n = len(refs)
    said = Text(f"{name.zh}:{n or '无记录'}", f"{name.en}: {n or 'none on record'}")
    return Line(text=said, refs=tuple(refs[:6]), tone="bad" if n else "")


def _seconds(value: timedelta | None) -> float | None:
    return value.total_seconds() if value is not None else None


def _seals(history: Sequence[tuple[e.AnyEvent, datetime]]) -> set[str]:
    found = set()
    for event, _ in history:
        for key in ("note", "text", "reason"):
            word = getattr(event, key, None)
            if isinstance(word, str) and word.startswith("seal:"):
                found.add(word)
    return found


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _plain(event: e.AnyEvent) -> dict[str, Any]:
    """Return an event as plain data; the opening without its plan, its site and its team."""
    if not isinstance(event, e.IncidentOpened):
        found: dict[str, Any] = msgspec.to_builtins(event)
        found.pop("type", None)
        return found
    place = event.site.place(event.place).name
    level = event.severity.value
    return {
        "code": event.code,
        "place": f"{place.zh} {place.en}",
        "severity": level,
        "by": event.by,
        "note": event.note,
    }


def _labelled(data: Any, known: Mapping[str, Text], lang: str, labels: Labels) -> Any:
    """Return plain data with labels for people and words for seals."""
    if isinstance(data, dict):
        return {key: _labelled(value, known, lang, labels) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_labelled(each, known, lang, labels) for each in data]
    if not isinstance(data, str):
        return data
    if data in known:
        return known[data].of(lang)
    return labels.typed(data) if data.startswith("seal:") else data


def _rest(line: str, kind: str) -> str:
    """Return what stands behind the kind in a line of the log."""
    return line.partition(kind)[2].strip()
