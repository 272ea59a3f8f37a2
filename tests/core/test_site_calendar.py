"""What a site file says of shifts, rotations and holidays: read, and refused with its line where it cannot be."""

from __future__ import annotations

from datetime import date

import pytest

from emergency.core.site import Rotation
from emergency.core.values import Text
from emergency.errors import Mistakes
from emergency.loader import circles_of_deputies, read_site
from tests.small import SITE

MORE = """
subdivision: ENG
rotations:
  team_a: {cycle: [day, day, night, "off"], begins: 2026-01-05}
holidays:
  add:
    2026-12-05: {zh: 店庆, en: Anniversary}
  remove: [2026-08-31]
"""
SHIFTS = SITE.replace('to: "18:00"}', 'to: "18:00", on_holidays: "off"}')


def mistakes(text: str) -> list[tuple[int, str]]:
    """Line and words of every mistake of a site that is refused."""
    with pytest.raises(Mistakes) as refused:
        read_site(text.encode(), "site.yaml")
    return [(problem.line, problem.says) for problem in refused.value.problems]


def test_rotations_and_holidays_are_read():
    """A site says which shifts repeat, what a holiday does to a shift, and which days it keeps beside its country's."""
    site = read_site((SHIFTS + MORE).encode(), "site.yaml")
    assert site.rotations == (Rotation(id="team_a", cycle=("day", "day", "night", "off"), begins=date(2026, 1, 5)),)
    assert [shift.on_holidays for shift in site.shifts] == ["off", "as_sunday"]
    assert (site.subdivision, site.workdays) == ("ENG", (date(2026, 8, 31),))
    assert [(each.day, each.name) for each in site.holidays] == [(date(2026, 12, 5), Text("店庆", "Anniversary"))]


@pytest.mark.parametrize(
    "old, new, says",
    [
        pytest.param("[day, day, night", "[day, dya, night", "'dya' is no shift. Did you mean 'day'?", id="a shift"),
        pytest.param('[day, day, night, "off"]', '["off"]', "nobody works in this cycle", id="nobody"),
        pytest.param('[day, day, night, "off"]', "[]", "cycle", id="nothing"),
        pytest.param("team_a: {", "day: {", "'day' is a shift already", id="a name twice"),
        pytest.param("team_a: {", "off: {", "'off' stands for a day without a shift", id="called off"),
        pytest.param("begins: 2026-01-05", "begins: 5.1.2026", "'5.1.2026' is no date; write 2026-12-05", id="a date"),
        pytest.param("2026-12-05:", "2026-08-31:", "2026-08-31 is added and removed", id="both"),
        pytest.param("2026-12-05:", "2026-13-05:", "'2026-13-05' is no date", id="no such month"),
        pytest.param(
            "subdivision: ENG", "subdivision: EGN", "'EGN' is no part of GB. Did you mean 'ENG'?", id="a part"
        ),
        pytest.param('on_holidays: "off"', "on_holidays: maybe", "on_holidays", id="on holidays"),
    ],
)
def test_mistakes_of_a_site(old, new, says):
    """Each mistake is told in its own line."""
    text = SHIFTS + MORE
    assert text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    found = mistakes(text.replace(old, new))
    assert any(says in words and at == line for at, words in found), found


def test_a_shift_that_ends_as_a_cycle_begins_again_overlaps_nothing():
    """A cycle ends where it begins: a night on its last day and a day on its first overlap as well."""
    fits = MORE.replace('[day, day, night, "off"]', '[night, "off", day]')
    assert read_site((SITE + fits).encode(), "site.yaml").rotations[0].cycle[0] == "night"
    late = SITE.replace('to: "06:00"', 'to: "07:00"')
    over = MORE.replace('[day, day, night, "off"]', '[day, "off", night]')
    assert any("'night' of the day before ends at 07:00" in words for _, words in mistakes(late + over))


def test_deputies_in_a_circle_are_named_with_their_line():
    """Roles that deputise for each other in the end are named, with the way round; such a site still works."""
    text = SITE.replace("{title: {zh: 门房, en: Porter}, ", "{title: {zh: 门房, en: Porter}, deputies: [guard], ")
    line = next(n for n, words in enumerate(text.splitlines(), start=1) if words.strip().startswith("guard:"))
    read_site(text.encode(), "site.yaml")
    found = circles_of_deputies(text.encode(), "site.yaml")
    assert [(each.line, each.id) for each in found] == [(line, "R06"), (line + 1, "R06")]
    assert "'guard' comes to be its own deputy: guard -> porter -> guard" in found[0].says
    assert circles_of_deputies(SITE.encode(), "site.yaml") == []
