"""The public holidays near now, kept in the store: loading the library that knows them takes a tenth of a second, and
whoever starts an incident shall not wait for it.

They stand there like other compiled things, under a name that says of which country, year and release of the library
they are; a new release is asked once.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

from emergency.core.site import Site
from emergency.errors import StoreError
from emergency.roster import calendar
from emergency.roster.calendar import Public

if TYPE_CHECKING:
    from emergency.engine import Engine

NEAR = timedelta(days=40)
"""A year is brought in that long before it begins, and kept that long after it has ended."""


def bring(site: Site, engine: Engine) -> None:
    """Have the holidays of the site's country at hand, from the store or else from the library."""
    now = engine.clock.now()
    for year in sorted({(now - NEAR).year, (now + NEAR).year}):
        if not calendar.is_known(site.country, site.subdivision, year):
            calendar.know(site.country, site.subdivision, year, _kept(site, year, engine))


def _kept(site: Site, year: int, engine: Engine) -> Public:
    name = f"compiled:holidays:{site.country}:{site.subdivision}:{year}:{_release()}"
    body = engine.store.current(name)
    if body is not None:
        with contextlib.suppress(msgspec.ValidationError, msgspec.DecodeError):
            return msgspec.json.decode(body, type=Public)
    found = calendar.public(site.country, site.subdivision, year)
    with contextlib.suppress(StoreError):  # a store that cannot be written is asked no less
        engine.store.put_current(name, "compiled", msgspec.json.encode(found), engine.clock.now())
    return found


@lru_cache(maxsize=1)
def _release() -> str:
    """Return what tells one release of the library from another, without loading it: when its files were put there."""
    spec = find_spec("holidays")
    places = spec.submodule_search_locations if spec is not None else None
    try:
        return str(os.stat(os.path.join(next(iter(places or [""])), "version.py")).st_mtime_ns)
    except OSError:
        return "-"
