"""A plan as one SVG picture: its states in a column, as written; the ways out of each in lanes at both sides.

A plan is close to a line, with ways ahead and ways back, and its guards are sentences. So every way out is a row of
its state, where its words have room, and only arrows run between states: ahead on the right, back on the left. The
layout is our own: a layout library would have to guess how wide Chinese is and would lay sentences over lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from html import escape

import msgspec

from emergency.core.explain import length
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import SEVERITY_WORDS, Severity, Text
from emergency.picture.measure import width, wrap
from emergency.picture.sketch import Box, Exit, Kind, Task, Worst, boxes, rule, say

WIDE = 940.0
"""How wide a state is."""
PAD, GAP, LANE, MARGIN = 14.0, 34.0, 13.0, 24.0
BIG, BODY, SMALL = 16.0, 12.5, 11.0
LEADING = 1.36
ENTRY = {"guard": 0.0, "order": 8.0, "silence": -8.0}
"""Where on the title bar arrows of a kind come in."""
INK: dict[Kind, str] = {"guard": "#334155", "order": "#1d4ed8", "silence": "#c2410c"}
LATE = "#b91c1c"
"""The colour of a worst case that misses its target."""
SHADES: dict[Severity | None, tuple[str, str]] = {
    None: ("#e2e8f0", "#0f172a"),
    Severity.blue: ("#bfdbfe", "#0f172a"),
    Severity.yellow: ("#fde68a", "#0f172a"),
    Severity.orange: ("#fdba74", "#0f172a"),
    Severity.red: ("#fca5a5", "#0f172a"),
}
LEGEND: dict[Kind, Text] = {
    "guard": Text("情况满足,自动前进", "by itself, once this is found or done"),
    "order": Text("有权的人下令", "when a person who may order it does"),
    "silence": Text(
        "无人应答:到时自动,按最坏情形办", "nobody answers: by itself when the time is up, as for the worst case"
    ),
}
SIDES = Text("左侧箭头往回,右侧箭头往前;↻ 停在原阶段", "Arrows on the right lead on, on the left back; ↻ stays here")
STYLE = (
    "text{font-family:'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',"
    "Arial,Helvetica,sans-serif;fill:#0f172a}.b{font-weight:700}.m{fill:#64748b}"
)


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One line of text. x, y: where its baseline begins."""

    x: float
    y: float
    text: str
    size: float = BODY
    ink: str = ""
    style: str = ""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One arrow: from the row of a state at height `y` to the state `to`."""

    box: str
    to: str
    kind: Kind
    y: float
    back: bool


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A state with its place: top, height, and the lines of text in it. marks: heights of the rows of ways out."""

    box: Box
    top: float
    high: float
    bar: float
    words: tuple[Words, ...]
    rows: tuple[tuple[Exit, float], ...]
    rule: float | None


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Ways of one kind to one state share one line: from `top` to `bottom`, the `place`th from the column."""

    to: str
    kind: Kind
    back: bool
    starts: tuple[float, ...]
    end: float
    place: int


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Everything with its place. x: where the column begins."""

    x: float
    wide: float
    high: float
    head: tuple[Words, ...]
    states: tuple[Placed, ...]
    lanes: tuple[Lane, ...]


def draw_chart(plan: Playbook, site: Site, lang: str, worst: Worst | None = None) -> str:
    """Return *plan* as a self-contained SVG document, with its worst cases where they are known."""
    return _svg(lay_out(plan, site, lang, worst or Worst()), plan, lang)


def lay_out(plan: Playbook, site: Site, lang: str, worst: Worst) -> Layout:
    """Return where everything goes."""
    head, y = _head(plan, site, lang, worst)
    states: list[Placed] = []
    for box in boxes(plan, site, lang):
        placed = _place(box, y, lang, worst.entered.get(box.name))
        states.append(placed)
        y += placed.high + GAP
    lanes = _lanes(states)
    left = MARGIN + LANE * (1 + max((lane.place + 1 for lane in lanes if lane.back), default=0))
    right = MARGIN + LANE * (1 + max((lane.place + 1 for lane in lanes if not lane.back), default=0))
    return Layout(
        x=left, wide=left + WIDE + right, high=y - GAP + MARGIN, head=tuple(head), states=tuple(states), lanes=lanes
    )


