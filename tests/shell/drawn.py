"""What the tests of pictures, cards and templates share: the shipped plans, the sample site, a command line."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import click.testing

import cli
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.loader import read_playbook, read_site

ROOT = Path(__file__).resolve().parents[2]
PLANS = sorted((ROOT / "playbooks").glob("*.yaml"))
IDS = [path.stem for path in PLANS]


@lru_cache(maxsize=1)
def site() -> Site:
    """The sample site."""
    path = ROOT / "emergency" / "sample" / "site.yaml"
    return read_site(path.read_bytes(), str(path))


@lru_cache(maxsize=64)
def shipped(id: str) -> Playbook:
    """A shipped plan over the sample site."""
    path = ROOT / "playbooks" / f"{id}.yaml"
    return read_playbook(path.read_bytes(), str(path), site())


GUIDE = ROOT / "docs" / "guides" / "chemical_smell.yaml"
"""The plan that the guide writes; its words are ours to rely on."""


def guide(old: str = "", new: str = "") -> Playbook:
    """The plan of the guide, or one in which a piece of text is another."""
    text = GUIDE.read_text("utf-8")
    assert old in text
    return read_playbook(text.replace(old, new, 1).encode(), str(GUIDE), site())


def typed(home: Path, *words: str) -> click.testing.Result:
    """Type a command in front of the installation in *home*."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en", "EMERGENCY_DATABASE": None}
    return click.testing.CliRunner().invoke(cli.main, list(words), env=env, prog_name="emergency")
