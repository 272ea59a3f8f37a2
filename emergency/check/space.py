"""Sets of situations as bits of one number: every combination of what a state's guards can see is one bit.

A situation is one digit on each axis (a fact's cell, a step's outcome, how long the state has lasted). A set of
situations is a whole number with a bit for each of them, so that a million are moved, met and counted at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

Bits = int
"""A set of situations."""


class Space:
    """All combinations of the digits of some axes. The first axis changes fastest.

    axes: name and number of digits, in order; at least one digit each.
    """

    def __init__(self, axes: Sequence[tuple[Hashable, int]]) -> None:
        self.axes = tuple(axes)
        self.stride: dict[Hashable, int] = {}
        self.digits: dict[Hashable, int] = {}
        size = 1
        for name, digits in self.axes:
            self.stride[name] = size
            self.digits[name] = digits
            size *= digits
        self.size = size
        self.full: Bits = (1 << size) - 1
        self._masks: dict[tuple[Hashable, int], Bits] = {}

    def __contains__(self, axis: Hashable) -> bool:
        return axis in self.stride

    def at(self, axis: Hashable, digit: int) -> Bits:
        """Return every situation with this digit on the axis."""
        found = self._masks.get((axis, digit))
        if found is None:
            stride, digits = self.stride[axis], self.digits[axis]
            found, length = ((1 << stride) - 1) << (digit * stride), stride * digits
            while length < self.size:
                found |= found << length
                length *= 2
            found &= self.full
            self._masks[axis, digit] = found
        return found

    def among(self, axis: Hashable, digits: Sequence[int]) -> Bits:
        """Return every situation with one of these digits on the axis."""
        found = 0
        for digit in digits:
            found |= self.at(axis, digit)
        return found

    def spread(self, bits: Bits, axis: Hashable) -> Bits:
        """Return *bits* and every situation that differs from one of them on this axis alone."""
        stride, digits = self.stride[axis], self.digits[axis]
        if digits == 1:
            return bits
        low = 0
        for digit in range(digits):
            low |= (bits & self.at(axis, digit)) >> (digit * stride)
        found = 0
        for digit in range(digits):
            found |= low << (digit * stride)
        return found

    def moved(self, bits: Bits, axis: Hashable, start: int, end: int) -> Bits:
        """Return those of *bits* with the digit *start*, with the digit *end* instead."""
        by = (end - start) * self.stride[axis]
        picked = bits & self.at(axis, start)
        return picked << by if by >= 0 else picked >> -by

    def seen(self, bits: Bits, axis: Hashable) -> tuple[int, ...]:
        """Return the digits that occur on the axis."""
        return tuple(digit for digit in range(self.digits[axis]) if bits & self.at(axis, digit))

    def first(self, bits: Bits) -> dict[Hashable, int]:
        """Return the lowest situation in *bits*, axis to digit: the one in which the least has happened."""
        index = (bits & -bits).bit_length() - 1
        return {name: index // self.stride[name] % digits for name, digits in self.axes}

    def each(self, bits: Bits, most: int) -> Iterator[dict[Hashable, int]]:
        """Yield the situations of *bits*, lowest first, at most *most* of them."""
        while bits and most:
            yield self.first(bits)
            bits &= bits - 1
            most -= 1


def count(bits: Bits) -> int:
    """Return how many situations there are in the set."""
    return bits.bit_count()