def _head(plan: Playbook, site: Site, lang: str, worst: Worst) -> tuple[list[Words], float]:
    """Return the lines over the column, and where the column begins."""
    other = "en" if lang == "zh" else "zh"
    y = MARGIN + 22
    title = f"{plan.code}  {plan.title.of(lang)}"
    words = [
        Words(x=0, y=y, text=title, size=24, style="b"),
        Words(x=width(title, 24) + 16, y=y, text=plan.title.of(other), size=15, style="m"),
    ]
    y += 32 + len(LEGEND) * 19 + 19  # the legend is drawn there
    for heading, lines in (("called", _called(plan, site, lang)), ("milestones", _milestones(plan, lang, worst))):
        if not lines:
            continue
        words.append(Words(x=0, y=y, text=say(heading, lang), style="b"))
        for line, ink in lines:
            for each in wrap(line, WIDE - 20, BODY):
                y += BODY * LEADING
                words.append(Words(x=16, y=y, text=each, ink=ink))
        y += BODY * LEADING + 6
    return words, y + 4


Coloured = tuple[str, str]


def _called(plan: Playbook, site: Site, lang: str) -> list[Coloured]:
    lines = []
    comma = Text("、", ", ").of(lang)
    for level in (*Severity, None):
        named = [
            site.duty(call.role).title.of(lang) + (f" ×{call.heads}" if call.heads > 1 else "")
            for call in plan.roles
            if call.at == level
        ]
        if named:
            start = say("from", lang, SEVERITY_WORDS[level].of(lang)) if level else say("by_steps", lang)
            lines.append((f"{start}: {comma.join(named)}", ""))
    return lines


def _milestones(plan: Playbook, lang: str, worst: Worst) -> list[Coloured]:
    """Return each milestone with its target, and under it its worst case: red where that is too late."""
    lines = []
    for each in plan.milestones:
        title, source = each.title.of(lang), rule(each.source, lang)
        lines.append((f"≤ {length(each.within).of(lang)}: {title} [{source}]", ""))
        if each.name in worst.milestones:
            reached = worst.milestones[each.name]
            late = reached is None or reached > each.within
            text = say("unbound", lang) if reached is None else say("worst", lang, length(reached).of(lang))
            lines.append((f"    {text}", LATE if late else INK["silence"]))
    return lines


def _place(box: Box, top: float, lang: str, reached: timedelta | None) -> Placed:
    words: list[Words] = []
    y = top
    for begins in box.begins:
        for line in wrap("▼ " + begins, WIDE - 2 * PAD, SMALL):
            y += SMALL * LEADING
            words.append(Words(x=PAD, y=y, text=line, size=SMALL, style="b"))
    y = y + 8 if box.begins else y
    bar = y
    title = _bar(box, bar, lang, reached)
    words += title
    y = bar + BAR + 6
    columns = _columns(box)
    bottoms = [y]
    for n, groups in enumerate(columns):
        bottom = y
        for role, tasks in groups:
            added, bottom = _role(role, tasks, PAD + n * (WIDE / 2), bottom)
            words += added
        bottoms.append(bottom)
    y = max(bottoms)
    rule = y + 5 if box.exits and box.work else None
    y = y + 6 if rule else y
    rows = []
    for exit in box.exits:
        added, middle, y = _row(exit, y, lang)
        words += added
        rows.append((exit, middle))
    return Placed(box=box, top=top, high=y + 9 - top, bar=bar, words=tuple(words), rows=tuple(rows), rule=rule)


BAR = 32.0


