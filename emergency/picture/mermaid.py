"""A plan as Mermaid text, for documents that draw it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.picture.sketch import Box, Exit, boxes

ARROWS = {"guard": "-->", "order": "==>", "silence": "-.->"}
COLOURS = {"guard": "#334155", "order": "#1d4ed8", "silence": "#c2410c"}
LINE = "<br/>"


def draw_mermaid(plan: Playbook, site: Site, lang: str) -> str:
    """Return *plan* as a flowchart. Dashed arrows are silence, thick ones orders."""
    drawn = boxes(plan, site, lang)
    lines = [
        "---",
        f"title: {_quoted(f'{plan.code} {plan.title.zh} {plan.title.en}')}",
        "config:",
        "  flowchart:",
        "    wrappingWidth: 420",
        "---",
        "flowchart TD",
    ]
    lines += [f"  {_id(box.name)}[{_quoted(_words(box))}]" for box in drawn]
    edges = [(box, exit) for box in drawn for exit in box.exits if exit.to is not None]
    lines += [_edge(box, exit) for box, exit in edges]
    for kind, colour in COLOURS.items():
        these = ",".join(str(n) for n, (_, exit) in enumerate(edges) if exit.kind == kind)
        if these:
            lines.append(f"  linkStyle {these} stroke:{colour},color:{colour}")
    lines.append("  classDef ending stroke-width:4px")
    ends = ",".join(_id(box.name) for box in drawn if box.ending)
    if ends:
        lines.append(f"  class {ends} ending")
    return "\n".join(lines) + "\n"


def _words(box: Box) -> str:
    return LINE.join(_box_lines(box))


def _box_lines(box: Box) -> Iterator[str]:
    yield f"{box.title} · {box.other}"
    yield from box.notes
    for role, tasks in box.work.items():
        yield f"{role}: " + "; ".join(" ".join(filter(None, (task.do, task.due))) for task in tasks)
    yield from (f"↻ {exit.words}" for exit in box.exits if exit.to is None)


def _edge(box: Box, exit: Exit) -> str:
    return f"  {_id(box.name)} {ARROWS[exit.kind]}|{_quoted(exit.words)}| {_id(exit.to or '')}"


def _id(name: str) -> str:
    return f"s_{name}"  # `end` and others are words of Mermaid's own


def _quoted(words: str) -> str:
    plain = words.replace("#", "#35;").replace('"', "#quot;")
    plain = plain.replace("<", "#lt;").replace(">", "#gt;").replace("#lt;br/#gt;", LINE)
    return f'"{plain}"'
