"""Hold every pinned package against the public advisories: `python tools/audit.py requirements.lock`.

The open-source vulnerability database (OSV) is asked, which holds PyPI's own advisories and GitHub's. One question for
all pins, one more for each advisory that matches. Exit status:

    0  no advisory matches; or nobody could be asked, which is said
    1  an advisory matches; or nobody could be asked, with --required
    2  the lock holds no pin

Standard library only: what audits the dependencies has none.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

DATABASE = "https://api.osv.dev"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
PATIENCE = 20.0
LARGEST_BATCH = 1000
"""Questions that the database takes at once: its documented limit."""


class Unreachable(Exception):
    """Nobody could be asked, or what answered was no advisory database."""


class Pin(NamedTuple):
    """One package of the lock."""

    name: str
    version: str


class Advisory(NamedTuple):
    """One that matches. fixed: the versions in which it is mended; names: what else it is called."""

    pin: Pin
    id: str
    names: tuple[str, ...]
    says: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        names = f" ({', '.join(self.names)})" if self.names else ""
        mended = f"take {' or '.join(self.fixed)}" if self.fixed else "no version mends it yet"
        return f"{self.pin.name} {self.pin.version}: {self.id}{names}: {self.says or 'no summary'}; {mended}"


def pins(lock: str) -> list[Pin]:
    """Return every package of a lock, each version once."""
    return sorted({Pin(name.lower(), version) for name, version in PIN.findall(lock)})


def ask(url: str, question: Any = None) -> Any:
    """Return the JSON that *url* answers.

    Raises:
        Unreachable: it does not.
    """
    body = None if question is None else json.dumps(question).encode()
    if not url.startswith(("http://", "https://")):
        raise Unreachable(f"{url} is no address")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"it answers {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise Unreachable(str(reason)) from None


def matches(database: str, found: Sequence[Pin]) -> list[Advisory]:
    """Return every advisory in force that matches one of the pins.

    Raises:
        Unreachable: the database could not be asked about all of them.
    """
    advisories: list[Advisory | None] = []
    for start in range(0, len(found), LARGEST_BATCH):
        part = found[start : start + LARGEST_BATCH]
        for pin, result in zip(part, _ask_about(database, part), strict=True):
            advisories += [_advisory(database, pin, str(each["id"])) for each in result.get("vulns", ())]
    return [each for each in advisories if each is not None]


def _ask_about(database: str, part: Sequence[Pin]) -> list[dict[str, Any]]:
    queries = [{"package": {"ecosystem": "PyPI", "name": pin.name}, "version": pin.version} for pin in part]
    answer = ask(f"{database}/v1/querybatch", {"queries": queries})
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(results) != len(part):
        raise Unreachable("what answered is no advisory database")
    if any(result.get("next_page_token") for result in results):
        raise Unreachable("there are more advisories than it tells at once")
    return results


def _advisory(database: str, pin: Pin, id: str) -> Advisory | None:
    """Return one advisory in full; None when it was withdrawn. One that cannot be looked up still matches."""
    try:
        whole = ask(f"{database}/v1/vulns/{quote(id)}")
    except Unreachable as why:
        return Advisory(pin, id, (), f"cannot be looked up ({why})", ())
    if whole.get("withdrawn"):
        return None
    affected = [a for a in whole.get("affected", ()) if a.get("package", {}).get("name", "").lower() == pin.name]
    ranges = [r for a in affected for r in a.get("ranges", ()) if r.get("type") == "ECOSYSTEM"]
    fixed = dict.fromkeys(e["fixed"] for r in ranges for e in r.get("events", ()) if "fixed" in e)
    return Advisory(pin, id, tuple(whole.get("aliases", ())), str(whole.get("summary", "")), tuple(fixed))


def main(words: Sequence[str] | None = None) -> int:
    """Audit a lock, say what was found, and return the exit status."""
    parser = argparse.ArgumentParser(prog="audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lock", type=Path)
    parser.add_argument("--database", default=DATABASE, help="another server that speaks OSV's API")
    parser.add_argument("--required", action="store_true", help="fail where the database cannot be reached")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help="an advisory that is known here")
    asked = parser.parse_args(words)
    found = pins(asked.lock.read_text("utf-8"))
    if not found:
        print(f"{asked.lock} holds no pin: nothing was audited", file=sys.stderr)
        return 2
    try:
        against = matches(asked.database.rstrip("/"), found)
    except Unreachable as why:
        print(f"not audited: the advisory database cannot be reached ({why})", file=sys.stderr)
        return 1 if asked.required else 0
    known = [each for each in against if {each.id, *each.names} & set(asked.ignore)]
    for each in against:
        print(f"{'ignored' if each in known else 'FOUND'}: {each}")
    print(f"audited: {len(found)} packages, {len(against) - len(known)} advisories match, {len(known)} ignored")
    return 1 if len(against) > len(known) else 0


if __name__ == "__main__":
    sys.exit(main())