def _bar(box: Box, y: float, lang: str, reached: timedelta | None) -> list[Words]:
    """Return the words on the title bar: its name at the left, at the right what holds there."""
    y += 21
    words = [Words(x=PAD, y=y, text=box.title, size=BIG, style="b")]
    words.append(Words(x=PAD + width(box.title, BIG) + 14, y=y, text=box.other, style="m"))
    notes = " · ".join(box.notes)
    x = WIDE - PAD
    if notes:
        x -= width(notes, BODY)
        words.append(Words(x=x, y=y, text=notes, style="b"))
    if reached:
        text = say("reached", lang, length(reached).of(lang))
        words.append(Words(x=x - 14 - width(text, SMALL), y=y, text=text, size=SMALL, ink=INK["silence"]))
    return words


Group = tuple[str, tuple[Task, ...]]


def _columns(box: Box) -> tuple[list[Group], list[Group]]:
    """Return the work in two columns of nearly one height, in order."""
    groups = list(box.work.items())
    high = [_role(role, tasks, 0, 0)[1] for role, tasks in groups]
    cut = min(range(1, len(groups) + 1), key=lambda n: max(sum(high[:n]), sum(high[n:])), default=0)
    return groups[:cut], groups[cut:]


def _role(role: str, tasks: Sequence[Task], x: float, y: float) -> tuple[list[Words], float]:
    """Return the lines of one role's work from height *y* on, and where they end."""
    room = WIDE / 2 - 2 * PAD
    y += BODY * LEADING + 3
    words = [Words(x=x, y=y, text=role, style="b")]
    for task in tasks:
        lines = wrap("• " + "  ".join(filter(None, (task.do, task.due))), room - 8, BODY)
        for line in lines:
            y += BODY * LEADING
            words.append(Words(x=x + 8, y=y, text=line))
        for more in task.more:
            for line in wrap(more, room - 20, SMALL):
                y += SMALL * LEADING
                words.append(Words(x=x + 20, y=y, text=line, size=SMALL, style="m"))
    return words, y


def _row(exit: Exit, y: float, lang: str) -> tuple[list[Words], float, float]:
    """Return the lines of one way out, the height of its arrow, and where they end."""
    words = f"→ {exit.goal}{Text(':', ': ').of(lang)}{exit.words}" if exit.to else f"↻ {exit.words}"
    lines = wrap(words, WIDE - 2 * PAD, BODY)
    y += BODY * LEADING + 3
    middle = y - BODY * 0.35
    shown = []
    for n, line in enumerate(lines):
        shown.append(Words(x=PAD + (14 if n else 0), y=y, text=line, ink=INK[exit.kind]))
        y += BODY * LEADING
    return shown, middle, y - BODY * LEADING


def _lanes(states: Sequence[Placed]) -> tuple[Lane, ...]:
    """Return the lines beside the column; short ones run inside, none lies on another."""
    order = {placed.box.name: n for n, placed in enumerate(states)}
    shared: dict[tuple[str, Kind, bool], list[float]] = {}
    for placed in states:
        for exit, y in placed.rows:
            if exit.to in order:
                back = order[exit.to] <= order[placed.box.name]
                shared.setdefault((exit.to, exit.kind, back), []).append(y)
    lanes: list[Lane] = []
    taken: dict[bool, list[list[tuple[float, float]]]] = {True: [], False: []}

    def reach(item: tuple[tuple[str, Kind, bool], list[float]]) -> float:
        (to, kind, _), starts = item
        end = _entry(states[order[to]], kind)
        return max(*starts, end) - min(*starts, end)

    for (to, kind, back), starts in sorted(shared.items(), key=reach):
        end = _entry(states[order[to]], kind)
        low, high = min(*starts, end) - 4, max(*starts, end) + 4
        tracks = taken[back]
        place = next((n for n, track in enumerate(tracks) if all(high < a or b < low for a, b in track)), len(tracks))
        if place == len(tracks):
            tracks.append([])
        tracks[place].append((low, high))
        lanes.append(Lane(to=to, kind=kind, back=back, starts=tuple(starts), end=end, place=place))
    return tuple(lanes)


def _entry(placed: Placed, kind: Kind) -> float:
    return placed.bar + BAR / 2 + ENTRY[kind]


