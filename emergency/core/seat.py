"""A seat: one place in a role, who takes it, and why this person and not another."""

from __future__ import annotations

from typing import Literal

import msgspec

Because = Literal["holder", "deputy", "standing_in", "second_role", "higher", "shared"]
"""Why a person has a seat: the role's normal holder; a deputy of it by rank; somebody of a role that deputises for it;
somebody who has another role here already; the next higher role; somebody
whom another incident has."""

Why = Literal["leave", "swapped", "holiday", "off", "unlicensed", "elsewhere", "silent", "apart", "taken", "away"]
"""Why a person does not have it: on leave; gave the shift to another; a holiday; not on shift; lacks a licence; in an
equal or graver incident; where no phone may ring; has a role to be kept apart from this one; has another role here;
on call only, while somebody is in the house."""


class Passed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who would have come before, and why not.

    what: the code of the other incident, the other role, or the licence; empty where there is nothing to name.
    """

    person: str
    why: Why
    what: str = ""


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """One place in a role, counted from 1. `person` and `because` are None when nobody may take it.

    passed: at most three who would have come before, first choice first.
    """

    role: str
    slot: int
    person: str | None
    because: Because | None = None
    passed: tuple[Passed, ...] = ()
