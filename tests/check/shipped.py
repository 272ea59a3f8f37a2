"""The shipped plans at the sample site, and what they prove, worked out once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from emergency.check.plan import Proof, prove
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.loader import read_playbook, read_site

ROOT = Path(__file__).parents[2]
IDS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yaml"))


@cache
def site() -> Site:
    """The sample site."""
    path = ROOT / "emergency/sample/site.yaml"
    return read_site(path.read_bytes(), str(path))


@cache
def plan(id: str) -> Playbook:
    """One shipped plan, read as the program reads it."""
    path = ROOT / "playbooks" / f"{id}.yaml"
    return read_playbook(path.read_bytes(), str(path), site())


@cache
def proof(id: str) -> Proof:
    """What one shipped plan proves."""
    return prove(plan(id), site())