def _svg(layout: Layout, plan: Playbook, lang: str) -> str:
    title = escape(f"{plan.title.zh} {plan.title.en}")
    wide, high = round(layout.wide), round(layout.high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        f'role="img" lang="{"zh-CN" if lang == "zh" else "en"}"><title>{title}</title><style>{STYLE}</style>',
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
        "<defs>",
        *(_head_of_arrow(kind, ink) for kind, ink in INK.items()),
        "</defs>",
        f'<g transform="translate({layout.x:g},0)">',
        *(_text(words) for words in layout.head),
        *_legend(lang),
        *(_lane(lane) for lane in layout.lanes),
        *(part for placed in layout.states for part in _state(placed)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _head_of_arrow(kind: Kind, ink: str) -> str:
    return (
        f'<marker id="arrow-{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0,0L8,4L0,8z" fill="{ink}"/></marker>'
    )


def _legend(lang: str) -> Iterator[str]:
    y = MARGIN + 48
    for kind, words in LEGEND.items():
        yield f'<path d="M0,{y - 4:g}H44" {_stroke(kind)} marker-end="url(#arrow-{kind})"/>'
        yield _text(Words(x=56, y=y, text=words.of(lang), ink=INK[kind]))
        y += 19
    yield _text(Words(x=0, y=y, text=SIDES.of(lang), style="m"))


def _stroke(kind: Kind) -> str:
    return f'fill="none" stroke="{INK[kind]}" stroke-width="1.6"' + (
        ' stroke-dasharray="6 4"' if kind == "silence" else ""
    )


def _lane(lane: Lane) -> str:
    """Return the lines of one lane: out of each row, along the lane, into the state."""
    edge = 0.0 if lane.back else WIDE
    x = edge + (-1 if lane.back else 1) * LANE * (lane.place + 1.4)
    far = max(lane.starts, key=lambda y: abs(y - lane.end))
    head = f'marker-end="url(#arrow-{lane.kind})"'
    paths = [f'<path d="M{edge:g},{far:g}H{x:g}V{lane.end:g}H{edge:g}" {_stroke(lane.kind)} {head}/>']
    top, bottom = min(far, lane.end), max(far, lane.end)
    for y in lane.starts:
        if y != far:
            reach = f"V{lane.end:g}" if not top <= y <= bottom else ""
            paths.append(f'<path d="M{edge:g},{y:g}H{x:g}{reach}" {_stroke(lane.kind)}/>')
            paths.append(f'<circle cx="{x:g}" cy="{y:g}" r="2.6" fill="{INK[lane.kind]}"/>')
    return f'<g data-to="{escape(lane.to)}" data-kind="{lane.kind}">' + "".join(paths) + "</g>"


def _state(placed: Placed) -> Iterator[str]:
    shade, _ = SHADES[placed.box.severity]
    high = placed.top + placed.high - placed.bar
    yield f'<g id="state-{escape(placed.box.name)}" class="state">'
    border = 'stroke="#0f172a" stroke-width="3.5"' if placed.box.ending else 'stroke="#94a3b8" stroke-width="1.2"'
    yield f'<rect y="{placed.bar:g}" width="{WIDE:g}" height="{high:g}" rx="6" fill="#fff" {border}/>'
    yield f'<path d="M6,{placed.bar + 1:g}H{WIDE - 6:g}q5,0 5,5v{BAR - 6:g}H1v-{BAR - 6:g}q0,-5 5,-5z" fill="{shade}"/>'
    if placed.rule is not None:
        yield f'<path d="M0,{placed.rule:g}H{WIDE:g}" stroke="#cbd5e1"/>'
    yield from (_text(words) for words in placed.words)
    yield "</g>"


def _text(words: Words) -> str:
    style = f' class="{words.style}"' if words.style else ""
    ink = f' style="fill:{words.ink}"' if words.ink else ""
    return (
        f'<text x="{words.x:.1f}" y="{words.y:.1f}" font-size="{words.size:g}"{style}{ink}>{escape(words.text)}</text>'
    )
