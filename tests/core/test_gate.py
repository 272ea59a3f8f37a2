"""The gate: rubbish is turned away after a while, and never at the cost of those who sign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from emergency.web.gate import MOST_ADDRESSES, REFUSALS, TRUSTED_FOR, WINDOW, Gate

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def flooded(gate: Gate, address: str = "a", at: datetime = NOW) -> None:
    """Let *address* use up what it may."""
    for _ in range(REFUSALS):
        gate.refused(address, at)


def test_an_address_that_posts_only_rubbish_is_turned_away_for_a_minute() -> None:
    """After so many refusals nothing from there is read; a window later it is heard again."""
    gate = Gate()
    for _ in range(REFUSALS):
        assert gate.admits("a", NOW)
        gate.refused("a", NOW)
    assert not gate.admits("a", NOW)
    assert gate.admits("b", NOW), "nobody else pays for it"
    assert gate.admits("a", NOW + WINDOW)


def test_an_address_that_signs_is_always_heard() -> None:
    """Provider and attacker behind one proxy: the flood does not silence the signed."""
    gate = Gate()
    gate.accepted("proxy", NOW)
    flooded(gate, "proxy")
    assert gate.admits("proxy", NOW)
    flooded(gate, "proxy", NOW + TRUSTED_FOR)
    assert not gate.admits("proxy", NOW + TRUSTED_FOR), "trust ends a day after the last signature"


def test_the_memory_is_bounded() -> None:
    """A flood from ever new addresses costs no more than the limit."""
    gate = Gate()
    for n in range(MOST_ADDRESSES + 50):
        gate.refused(str(n), NOW + timedelta(microseconds=n))
        gate.accepted(f"t{n}", NOW)
    assert len(gate._refused) == MOST_ADDRESSES
    assert len(gate._trusted) == MOST_ADDRESSES
