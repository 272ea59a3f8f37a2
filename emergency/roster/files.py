"""Rosters from and to files: YAML, CSV, a spreadsheet, a folder of YAML."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from emergency import yaml_file
from emergency.core.site import Site
from emergency.errors import Mistakes, Problem
from emergency.loader import in_order, shape_or_problems
from emergency.phrases import unreadable
from emergency.roster.numbers import MASKED
from emergency.roster.person import Roster
from emergency.roster.shaped import doubtful, people_of
from emergency.roster.table import LARGEST

if TYPE_CHECKING:
    from emergency.shapes import RosterShape


class Found(msgspec.Struct, frozen=True):
    """A roster that can be used, the file it comes from, and what a reader should be told of how it was read."""

    roster: Roster
    file: yaml_file.YamlFile
    notes: tuple[str, ...] = ()

    def doubts(self, site: Site, day: date) -> list[Problem]:
        """Return what should be seen to, each with its line, as warnings."""
        people = list(self.roster.people.values())
        return [
            msgspec.structs.replace(self.file.problem(f.path, f.says, f.id, f.zh), severity="warning")
            for f in doubtful(people, site, day)
        ]


def read_path(path: Path, site: Site) -> Found:
    """Return the roster in a file or a folder. Raises Mistakes: all of them at once, each with its place."""
    if path.is_dir():
        from emergency.roster.folder import read_folder

        return _found(read_folder(path), site, ())
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Mistakes(*unreadable(path, error)) from error
    return read(raw, str(path), site)


def read(raw: bytes, name: str, site: Site) -> Found:
    """Return the roster in *raw*, by the ending of *name*; what is neither table is YAML. Raises Mistakes."""
    if PurePath(name).suffix.lower() not in (".csv", ".xlsx"):
        return _found(yaml_file.parse(raw, name, LARGEST), site, ())
    from emergency.roster.columns import NEEDED, file_of
    from emergency.roster.table import read_table

    file = file_of(read_table(raw, name))
    if any(word not in file.table.columns for word in NEEDED):
        raise in_order(file.problems)
    return _found(file, site, file.table.notes)


def _found(file: yaml_file.YamlFile, site: Site, notes: tuple[str, ...]) -> Found:
    from emergency.shapes import RosterShape

    _refuse_masked(file)
    shape, problems = shape_or_problems(file, RosterShape)
    people, findings = people_of(shape or _those_in_shape(file), site, file)
    if shape is not None and not people:
        says = "holds nobody, and a site without people cannot answer an emergency; add at least one person"
        zh = "里面一个人都没有;没有人的场所应不了急,请至少写一个人"
        problems.append(file.problem(("people",), says, zh=zh))
    problems += [file.problem(f.path, f.says, f.id, f.zh) for f in findings]
    if problems:
        raise in_order(problems)
    return Found(Roster(people=people), file, notes)


def _those_in_shape(file: yaml_file.YamlFile) -> RosterShape:
    """Return the people of a roster who can be read at all: what is wrong with them is told together with the rest."""
    from pydantic import ValidationError

    from emergency.shapes import PersonShape, RosterShape

    people: Any = file.data.get("people") if isinstance(file.data, dict) else None
    found: dict[str, PersonShape] = {}
    for id, person in people.items() if isinstance(people, dict) else ():
        with contextlib.suppress(ValidationError):
            found[id] = PersonShape.model_validate(person)
    return RosterShape.model_construct(people=found)


def _refuse_masked(file: yaml_file.YamlFile) -> None:
    """A file that was exported to be looked at is no roster: said once, not for each number."""
    people: Any = file.data.get("people") if isinstance(file.data, dict) else None
    for id, person in people.items() if isinstance(people, dict) else ():
        numbers = person.get("numbers") if isinstance(person, dict) else None
        if isinstance(numbers, list) and any(MASKED in str(number) for number in numbers):
            at = file.problem(("people", id, "numbers"), "the telephone numbers are masked; this file is for reading. ")
            says = at.says + "Export one to import again with: emergency roster export FILE --numbers"
            zh = "电话号码是打码的,这个文件只供查看。要能导入,请重新导出:emergency roster export 文件 --numbers"
            raise Mistakes([Problem(file=at.file, line=at.line, says=says, zh=zh)])
