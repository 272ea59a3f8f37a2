"""Files of scenarios that commands write: a first draft, a list read into a scenario. Nothing is written by half."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from emergency.core.site import Site
from emergency.errors import CommandRefused, Mistakes, StoreError
from emergency.phrases import unreadable, unwritable

if TYPE_CHECKING:
    from emergency.checking import Ground
    from emergency.settings import Settings

AN_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def draft(settings: Settings, playbook: str, file: str) -> Path:
    """Write a first draft for the plan that *playbook* names, and return its file; nothing is ever overwritten.

    Args:
        file: a name, for a file among the installation's scenarios, or the path of a file that ends in .yaml.

    Raises:
        Mistakes: there is no such plan, or it is no name. CommandRefused: such a file is there already.
    """
    from emergency.checking import files_named
    from emergency.drills.scenarios.checked import ground_for, own_folder

    path = Path(file) if _is_path(file) else own_folder(settings.home) / f"{file}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        raise Mistakes(
            f"'{file}' is no name and no file; write a name, such as {_a_name(path)}, or a path that ends in .yaml",
            f"“{file}”既不是名称也不是文件;请写名称(如 {_a_name(path)}),或以 .yaml 结尾的路径",
        )
    if not AN_ID.fullmatch(path.stem):
        raise Mistakes(
            f"'{path.stem}' is no name; use lower-case letters, digits and _ (at most 40)",
            f"“{path.stem}”不能作名称;请用小写字母、数字和 _(最多 40 个)",
        )
    if path.exists():
        raise CommandRefused(f"{path} is there already; nothing was changed", f"{path} 已存在;未作改动")
    with ground_for(settings, None, None, quick=False) as ground:
        (plan_file,) = files_named(ground, playbook).values()
        text = _that_bites(ground, path.stem, plan_file)
    _write(path, text, "x")
    return path


def _a_name(path: Path) -> str:
    return path.name if AN_ID.fullmatch(path.name) else "kitchen_fire"


def _is_path(file: str) -> bool:
    return file.endswith((".yaml", ".yml")) or "/" in file or "\\" in file


def _that_bites(ground: Ground, id: str, plan_file: Path) -> str:
    """Return a draft whose inject has an effect: the first of those who could be lost, whose loss changes something."""
    from emergency.clock import SystemClock
    from emergency.drills.scenarios.checked import Plans
    from emergency.drills.scenarios.dry_run import Ground as Played
    from emergency.drills.scenarios.dry_run import dry_run
    from emergency.drills.scenarios.file import read_scenario
    from emergency.drills.scenarios.first_draft import candidates, first_draft, next_saturday

    plan, begins = ground.plan(plan_file), next_saturday(SystemClock().now(), ground.site.timezone)
    if ground.roster is None:
        return first_draft(id, plan, ground.site, begins, None)
    played = Played(ground.site, ground.roster, Plans(ground))
    team, _ = played.team(begins)
    for chosen in candidates(plan, team):
        text = first_draft(id, plan, ground.site, begins, chosen)
        found = dry_run(read_scenario(text.encode(), f"{id}.yaml", ground.site), played).findings
        if not found:
            return text
    return first_draft(id, plan, ground.site, begins, None)


def import_list(list_file: str, into: str, site: Site) -> int:
    """Read a list of injects into the scenario file *into*; return how many there are.

    Raises:
        Mistakes: of the list, each with its row; or of what the scenario would be, and then nothing is written.
    """
    from emergency.drills.scenarios import msel
    from emergency.drills.scenarios.file import read_scenario

    injects = msel.read(_bytes(Path(list_file)), list_file)
    raw = _bytes(Path(into))
    read_scenario(raw, into, site)
    text = msel.put_into(raw.decode("utf-8-sig"), injects)
    read_scenario(text.encode(), into, site)
    _write(Path(into), text, "w")
    return len(injects)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistakes(*unreadable(path, error)) from error


def _write(path: Path, text: str, mode: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise StoreError(*unwritable(path, error)) from error
