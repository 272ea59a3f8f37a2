"""What is said of a drill or an incident afterwards (or by observers, during): notes, answers, ratings, the hot wash,
corrective actions. Verbs, over the socket and the API as well; all of it is written into the book.

A drill is named by its code (DR3, RH3), a real incident by its own (F07): that has a book as well. Who is in no roster
(an evaluator from outside) stands in the book as a seal, so that the name can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from emergency.core import commands as c
from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Text
from emergency.core.wording import reference
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Course, History
from emergency.drills.rehearsals import kept
from emergency.drills.scenario import Scenario
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.forgetting import pseudonyms
from emergency.store.actions import Agreed, all_actions, open_actions
from emergency.store.codec import to_text
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore
from emergency.verbs import VERBS, Args, Desktop, Document, the_person

__all__ = ["all_actions", "open_actions", "scores_of"]
RATINGS: dict[str, b.Rating] = {
    **{rating: rating for rating in get_args(b.Rating)},
    "顺利": "P", "有些问题": "S", "问题较大": "M", "未能": "U",
}  # fmt: skip
TOPICS = ("well", "badly", "change", "safety")
ELEMENTS: dict[str, b.Element] = {
    **{element: element for element in get_args(b.Element)},
    "预案": "planning", "组织": "organisation", "装备": "equipment", "培训": "training", "演练": "exercise",
}  # fmt: skip
AGAIN = timedelta(seconds=5)
"""The same words of the same person within this are one press too many (practice)."""
MOST_TOLD = 40
"""How many of the things that a note may be about are told to who named another."""
YES = frozenset({"yes", "y", "是", "ok", "true", "1"})
NO = frozenset({"no", "n", "否", "不", "false", "2"})


class Subject:
    """What is spoken of: a drill or an incident, its book and its log."""

    def __init__(self, engine: Engine, code: object) -> None:
        """Find it. Raises Mistakes."""
        word = str(code or "").strip().upper()
        if not word:
            raise Mistakes(
                "'drill' is missing: the code of a drill or an incident, such as DR3 or F07",
                "缺少演练或事件的编号,如 DR3 或 F07",
            )
        found = kept.known(engine.store, word)
        if found is None:
            codes = [*(row.code for row in Books(engine.store).all()), *(r.code for r in engine.store.all_incidents())]
            raise Mistakes(
                f"there is no drill and no incident {word}.{nearest(word, codes)}",
                f"没有演练或事件 {word}。{nearest_zh(word, codes)}",
            )
        self.engine = engine
        self.incident: str = found[0]
        self.row: DrillRow | None = found[1]
        self.code = self.row.code if self.row is not None else word
        self.id = self.row.id if self.row is not None else self.incident

    def read(self) -> list[b.Written]:
        """Return the book."""
        return Books(self.engine.store).read(self.id)

    def write(self, *entries: b.AnyEntry) -> list[b.Written]:
        """Write into the book."""
        return Books(self.engine.store).write(self.id, *entries, at=self.engine.clock.now())

    def scenario(self) -> Scenario | None:
        """Return the scenario it was run by, or None."""
        return kept.scenario_of(self.engine.store, self.row.scenario) if self.row is not None else None

    def course(self) -> Course:
        """Return how it went. Raises CommandRefused: it has not begun."""
        if not self.incident:
            raise CommandRefused(
                f"{self.code} has not begun; there is nothing to rate yet. See: emergency drill show {self.code}",
                f"{self.code} 还没有开始,没有可评的。看看现状:emergency drill show {self.code}",
            )
        others = others_of(self.engine.store, self.incident)
        return Course(self.engine.store.history(self.incident), self.read(), others)

    def scores(self) -> tuple[scoring.Score, ...]:
        """Return the scores as they are now."""
        course = self.course()
        now = None if course.incident.is_closed else self.engine.clock.now()
        return scoring.rate_course(course, self.scenario(), now)


def others_of(store: SqliteStore, id: str) -> dict[str, History]:
    """Return code to log of the incidents that came of this one: what it let expect, what an inject opened."""
    return {row.code: store.history(row.id) for row in store.all_incidents() if row.id.startswith(f"{id}-")}


def scores_of(engine: Engine, code: str) -> tuple[scoring.Score, ...]:
    """Return the scores of a drill or an incident. Raises Mistakes, CommandRefused."""
    return Subject(engine, code).scores()


# words


def _words(args: Args, key: str, how: Text) -> str:
    word = str(args.get(key) or "").strip()
    if not word:
        raise Mistakes(f"'{key}' is missing: {how.en}", f"缺少“{key}”:{how.zh}")
    return word


def _seal(engine: Engine, args: Args, key: str) -> str | None:
    words = str(args.get(key) or "").strip()
    return engine.store.seal(words[:1600]) if words else None


def _by(desktop: Desktop, engine: Engine, args: Args, key: str = "by", *, needed: bool = False) -> str:
    """Return who says so: a roster id, `console`, or the seal of an outsider's name."""
    who, outsider = _who(desktop, engine, args, key, needed=needed)
    return engine.store.seal(who) if outsider else who


