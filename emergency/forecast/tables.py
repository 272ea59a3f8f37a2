"""The figures of a forecast as tables, in words: one for the terminal and for the page. No number without its range.

Pure: a document (`board.forecast`) and a language in, tables out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

from emergency.drills.players.model import OF_PEOPLE, OF_WORLD
from emergency.drills.scoring import source_of
from emergency.forecast.odds import share
from emergency.forecast.words import word
from emergency.readiness.lines import moment

Document = Mapping[str, Any]
MOST_FIGURES = 8


class Table(NamedTuple):
    """A table. head: the names of its columns; rows: as many cells each; notes: lines below it."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: Sequence[str] = ()


# figures


def length(seconds: float, lang: str) -> str:
    """Return a length in words: `5 min`, `90 s`."""
    whole = int(seconds)
    if whole % 60 == 0:
        return f"{whole // 60}分钟" if lang == "zh" else f"{whole // 60} min"
    return f"{whole}秒" if lang == "zh" else f"{whole} s"


def clock(seconds: float | None) -> str:
    """Return a moment after the report as `mm:ss`; a dash where there is none."""
    if seconds is None:
        return "-"
    whole = int(-(-seconds // 1))
    return f"{whole // 60:02d}:{whole % 60:02d}"


def percent(part: float) -> str:
    """Return a share in full percent; what is not nothing is not called 0 %."""
    return "<1%" if 0 < part < 0.01 else ">99%" if 0.99 < part < 1 else f"{part:.0%}"


def percents(low: float, high: float) -> str:
    """Return a range in full percent: `22-34%`."""
    return f"{low * 100:.0f}-{high:.0%}"


def figure(found: Document) -> str:
    """Return a probability with its range: `0.68 (0.61-0.74)`."""
    return f"{found['p']:.2f} ({found['low']:.2f}-{found['high']:.2f})"


def signed(delta: float) -> str:
    """Return a difference with its sign: `+0.04`, `−0.43`; what is shown as nothing has none."""
    return f"{delta:+.2f}".replace("-", "−") if round(delta, 2) else "0.00"


def points(runs: int) -> int:
    """Return how far a share of so many runs can be off at 95 %, in full percent points, whatever share it is."""
    return ceil(share(runs // 2, runs).half * 100)


def from_to(found: Document) -> str:
    """Return the probability before and after: `0.69 → 0.27`."""
    return f"{found['before']['p']:.2f} → {found['after']['p']:.2f}"


def difference(found: Document, lang: str) -> str:
    """Return what changed with its range; where that holds 0, that it is unclear."""
    low, high = signed(found["low"]), signed(found["high"])
    if found["noise"]:
        return word("unclear", lang, low=low, high=high)
    return word("difference", lang, delta=signed(found["delta"]), low=low, high=high)


# what things are called


def role_of(doc: Document, role: str, lang: str) -> str:
    """Return what a role is called."""
    return str(doc["role_titles"].get(role, {}).get(lang, role))


def person(doc: Document, id: str, lang: str) -> str:
    """Return what people are called; several stand with commas."""
    return ", ".join(str(doc["names"].get(each, {}).get(lang, each)) for each in id.split(", "))


def target(doc: Document, name: str, lang: str) -> str:
    """Return what a target is called: `step NAME` by what is to be done, `milestone NAME` by its title."""
    kind, _, id = name.partition(" ")
    if kind == "step":
        return str(doc["steps"].get(id, {}).get(lang, id))
    return next((str(each["title"][lang]) for each in doc["milestones"] if each["milestone"] == id), id)


def change(each: Document, doc: Document, lang: str) -> str:
    """Return what a change is."""
    role = role_of(doc, each["role"], lang)
    return word(f"change_{each['kind']}", lang, name=person(doc, each["person"], lang), role=role)


def listed(parts: Sequence[str], lang: str) -> str:
    """Return several things as one list."""
    return ("、" if lang == "zh" else ", ").join(parts)


def slowest_first(doc: Document) -> list[Document]:
    """Return the roles that count, whoever is waited for last most often first."""
    return sorted(doc["roles"], key=lambda role: -role["last"])


# tables


def roles(doc: Document, lang: str) -> Table:
    """Return the roles that count, the slowest first."""
    found = slowest_first(doc)
    rows = []
    for role in found:
        heads = f" ({word('heads', lang, n=role['heads'])})" if role["heads"] > 1 else ""
        times = (clock(role["p50"]), _most(role, lang))
        rows.append((role["title"][lang] + heads, figure(role), *times, percent(role["last"])))
    fewer = [_share_of(role["title"][lang], role["let_go"], lang) for role in found if role["let_go"]]
    notes = [*_never(found, doc, lang), *([word("let_go", lang, roles=listed(fewer, lang))] if fewer else [])]
    within = word("within", lang, within=length(doc["within"], lang))
    return Table((word("role", lang), within, *_times(lang), word("slowest_in", lang)), rows, notes)


def milestones(doc: Document, lang: str) -> Table:
    """Return the milestones with their targets, and where each target comes from."""
    found = doc["milestones"]
    rows = [
        (
            each["title"][lang],
            figure(each) if each["n"] else "-",
            clock(each["p50"]),
            _most(each, lang) if each["n"] else "-",
            f"{clock(each['target'])} [{source_of(each['source']).of(lang)}]",
        )
        for each in found
    ]
    spared = [_share_of(each["title"][lang], each["spared"], lang) for each in found if each["spared"]]
    notes = [*_never(found, doc, lang), *([word("spared", lang, each=listed(spared, lang))] if spared else [])]
    return Table((word("milestone", lang), word("in_time", lang), *_times(lang), word("target", lang)), rows, notes)


def _times(lang: str) -> tuple[str, str]:
    return word("half_by", lang), word("most_by", lang)


def _most(found: Document, lang: str) -> str:
    """Return by when 95 % have it, or how many never do."""
    return clock(found["p95"]) if found["p95"] is not None else word("never", lang, p=percent(1 - found["ever"]))


def _never(found: Sequence[Document], doc: Document, lang: str) -> list[str]:
    some = any(each["p95"] is None and each["n"] for each in found)
    return [word("never_means", lang, horizon=length(doc["horizon"], lang))] if some else []


def _share_of(name: str, part: float, lang: str) -> str:
    return word("share_of", lang, name=name, p=percent(part))


def changes(doc: Document, lang: str) -> Table:
    """Return what each change would buy, the best first. Where it is unclear, so are the moments: left out."""
    rows = []
    for each in doc["changes"]:
        clear = not each["difference"]["noise"]
        earlier = f"{clock(each['p50_before'])} → {clock(each['p50_after'])}" if clear else ""
        rows.append((change(each, doc, lang), from_to(each), difference(each["difference"], lang), earlier))
    head = tuple(word(key, lang) for key in ("change", "before_after", "changes_by", "half_by"))
    unclear = any(each["difference"]["noise"] for each in doc["changes"])
    return Table(head, rows, [word("unclear_means", lang)] if unclear else [])


def people(doc: Document, lang: str) -> Table:
    """Return what each absence costs, the worst first."""
    rows = []
    for each in doc["people"]:
        waits = ""
        if each["role"] and not each["difference"]["noise"]:
            instead = person(doc, each["instead"], lang) if each["instead"] else word("nobody", lang)
            waits = f"{role_of(doc, each['role'], lang)}: {instead}"
        only = each["only"]
        alone = f"{percent(only['p'])} ({percents(only['low'], only['high'])})" if only["p"] else ""
        cost = difference(each["difference"], lang)
        rows.append((person(doc, each["person"], lang), from_to(each), cost, waits, alone))
    head = ("person", "before_after", "changes_by", "then_waits", "only_one")
    return Table(tuple(word(key, lang) for key in head), rows)


def moments(doc: Document, lang: str) -> Table:
    """Return the moments that are always asked about, with the year where it is another one, and with the holiday."""
    rows, begins = [], doc["week"]["hours"][0]["at"]
    for each in doc["week"]["named"]:
        year = [each["at"][:4]] if each["at"][:4] != begins[:4] else []
        beside = [*year, *([each["holiday"][lang]] if each["holiday"] else [])]
        when = moment(each["at"], doc, lang) + (f" ({listed(beside, lang)})" if beside else "")
        rows.append((each["name"][lang], figure(each), when))
    return Table((word("moment", lang), word("page_probability", lang), word("page_time", lang)), rows)


def figures(doc: Document, lang: str) -> tuple[Table, list[tuple[float, float]]]:
    """Return what the widest figures do to the answer, and the same as pairs of shares to draw bars from."""
    moved = [each for each in doc["assumptions"]["tornado"] if not _is_still(each)][:MOST_FIGURES]
    rows = []
    for each in moved:
        means = {**OF_PEOPLE, **OF_WORLD}.get(each["figure"])
        name = means.text.of(lang) if means is not None else each["figure"]
        mark = "~ " if each["assumed"] else ""
        rows.append((mark + name, f"{each['low']['p']:.2f}", f"{each['high']['p']:.2f}"))
    still = sum(map(_is_still, doc["assumptions"]["tornado"]))
    notes = [word("tornado_means", lang), *([word("tornado_rest", lang, n=still)] if still else [])]
    head = tuple(word(key, lang) for key in ("figure", "low_end", "high_end"))
    return Table(head, rows, notes), [(each["low"]["p"], each["high"]["p"]) for each in moved]


def _is_still(swing: Document) -> bool:
    """Whether neither end says that the figure moves the answer."""
    return bool(swing["at_low"]["noise"] and swing["at_high"]["noise"])


def runs_of_figures(doc: Document) -> int:
    """Return how many runs each end of a figure had."""
    return next((int(each["low"]["n"]) for each in doc["assumptions"]["tornado"]), 0)
