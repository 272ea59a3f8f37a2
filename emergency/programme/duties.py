"""What is owed: rules with their sources, the profiles that bundle them, and what a site says of its own.

`duties.yaml` is shipped; `HOME/programme.yaml` chooses a profile and adds to it. Both are read strictly: every mistake
at once, each with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from emergency.core.site import Site
from emergency.core.values import Text
from emergency.programme.periods import Every
from emergency.programme.reading import Cursor

SHIPPED = Path(__file__).parent / "duties.yaml"
Held = Literal["full", "callout", "tabletop", "simulated"]
"""Kinds of drill; what a drill of a kind is evidence for is said by the rule."""
KINDS: tuple[Held, ...] = ("full", "callout", "tabletop", "simulated")
PER = ("site", "plan", "shift")
NO_EVIDENCE: frozenset[str] = frozenset({"simulated", "callout"})
"""Nobody moves in these: they are no evidence for what a statute asks."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be told before a drill: so many working days ahead, or so many hours."""

    who: str
    text: Text
    working_days: int = 0
    lead: timedelta | None = None
    source: Text = Text("惯例", "practice")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is owed. plans: ids, empty for all. times: so many drills in each period.

    law: a statute asks for it. assumed: the source names no interval; the one here is ours.
    per: `site`, one drill of any of the plans; `plan`, of each; `shift`, with each shift on duty.
    """

    id: str
    title: Text
    source: Text
    every: Every
    counts: tuple[str, ...]
    plans: tuple[str, ...] = ()
    per: str = "site"
    times: int = 1
    law: bool = False
    assumed: bool = False
    report: Text | None = None
    notices: tuple[Notice, ...] = ()

    def is_of(self, plan: str) -> bool:
        """Return whether a drill of *plan* counts."""
        return not self.plans or plan in self.plans


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that hold together. country, subdivision: where it is taken by itself; `also`: the profile it adds to."""

    id: str
    title: Text
    rules: tuple[str, ...]
    also: str = ""
    country: str = ""
    subdivision: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one person may be asked for in a calendar month; 0: no limit."""

    drills_a_month: int = 2
    messages_a_month: int = 40


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """A drill that was held without this program, and what shows it. by: who says so."""

    day: date
    plan: str
    kind: str
    evidence: str
    by: str
    shifts: tuple[str, ...] = ()


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """What this site owes. since: nothing is asked about periods that ended before; None: since it was set up."""

    profile: Profile
    rules: tuple[Rule, ...]
    limits: Limits
    since: date | None = None
    held: tuple[Outside, ...] = ()
    quiet: tuple[tuple[date, date, str], ...] = ()


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """What is shipped."""

    rules: dict[str, Rule]
    profiles: dict[str, Profile]
    limits: Limits


def shipped() -> Duties:
    """Return the rules and profiles that are shipped. Raises Mistakes."""
    top = Cursor.of_file(SHIPPED).only("rules", "profiles", "limits")
    rules = _rules(top.at("rules"))
    profiles = {id: _profile(id, each) for id, each in top.at("profiles").items()}
    limits = _limits(top.at("limits"), Limits())
    top.finish()
    return Duties(rules=rules, profiles=profiles, limits=limits)


def read_programme(home: Path, site: Site, plans: Iterable[str]) -> Programme:
    """Return what this site owes: the shipped rules of its profile, and its own from `programme.yaml` in *home*.

    Args:
        plans: the ids of the plans there are, for names that stand in the file.

    Raises:
        Mistakes: every mistake of the file.
    """
    duties, known = shipped(), frozenset(plans)
    path = home / "programme.yaml"
    if not path.exists():
        profile = usual_profile(duties, site)
        return Programme(profile=profile, rules=_of_profile(duties, profile), limits=duties.limits)
    top = Cursor.of_file(path).only("profile", "since", "rules", "without", "limits", "held", "quiet")
    profile = _chosen(top, duties, site)
    own = _rules(top.at("rules"), known)
    left = {each.choice("rule", [*duties.rules, *own]) for each in top.at("without").each(_why)}
    rules = {rule.id: rule for rule in (*_of_profile(duties, profile), *own.values())}
    programme = Programme(
        profile=profile,
        rules=tuple(rule for id, rule in rules.items() if id not in left),
        limits=_limits(top.at("limits"), duties.limits),
        since=top.day("since"),
        held=tuple(_held(each, known, site) for each in top.at("held").each()),
        quiet=tuple(_span(each) for each in top.at("quiet").each()),
    )
    top.finish()
    return programme


def usual_profile(duties: Duties, site: Site) -> Profile:
    """Return the profile of the country and subdivision a site lies in; `none` where there is no such."""
    here = [each for each in duties.profiles.values() if each.country and each.country == site.country]
    near = [each for each in here if each.subdivision and each.subdivision == site.subdivision]
    wide = [each for each in here if not each.subdivision]
    return (near or wide or [duties.profiles["none"]])[0]


def _of_profile(duties: Duties, profile: Profile) -> tuple[Rule, ...]:
    base = duties.profiles.get(profile.also)
    ids = (*(base.rules if base else ()), *profile.rules)
    return tuple(duties.rules[id] for id in dict.fromkeys(ids))


def _chosen(top: Cursor, duties: Duties, site: Site) -> Profile:
    word = top.choice("profile", list(duties.profiles), usual_profile(duties, site).id)
    return duties.profiles.get(word, duties.profiles["none"])


def _why(each: Cursor) -> Cursor:
    each.only("rule", "by", "reason")
    each.text("by"), each.text("reason")
    return each


def _rules(all: Cursor, plans: frozenset[str] | None = None) -> dict[str, Rule]:
    return {id: _rule(id, each, plans) for id, each in all.items()}


RULE = ("title", "source", "law", "assumed", "plans", "per", "every", "times", "counts", "report", "notices")


def _rule(id: str, each: Cursor, plans: frozenset[str] | None) -> Rule:
    each.only(*RULE)
    law, counts = each.yes("law"), each.choices("counts", KINDS)
    if law and (weak := sorted(NO_EVIDENCE & set(counts))):
        each.wrong(
            f"'{weak[0]}' is no evidence for what a law asks: nobody moves in such a drill",
            f"“{weak[0]}”不能证明做到了法定要求:这类演练没有人行动",
            "counts",
        )
    if not counts:
        each.wrong(
            "says no kind of drill that counts: full, callout, tabletop, simulated",
            "没有写哪类演练算数:full、callout、tabletop、simulated",
            "counts",
        )
    return Rule(
        id=id,
        title=each.words("title"),
        source=each.words("source"),
        every=Every(each.choice("every", [e.value for e in Every], Every.year.value)),
        counts=counts,
        plans=each.ids("plans", plans),
        per=each.choice("per", PER, "site"),
        times=each.number("times", 1, least=1),
        law=law,
        assumed=each.yes("assumed"),
        report=each.words("report") if "report" in each else None,
        notices=tuple(_notice(one) for one in each.at("notices").each()),
    )


def _notice(each: Cursor) -> Notice:
    each.only("who", "text", "working_days", "hours", "source")
    days, hours = each.number("working_days", 0), each.number("hours", 0)
    if bool(days) == bool(hours):
        each.wrong(
            "says either working_days or hours: how long before the drill",
            "working_days 或 hours 写一个:演练前多久告知",
        )
    return Notice(
        who=each.text("who"),
        text=each.words("text"),
        working_days=days,
        lead=timedelta(hours=hours) if hours else None,
        source=each.words("source"),
    )


def _profile(id: str, each: Cursor) -> Profile:
    each.only("title", "rules", "also", "country", "subdivision")
    return Profile(
        id=id,
        title=each.words("title"),
        rules=each.ids("rules", None),
        also=each.text("also", ""),
        country=each.text("country", ""),
        subdivision=each.text("subdivision", ""),
    )


def _limits(each: Cursor, usual: Limits) -> Limits:
    each.only("drills_a_month", "messages_a_month")
    return Limits(
        drills_a_month=each.number("drills_a_month", usual.drills_a_month),
        messages_a_month=each.number("messages_a_month", usual.messages_a_month),
    )


def _held(each: Cursor, plans: frozenset[str], site: Site) -> Outside:
    each.only("day", "plan", "kind", "evidence", "by", "shifts")
    return Outside(
        day=each.day("day", needed=True) or date.min,
        plan=each.choice("plan", sorted(plans)),
        kind=each.choice("kind", KINDS),
        evidence=each.text("evidence"),
        by=each.text("by"),
        shifts=each.choices("shifts", [shift.id for shift in site.shifts]),
    )


def _span(each: Cursor) -> tuple[date, date, str]:
    each.only("from", "to", "why")
    first = each.day("from", needed=True) or date.min
    last = each.day("to") or first
    if last < first:
        each.wrong("ends before it begins", "结束早于开始", "to")
    return first, last, each.text("why")


def rules_without_plan(programme: Programme, plans: Mapping[str, object]) -> tuple[Rule, ...]:
    """Return the rules none of whose plans is here: nobody can meet them."""
    return tuple(rule for rule in programme.rules if rule.plans and not any(plan in plans for plan in rule.plans))
