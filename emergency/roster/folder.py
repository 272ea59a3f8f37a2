"""A folder of YAML files as one roster: a file holds a group under `people`, or one person and bears their id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emergency import yaml_file
from emergency.errors import Mistakes, Problem

MOST_FILES = 10_000


class FolderFile(yaml_file.YamlFile):
    """The people of several files; each mistake is told with the file it stands in."""

    def __init__(self, name: str) -> None:
        super().__init__(name, {"people": {}}, {(): 0}, [])
        self._files: dict[str, tuple[yaml_file.YamlFile, yaml_file.Path_]] = {}

    def take(self, file: yaml_file.YamlFile, stem: str) -> None:
        """Add the people of one file; *stem* is the id of a person who has a file of their own."""
        self.problems += file.problems
        people, at = self._people(file, stem)
        for id, person in people.items():
            if id in self._files:
                other, path = self._files[id]
                says = f"'{id}' stands in {other.name}:{other.line((*path, id) if path else ())} already"
                zh = f"“{id}”已在 {other.name} 第 {other.line((*path, id) if path else ())} 行"
                self.problems.append(file.problem((*at, id) if at else (), says, zh=zh))
                continue
            self._files[id] = file, at
            self.data["people"][id] = person

    def _people(self, file: yaml_file.YamlFile, stem: str) -> tuple[dict[str, Any], yaml_file.Path_]:
        data = file.data
        if isinstance(data, dict) and "people" in data and isinstance(data["people"], dict):
            for word in data:
                if word != "people":
                    says = f"'{word}' is unknown here; a group stands under 'people'"
                    zh = f"这里没有“{word}”这一项;一组人写在 people 下面"
                    self.problems.append(file.problem((word,), says, zh=zh))
            return data["people"], ("people",)
        if isinstance(data, dict) and "name" in data:
            return {stem: data}, ()
        says, zh = "holds neither 'people' nor one person with a 'name'", "既没有 people,也不是写着 name 的一个人"
        self.problems.append(file.problem((), says, zh=zh))
        return {}, ()

    def place(self, path: yaml_file.Path_) -> tuple[str, int]:
        """Return the file and the line of *path*."""
        if len(path) < 2 or path[1] not in self._files:
            return self.name, 0
        file, at = self._files[str(path[1])]
        return file.place((*at, *path[1:]) if at else path[2:])


def read_folder(folder: Path) -> FolderFile:
    """Return the roster in *folder*: every `.yaml` and `.yml` of it, by name; what begins with a dot is left out.

    Raises:
        Mistakes: a file cannot be read or is no YAML; of all files at once.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".yaml", ".yml") and not p.name.startswith("."))
    if not paths or len(paths) > MOST_FILES:
        says = "holds no .yaml file" if not paths else f"holds more than {MOST_FILES} files; is it the right folder?"
        zh = "里面没有 .yaml 文件" if not paths else f"里面超过 {MOST_FILES} 个文件;文件夹对吗?"
        raise Mistakes([Problem(file=str(folder), line=0, says=says, zh=zh)])
    found = FolderFile(str(folder))
    broken: list[Problem] = []
    for path in paths:
        try:
            found.take(yaml_file.read(path), path.stem)
        except Mistakes as error:
            broken += error.problems
    if broken:
        raise Mistakes(sorted([*broken, *found.problems]))
    return found
