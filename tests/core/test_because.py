"""Why somebody has a role, in words."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import fields

from emergency.core.because import HOW, WHY_NOT, nobody, reason, sentence
from emergency.core.events import RoleAssigned
from emergency.core.seat import Passed, Why
from emergency.core.values import Text

NAMES = {"wang": Text("王军", "Wang Jun"), "li": Text("李文斌", "Li Wenbin"), "zhao": Text("赵刚", "Zhao Gang")}
TITLES = {"deputy": Text("副总指挥", "Deputy commander"), "desk": Text("中控室", "Control room")}
WORDS = {"names": lambda id: NAMES.get(id, Text(id, id)), "titles": lambda id: TITLES.get(id, Text(id, id))}


@pytest.mark.parametrize(
    "because, passed, zh, en",
    [
        pytest.param("holder", [], "李文斌:副总指挥", "Li Wenbin: Deputy commander", id="the holder needs no reason"),
        pytest.param(
            "deputy",
            [("wang", "leave", "")],
            "李文斌:副总指挥,替补,因王军休假",
            "Li Wenbin: Deputy commander, as a deputy, because Wang Jun is on leave",
            id="leave",
        ),
        pytest.param(
            "standing_in",
            [("wang", "taken", "desk"), ("zhao", "elsewhere", "F07")],
            "李文斌:副总指挥,代理,因王军担任中控室、赵刚正在处置F07",
            "Li Wenbin: Deputy commander, standing in, "
            "because Wang Jun is Control room and Zhao Gang is at work on F07",
            id="two reasons",
        ),
        pytest.param(
            "deputy",
            [("wang", "elsewhere", ""), ("zhao", "unlicensed", "card"), ("xu", "off", "")],
            "李文斌:副总指挥,替补,因王军正在处置另一事件、赵刚没有有效证书(card)、xu不当班",
            "Li Wenbin: Deputy commander, as a deputy, because Wang Jun is at work on another incident, "
            "Zhao Gang has no valid licence (card) and xu is off shift",
            id="three reasons; who is not known is named by id",
        ),
        pytest.param("by magic", [], "李文斌:副总指挥", "Li Wenbin: Deputy commander", id="a word nobody knows"),
    ],
)
def test_the_sentence(because, passed, zh, en):
    """Who, which role, how, and why nobody before them; in both languages."""
    each = [Passed(person=person, why=why, what=what) for person, why, what in passed]
    assert sentence("li", "deputy", because, each, **WORDS) == Text(zh, en)


def test_in_whose_place():
    """Who took a role over is named with who had it."""
    said = reason("answered_first", [], instead_of="wang", **WORDS)
    assert said == Text("最先应答,接替王军", "answered first, in place of Wang Jun")


def test_nobody():
    """An empty seat says why for whoever the site names, or only that it is empty."""
    assert nobody("deputy", [], **WORDS) == Text("副总指挥:无人", "Deputy commander: nobody")
    assert nobody("deputy", [Passed(person="wang", why="silent")], **WORDS) == Text(
        "副总指挥:无人,因王军在禁止响铃的地点", "Deputy commander: nobody, because Wang Jun is where no phone may ring"
    )


def test_every_reason_has_words():
    """Whatever an event may say of a choice, there are words for it."""
    assert set(WHY_NOT) == set(get_args(Why))
    because = next(field.type for field in fields(RoleAssigned) if field.name == "because")
    assert set(HOW) == set(get_args(because))
    assert all(words.zh and words.en for how, words in HOW.items() if how != "holder")
