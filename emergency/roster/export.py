"""The roster in force as a file that people can read, and with whole numbers import again: YAML, CSV, a spreadsheet, or
a folder with a file for each person. Each says of itself what it holds; only its owner can read it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from emergency.core.site import Site
from emergency.errors import Mistakes
from emergency.phrases import unwritable
from emergency.roster import csv_file, xlsx_file
from emergency.roster.columns import COLUMNS, as_yaml, row_of
from emergency.roster.person import Person, Roster, mask

README = "README.txt"
SHEET = "名册 Roster"
WIDTH = 110


class Origin(msgspec.Struct, frozen=True):
    """Where an export comes from: the site, the first letters of the roster's digest, and the moment, in UTC."""

    site: Site
    digest: str
    at: datetime


def export(path: Path, roster: Roster, origin: Origin, *, numbers: bool, replace: bool = False) -> None:
    """Write *roster* to *path*: by its ending `.yaml`, `.csv` or `.xlsx`, without one a folder.

    Args:
        numbers: whole numbers; else they are masked, and the file is for reading alone.
        replace: write over a file that is there already, or into a folder that holds an export.

    Raises:
        Mistakes: there is something already, the ending is none of these, or the place cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in WRITERS and (ending or path.is_file()):
        raise Mistakes(
            f"{path}: '{ending}' is no form of a roster; use .yaml, .csv, .xlsx, or a folder's name",
            f"{path}:名册没有“{ending}”这种格式;请用 .yaml、.csv、.xlsx,或写文件夹名",
        )
    if path.exists() and not replace:
        raise Mistakes(
            f"{path} is there already; choose another name, or write over it with --replace",
            f"{path} 已存在;请换个名字,或加 --replace 覆盖",
        )
    people = list(roster.people.values())
    remarks = _remarks(origin, people, numbers)
    try:
        if ending in WRITERS:
            _write(path, WRITERS[ending](remarks, people, _shown(numbers)))
        else:
            _write_folder(path, remarks, people, _shown(numbers))
    except OSError as error:
        raise Mistakes(*unwritable(path, error)) from error


Shown = Callable[[Person], Sequence[str]]
"""The numbers of a person as the file shows them."""


def _shown(numbers: bool) -> Shown:
    return lambda person: person.numbers if numbers else tuple(map(mask, person.numbers))


def _remarks(origin: Origin, people: Sequence[Person], numbers: bool) -> list[str]:
    """What the file holds, of whom, when and from where; and what can be done with it."""
    site, when = origin.site, origin.at.strftime("%Y-%m-%dT%H:%MZ")
    whole = ("完整", "whole") if numbers else ("打码", "masked")
    use = (
        "可再导入 To import again: emergency roster import FILE"
        if numbers
        else "仅供查看,不能再导入;要能导入,导出时加 --numbers. For reading; to import again, export with --numbers."
    )
    return [
        f"名册 Roster: {site.name.zh} {site.name.en} ({site.id}), {len(people)} 人 people",
        f"导出 exported {when}, 版本 version {origin.digest[:12]}",
        f"内含姓名、电话({whole[0]})、角色、班次、请假、证书: 个人信息,用后删除。 Holds names, telephone numbers "
        f"({whole[1]}), roles, shifts, leave, licences: personal data, delete it after use.",
        use,
    ]


def _write(path: Path, body: bytes) -> None:
    """Write a file that nobody but its owner can read, at no moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)  # an older file keeps its own mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)


def _write_folder(folder: Path, remarks: Sequence[str], people: Sequence[Person], shown: Shown) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / README).exists():
        raise Mistakes(
            f"{folder} holds something else; name an empty folder or a new one",
            f"{folder} 里有别的东西;请写空文件夹或新文件夹",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.yaml"):
        old.unlink()
    _write(folder / README, "\n".join([*remarks, ""]).encode())
    for person in people:
        _write(folder / f"{person.id}.yaml", _dump(as_yaml(person, shown(person))))


def _dump(data: Any) -> bytes:
    """Return plain values as YAML, in the order they have, each value in a line where it fits."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False, width=WIDTH, default_flow_style=None)
    return str(text).encode()


def _yaml(remarks: Sequence[str], people: Sequence[Person], shown: Shown) -> bytes:
    top = "".join(f"# {remark}\n" for remark in remarks)
    return top.encode() + _dump({"people": {person.id: as_yaml(person, shown(person)) for person in people}})


def _csv(remarks: Sequence[str], people: Sequence[Person], shown: Shown) -> bytes:
    rows = [row_of(person, [_spaced(number) for number in shown(person)]) for person in people]
    return csv_file.write(remarks, COLUMNS, rows)


def _spaced(number: str) -> str:
    """Return a number with its spaces: a spreadsheet takes one without for an amount, and drops the `+`."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _xlsx(remarks: Sequence[str], people: Sequence[Person], shown: Shown) -> bytes:
    return xlsx_file.write(remarks, COLUMNS, [row_of(person, shown(person)) for person in people], SHEET)


WRITERS = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".xlsx": _xlsx}
