"""Lists in Twilio's shape: filtered, newest first, cut into pages that follow one another."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from .errors import Refused
from .records import API_VERSION, Call, Message
from .world import World

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000
A_DAY = 86_400

_COMPARISONS = {"==": operator.eq, ">=": operator.ge, "<=": operator.le}

R = TypeVar("R", Message, Call)


def messages(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of messages; To, From and DateSent narrow it.

    A message that was not sent yet has no date_sent, and is left out where a date is asked for.
    """
    found: Iterable[Message] = _by_numbers(world, query)
    lenient = not world.settings.unsent_have_no_date
    found = _between(found, query, "DateSent", lambda m: m.sent or (m.created if lenient else None))
    return _page(world, "messages", "Messages", list(found), query)


def calls(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of calls; To, From, Status and StartTime narrow it."""
    to, sender, status = query.get("To"), query.get("From"), query.get("Status")
    found: Iterable[Call] = (
        c
        for c in world.calls.values()
        if to in (None, c.to) and sender in (None, c.sender) and status in (None, c.status)
    )
    found = _between(found, query, "StartTime", lambda c: c.started or c.created)
    return _page(world, "calls", "Calls", list(found), query)


def _by_numbers(world: World, query: Mapping[str, str]) -> Iterable[Message]:
    to, sender = query.get("To"), query.get("From")
    if to is not None:
        return [m for m in world.by_to.get(to, []) if sender in (None, m.sender)]
    if sender is not None:
        return sorted(world.by_sender.get(sender, []), key=lambda m: m.sid)
    return world.messages.values()


def _between(
    records: Iterable[R], query: Mapping[str, str], name: str, date: Callable[[R], float | None]
) -> Iterable[R]:
    """Keep the records whose date is within the bounds asked for; both bounds belong to it."""
    for suffix, fits in (("", "=="), (">", ">="), ("<", "<=")):
        text = query.get(name + suffix)
        if text:
            records = _bounded(records, text, fits, date)
    return records


def _bounded(records: Iterable[R], text: str, fits: str, date: Callable[[R], float | None]) -> Iterable[R]:
    """Compare to the second, or to the day where *text* is one."""
    unit = A_DAY if len(text) == len("2026-03-01") else 1
    try:
        bound = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refused(20001, f"{text!r} is not a date") from None
    limit = int(bound.replace(tzinfo=bound.tzinfo or UTC).timestamp()) // unit
    compare = _COMPARISONS[fits]
    for record in records:
        at = date(record)
        if at is not None and compare(int(at) // unit, limit):
            yield record


def _page(world: World, key: str, resource: str, found: Sequence[R], query: Mapping[str, str]) -> dict[str, Any]:
    """Return the page that *query* asks for; *found* is oldest first.

    The token names the last record of the page before, so what is added meanwhile shifts nothing.
    """
    if world.settings.list_lag:
        latest = world.timeline.now() - world.settings.list_lag
        found = [record for record in found if record.created <= latest]
    size = min(max(_whole(query, "PageSize", DEFAULT_PAGE), 1), LARGEST_PAGE)
    number = _whole(query, "Page", 0)
    ordered = found[::-1]
    start = number * size
    token = query.get("PageToken", "")
    if token:
        last = token.removeprefix("PA")
        start = next((i + 1 for i, r in enumerate(ordered) if r.sid == last), len(ordered))
    shown = ordered[start : start + size]
    path = f"/{API_VERSION}/Accounts/{world.account}/{resource}.json"
    asked = {k: v for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")}

    def uri(page: int, after: str = "") -> str:
        paging = {"PageSize": str(size), "Page": str(page)} | ({"PageToken": "PA" + after} if after else {})
        return f"{path}?{urlencode(asked | paging)}"

    more = start + size < len(ordered)
    return {
        "first_page_uri": uri(0),
        "end": start + len(shown) - 1 if shown else 0,
        "previous_page_uri": uri(number - 1) if number > 0 else None,
        key: [record.as_json() for record in shown],
        "uri": uri(number),
        "page_size": size,
        "start": start,
        "next_page_uri": uri(number + 1, shown[-1].sid) if more else None,
        "page": number,
    }


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit():
        raise Refused(20001, f"{name} must be a whole number")
    return int(text)
