"""When a schedule's drills are due: cron text in the site's own time, or one moment. Pure.

Cron text is read by `cronsim`, whose Monday is 1 as people write it. In the night the clocks go forward, a time that
does not exist is kept as soon as they have; in the night they go back, a time that comes twice is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.site import Site
from emergency.core.values import Text
from emergency.errors import Mistakes

HOW = Text(
    "请写成 '0 10 1 */6 *'(每年1月1日和7月1日 10:00)",
    "write it like '0 10 1 */6 *' (10:00 on the 1st of January and July)",
)
FIELDS_ZH = {
    "Bad minute": "“分”这一格不对",
    "Bad hour": "“时”这一格不对",
    "Bad day-of-month": "“日”这一格不对",
    "Bad month": "“月”这一格不对",
    "Bad day-of-week": "“星期”这一格不对",
}
"""What cronsim says of a field, in Chinese."""
GRACE = timedelta(hours=1)
"""A simulated drill that a server was away for is made up for within this, and not after it."""
COUNTED = 1000
"""Occurrences that went by are counted up to this: a schedule of every minute over a night."""
LEAST_APART = timedelta(minutes=10)
"""A schedule that is due more often is a slip of the hand: `* 10 1 * *` means sixty drills."""


def check_cron(text: str, zone: ZoneInfo, now: datetime) -> None:
    """Refuse cron text that cannot be read, never comes, or comes far too often.

    Raises:
        Mistakes: says what is wrong and how it is written.
    """
    first = [at for at, _ in zip(_cron(text, zone, now), range(2), strict=False)]
    if not first:
        raise Mistakes(f"--cron '{text}': such a day never comes; {HOW.en}", f"--cron '{text}':没有这样的日子;{HOW.zh}")
    if len(first) == 2 and first[1] - first[0] < LEAST_APART:
        minutes = (first[1] - first[0]) // timedelta(minutes=1)
        raise Mistakes(
            f"--cron '{text}' is due every {minutes} min; write minute and hour, like '0 10 1 */6 *'",
            f"--cron '{text}' 每 {minutes} 分钟就到期一次;分和时都要写,如 '0 10 1 */6 *'",
        )


def _cron(text: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    from cronsim import CronSim, CronSimError

    words = text.split()
    if len(words) != 5:
        raise Mistakes(
            f"--cron '{text}' has {len(words)} fields; five are needed: minute hour day month weekday. {HOW.en}",
            f"--cron '{text}' 有 {len(words)} 格;要写五格:分 时 日 月 星期。{HOW.zh}",
        )
    try:
        found = CronSim(text, after.astimezone(zone))
    except CronSimError as error:
        zh = FIELDS_ZH.get(str(error), "写法不对")
        raise Mistakes(f"--cron '{text}': {error}; {HOW.en}", f"--cron '{text}':{zh};{HOW.zh}") from None
    for at in found:
        yield at.astimezone(UTC)


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a schedule is due: `cron` text, or once `at` a moment."""

    cron: str = ""
    at: datetime | None = None

    def after(self, moment: datetime, site: Site) -> Iterator[datetime]:
        """Yield the moments at which it is due, later than *moment*, in UTC."""
        if self.at is not None:
            if self.at > moment:
                yield self.at
            return
        yield from _cron(self.cron, ZoneInfo(site.timezone), moment)

    def first(self, moment: datetime, site: Site) -> datetime | None:
        """Return the first moment later than *moment*, or None."""
        return next(self.after(moment, site), None)


class Gone(msgspec.Struct, frozen=True):
    """What has come due between two looks: the last moment, and how many went before it that nobody looks at now."""

    last: datetime
    earlier: int


def gone_by(when: When, since: datetime, now: datetime, site: Site) -> Gone | None:
    """Return what came due after *since* and up to *now*; None: nothing did."""
    last, count = None, 0
    for at in when.after(since, site):
        if at > now:
            break
        last, count = at, count + 1
        if count >= COUNTED:
            last = _last_before(when, now, site) or last
            break
    return Gone(last, count - 1) if last is not None else None


def _last_before(when: When, now: datetime, site: Site) -> datetime | None:
    """Return the last moment up to *now*, counted backwards."""
    from cronsim import CronSim

    zone = ZoneInfo(site.timezone)
    start = now.astimezone(zone) + timedelta(minutes=1)
    found = (at.astimezone(UTC) for at in CronSim(when.cron, start, reverse=True))
    return next((at for at in found if at <= now), None)
