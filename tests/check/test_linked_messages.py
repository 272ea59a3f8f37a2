"""M01 where messages end with an address to answer at: the longest text is the one with that address."""

from __future__ import annotations

from datetime import date

import pytest

from emergency.check.messages import MOST_LINKED, check_messages, worst
from emergency.check.run import check_plan
from emergency.core.segments import segments
from emergency.links import ADDED
from tests.check import house
from tests.scenarios.scene import sample_site, shipped_plans

SHORT = "https://ab.cd" + "/a/".ljust(ADDED, "0")
LONG = "https://" + "alarm." * 20 + "example.com" + "/a/".ljust(ADDED, "0")


def test_every_message_that_asks_is_measured_with_the_address() -> None:
    """What asks for an answer ends with the address; what tells has none."""
    of = house.site()
    for said in worst(house.plan(of), of, house.roster(of), link=SHORT):
        asks = said.kind in ("task", "stand_by", "all")
        assert said.linked.removesuffix("【演练】").removesuffix("DRILL").strip().endswith(SHORT) is asks
        assert "Reply" not in said.linked
        assert "复X" not in said.linked


@pytest.mark.parametrize(
    "link, expected",
    [
        pytest.param("", [], id="no addresses"),
        pytest.param(SHORT, [], id="a short one"),
        pytest.param(LONG, ["M01"], id="one that takes three pieces"),
    ],
)
def test_an_address_that_takes_a_third_piece_is_told(link: str, expected: list[str]) -> None:
    """One piece says what to do, one where to answer; a third is money and time for nothing."""
    of = house.site()
    found = check_messages(house.plan(of), of, house.roster(of), link=link)
    assert sorted({f.id for f in found}) == expected
    assert all("address" in f.says and "EMERGENCY_PUBLIC_URL" in f.fix.en for f in found if f.fix)


def test_the_shipped_plans_hold_with_a_usual_address() -> None:
    """With an address of usual length every text of the shipped plans keeps to two pieces, and none is cut."""
    site = sample_site()
    link = "https://alarm.example.com" + "/a/".ljust(ADDED, "0")
    for plan in shipped_plans().values():
        for said in worst(plan, site, link=link):
            if said.linked and said.kind != "all":
                assert segments(said.linked) <= MOST_LINKED, (plan.id, said.path, said.linked)
                assert link in said.linked


def test_the_whole_check_hands_the_address_on() -> None:
    """`playbook check` of an installation with a long public address says so."""
    of = house.site()
    found, _ = check_plan(house.plan(of), of, None, date(2026, 3, 2), link=LONG)
    assert any(f.id == "M01" and "address" in f.says for f in found)
