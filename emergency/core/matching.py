"""Rows and columns: which rows can be filled at all, and which column each row gets so that the whole costs least.

Nothing here knows of people. Two questions, both answered exactly: `fill` by augmenting paths (Kuhn), row by row, so
that an earlier row is never given up for a later one; `cheapest` by the library's solver (Jonker and Volgenant), which
costs a tenth of a second to import and is therefore asked only when a good guess is not proven best without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Costs = Mapping[str, int]
"""What each column would cost in a row: whole numbers from 0. A column that is not there is impossible."""
Choice = Mapping[str, Sequence[str]]
"""Which columns the rows of each name have. Rows of one name cost the same, so they are dealt with together."""
GUESSES = 12
"""How often a guess is made better by hand before the solver is loaded (measured: the shipped plans need fewer)."""
EXACT = 2**53
"""Whole numbers below this are exact in the solver's floating point (IEEE 754, double)."""


def fill(rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return row to column: as many rows as can be, and the earlier ones first.

    What can be filled together is a matroid, so taking row by row whatever still fits is the best set of rows in the
    order of importance, and none is larger.

    Args:
        rows: the columns of each row, best first.
    """
    sits: dict[str, int] = {}
    for row in range(len(rows)):
        _find(rows, row, sits, set())
    return {row: column for column, row in sorted(sits.items(), key=lambda each: each[1])}


def _find(rows: Sequence[Sequence[str]], row: int, sits: dict[str, int], seen: set[str]) -> bool:
    for column in rows[row]:
        if column not in sits:
            sits[column] = row
            return True
    for column in rows[row]:
        if column not in seen:
            seen.add(column)
            if _find(rows, sits[column], sits, seen):
                sits[column] = row
                return True
    return False


def cheapest(costs: Mapping[str, Costs], start: Choice, guesses: int = GUESSES) -> dict[str, list[str]]:
    """Return as many columns for each name as *start* gives it, each once, so that the sum of the costs is least.

    Args:
        costs: for each name of rows, what each column costs there.
        start: a choice that could stand; the nearer to the best, the sooner that is found.
        guesses: how often it is made better by hand before the solver is asked.
    """
    chosen = {name: list(columns) for name, columns in start.items()}
    for _ in range(guesses):
        if not _improve(costs, chosen):
            return chosen
    chosen = _solved(costs, chosen)
    while _improve(costs, chosen):  # never, while the sums stay below EXACT
        pass
    return chosen


NOBODY = ""
"""Stands for the columns that no row has."""
Exchange = tuple[int, str]
"""What it costs that a row takes this column from whoever has it."""


def _improve(costs: Mapping[str, Costs], chosen: dict[str, list[str]]) -> bool:
    """Make the choice cheaper, if it can be; return whether it could. If not, no other is cheaper.

    A choice is best if and only if no round of exchanges saves anything: a row of each name takes a column of the next,
    or one that nobody has (Klein 1967, negative cycles). Found by Bellman and Ford, in whole numbers.
    """
    found = _exchanges(costs, chosen)
    edges = [(here, there, cost) for (here, there), (cost, _) in found.items()]
    length = dict.fromkeys([*chosen, NOBODY], 0)
    came: dict[str, str] = {}
    for _ in range(len(length) + 1):
        changed = False
        for here, there, cost in edges:
            if length[here] + cost < length[there]:
                length[there], came[there], changed = length[here] + cost, here, True
        if not changed:
            return False
        around = _round(came)
        if around:
            _exchange(chosen, found, around)
            return True
    raise AssertionError("lengths that go on falling fall in a round")


def _exchanges(costs: Mapping[str, Costs], chosen: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Exchange]:
    """Return for each pair of names the cheapest column that the first could take from the second."""
    has = {column: name for name, columns in chosen.items() for column in columns}
    found: dict[tuple[str, str], Exchange] = {}
    for name in chosen:
        for column, cost in costs[name].items():
            other = has.get(column, NOBODY)
            if other == name:
                continue
            saved = cost - costs[other][column] if other else cost
            known = found.get((name, other))
            if known is None or saved < known[0]:
                found[name, other] = (saved, column)
        given_up = max(chosen[name], key=costs[name].__getitem__)
        found[NOBODY, name] = (-costs[name][given_up], given_up)
    return found


def _round(came: Mapping[str, str]) -> list[str]:
    """Return a round among those who were made cheaper by one another, each before the one it takes from; empty while
    there is none."""
    known: set[str] = set()
    for start in came:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in known and at not in path:
            path[at] = None
            at = came.get(at)
        if at is not None and at in path:
            names = list(path)
            return names[names.index(at) :][::-1]
        known |= path.keys()
    return []


def _exchange(chosen: dict[str, list[str]], found: Mapping[tuple[str, str], Exchange], around: Sequence[str]) -> None:
    moves = [(here, there, found[here, there][1]) for here, there in zip(around, [*around[1:], around[0]], strict=True)]
    for _, there, column in moves:
        if there != NOBODY:
            chosen[there].remove(column)
    for here, _, column in moves:
        if here != NOBODY:
            chosen[here].append(column)


def _solved(costs: Mapping[str, Costs], start: Choice) -> dict[str, list[str]]:
    import lap
    import numpy as np

    rows = [name for name, columns in start.items() for _ in columns]
    columns = sorted({column for name in start for column in costs[name]})
    place = {column: n for n, column in enumerate(columns)}
    never = 1 + sum(max(costs[name].values()) for name in rows)
    scale = max(1, -(-never * 4 // EXACT))  # sums past EXACT are rounded here, and put right in whole numbers after
    matrix = np.full((len(rows), len(columns)), float(never // scale + 1))
    for n, name in enumerate(rows):
        for column, cost in costs[name].items():
            matrix[n, place[column]] = cost // scale
    found: dict[str, list[str]] = {name: [] for name in start}
    for name, column in zip(rows, lap.lapjv(matrix, extend_cost=True, return_cost=False)[0], strict=True):
        found[name].append(columns[column])
    return found
