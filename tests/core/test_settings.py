"""The environment, read once: where things live, in which language, and secrets that only the owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emergency.errors import SettingsError
from emergency.settings import read


def secrets(home: Path, text: bytes = b"TWILIO_AUTH_TOKEN=kept\n", mode: int = 0o600) -> None:
    """Put a secrets file into the home."""
    path = home / "secrets.env"
    path.write_bytes(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    "env, option, lang",
    [
        pytest.param({}, None, "en", id="nothing said"),
        pytest.param({"LANG": "zh_CN.UTF-8"}, None, "zh", id="a Chinese locale"),
        pytest.param({"LANG": "ZH_TW"}, None, "zh", id="in capitals"),
        pytest.param({"LANG": "de_DE.UTF-8"}, None, "en", id="another locale"),
        pytest.param({"LC_ALL": "en_US", "LANG": "zh_CN"}, None, "en", id="LC_ALL outranks LANG"),
        pytest.param({"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, None, "zh", id="LC_MESSAGES outranks LANG"),
        pytest.param({"EMERGENCY_LANG": "zh", "LANG": "en_US"}, None, "zh", id="our own word outranks the locale"),
        pytest.param({"EMERGENCY_LANG": "zh"}, "en", "en", id="an option outranks all"),
        pytest.param({"EMERGENCY_LANG": "", "LANG": "zh_CN"}, None, "zh", id="an empty word is none"),
    ],
)
def test_language(tmp_path, env, option, lang):
    """The option, the environment, the locale, in this order."""
    assert lang == read(env, str(tmp_path), option).lang


@pytest.mark.parametrize(
    "env, option", [({"EMERGENCY_LANG": "fr"}, None), ({}, "cn"), ({"EMERGENCY_LANG": "EN"}, None)]
)
def test_a_language_that_is_not_there(tmp_path, env, option):
    """Another language is refused by name."""
    with pytest.raises(SettingsError, match="is no language here; there is zh and en"):
        read(env, str(tmp_path), option)


def test_home(tmp_path):
    """The option outranks the environment; a relative home is made absolute; `~` is one's own."""
    env = {"EMERGENCY_HOME": str(tmp_path / "env")}
    assert tmp_path / "env" == read(env).home
    assert tmp_path / "option" == read(env, str(tmp_path / "option")).home
    assert read({"EMERGENCY_HOME": "relative"}).home.is_absolute()
    assert Path("~/x").expanduser() == read({"EMERGENCY_HOME": "~/x"}).home
    assert read({}).home.is_absolute()


@pytest.mark.parametrize(
    "database, file",
    [
        pytest.param(None, "emergency.db", id="in the home"),
        pytest.param("sqlite:///{home}/other.db", "other.db", id="elsewhere"),
        pytest.param("postgresql://host/db", None, id="another kind"),
        pytest.param("mysql://user:secret@host/db", None, id="yet another"),
        pytest.param("other.db", None, id="no kind at all"),
    ],
)
def test_the_database(tmp_path, database, file):
    """SQLite by its file; another kind is refused by its name, without what else the address holds."""
    env = {"EMERGENCY_DATABASE": database.format(home=tmp_path)} if database else {}
    settings = read(env, str(tmp_path))
    if file:
        assert tmp_path / file == settings.database_file
    else:
        with pytest.raises(SettingsError, match="keeps its store in SQLite") as refused:
            _ = settings.database_file
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "mode, allowed",
    [
        pytest.param(0o600, True, id="the owner alone"),
        pytest.param(0o400, True, id="the owner, to read"),
        pytest.param(0o640, False, id="the group may read"),
        pytest.param(0o604, False, id="others may read"),
        pytest.param(0o620, False, id="the group may write"),
        pytest.param(0o601, False, id="others may run it"),
        pytest.param(0o666, False, id="everybody"),
    ],
)
def test_only_the_owner_reads_secrets(tmp_path, mode, allowed):
    """A secrets file that others can touch is refused, with the way to close it."""
    secrets(tmp_path, mode=mode)
    if allowed:
        assert read({}, str(tmp_path)).env["TWILIO_AUTH_TOKEN"] == "kept"
    else:
        with pytest.raises(SettingsError, match="chmod 600"):
            read({}, str(tmp_path))


@pytest.mark.parametrize(
    "text, found",
    [
        pytest.param("A=1\nB=2\n", {"A": "1", "B": "2"}, id="lines"),
        pytest.param("# A=1\n\n  \nB=2", {"B": "2"}, id="comments and blanks"),
        pytest.param("A = 1 \n", {"A": "1"}, id="spaces"),
        pytest.param("A=\"x y\"\nB='z'\n", {"A": "x y", "B": "z"}, id="quotes"),
        pytest.param("A=b=c\n", {"A": "b=c"}, id="an equals sign in a value"),
        pytest.param("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}, id="line ends of Windows"),
        pytest.param("nonsense\n", {}, id="a line without a value"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_the_secrets_file(tmp_path, text, found):
    """KEY=VALUE a line; the environment outranks the file."""
    secrets(tmp_path, text.encode())
    assert found == dict(read({}, str(tmp_path)).env)
    for key in found:
        assert read({key: "mine"}, str(tmp_path)).env[key] == "mine"


def test_a_secrets_file_that_cannot_be_read(tmp_path):
    """A file that is no text is refused by name; without any there are no secrets."""
    assert dict(read({}, str(tmp_path)).env) == {}
    secrets(tmp_path, b"A=\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read({}, str(tmp_path))


def test_secrets_are_never_printed(tmp_path):
    """Whoever prints the settings sees where and in which language, and no secret."""
    secrets(tmp_path)
    env = {"TWILIO_ACCOUNT_SID": "AC-hidden", "EMERGENCY_DATABASE": "postgresql://me:hidden@x/y"}
    settings = read(env, str(tmp_path))
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert "hidden" not in shown
        assert "kept" not in shown


@pytest.mark.parametrize(
    "url, seen",
    [
        pytest.param("https://example.org/", "https://example.org", id="a slash at the end"),
        pytest.param("https://example.org/a/b//", "https://example.org/a/b", id="several"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_the_public_address(tmp_path, url, seen):
    """The address at which we are reached stands without a slash at its end, or is none."""
    assert seen == read({"EMERGENCY_PUBLIC_URL": url} if url is not None else {}, str(tmp_path)).public_url


def test_the_socket_has_a_short_path(tmp_path):
    """The control socket lies in the home, or where the path is short enough; always in the same place."""
    assert tmp_path / "serve.sock" == read({}, str(tmp_path)).socket
    deep = tmp_path / ("x" * 120)
    assert len(os.fsencode(read({}, str(deep)).socket)) < 100
    assert read({}, str(deep)).socket == read({}, str(deep)).socket
    assert read({}, str(deep)).socket != read({}, str(deep) + "y").socket
