"""A forecast as people read it: first the sentence, then the tables; never a number without how sure it is.

Pure: a document (`board.forecast`) and a language in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core.values import SEVERITY_WORDS, Severity
from emergency.drills.critical import RULE
from emergency.drills.rehearsals.story import REASONS
from emergency.forecast import tables
from emergency.forecast.columns import columns, folded
from emergency.forecast.tables import (
    Document,
    clock,
    difference,
    figure,
    length,
    listed,
    percent,
    percents,
    person,
    points,
    role_of,
    signed,
    target,
)
from emergency.forecast.words import word
from emergency.readiness.lines import WEEKDAYS, moment, pad

WIDTH = 80
"""Columns of a terminal that nobody has made wider."""
MOST_PEOPLE = 12
SHADES = "█▓▒░·"
"""From surely to hardly; a screen without colours says as much."""
STEPS = (0.95, 0.85, 0.7, 0.4)
"""Where one shade ends and the next begins (practice)."""


def lines(doc: Document, lang: str, room: int = WIDTH) -> list[str]:
    """Return the whole answer of `emergency drill forecast`, on lines of at most *room* columns."""
    parts = [_answer(doc, lang), _table(tables.roles(doc, lang), room)]
    if doc["milestones"]:
        parts.append(_table(tables.milestones(doc, lang), room))
    parts.append(breach(doc, lang))
    if "without" in doc:
        parts.append(without(doc, lang))
    if "changes" in doc:
        parts.append(_headed(changes_head(doc, lang), _table(tables.changes(doc, lang), room)))
    if "people" in doc:
        parts.append(_people(doc, lang))
    if "week" in doc:
        parts.append(_week(doc, lang, room))
    if "tornado" in doc["assumptions"]:
        parts.append(_tornado(doc, lang, room))
    parts.append(iter((stopped(doc, lang), loose(doc, lang))))
    said = [line for part in parts for line in (*part, "")][:-1]
    return [piece for line in said for piece in folded(line, room)]


def _headed(head: str, body: Iterator[str]) -> Iterator[str]:
    yield head
    yield from body


def _table(table: tables.Table, room: int) -> Iterator[str]:
    yield from columns((table.head, *table.rows), room)
    yield from (f"  {note}" for note in table.notes)


# the sentence


def _answer(doc: Document, lang: str) -> Iterator[str]:
    yield when(doc, lang)
    yield sentence(doc, lang)
    yield from (f"  {each}" for each in (*beside(doc, lang), assumed(doc, lang), rule(doc, lang)))


def when(doc: Document, lang: str) -> str:
    """Return what is asked about: plan, place, moment and level."""
    severity = SEVERITY_WORDS[Severity(doc["severity"])].of(lang)
    place, title = doc["place_name"][lang], doc["title"][lang]
    return word("at", lang, title=title, place=place, when=moment(doc["at"], doc, lang), severity=severity)


def sentence(doc: Document, lang: str) -> str:
    """Return the answer in a sentence: the probability, its interval, the number of runs, and who is slowest."""
    answer, n = doc["answer"], len(doc["roles"])
    words = word(
        "sentence" if n != 1 else "sentence_one",
        lang,
        within=length(doc["within"], lang),
        n=n,
        heads=sum(role["heads"] for role in doc["roles"]),
        runs=f"{doc['runs']:,}",
        **_three(answer),
    )
    slowest = max(doc["roles"], key=lambda role: role["last"], default=None)
    if slowest is None or n == 1 or not slowest["last"]:
        return words
    gap = "" if lang == "zh" else " "
    return words + gap + word("slowest", lang, role=slowest["title"][lang], share=percent(slowest["last"]))


def beside(doc: Document, lang: str) -> Iterator[str]:
    """Yield what stands beside the answer: by when, with fewer heads too, and which seats nobody can take."""
    yield _halves(doc, lang)
    yield word("went", lang, **_three(doc["went"]))
    for role in doc["roles"]:
        if role["empty"]:
            filled = max(0, role["of"] - role["empty"])
            yield word("empty", lang, role=role["title"][lang], heads=role["of"], filled=filled)


def rule(doc: Document, lang: str) -> str:
    """Return which roles count, and how many heads of each."""
    if doc["rule"] == "named":
        return word("rule_named", lang)
    said = RULE.of(lang)
    return f"{said}。" if lang == "zh" else f"{said[0].upper()}{said[1:]}."


def _three(found: Document) -> dict[str, str]:
    return {key: f"{found[key]:.2f}" for key in ("p", "low", "high")}


def _halves(doc: Document, lang: str) -> str:
    answer = doc["answer"]
    if answer["p95"] is not None:
        return word("times", lang, p50=clock(answer["p50"]), p95=clock(answer["p95"]))
    never = f"{percent(1 - answer['ever'])} ({percents(1 - answer['ever_high'], 1 - answer['ever_low'])})"
    said = {"horizon": length(doc["horizon"], lang), "never": never}
    if answer["p50"] is None:
        return word("never_half", lang, **said)
    return word("times_never", lang, p50=clock(answer["p50"]), **said)


def assumed(doc: Document, lang: str) -> str:
    """Return how much of the answer nobody has measured, and how far it could be off for that."""
    found = doc["assumptions"]
    return word(
        "assumed",
        lang,
        of=found["of"],
        assumed=found["assumed"],
        share=percent(found["share"]),
        worse=figure(found["worse"]),
        better=figure(found["better"]),
    )


def stopped(doc: Document, lang: str) -> str:
    """Return how many runs there were, and why no more."""
    half = (doc["answer"]["high"] - doc["answer"]["low"]) / 2
    return word(
        f"stopped_{doc['stopped']}",
        lang,
        runs=f"{doc['runs']:,}",
        half=f"{half:.3f}",
        target=doc["target_width"],
        batch=doc["batch"],
        seed=doc["seed"],
    )


def loose(doc: Document, lang: str) -> str:
    """Return how to read the brackets, and how far a percentage that has none can be off."""
    return word("loose", lang, points=points(doc["runs"]))


# what is missed first


def breach(doc: Document, lang: str) -> Iterator[str]:
    """Yield what is missed first, how often and when, and one run of the earliest as a story."""
    found = doc["breach"]
    if not found["by"]:
        yield word("no_breach", lang)
        return
    first = found["by"][0]
    yield word(
        "breach",
        lang,
        share=percent(found["missed_p"]),
        range=percents(found["missed_low"], found["missed_high"]),
        target=target(doc, first["target"], lang),
        part=percent(first["share"]),
        early=clock(found["early"]),
    )
    if found["story"]:
        yield word("story", lang, role=role_of(doc, found["role"], lang), run=found["run"])
        yield from story(found["story"], doc, lang)


def story(beats: Sequence[Document], doc: Document, lang: str) -> Iterator[str]:
    """Yield a story, a line a beat."""
    for beat in beats:
        yield f"  {clock(beat['at'])}  {_beat(beat, doc, lang)}"


def _beat(beat: Document, doc: Document, lang: str) -> str:
    key, why, step = f"beat_{beat['what']}", beat.get("why", ""), beat.get("step", "")
    if beat["what"] == "failed" and beat.get("channel") == "sms":
        key = "beat_failed_text"
    if beat["what"] == "state":
        return word(key, lang, what=doc["states"].get(why, {}).get(lang, why))
    return word(
        key,
        lang,
        person=person(doc, beat.get("person", ""), lang),
        step=(beat.get("do") or doc["steps"].get(step, {})).get(lang, step),
        why=REASONS[why].of(lang) if why in REASONS else why,
        n=beat.get("n", 0),
    )


# people and changes


def without(doc: Document, lang: str) -> Iterator[str]:
    """Yield what the absence costs that was asked about, and one run that it spoilt as a story."""
    yield loss(doc["without"], doc, lang)
    yield from story(doc["without"].get("story", ()), doc, lang)


def loss(found: Document, doc: Document, lang: str) -> str:
    """Return what one absence costs, in a sentence or two."""
    gap = found["difference"]
    said = word(
        "without_noise" if gap["noise"] else "without",
        lang,
        name=person(doc, found["person"], lang),
        before=f"{found['before']['p']:.2f}",
        after=f"{found['after']['p']:.2f}",
        difference=difference(gap, lang),
        low=signed(gap["low"]),
        high=signed(gap["high"]),
    )
    blank, only = "" if lang == "zh" else " ", found["only"]
    if found["role"] and not gap["noise"]:
        role = role_of(doc, found["role"], lang)
        if found["instead"]:
            said += blank + word("waits", lang, role=role, instead=person(doc, found["instead"], lang))
        else:
            said += blank + word("waits_nobody", lang, role=role)
    if only["p"]:
        said += blank + word("only", lang, share=percent(only["p"]), range=percents(only["low"], only["high"]))
    return said


def _people(doc: Document, lang: str) -> Iterator[str]:
    yield word("people_head", lang)
    clear = [each for each in doc["people"] if not each["difference"]["noise"]]
    for n, each in enumerate(clear[:MOST_PEOPLE], start=1):
        yield f"  {n:>2}. {loss(each, doc, lang)}"
    rest = [person(doc, each["person"], lang) for each in doc["people"] if each["difference"]["noise"]]
    if rest:
        yield "  " + word("people_rest", lang, names=listed(rest, lang))


def changes_head(doc: Document, lang: str) -> str:
    """Return what the table of changes is, and how many runs it rests on."""
    runs = next((each["difference"]["n"] for each in doc["changes"]), 0)
    return word("changes_head", lang, runs=runs)


def tornado_head(doc: Document, lang: str) -> str:
    """Return what the table of figures is, and how sure it is."""
    runs = tables.runs_of_figures(doc)
    return word("tornado_head", lang, runs=runs, points=points(runs))


def _tornado(doc: Document, lang: str, room: int) -> Iterator[str]:
    table, swings = tables.figures(doc, lang)
    rows = [(*row, _bar(*swing)) for row, swing in zip(table.rows, swings, strict=True)]
    yield tornado_head(doc, lang)
    yield from _table(table._replace(head=(*table.head, ""), rows=rows), room)


def _bar(low: float, high: float, room: int = 20) -> str:
    """Return a bar from one share to the other, on a scale from 0 to 1."""
    first, last = sorted((round(low * room), round(high * room)))
    first = min(first, room - 1)
    return "·" * first + "━" * max(1, last - first) + "·" * (room - max(last, first + 1))


# the week


def week_head(doc: Document, lang: str) -> str:
    """Return what the heat map is, and how sure it is."""
    found = doc["week"]
    within = length(doc["within"], lang)
    return word(
        "week_head", lang, within=within, teams=found["teams"], runs=found["runs"], points=points(found["runs"])
    )


def weakest(doc: Document, lang: str) -> str:
    """Return the weakest hour, and for how many hours of the week the same team stands."""
    found = doc["week"]
    hour = next(each for each in found["hours"] if each["at"] == found["weakest"])
    alike = sum(each["team"] == hour["team"] for each in found["hours"])
    return word("week_weakest", lang, when=moment(hour["at"], doc, lang), hours=alike, **_three(hour))


def _week(doc: Document, lang: str, room: int) -> Iterator[str]:
    yield week_head(doc, lang)
    yield f"       {''.join(f'{hour:<6d}' for hour in range(0, 24, 6))}".rstrip()
    for day in range(7):
        hours = doc["week"]["hours"][day * 24 : day * 24 + 24]
        yield f"  {pad(WEEKDAYS[lang][day], 4)} {''.join(shade(each['p']) for each in hours)}"
    yield f"  {word('week_key', lang)}: {key()}"
    yield f"  {weakest(doc, lang)}"
    yield from _table(tables.moments(doc, lang), room)


def shade(p: float) -> str:
    """Return the shade of a share on the heat map."""
    return next((SHADES[n] for n, least in enumerate(STEPS) if p >= least), SHADES[-1])


def key() -> str:
    """Return what the shades mean."""
    return "  ".join(f"{ink} {bound}" for ink, bound in zip(SHADES, bounds(), strict=True))


def bounds() -> list[str]:
    """Return the range that each shade stands for, from surely to hardly."""
    return [*(f"≥{least:.2f}" for least in STEPS), f"<{STEPS[-1]:.2f}"]
