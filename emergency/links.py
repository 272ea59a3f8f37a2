"""Links in messages, for people whose country cannot text back: `<public url>/a/<token>`.

To send one from another part of the program, such as a roll call:

    url = links.make(engine, person="wang", incident=id, kind="muster", subject="m3", expires=None)

It is the same URL however often it is asked for with the same words, until it has less than an hour to live. `kind`
names the page that it opens: `emergency/web/links.py`, `pages()`, is the list, and a page is two functions, `view` and
`press`. `links` is `app.links`; where `links.possible` is false no address leads to us and `make` must not be called.

A token is the number of a row (`store/links.py`) and a MAC over all of that row, in an alphabet without look-alikes.
Nothing secret is in the store: the key lies in `links.key` beside it, readable by its owner alone. Who lacks the key
can neither make a link nor turn one into another; who loses it loses the links that are out, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from emergency.engine import Engine
from emergency.errors import SettingsError
from emergency.ids import new_link_key
from emergency.phrases import trouble_zh
from emergency.store import links as table
from emergency.store.codec import to_text
from emergency.store.links import LinkRow

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 by D. Crockford: no I, L, O or U; read in either case, with 0 for O and 1 for I and L."""
MAC_LETTERS = 12
"""60 bits: ten thousand addresses with 120 guesses a minute each would need close to a million years."""
LONGEST_TOKEN = MAC_LETTERS + 8
ADDED = len("/a/") + 4 + MAC_LETTERS
"""Characters that a link adds to the public address, up to the millionth link."""
LIFE = timedelta(hours=24)
"""The longest that a link may be used (practice); most end sooner, with what they ask."""
RENEW = timedelta(hours=1)
"""A link that has less than this to live is not sent again: another one is (practice)."""
KEY_FILE = "links.key"
KEYS_KEPT = 2
"""The key that signs, and the one before: links that are out outlive one change of the key."""


