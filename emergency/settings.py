"""The environment, read once, as a value. Secrets come from it or from a file that only the owner can read."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from emergency.errors import SettingsError

SECRETS_FILE = "secrets.env"
SQLITE = "sqlite:///"
LANGUAGES = ("zh", "en")


class Settings:
    """Where one installation lives and how it talks. `env` holds secrets: it is never printed."""

    def __init__(self, home: Path, database: str, lang: str, env: Mapping[str, str]) -> None:
        self.home = home
        self.database = database
        self.lang = lang
        self.env = env

    def __repr__(self) -> str:
        return f"Settings(home={self.home}, lang={self.lang})"

    @property
    def database_file(self) -> Path:
        """The SQLite file.

        Raises:
            SettingsError: EMERGENCY_DATABASE names another kind of store.
        """
        if not self.database.startswith(SQLITE):
            kind = self.database.partition(":")[0]
            raise SettingsError(
                f"EMERGENCY_DATABASE: this release keeps its store in SQLite ({SQLITE}FILE), not '{kind}'",
                f"EMERGENCY_DATABASE:数据库只能是 SQLite,写成 {SQLITE}文件,不能是“{kind}”",
            )
        return Path(self.database.removeprefix(SQLITE))

    @property
    def socket(self) -> Path:
        """Where a running server listens for the command line; short, because such paths may have 107 bytes only."""
        near = self.home / "serve.sock"
        if len(os.fsencode(near)) < 100:
            return near
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"emergency-{name}.sock"

    @property
    def public_url(self) -> str | None:
        """How the provider reaches us, without a slash at its end; None where it cannot."""
        return self.env.get("EMERGENCY_PUBLIC_URL", "").rstrip("/") or None


def read(env: Mapping[str, str], home: str | None = None, lang: str | None = None) -> Settings:
    """Return the settings that *env* says, with the options of a command line over them.

    Raises:
        SettingsError: a language that is not there, or a secrets file that others can read.
    """
    where = Path(home or env.get("EMERGENCY_HOME") or _default_home()).expanduser().absolute()
    spoken = language(env, lang)
    all_env = {**_secrets(where / SECRETS_FILE), **env}
    database = all_env.get("EMERGENCY_DATABASE") or f"{SQLITE}{where / 'emergency.db'}"
    return Settings(where, database, spoken, all_env)


def language(env: Mapping[str, str], lang: str | None = None) -> str:
    """Return the language that the operator reads: *lang*, else what *env* says. Raises SettingsError: it is none."""
    wanted = lang or env.get("EMERGENCY_LANG") or _language_of_locale(env)
    if wanted not in LANGUAGES:
        raise SettingsError(
            f"EMERGENCY_LANG: '{wanted}' is no language here; there is zh and en",
            f"EMERGENCY_LANG:没有“{wanted}”这种界面语言;请写 zh 或 en",
        )
    return wanted


def language_of_errors(env: Mapping[str, str], lang: str | None = None) -> str:
    """Return the language to say an error in, also where the one that is asked for is none: that is to be read too."""
    known = [wanted for wanted in (lang, env.get("EMERGENCY_LANG")) if wanted in LANGUAGES]
    return next(iter(known), None) or _language_of_locale(env)


def _default_home() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("emergency", appauthor=False)


def _language_of_locale(env: Mapping[str, str]) -> str:
    words = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh" if words.lower().startswith("zh") else "en"


def _secrets(path: Path) -> dict[str, str]:
    """Return what stands in the secrets file, KEY=VALUE a line; nothing when there is none."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return {}
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{path} can be read by others; close it with: chmod 600 {path}",
            f"{path} 别人也能读,里面有密钥。请运行:chmod 600 {path}",
        )
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        from emergency.phrases import trouble_zh

        zh = trouble_zh(error) if isinstance(error, OSError) else "不是 UTF-8 文本"
        raise SettingsError(f"{path} cannot be read: {error}", f"{path} 读不出:{zh}") from error
    found = {}
    for line in lines:
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            found[key.strip()] = value.strip().strip("\"'")
    return found
