"""Why somebody has a role, as a sentence in both languages. Names are only put in here, when it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emergency.core.seat import Passed
from emergency.core.values import Text

Named = Callable[[str], Text]
"""The name of a person, or the title of a role, by its id."""

HOW: dict[str, Text] = {
    "holder": Text("", ""),
    "deputy": Text("替补", "as a deputy"),
    "standing_in": Text("代理", "standing in"),
    "second_role": Text("兼任(无其他空闲人员)", "as a second role (nobody else is free)"),
    "higher": Text("由上级岗位接手", "from the next higher role"),
    "shared": Text("同时还在另一事件中", "while another incident has them too"),
    "lent": Text("从另一事件借来", "lent by another incident"),
    "relieved": Text("接班", "took over at the change of shift"),
    "answered_first": Text("最先应答", "answered first"),
    "ordered": Text("按命令指派", "by order"),
}
"""How a person came to a role; a holder needs no word."""

WHY_NOT: dict[str, Text] = {
    "leave": Text("{name}休假", "{name} is on leave"),
    "swapped": Text("{name}已换班", "{name} has swapped the shift"),
    "holiday": Text("{name}节假日休息", "{name} is off for the holiday"),
    "off": Text("{name}不当班", "{name} is off shift"),
    "unlicensed": Text("{name}没有有效证书({what})", "{name} has no valid licence ({what})"),
    "elsewhere": Text("{name}正在处置{what}", "{name} is at work on {what}"),
    "silent": Text("{name}在禁止响铃的地点", "{name} is where no phone may ring"),
    "apart": Text("{name}担任{what},不得兼任", "{name} is {what}, which must be kept apart"),
    "taken": Text("{name}担任{what}", "{name} is {what}"),
    "away": Text("{name}不在楼内", "{name} is not in the house"),
}
"""Why a person was passed over, as `seat.Why` says it."""
ANOTHER = Text("另一事件", "another incident")


def sentence(
    person: str, role: str, because: str, passed: Sequence[Passed], *, names: Named, titles: Named, instead_of: str = ""
) -> Text:
    """Return who has which role and why: `Li Wenbin: Deputy commander, because Wang Jun is on leave`.

    Args:
        because: as `RoleAssigned` has it; a word that is not known is left out.
        instead_of: who had the role before.
    """
    name, title = names(person), titles(role)
    why = reason(because, passed, names=names, titles=titles, instead_of=instead_of)
    return Text(
        ",".join(filter(None, (f"{name.zh}:{title.zh}", why.zh))),
        ", ".join(filter(None, (f"{name.en}: {title.en}", why.en))),
    )


def reason(because: str, passed: Sequence[Passed], *, names: Named, titles: Named, instead_of: str = "") -> Text:
    """Return the reason alone, as in `sentence`; empty for the normal holder of a role."""
    how, before = HOW.get(because, Text("", "")), names(instead_of) if instead_of else None
    not_these = why_not(passed, names, titles)
    zh = [how.zh, f"接替{before.zh}" if before else "", f"因{not_these.zh}" if not_these.zh else ""]
    en = [how.en, f"in place of {before.en}" if before else "", f"because {not_these.en}" if not_these.en else ""]
    return Text(",".join(filter(None, zh)), ", ".join(filter(None, en)))


def nobody(role: str, passed: Sequence[Passed], *, names: Named, titles: Named) -> Text:
    """Return that nobody has a role, and why: `Fire team: nobody, because Gao Lei is on leave and ...`."""
    title, not_these = titles(role), why_not(passed, names, titles)
    return Text(
        f"{title.zh}:无人" + (f",因{not_these.zh}" if not_these.zh else ""),
        f"{title.en}: nobody" + (f", because {not_these.en}" if not_these.en else ""),
    )


def why_not(passed: Sequence[Passed], names: Named, titles: Named) -> Text:
    """Return why each of *passed* does not come: `Wang Jun is on leave and Li Wei is off shift`."""
    each = [_why_not(one, names, titles) for one in passed]
    return Text("、".join(one.zh for one in each), _listed([one.en for one in each]))


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _why_not(passed: Passed, names: Named, titles: Named) -> Text:
    words, name, what = WHY_NOT[passed.why], names(passed.person), _what(passed, titles)
    return Text(words.zh.format(name=name.zh, what=what.zh), words.en.format(name=name.en, what=what.en))


def _what(passed: Passed, titles: Named) -> Text:
    """Return the thing that stands in the way: a role by its title, an incident or a licence by its own name."""
    if passed.why in ("apart", "taken"):
        return titles(passed.what)
    if passed.why == "elsewhere" and not passed.what:
        return ANOTHER
    return Text(passed.what, passed.what)