class Links:
    """Makes links and reads them. *public_url*: how the world reaches us, without a slash at its end; None: not."""

    def __init__(self, home: Path, public_url: str | None) -> None:
        self.file = home / KEY_FILE
        self.public_url = public_url
        self._known: tuple[tuple[int, int], tuple[bytes, ...]] | None = None

    @property
    def possible(self) -> bool:
        """Whether a link would lead to us."""
        return self.public_url is not None

    def make(
        self,
        engine: Engine,
        *,
        person: str,
        incident: str | None,
        kind: str,
        subject: str,
        expires: datetime | None = None,
    ) -> str:
        """Return the URL that opens the page *kind* about *subject* for *person*; within the engine's transaction.

        Args:
            expires: when it ends, at most `LIFE` from now, which it is where nothing is said.

        Raises:
            SettingsError: the key can be read by others, or cannot be written.
        """
        now = engine.clock.now()
        row = table.latest(engine.store, kind=kind, person=person, incident=incident, subject=subject)
        if row is None or row.expires_at - now < RENEW:
            until = min(expires or now + LIFE, now + LIFE)
            row = table.add(
                engine.store, kind=kind, person=person, incident=incident, subject=subject, made=now, expires=until
            )
        return self.url(row)

    def made(self, engine: Engine, *, person: str, incident: str | None, kind: str, subject: str) -> str | None:
        """Return the URL that `make` gave before for these words, or None; writes nothing."""
        row = table.latest(engine.store, kind=kind, person=person, incident=incident, subject=subject)
        return self.url(row) if row is not None else None

    def url(self, row: LinkRow) -> str:
        """Return the URL of *row*."""
        return f"{self.public_url}/a/{self.token(row)}"

    def token(self, row: LinkRow) -> str:
        """Return the token of *row*: its number, and the MAC."""
        return _letters(row.id) + _mac(self._keys()[0], *_bound(row))

    def read(self, engine: Engine, token: str) -> LinkRow | None:
        """Return the row that *token* was made for, also when it has expired; None where we never made this token.

        A wrong token takes the same way as a right one: a row is compared also where there is none.
        """
        given = _tidy(token)
        row = table.get(engine.store, _number(given[:-MAC_LETTERS])) if given else None
        bound = _bound(row) if row is not None else ("",)
        fits = [hmac.compare_digest(_mac(key, *bound), given[-MAC_LETTERS:]) for key in self._keys()]
        return row if any(fits) else None

    def form(self, row: LinkRow, state: str) -> str:
        """Return the mark of a form on the page of *row* while things stand as *state* says: another state, another
        mark, so that a page that lies open cannot answer what has moved on."""
        return _mac(self._keys()[0], "form", str(row.id), state)

    # the key

    def examine(self) -> None:
        """Look at the key, or make it. Raises SettingsError, with what to do."""
        self._keys()

    def rotate(self) -> None:
        """Sign with a new key from now on; links that are out still open, those of the key before the last do not."""
        self._write([new_link_key(), *self._keys()][:KEYS_KEPT])

    def _keys(self) -> tuple[bytes, ...]:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            self._write_first()
            found = self.file.stat()
        seen = found.st_ctime_ns, found.st_ino
        if self._known is None or self._known[0] != seen:
            self._known = seen, self._read(found.st_mode)
        return self._known[1]

    def _read(self, mode: int) -> tuple[bytes, ...]:
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"{self.file} can be read by others; close it with: chmod 600 {self.file}",
                f"{self.file} 别人也能读,里面是密钥。请运行:chmod 600 {self.file}",
            )
        try:
            keys = tuple(bytes.fromhex(line) for line in self.file.read_text("ascii").split())
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{self.file} cannot be read ({type(error).__name__}); delete it: {_LOST}",
                f"{self.file} 读不出({type(error).__name__})。请删掉:{_LOST_ZH}",
            ) from error
        if not keys or any(len(key) < 16 for key in keys):
            raise SettingsError(
                f"{self.file} holds no key; delete it: {_LOST}", f"{self.file} 里没有密钥。请删掉:{_LOST_ZH}"
            )
        return keys

    def _write_first(self) -> None:
        """Make the key, unless another process makes it at the same moment: then theirs is the one."""
        mine = self._beside([new_link_key()])
        try:
            os.link(mine, self.file)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            mine.replace(self.file)
        mine.unlink(missing_ok=True)

    def _write(self, keys: list[bytes]) -> None:
        self._beside(keys).replace(self.file)

    def _beside(self, keys: list[bytes]) -> Path:
        path = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise SettingsError(
                f"{self.file} cannot be written: {error.strerror}", f"{self.file} 写不进:{trouble_zh(error)}"
            ) from error
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.writelines(key.hex() + "\n" for key in keys)
            stream.flush()
            os.fsync(stream.fileno())
        return path


_LOST_ZH = "会自动换新的,只是已发出的链接会失效"
_LOST = "a new one is made, and only the links that are out stop working"


def listed(engine: Engine, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the links that may still be used as a document, oldest first: for whom, about what, opened, answered.

    No link stands in it: whoever has one can answer with it.

    Args:
        names: roster id to name.
    """
    return {
        "links": [
            {
                "person": row.person,
                "name": names.get(row.person, row.person),
                "kind": row.kind,
                "code": engine.incident(row.incident).code if row.incident else "",
                "made": to_text(row.made_at),
                "until": to_text(row.expires_at),
                "opened": to_text(row.seen_at) if row.seen_at else None,
                "answered": to_text(row.answered_at) if row.answered_at else None,
            }
            for row in table.live(engine.store, engine.clock.now())
        ]
    }


def _bound(row: LinkRow) -> tuple[str, ...]:
    """Return what a token stands for: a row that says anything else has another token."""
    return str(row.id), row.kind, row.person, row.incident or "", row.subject, to_text(row.expires_at)


def _mac(key: bytes, *words: str) -> str:
    digest = hmac.digest(key, "\0".join(words).encode(), hashlib.sha256)
    return _letters(int.from_bytes(digest, "big") >> (256 - 5 * MAC_LETTERS)).rjust(MAC_LETTERS, ALPHABET[0])


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        letters = ALPHABET[digit] + letters
    return letters


_LOOK_ALIKE = str.maketrans("oil", "011")


def _tidy(token: str) -> str:
    """Return *token* in our letters; empty when it is none."""
    if not MAC_LETTERS < len(token) <= LONGEST_TOKEN or not token.isascii():
        return ""
    tidy = token.lower().translate(_LOOK_ALIKE)
    return tidy if set(tidy) <= set(ALPHABET) else ""


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return number