def _who(
    desktop: Desktop, engine: Engine, args: Args, key: str = "by", *, needed: bool = False
) -> tuple[str, bool]:  # fmt: skip
    """Return a roster id or `console`, or the name of an outsider and True."""
    word = str(args.get(key) or "").strip()
    if not word or word == "console":
        if needed:
            raise Mistakes(f"'{key}' is missing: say by name who answers for it", f"缺少 {key}:请写明谁负责")
        return "console", False
    try:
        return the_person(desktop, engine, word), False
    except Mistakes:
        if " could be " in f" {word} " or len(word) < 2:
            raise
        return word[:80], True


def _pressed_before(
    subject: Subject, kind: type[b.Observed | b.Answered], who: str, text: object, **fields: object
) -> b.Written | None:
    """Return the entry that says the very same, if it was written a moment ago: a button was pressed twice."""
    store, since = subject.engine.store, subject.engine.clock.now() - AGAIN
    for written in reversed(subject.read()):
        entry = written.entry
        if written.at < since:
            return None
        if isinstance(entry, kind) and all(getattr(entry, name) == value for name, value in fields.items()):
            words = store.words([seal for seal in (entry.by, entry.text) if seal])
            said = words.get(entry.by, entry.by), words.get(entry.text or "", "")
            if said == (who, str(text or "").strip()[:1600]):
                return written
    return None


def _about(desktop: Desktop, subject: Subject, word: str) -> str:
    """Return what a note is about, as it is called here. Raises Mistakes: there is no such thing."""
    if not word:
        return ""
    known: dict[str, str] = {}
    for name in filter(None, _things(desktop, subject)):
        known.setdefault(name.casefold(), name)
    if word.casefold() in known:
        return known[word.casefold()]
    there = list(known.values())
    listed = ", ".join(there[:MOST_TOLD]) + (" ..." if len(there) > MOST_TOLD else "")
    raise Mistakes(
        f"{subject.code} has no '{word}'.{nearest(word, there)} --about names one of: {listed}",
        f"{subject.code} 没有“{word}”。{nearest_zh(word, there)}--about 可以是:{listed}",
    )


def _things(desktop: Desktop, subject: Subject) -> Iterator[str]:
    """Yield what a note may be about: injects, expectations, objectives, roles, steps, states, people, places."""
    scenario = subject.scenario()
    if scenario is not None:
        yield from (inject.id for inject in scenario.injects)
        yield from (objective.id for objective in scenario.objectives)
        yield from (each.id for objective in scenario.objectives for each in objective.expect)
        yield from (each.id for inject in scenario.injects for each in inject.expect)
        yield from (question.id for question in scenario.questions)
    if not subject.incident:
        yield from (duty.role for duty in desktop.people.site(subject.engine).duties)
        return
    incident = subject.engine.incident(subject.incident)
    yield from (gone.inject for gone in (w.entry for w in subject.read()) if isinstance(gone, b.InjectReleased))
    yield from (score.id for score in subject.scores())
    yield from incident.roles
    yield from (step.name for state in incident.playbook.states for step in state.steps)
    for run in incident.steps.values():
        yield from (run.name, reference(incident, run))
    yield from (state.name for state in incident.playbook.states)
    yield from (duty.role for duty in incident.site.duties)
    yield from incident.members
    yield from (place.id for place in incident.site.places)


def _rating(word: object) -> b.Rating:
    text = str(word or "").strip()
    if not text:
        raise Mistakes("the rating is missing: say P, S, M or U", "缺少评级;请写 P、S、M 或 U")
    found = RATINGS.get(text.upper()) or RATINGS.get(text)
    if found is None:
        raise Mistakes(f"'{text}' is no rating; say P, S, M or U", f"“{text}”不是评级;请写 P、S、M 或 U")
    return found


# verbs


