"""The week: hours with the same people share their runs, and others do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emergency.forecast.case import Case, Change
from emergency.forecast.pool import Pool
from emergency.forecast.week import HOURS, alike, monday, named_moments, week
from tests.forecast.scenery import setting
from tests.scenarios.scene import NIGHT, NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_hours_that_are_alike_have_the_same_runs() -> None:
    """Two hours of one shift are one team: each run comes out the same, so it is played once."""
    base = setting(roles=("engineering",))
    hour = timedelta(hours=1)
    assert alike(base, NOON) == alike(base, NOON + hour)
    one, other = (Case(base, Change(begins=at, answers_only=True)) for at in (NOON, NOON + hour))
    assert [one.sample(run).roles for run in range(8)] == [other.sample(run).roles for run in range(8)]


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(NIGHT, id="another shift"),
        pytest.param(datetime(2026, 3, 3, 4, 0, tzinfo=UTC), id="the office is in"),
        pytest.param(datetime(2026, 3, 1, 7, 50, tzinfo=UTC), id="a change of shift within half an hour"),
    ],
)
def test_hours_that_differ_are_asked_about(at: datetime) -> None:
    """Other people, or a change of shift in the midst of it, is another case."""
    assert alike(setting(), at) != alike(setting(), NOON)


def test_a_week_has_every_hour_and_few_teams() -> None:
    """168 hours from Monday on, in the site's own time; each team is played once; the weakest hour is one of them."""
    with Pool(setting(roles=("engineering",))) as pool:
        found = week(pool, 4, timedelta(minutes=2))
    assert len(found.hours) == HOURS
    first = found.hours[0].at
    assert (first.weekday(), first.hour, first.utcoffset()) == (0, 0, timedelta(hours=8))
    assert len({each.team for each in found.hours}) <= found.teams < 20
    assert found.weakest.share.p == min(each.share.p for each in found.hours)
    by_team: dict[int, set[float]] = {}
    for each in found.hours:
        by_team.setdefault(each.team, set()).add(each.share.p)
    assert all(len(shares) == 1 for shares in by_team.values())
    assert len(by_team) > 2
    assert len(found.named) == 4


def test_a_week_begins_on_monday_in_the_sites_own_time() -> None:
    """Sunday evening in UTC is Monday morning in Shanghai: another week."""
    assert monday(datetime(2026, 3, 1, 4, tzinfo=UTC), SHANGHAI).date().isoformat() == "2026-02-23"
    assert monday(datetime(2026, 3, 1, 20, tzinfo=UTC), SHANGHAI).date().isoformat() == "2026-03-02"


def test_the_named_moments_come_next() -> None:
    """Each is the next one after the moment asked about: a weekday, a Saturday, a Sunday, the last of December."""
    found = {name.en: at for name, at in named_moments(NOON, SHANGHAI)}
    assert found["weekday noon"].isoformat() == "2026-03-02T12:00:00+08:00"
    assert found["Saturday 19:30"].isoformat() == "2026-03-07T19:30:00+08:00"
    assert found["Sunday 04:00"].isoformat() == "2026-03-08T04:00:00+08:00"
    assert found["New Year's Eve 20:00"].isoformat() == "2026-12-31T20:00:00+08:00"
    for hour, year in ((12, 2026), (13, 2027)):  # eight in the evening there, and nine
        late = datetime(2026, 12, 31, hour, 0, tzinfo=UTC)
        assert [at.year for name, at in named_moments(late, SHANGHAI) if "Eve" in name.en] == [year]
