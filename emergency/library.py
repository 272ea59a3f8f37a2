"""The plans of an installation: its own over the shipped ones, each compiled once, kept by its file's digest."""

from __future__ import annotations

import re
from os import listdir, stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from emergency import VERSION
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.errors import Mistakes
from emergency.match import find_playbook
from emergency.phrases import unreadable
from emergency.store import codec

if TYPE_CHECKING:
    from emergency.engine import Engine
    from emergency.layers import Layered

_AN_ID = re.compile(r"[a-z][a-z0-9_]*")
_PLAN = msgspec.json.Decoder(Playbook)


class Library:
    """Finds plan files and turns them into plans. Own ones (in the home) stand before shipped ones of that name."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self.shipped = shipped
        self.own = own
        self._loaded: dict[str, Playbook] = {}
        self._seen: dict[tuple[Any, ...], Playbook] = {}
        self._layers: dict[Path, tuple[str, ...]] = {}

    def files(self) -> dict[str, Path]:
        """Return id to file, in alphabetical order."""
        found = {path.stem: path for folder in (self.shipped, self.own) for path in sorted(folder.glob("*.yaml"))}
        return dict(sorted(found.items()))

    def load_all(self, engine: Engine, site: Site) -> tuple[dict[str, Playbook], list[Mistakes]]:
        """Return the plans that can be used, by id, and the mistakes of the others: a bad file stops no other plan."""
        plans: dict[str, Playbook] = {}
        bad: list[Mistakes] = []
        for id, path in self.files().items():
            try:
                plans[id] = self.load(engine, path, site)
            except Mistakes as error:
                bad.append(error)
        return plans, bad

    def named(self, engine: Engine, word: str, site: Site) -> Playbook:
        """Return the plan that *word* names: its id, which costs one look at one file, or another of its names.

        Raises:
            Mistakes: none or several, or every mistake of the file.
        """
        if _AN_ID.fullmatch(word):
            for path in (self.own / f"{word}.yaml", self.shipped / f"{word}.yaml"):
                if path.exists():
                    return self.load(engine, path, site)
        plans, bad = self.load_all(engine, site)
        if not plans:
            raise (
                bad[0] if bad else Mistakes("there is no playbook", "一个预案都没有。请把预案放进安装目录的 playbooks/")
            )
        return find_playbook(word, plans.values())

    def load(self, engine: Engine, path: Path, site: Site) -> Playbook:
        """Return the plan in *path*, from its compiled form when this very text was read before for this very site.

        Raises:
            Mistakes: every mistake of the file.
        """
        seen = self._as_it_is(path, site)
        if seen in self._seen:
            return self._seen[seen]
        self._layers[path] = self._candidates(path)
        try:
            seen = self._as_it_is(path, site)
            raw = [each.read_bytes() for each in [path, *self._parts(), *self._changes_of(path)]]
        except OSError as error:
            raise Mistakes(*unreadable(error.filename, error)) from error
        digests = " ".join(codec.digest(each) for each in raw)
        name = "compiled:" + codec.digest(f"{VERSION} {codec.document_digest(site)} {digests}".encode())
        if name not in self._loaded:
            self._loaded[name] = self._compiled(engine, name, raw[0], path, site)
        self._seen[seen] = self._loaded[name]
        return self._loaded[name]

    def _as_it_is(self, path: Path, site: Site) -> tuple[Any, ...]:
        """Return what changes when any layer of the plan does; looked at for every report, so by few calls."""
        return (*(_stamp(each) for each in self._layers.get(path, (str(path),))), codec.document_digest(site))

    def _candidates(self, path: Path) -> tuple[str, ...]:
        """Return the files that make the plan in *path* what it is, also those that are not there yet."""
        names = sorted({part.name for part in self._parts()})
        parts = [folder / name for folder in self._folders() for name in names]
        return (str(path), str(self.own.parent / "changes" / path.name), *map(str, parts))

    def read(self, path: Path, site: Site) -> Playbook:
        """Return the plan in *path* as it stands now, with its parts and the site's changes. Raises Mistakes."""
        try:
            return self._read(path.read_bytes(), path, site)
        except OSError as error:
            raise Mistakes(*unreadable(path, error)) from error

    def draft(self, path: Path, site: Site) -> Playbook:
        """Return the plan in *path*, whatever the file is called: an edited copy lies beside its plan. Raises
        Mistakes."""
        from emergency.loader import read_playbook

        try:
            raw = path.read_bytes()
        except OSError as error:
            raise Mistakes(*unreadable(path, error)) from error
        changes = next(iter(self._changes_of(path)), None)
        return read_playbook(raw, str(path), site, self._folders(), changes, any_name=True)

    def layered(self, path: Path) -> Layered:
        """Return the values of the plan in *path* and where each comes from. Raises Mistakes."""
        from emergency.layers import read_layers

        return read_layers(path.read_bytes(), str(path), self._folders(), next(iter(self._changes_of(path)), None))

    def _folders(self) -> tuple[Path, ...]:
        return self.own / "parts", self.shipped / "parts"

    def _parts(self) -> list[Path]:
        folders = [folder for folder in self._folders() if folder.is_dir()]
        return [folder / name for folder in folders for name in sorted(listdir(folder)) if name.endswith(".yaml")]

    def _changes_of(self, path: Path) -> list[Path]:
        changes = self.own.parent / "changes" / path.name
        return [changes] if changes.exists() else []

    def _read(self, raw: bytes, path: Path, site: Site) -> Playbook:
        from emergency.loader import read_playbook

        return read_playbook(raw, str(path), site, self._folders(), next(iter(self._changes_of(path)), None))

    def _compiled(self, engine: Engine, name: str, raw: bytes, path: Path, site: Site) -> Playbook:
        body = engine.store.current(name)
        if body is not None:
            return _PLAN.decode(body)
        plan = self._read(raw, path, site)
        engine.store.put_current(name, "compiled", codec.encode_document(plan), engine.clock.now())
        return plan


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        found = stat(path)
    except OSError:
        return (0, 0, 0)
    return found.st_mtime_ns, found.st_size, found.st_ino