def drill_observe(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Write down what an observer saw; an unsafe act lets a drill that runs stand still at once. `was` says what could
    be stopped when the act was noted, None where nothing unsafe was."""
    subject = Subject(engine, args.get("drill"))
    unsafe = bool(args.get("unsafe"))
    rating = _rating(args["rating"]) if args.get("rating") else None
    if not str(args.get("text") or "").strip() and rating is None and not unsafe:
        raise Mistakes(
            "nothing was observed: say it in words, with --rating, or --unsafe",
            "没有内容:请写几个字,或 --rating、--unsafe",
        )
    tapped = datetime.fromisoformat(str(args["tapped"])) if args.get("tapped") else None
    about = str(args.get("about") or "").strip()[:80]
    if not unsafe:  # what is unsafe is never sent back for its words
        about = _about(desktop, subject, about)
    who, _ = _who(desktop, engine, args)
    written = _pressed_before(
        subject, b.Observed, who, args.get("text"), about=about, rating=rating, unsafe=unsafe, tapped=tapped
    )
    if written is None:
        entry = b.Observed(
            by=_by(desktop, engine, args), about=about, text=_seal(engine, args, "text"), rating=rating, unsafe=unsafe,
            tapped=tapped,
        )  # fmt: skip
        written = subject.write(entry)[0]
    was = _stands(subject) if unsafe else None
    if was == "running":
        _freeze(subject, _observer(written.entry))
    return {**_said(subject, written), "frozen": was == "running", "was": was}


def _observer(entry: b.AnyEntry) -> str:
    assert isinstance(entry, b.Observed)
    return entry.by


def _stands(subject: Subject) -> str:
    """Return whether something of it can be stopped, `running`, or why nothing can: `planned`, `over`, `real`."""
    if subject.row is not None and subject.row.ended_at is not None:
        return "over"
    if not subject.incident:
        return "planned"
    incident = subject.engine.incident(subject.incident)
    if incident.is_closed:
        return "over"
    return "real" if incident.mode == "real" else "running"


def _freeze(subject: Subject, by: str) -> None:
    """Let a drill stand still, also one on the screen that nobody planned."""
    from emergency.drills.live.verbs import freeze

    if subject.row is not None:
        freeze(subject.engine, subject.row, by, "unsafe")
    else:
        subject.engine.handle(subject.incident, c.FreezeDrill(by=by, because="unsafe"))


def drill_answer(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Answer an evaluator's question of the scenario with yes or no."""
    subject = Subject(engine, args.get("drill"))
    question = _words(
        args, "question", Text("情景里评估问题的编号,如 Q4", "the number of a question, such as Q4")
    ).upper()
    scenario = subject.scenario()
    known = {each.id.upper(): each for each in scenario.questions} if scenario is not None else {}
    if question not in known:
        raise Mistakes(
            f"{subject.code} asks no question {question}.{nearest(question, list(known))}",
            f"{subject.code} 没有评估问题 {question}。{nearest_zh(question, list(known))}",
        )
    word = _words(args, "answer", Text("yes 或 no(是、否)", "yes or no")).lower()
    if word not in YES | NO:
        raise Mistakes(f"'{word}': answer yes or no", f"“{word}”:请答 yes 或 no(是、否)")
    tapped = datetime.fromisoformat(str(args["tapped"])) if args.get("tapped") else None
    who, _ = _who(desktop, engine, args)
    id, met = known[question].id, word in YES
    before = _pressed_before(subject, b.Answered, who, args.get("text"), question=id, met=met, tapped=tapped)
    if before is not None:
        return _said(subject, before)
    entry = b.Answered(
        question=id, met=met, by=_by(desktop, engine, args), text=_seal(engine, args, "text"), tapped=tapped
    )
    return _said(subject, subject.write(entry)[0])


def drill_rate(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Set a rating over the automatic one; both are shown, with who and why."""
    subject = Subject(engine, args.get("drill"))
    objective = _known_objective(subject, _words(args, "objective", Text("目标的编号,如 O2", "its number, such as O2")))
    rating = _rating(args.get("rating"))
    reason = _seal(engine, args, "reason")
    if reason is None:
        raise Mistakes(
            'a rating over the automatic one needs a reason: --reason "..."', '改自动评级要写理由:--reason "..."'
        )
    by = _by(desktop, engine, args, needed=True)
    subject.write(b.Rated(objective=objective, rating=rating, by=by, reason=reason))
    return _scored(subject)


def _known_objective(subject: Subject, word: str) -> str:
    known = {score.id.upper(): score.id for score in subject.scores()}
    if word.upper() not in known:
        ids = list(known)
        raise Mistakes(
            f"{subject.code} has no objective {word}.{nearest(word.upper(), ids)}",
            f"{subject.code} 没有目标 {word}。{nearest_zh(word.upper(), ids)}",
        )
    return known[word.upper()]


def drill_scores(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """How each objective is rated now."""
    return _scored(Subject(engine, args.get("drill")))


def drill_hotwash(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Write down what players say right afterwards; several at once."""
    subject = Subject(engine, args.get("drill"))
    by = _by(desktop, engine, args)
    entries = []
    for topic in TOPICS:
        given = args.get(topic) or ()
        several: Sequence[Any] = [given] if isinstance(given, str) else given
        words = [str(each).strip() for each in several if str(each).strip()]
        entries += [b.HotWash(topic=topic, by=by, text=engine.store.seal(each[:1600])) for each in words]
    if not entries:
        raise Mistakes(
            'nothing was said: --well "...", --badly "...", --change "..." or --safety "..."',
            '没有内容:请写 --well "好的"、--badly "不好的"、--change "应改变的" 或 --safety "不安全的"',
        )
    written = subject.write(*entries)
    return {"drill": subject.code, "written": [f"B{each.seq}" for each in written], "at": to_text(written[0].at)}


def drill_action_add(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Agree on a corrective action, with owner and due date; it is carried into the next drill until done."""
    subject = Subject(engine, args.get("drill"))
    again = _agreed_already(engine, subject, args)
    if again is not None:
        return {"drill": subject.code, **_listed(engine, subject.code, all_actions(engine.store), again)}
    problem, action = _seal(engine, args, "problem"), _seal(engine, args, "action")
    if problem is None or action is None:
        raise Mistakes(
            'say the problem and what is to be done: --problem "..." --action "..."',
            '请写问题和措施:--problem "..." --action "..."',
        )
    everything = all_actions(engine.store)
    mine = [each for each in everything if each.subject == subject.id]
    id = f"{subject.code}.A{len(mine) + 1}"
    entry = b.Action(
        id=id, problem=problem, action=action, element=_element(args), owner=_owner(desktop, engine, args),
        due=_due(desktop, engine, args), by=_by(desktop, engine, args),
        objective=_objective(subject, args), repeats=_repeats(everything, subject, args),
        verify=not args.get("no_verify"),
    )  # fmt: skip
    subject.write(entry)
    return {"drill": subject.code, **_listed(engine, subject.code, all_actions(engine.store), id)}


def _agreed_already(engine: Engine, subject: Subject, args: Args) -> str | None:
    """Return the number of the open action that says the very same; asked twice, it is agreed once."""
    wanted = [str(args.get(key) or "").strip() for key in ("problem", "action", "due")]
    for each in open_actions(engine.store):
        words = engine.store.words([each.entry.problem, each.entry.action])
        said = [words.get(each.entry.problem), words.get(each.entry.action), each.entry.due]
        if each.subject == subject.id and said == wanted:
            return each.entry.id
    return None


def _element(args: Args) -> b.Element:
    word = str(args.get("element") or "planning")
    element = ELEMENTS.get(word.lower())
    if element is None:
        raise Mistakes(
            f"'{word}' is no element.{nearest(word, list(get_args(b.Element)))}",
            f"“{word}”不是要素。{nearest_zh(word, list(ELEMENTS))}",
        )
    return element


def _owner(desktop: Desktop, engine: Engine, args: Args) -> str:
    """Return who sees to an action: somebody of the roster, for nobody else is reminded of it."""
    word = _words(args, "owner", Text("谁来落实,名册里的姓名或 id", "who sees to it, by name or roster id"))
    try:
        return the_person(desktop, engine, word)
    except Mistakes as error:
        raise Mistakes(
            f"--owner: {error} It is somebody of the roster (emergency roster show); where others do the work, "
            "whoever sees to it that they do",
            f"--owner:{error.zh}负责人须在名册里(emergency roster show);由外单位做的,写本单位督办的人",
        ) from None


def _objective(subject: Subject, args: Args) -> str:
    word = str(args.get("objective") or "").strip()
    return _known_objective(subject, word) if word else ""


def _repeats(everything: Sequence[Agreed], subject: Subject, args: Args) -> str:
    word = str(args.get("repeats") or "").strip().upper()
    if word and word not in {each.entry.id for each in everything if each.subject != subject.id}:
        ids = [each.entry.id for each in everything if each.subject != subject.id]
        raise Mistakes(
            f"there is no earlier action {word}.{nearest(word, ids)} See: emergency drill action list --all",
            f"没有更早的措施 {word}。{nearest_zh(word, ids)}查看:emergency drill action list --all",
        )
    return word


def _due(desktop: Desktop, engine: Engine, args: Args) -> str:
    """Return the day by which it is to be done, in the site's own calendar."""
    word = _words(args, "due", Text("期限,如 --due 2026-12-31", "by when: --due 2026-12-31"))
    try:
        day = datetime.strptime(word, "%Y-%m-%d").date()
    except ValueError:
        raise Mistakes(f"--due {word}: say a day as 2026-12-31", f"--due:“{word}”不是日期;请写成 2026-12-31") from None
    today = engine.clock.now().astimezone(ZoneInfo(desktop.people.site(engine).timezone)).date()
    if day < today:
        raise Mistakes(
            f"--due {word} is past; say today ({today}) or a later day",
            f"--due {word} 已经过去;请写今天({today})或以后",
        )
    return day.isoformat()


def drill_action_done(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Close an action with its evidence; with the code of a later drill that showed it, where there is one."""
    word = _words(args, "id", Text("措施的编号,如 DR3.A1", "the number of the action, such as DR3.A1")).upper()
    everything = all_actions(engine.store)
    found = next((each for each in everything if each.entry.id == word), None)
    if found is None:
        ids = [each.entry.id for each in everything]
        raise Mistakes(
            f"there is no action {word}.{nearest(word, ids)} See: emergency drill action list --all",
            f"没有措施 {word}。{nearest_zh(word, ids)}查看:emergency drill action list --all",
        )
    evidence = _seal(engine, args, "evidence")
    if evidence is None:
        raise Mistakes('closing needs evidence: --evidence "..."', '完成须有证据:--evidence "..."')
    verified = Subject(engine, args["verified"]).code if args.get("verified") else ""
    if found.done is None:  # asked twice changes nothing
        done = b.ActionDone(id=word, evidence=evidence, by=_by(desktop, engine, args), verified=verified)
        Books(engine.store).write(found.subject, done, at=engine.clock.now())
    return _listed(engine, found.code, all_actions(engine.store), word)


def drill_action_list(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Every open action, overdue ones first; with `all`, those that are done as well."""
    everything = all_actions(engine.store)
    code = Subject(engine, args["drill"]).code if args.get("drill") else ""
    wanted = [
        each for each in everything if (args.get("all") or each.done is None) and (not code or each.code == code)
    ]  # fmt: skip
    return {"actions": [_action(engine, each) for each in sorted(wanted, key=lambda each: each.entry.due)]}


def _listed(engine: Engine, code: str, everything: Sequence[Agreed], id: str) -> Document:
    return {"actions": [_action(engine, each) for each in everything if each.entry.id == id], "code": code}


def _action(engine: Engine, agreed: Agreed) -> Document:
    entry, done = agreed.entry, agreed.done
    seals = [entry.problem, entry.action, *([done.evidence] if done else [])]
    words = engine.store.words(seals)
    today = engine.clock.now().date().isoformat()
    return {
        "id": entry.id, "drill": agreed.code, "problem": words.get(entry.problem, ""),
        "action": words.get(entry.action, ""), "element": entry.element, "owner": _shown(engine, entry.owner),
        "due": entry.due, "overdue": done is None and entry.due < today, "objective": entry.objective,
        "repeats": entry.repeats, "verify": entry.verify, "agreed_at": to_text(agreed.at), "done": done is not None,
        "done_at": to_text(agreed.done_at) if done else None,
        "evidence": words.get(done.evidence, "") if done else None, "verified": done.verified if done else "",
    }  # fmt: skip


def _shown(engine: Engine, by: str) -> str:
    if by.startswith("seal:"):
        return engine.store.words([by]).get(by, "?")
    gone = pseudonyms(engine.store, [by]).get(by)
    return f"{gone.zh} {gone.en}" if gone is not None else by


def _said(subject: Subject, written: b.Written) -> Document:
    return {"drill": subject.code, "written": [f"B{written.seq}"], "at": to_text(written.at)}


def _scored(subject: Subject) -> Document:
    scores = subject.scores()
    return {
        "drill": subject.code, "rating": scoring.overall(scores), "objectives": scoring.documents(scores),
        "overridden": {s.id: _shown(subject.engine, s.override.by) for s in scores if s.override},
    }  # fmt: skip


QUESTIONS: dict[str, Text] = {
    "well": Text("哪些做得好?", "What went well?"),
    "badly": Text("哪些做得不好?", "What went badly?"),
    "change": Text("下次应改变什么?", "What should change next time?"),
    "safety": Text("有没有不安全的地方?", "Was anything unsafe?"),
}
"""The hot wash: asked of players within minutes, before anybody has spoken for the others."""
for _each in (
    drill_observe, drill_answer, drill_rate, drill_scores, drill_hotwash, drill_action_add, drill_action_done,
    drill_action_list,
):  # fmt: skip
    VERBS[_each.__name__.replace("_", "-")] = cast(Any, _each)
