"""A forecast as people read it: first the sentence, then the tables; never a number without how sure it is.

Pure: a document (`board.forecast`) and a language in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from emergency.core.values import SEVERITY_WORDS, Severity
from emergency.drills.critical import RULE
from emergency.forecast.words import word
from emergency.readiness.lines import WEEKDAYS, moment, pad

Document = Mapping[str, Any]
MOST_PEOPLE = 12
MOST_FIGURES = 8
SHADES = "█▓▒░·"
"""From surely to hardly; a screen without colours says as much."""
STEPS = (0.95, 0.85, 0.7, 0.4)
"""Where one shade ends and the next begins (practice)."""


def lines(doc: Document, lang: str) -> list[str]:
    """Return the whole answer of `emergency drill forecast`."""
    parts: list[list[str]] = [list(_answer(doc, lang)), list(_roles(doc, lang)), list(_milestones(doc, lang))]
    parts.append(list(_breach(doc, lang)))
    for key, show in _SECTIONS:
        if key in doc:
            parts.append(list(show(doc, lang)))
    if "tornado" in doc["assumptions"]:
        parts.append(list(_tornado(doc, lang)))
    found = [line for part in parts if part for line in (*part, "")]
    return [*found, _stopped(doc, lang)]


# the sentence


def _answer(doc: Document, lang: str) -> Iterator[str]:
    severity = SEVERITY_WORDS[Severity(doc["severity"])].of(lang)
    place, title = doc["place_name"][lang], doc["title"][lang]
    yield word("at", lang, title=title, place=place, when=moment(doc["at"], doc, lang), severity=severity)
    yield sentence(doc, lang)
    yield f"  {_halves(doc, lang)}"
    yield f"  {word('went', lang, **_three(doc['went']))}"
    yield f"  {rule(doc, lang)}"
    for role in doc["roles"]:
        if role["empty"]:
            filled = max(0, role["of"] - role["empty"])
            yield "  " + word("empty", lang, role=role["title"][lang], heads=role["of"], filled=filled)
    yield f"  {_assumed(doc, lang)}"


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


def rule(doc: Document, lang: str) -> str:
    """Return which roles count, and how many heads of each."""
    if doc["rule"] == "named":
        return word("rule_named", lang)
    said = RULE.of(lang)
    return f"{said}。" if lang == "zh" else f"{said[0].upper()}{said[1:]}."


def _three(found: Document) -> dict[str, str]:
    return {key: f"{found[key]:.2f}" for key in ("p", "low", "high")}


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


def percent(share: float) -> str:
    """Return a share in full percent; what is not nothing is not called 0 %."""
    return "<1%" if 0 < share < 0.01 else ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def _halves(doc: Document, lang: str) -> str:
    answer = doc["answer"]
    horizon, never = length(doc["horizon"], lang), percent(1 - answer["ever"])
    if answer["p50"] is None:
        return word("never_half", lang, horizon=horizon, never=never)
    if answer["p95"] is None:
        return word("times_never", lang, p50=clock(answer["p50"]), horizon=horizon, never=never)
    return word("times", lang, p50=clock(answer["p50"]), p95=clock(answer["p95"]))


def _assumed(doc: Document, lang: str) -> str:
    found = doc["assumptions"]
    return word(
        "assumed",
        lang,
        of=found["of"],
        assumed=found["assumed"],
        share=percent(found["share"]),
        worse=f"{found['worse']['p']:.2f}",
        better=f"{found['better']['p']:.2f}",
    )


def _stopped(doc: Document, lang: str) -> str:
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


# tables


def _roles(doc: Document, lang: str) -> Iterator[str]:
    yield word("roles_head", lang, within=length(doc["within"], lang))
    for role in sorted(doc["roles"], key=lambda role: -role["last"]):
        heads = f" ({word('heads', lang, n=role['heads'])})" if role["heads"] > 1 else ""
        name = pad(role["title"][lang] + heads, 26)
        let_go = f"  {word('let_go', lang, p=percent(role['let_go']))}" if role["let_go"] else ""
        yield f"  {name} {_figure(role)}  {_when(role, doc, lang)}  {percent(role['last'])}{let_go}"


def _figure(found: Document) -> str:
    return f"{found['p']:.2f} ({found['low']:.2f}-{found['high']:.2f})"


def _when(found: Document, doc: Document, lang: str) -> str:
    if found["p95"] is not None:
        return f"{clock(found['p50'])}/{clock(found['p95'])}"
    horizon, never = length(doc["horizon"], lang), percent(1 - found["ever"])
    return f"{clock(found['p50'])}/{word('not_within', lang, horizon=horizon, p=never)}"


def _milestones(doc: Document, lang: str) -> Iterator[str]:
    if not doc["milestones"]:
        return
    yield word("milestones_head", lang)
    for each in doc["milestones"]:
        target = word("target", lang, target=clock(each["target"]), source=each["source"])
        spared = f"  {word('spared', lang, p=percent(each['spared']))}" if each["spared"] else ""
        shown = f"{_figure(each)}  {_when(each, doc, lang)}" if each["n"] else "-"
        yield f"  {pad(each['title'][lang], 26)} {shown}  {target}{spared}"


def _breach(doc: Document, lang: str) -> Iterator[str]:
    found = doc["breach"]
    if not found["by"]:
        yield word("no_breach", lang)
        return
    first = found["by"][0]
    yield word(
        "breach",
        lang,
        share=percent(found["missed_p"]),
        target=target(doc, first["target"], lang),
        part=percent(first["share"]),
        early=clock(found["early"]),
    )
    if found["story"]:
        role = doc["role_titles"].get(found["role"], {}).get(lang, found["role"])
        yield word("story", lang, role=role, run=found["run"])
        yield from story(found["story"], doc, lang)


def target(doc: Document, name: str, lang: str) -> str:
    """Return what a target is called: `step NAME` by what is to be done, `milestone NAME` by its title."""
    kind, _, id = name.partition(" ")
    if kind == "step":
        return str(doc["steps"].get(id, {}).get(lang, id))
    return next((str(each["title"][lang]) for each in doc["milestones"] if each["milestone"] == id), id)


def story(beats: Sequence[Document], doc: Document, lang: str) -> Iterator[str]:
    """Yield a story, a line a beat."""
    for beat in beats:
        yield f"  {clock(beat['at'])}  {_beat(beat, doc, lang)}"


def _beat(beat: Document, doc: Document, lang: str) -> str:
    key = f"beat_{beat['what']}"
    if beat["what"] == "failed" and beat.get("channel") == "sms":
        key = "beat_failed_text"
    if beat["what"] == "state":
        return word(key, lang, what=doc["states"].get(beat["why"], {}).get(lang, beat["why"]))
    return word(
        key,
        lang,
        person=person(doc, beat.get("person", ""), lang),
        step=doc["steps"].get(beat.get("step", ""), {}).get(lang, beat.get("step", "")),
        why=beat.get("why", ""),
        n=beat.get("n", 0),
    )


def person(doc: Document, id: str, lang: str) -> str:
    """Return what people are called; several stand with commas."""
    return ", ".join(str(doc["names"].get(each, {}).get(lang, each)) for each in id.split(", "))


# people and changes


def _without(doc: Document, lang: str) -> Iterator[str]:
    yield loss(doc["without"], doc, lang)
    yield from story(doc["without"].get("story", ()), doc, lang)


def loss(found: Document, doc: Document, lang: str) -> str:
    """Return what one absence costs, in a sentence or two."""
    difference = found["difference"]
    said = word(
        "without_noise" if difference["noise"] else "without",
        lang,
        name=person(doc, found["person"], lang),
        before=f"{found['before']['p']:.2f}",
        after=f"{found['after']['p']:.2f}",
        delta=signed(difference["delta"]),
        half=f"{half(difference):.2f}",
    )
    gap = "" if lang == "zh" else " "
    if found["role"] and not difference["noise"]:
        role = doc["role_titles"].get(found["role"], {}).get(lang, found["role"])
        if found["instead"]:
            said += gap + word("waits", lang, role=role, instead=person(doc, found["instead"], lang))
        else:
            said += gap + word("waits_nobody", lang, role=role)
    if found["only"]["p"]:
        said += gap + word("only", lang, share=percent(found["only"]["p"]))
    return said


def signed(delta: float) -> str:
    """Return a difference with its sign: `+0.04`, `−0.43`."""
    return f"{delta:+.2f}".replace("-", "−")


def half(difference: Document) -> float:
    """Return half the interval of a difference."""
    return float(difference["high"] - difference["low"]) / 2


def _people(doc: Document, lang: str) -> Iterator[str]:
    yield word("people_head", lang)
    for n, each in enumerate(doc["people"][:MOST_PEOPLE], start=1):
        yield f"  {n:>2}. {loss(each, doc, lang)}"


def _changes(doc: Document, lang: str) -> Iterator[str]:
    yield word("changes_head", lang)
    for each in doc["changes"]:
        yield f"  {pad(change(each, doc, lang), 40)} {_bought(each, lang)}"


def change(each: Document, doc: Document, lang: str) -> str:
    """Return what a change is."""
    role = doc["role_titles"].get(each["role"], {}).get(lang, each["role"])
    return word(f"change_{each['kind']}", lang, name=person(doc, each["person"], lang), role=role)


def _bought(each: Document, lang: str) -> str:
    difference = each["difference"]
    said = f"{each['before']['p']:.2f} → {each['after']['p']:.2f}"
    if difference["noise"]:
        said += f"  {word('noise', lang)} (± {half(difference):.2f})"
    else:
        said += f"  {signed(difference['delta'])} ± {half(difference):.2f}"
    if each["p50_before"] != each["p50_after"] and each["p50_before"] is not None:
        said += word("half_earlier", lang, before=clock(each["p50_before"]), after=clock(each["p50_after"]))
    return said


def _tornado(doc: Document, lang: str) -> Iterator[str]:
    yield word("tornado_head", lang)
    for each in doc["assumptions"]["tornado"][:MOST_FIGURES]:
        mark = "*" if each["assumed"] else " "
        low, high = each["low"]["p"], each["high"]["p"]
        yield f" {mark}{pad(_figure_name(each['figure'], lang), 38)} {low:.2f} … {high:.2f}  {_bar(low, high)}"


def _figure_name(name: str, lang: str) -> str:
    from emergency.drills.players.model import OF_PEOPLE, OF_WORLD

    means = {**OF_PEOPLE, **OF_WORLD}.get(name)
    return means.text.of(lang) if means is not None else name


def _bar(low: float, high: float, room: int = 20) -> str:
    """Return a bar from one share to the other, on a scale from 0 to 1."""
    first, last = sorted((round(low * room), round(high * room)))
    return "·" * first + "━" * max(1, last - first) + "·" * (room - max(last, first + 1))


# the week


def _week(doc: Document, lang: str) -> Iterator[str]:
    found = doc["week"]
    yield word("week_head", lang, teams=found["teams"], runs=found["runs"])
    yield f"       {''.join(f'{hour:<6d}' for hour in range(0, 24, 6))}"
    for day in range(7):
        hours = found["hours"][day * 24 : day * 24 + 24]
        yield f"  {pad(WEEKDAYS[lang][day], 4)} {''.join(shade(each['p']) for each in hours)}"
    yield f"  {word('week_key', lang)}: {key()}"
    weakest = next(each for each in found["hours"] if each["at"] == found["weakest"])
    yield "  " + word("week_weakest", lang, when=_hour(weakest["at"], doc, lang), **_three(weakest))
    for each in found["named"]:
        holiday = f" ({each['holiday']})" if each["holiday"] else ""
        yield f"  {pad(each['name'][lang], 24)} {_figure(each)}  {_hour(each['at'], doc, lang)}{holiday}"


def shade(p: float) -> str:
    """Return the shade of a share on the heat map."""
    return next((SHADES[n] for n, least in enumerate(STEPS) if p >= least), SHADES[-1])


def key() -> str:
    """Return what the shades mean."""
    return "  ".join(f"{ink} {bound}" for ink, bound in zip(SHADES, bounds(), strict=True))


def bounds() -> list[str]:
    """Return the range that each shade stands for, from surely to hardly."""
    return [*(f"≥{least:.2f}" for least in STEPS), f"<{STEPS[-1]:.2f}"]


def _hour(at: str, doc: Document, lang: str) -> str:
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(doc["timezone"]))
    return f"{WEEKDAYS[lang][local.weekday()]} {local:%m-%d %H:%M}"


_SECTIONS = (("without", _without), ("changes", _changes), ("people", _people), ("week", _week))
