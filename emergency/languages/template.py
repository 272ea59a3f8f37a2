"""The texts that people can receive, for whoever translates them: a catalogue without translations.

Each text stands with its Chinese words, the places where it is used, and the number of characters it may have.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from emergency import VERSION
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.core.wording import own_texts
from emergency.languages.rules import longest
from emergency.loader import SHORTEST_PLACE

Placed = tuple[str, Text]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One text to be translated. where: every place it is used in. longest: characters a translation may have."""

    english: str
    chinese: str
    where: tuple[str, ...]
    longest: int


def page_texts() -> dict[str, Text]:
    """Return the words of the pages that links in messages open, by a name."""
    from emergency.web import answering, page, roll_call

    rooms = {"page": page.WORDS, "page of an alert": answering.LABELS, "page of a roll call": roll_call.LABELS}
    return {f"{room} {name}": text for room, words in rooms.items() for name, text in words.items()}


def entries(site: Site | None, plans: Iterable[Playbook]) -> list[Entry]:
    """Return every text once: the program's own, then the site's, then those of the plans."""
    placed: dict[str, list[Placed]] = {}
    ours = {**own_texts(), **page_texts()}
    for where, text in [*ours.items(), *(_of_site(site) if site else ()), *_of_plans(plans)]:
        placed.setdefault(text.en, []).append((where, text))
    short = {place.short.en for place in site.places if place.kind != "site"} if site else set()
    return [
        Entry(
            english=english,
            chinese=found[0][1].zh,
            where=tuple(dict.fromkeys(where for where, _ in found)),
            longest=max(SHORTEST_PLACE, len(english)) if english in short else longest(english),
        )
        for english, found in placed.items()
    ]


def _of_site(site: Site) -> Iterator[Placed]:
    yield from (("site signature", site.signature), ("site name", site.name), ("site address", site.address))
    for place in site.places:
        yield from ((f"site {place.id} name", place.name), (f"site {place.id} short", place.short))
        if place.gate is not None:
            yield f"site {place.id} gate", place.gate
    yield from ((f"site role {duty.role}", duty.title) for duty in site.duties)
    yield from ((f"site word {name}", text) for name, text in site.code_words.items())


def _of_plans(plans: Iterable[Playbook]) -> Iterator[Placed]:
    for plan in plans:
        yield f"{plan.id} title", plan.title
        for state in plan.states:
            at = f"{plan.id} {state.name}"
            yield f"{at} title", state.title
            if state.headline is not None:
                yield f"{at} headline", state.headline
            for step in state.steps:
                yield f"{at} {step.name}", step.do
                yield from ((f"{at} {step.name} {answer.name}", answer.says) for answer in step.decision)
            yield from ((f"{at} alert", leave.alert.do) for leave in state.leave if leave.alert is not None)


def as_pot(found: Iterable[Entry], now: datetime, site: str = "") -> str:
    """Return the texts as a gettext template; the same texts at the same moment give the same file."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    nowhere: Any = None  # a place without a line: the parts of a plan have names
    catalogue = Catalog(
        project=f"emergency {site}".strip(), version=VERSION, creation_date=now, revision_date=now,
        header_comment=HEADER, fuzzy=False, charset="utf-8",
    )  # fmt: skip
    for each in found:
        comments = [f"zh: {each.chinese}", f"at most {each.longest} characters"]
        where = [(_one_word(place), nowhere) for place in each.where]
        catalogue.add(each.english, "", locations=where, auto_comments=comments)
    out = io.BytesIO()
    write_po(out, catalogue, width=0)
    return out.getvalue().decode("utf-8")


HEADER = """\
# Words that people receive. Translate each msgid into msgstr and save as LANGUAGE.po (fr.po, pt-BR.po).
# Values in braces stay as they are and where they are. Spaces at both ends too. Then: emergency language check FILE
# 收信人看到的话。把每条 msgid 译进 msgstr,存为 语言.po。花括号里的值原样保留,首尾空格也保留。
#"""


def _one_word(place: str) -> str:
    return place.replace(" ", ".")
