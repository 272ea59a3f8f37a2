"""A report as frozen values: everything that stands in it, before it is set in a language and on a page.

Moments are aware, lengths are seconds, people are labels. `refs` are the lines that show a thing: `#45` of the log,
`B12` of the book. What nobody knows is None, and is printed as unknown, never as 0.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from emergency.core.values import Text
from emergency.drills.book import Element, Rating
from emergency.drills.scoring import Score

Tone = Literal["", "good", "bad", "quiet"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence and the lines that show it."""

    text: Text
    refs: tuple[str, ...] = ()
    tone: Tone = ""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What the report is of. kind: `real`, or the kind of drill. head: the hash of the last line of the log."""

    code: str
    id: str
    drill: bool
    kind: str
    title: Text
    site: Text
    address: Text
    place: Text
    notice: str
    began: datetime
    ended: datetime | None
    over: str
    playbook: str
    revision: str
    scenario: str
    scenario_title: Text | None
    scenario_digest: str
    head: str
    lines: int
    entries: int
    book_head: str
    engine: str
    model: str
    made: datetime
    timezone: str
    rating: Rating | None


class InjectLine(msgspec.Struct, frozen=True, kw_only=True):
    """One inject, planned against released. status: released, skipped, not_released, adhoc, contingency.

    touched: messages or steps that fell into its effect; None where that cannot be told.
    """

    id: str
    kind: str
    text: Text
    target: Text
    planned: float | None
    released: float | None
    until: float | None
    status: str
    by: Text
    objective: str
    touched: int | None
    refs: tuple[str, ...]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One step on the timeline, in seconds from the opening. due, acked, ended None: there is none."""

    name: Text
    role: str
    letter: str
    state: str
    started: float
    acked: float | None
    due: float | None
    ended: float | None
    status: str
    allowed: float | None
    took: float | None
    person: Text
    source: str
    refs: tuple[str, ...]


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lasted: an outage, a pause, a command, a state. until None: to the end."""

    kind: str
    name: Text
    since: float
    until: float | None
    refs: tuple[str, ...] = ()


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A line across the timeline: an inject, a milestone."""

    kind: str
    id: str
    name: Text
    at: float
    refs: tuple[str, ...] = ()


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The course: steps as bars, states and commanders as bands above, outages and pauses through all.

    shown: up to when it is drawn; over: when it ended, None while it goes on; length: up to the last line of the log.
    """

    bars: tuple[Bar, ...]
    states: tuple[Band, ...]
    commanders: tuple[Band, ...]
    through: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    shown: float
    over: float | None
    length: float


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """How many of `heads` had answered so many seconds after the opening. steps: (seconds, answered), rising.

    censored: when somebody was no longer waited for without an answer. target: when it was to be done.
    """

    role: str
    name: Text
    heads: int
    steps: tuple[tuple[float, int], ...]
    censored: tuple[float, ...]
    target: float | None
    refs: tuple[str, ...]

    @property
    def complete(self) -> float | None:
        """When the last of the heads had answered; None where one never did, or none was wanted."""
        return self.steps[self.heads - 1][0] if 0 < self.heads <= len(self.steps) else None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How long people took to answer an order, over all orders (Kaplan-Meier, unanswered ones censored).

    steps: (seconds, share that has answered). median, slowest: None where not enough have answered.
    """

    orders: int
    answered: int
    steps: tuple[tuple[float, float], ...]
    censored: tuple[float, ...]
    median: float | None
    slowest: float | None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the funnel. count None: it is not recorded."""

    key: str
    unit: str
    count: int | None


class NotReached(msgspec.Struct, frozen=True, kw_only=True):
    """A call on somebody that nobody answered, and why. cause: see `words.CAUSES`."""

    person: Text
    role: str
    kind: str
    asked: float
    cause: str
    detail: str
    messages: int
    refs: tuple[str, ...]


class RoleCard(msgspec.Struct, frozen=True, kw_only=True):
    """How one role did. Times are seconds from the first call on it.

    arrived: when the roll call had counted the last of the `there` heads that it counted at all, of those who had
    answered, which its line `counted` shows; None where it counted nobody, or was not held: telephones do not record
    it. holders: who held it, in order, with rank (1: normal holder) and how they came to it.
    """

    role: str
    title: Text
    critical: bool
    heads: int
    holders: tuple[Text, ...]
    asked: int
    answered: int
    first: float | None
    manned: float | None
    arrived: float | None
    there: int
    counted: str
    steps: int
    in_time: int
    late: int
    missed: int
    handovers: int
    notes: int
    rating: Rating | None
    refs: tuple[str, ...]


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """One objective in words: expected, happened, why, with what consequence. verdict: strength, improve, untested."""

    score: Score
    expected: tuple[Line, ...]
    happened: tuple[Line, ...]
    why: tuple[Line, ...]
    consequence: tuple[Line, ...]
    verdict: str


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a finding, why, and up to which day."""

    by: Text
    reason: str
    until: date


class BorneOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether what a finding warns of happened this time (`yes`) or did not although it could have, with its lines."""

    yes: bool
    refs: tuple[str, ...]


class PlanFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the plan's check. path: the place in the plan that it speaks of. waived: None while it is open.
    borne_out: None where this course shows nothing of it."""

    id: str
    severity: str
    says: Text
    path: tuple[str | int, ...] = ()
    waived: Waived | None = None
    borne_out: BorneOut | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """An observer's note, an answer of the hot wash or of an evaluator. at: when it was noted; later: it came in only
    when the telephone had a network again."""

    kind: str
    topic: str
    by: Text
    at: datetime
    text: str
    rating: Rating | None
    unsafe: bool
    ref: str
    later: bool = False


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A corrective action. origin: the code it was agreed in. carried: it is older than this. repeats: the same problem
    was found before (its id), by a person's word or by the same objective failing again."""

    id: str
    origin: str
    problem: str
    action: str
    element: Element
    owner: Text
    agreed: datetime
    due: str
    overdue: bool
    done: datetime | None
    evidence: str
    verify: bool
    verified: str
    carried: bool
    repeats: str
    objective: str
    ref: str


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What was forecast of all critical roles answering. curve: (seconds, probability, low, high)."""

    curve: tuple[tuple[float, float, float, float], ...]
    runs: int
    within: float | None = None
    probability: float | None = None
    assumed: float | None = None


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log, the roll call or the book, in words. traffic: one of hundreds that turned nothing; print
    leaves it out where nothing in the report names it."""

    ref: str
    at: datetime
    kind: Text
    says: Text
    traffic: bool = False


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the restricted annex: who a label is."""

    label: Text
    name: Text
    role: Text


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report. named: filled only where names were asked for."""

    cover: Cover
    scores: tuple[Score, ...]
    strengths: tuple[Line, ...]
    problems: tuple[Line, ...]
    safety: tuple[Line, ...]
    overview: tuple[tuple[Text, Line], ...]
    injects: tuple[InjectLine, ...]
    timeline: Timeline
    curves: tuple[Curve, ...]
    together: Curve
    waiting: Waiting
    funnel: tuple[Stage, ...]
    channels: tuple[tuple[str, tuple[Stage, ...]], ...]
    not_reached: tuple[NotReached, ...]
    cards: tuple[RoleCard, ...]
    analysis: tuple[Analysis, ...]
    findings: tuple[PlanFinding, ...] | None
    forecast: Forecast | None
    notes: tuple[Note, ...]
    actions: tuple[ActionLine, ...]
    gaps: tuple[Line, ...]
    raw: tuple[Raw, ...]
    role_titles: dict[str, Text]
    override_by: dict[str, Text]
    override_why: dict[str, str]
    named: tuple[Named, ...] = ()
