"""What the environment says about Twilio, read once, as a value that never shows its secrets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from emergency.core.values import Text
from emergency.errors import SettingsError
from emergency.notify import USUAL_CALLS, USUAL_TEXTS, Limits
from notifiers.twilio import countries
from notifiers.twilio.numbers import is_plain_number

TWILIO_API = "https://api.twilio.com"

LONG_CODE_RATE = 1.0
"""Segments a second from one ordinary number: Twilio's figure."""
SHORT_CODE_RATE = 100.0
"""Segments a second from a short code: Twilio's figure, the lowest that it names."""
SERVICE_RATE = 10.0
"""Segments a second from a Messaging Service: practice; a pool of about ten ordinary numbers."""
CALL_RATE = 1.0
"""New calls a second of one account: what Twilio allows until more is asked for."""

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
_LIMITS = re.compile(r"([0-9]{1,4})[ ,/]+([0-9]{1,4})[ ,/]+([0-9]{1,4})( hard)?")
_LIMITS_WANTED = Text(
    "一部电话每分钟、每小时、每天最多几条,0 为不限,如 3 15 50;平台会拒收超出的,就在后面加 hard",
    "how many one telephone may get in a minute, an hour and a day, 0 for no limit, as '3 15 50'; and 'hard' behind it "
    "where the provider refuses more",
)
_VOICE_OF = "TWILIO_VOICE_"
_VOICE_NAME = re.compile(_VOICE_OF + r"[A-Z]{2,3}(_[A-Z0-9]{2,8}){0,2}")
_VOICE = re.compile(r"([A-Za-z0-9._-]+) +([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)")


class Voice(msgspec.Struct, frozen=True):
    """A voice of Twilio's `<Say>`, and the language code it goes with; a wrong pair is not spoken at all."""

    name: str
    language: str


VOICES: dict[str, Voice] = {
    "zh": Voice("Polly.Zhiyu-Neural", "cmn-CN"),
    "en": Voice("Polly.Joanna-Neural", "en-US"),
    "ar": Voice("Polly.Hala-Neural", "ar-AE"),
    "de": Voice("Polly.Vicki-Neural", "de-DE"),
    "es": Voice("Polly.Lucia-Neural", "es-ES"),
    "fr": Voice("Polly.Lea-Neural", "fr-FR"),
    "hi": Voice("Polly.Kajal-Neural", "hi-IN"),
    "it": Voice("Polly.Bianca-Neural", "it-IT"),
    "ja": Voice("Polly.Takumi-Neural", "ja-JP"),
    "ko": Voice("Polly.Seoyeon-Neural", "ko-KR"),
    "nl": Voice("Polly.Laura-Neural", "nl-NL"),
    "pt-BR": Voice("Polly.Camila-Neural", "pt-BR"),
    "ru": Voice("Polly.Tatyana", "ru-RU"),
    "tr": Voice("Polly.Filiz", "tr-TR"),
}
"""Names and codes as in Amazon's own table of voices; that lists Zhiyu under `cmn-CN`, not `zh-CN`. Beside zh and en
none was ever heard in a call of ours: listen to one (`doctor --send-test PERSON --channel voice`) before relying on it.
For any other language, or another voice: TWILIO_VOICE_MS='Google.ms-MY-Standard-A ms-MY', named by the language."""


class TwilioSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One Twilio account and how it is used.

    auth_tokens: the first one is sent with requests; a signature made with any of them is good, so that the token
        can be changed without a gap.
    sender: the number (E.164), short code or name that texts come from; calls need a number.
    messaging_service_sid: where given, texts come from it and not from `sender`.
    api_url: scheme, host and, where there is one, the path in front of Twilio's own.
    public_url: where Twilio reaches us; without it replies are polled, and calls take no keys.
    timeout: seconds for one request, from looking up the name to the last byte.
    texts_per_number, calls_per_number: what one telephone may get.
    no_texts, no_calls: calling codes ("86") that this account cannot reach so at all.
    voices: by language; what has none is not said.
    """

    account_sid: str
    auth_tokens: tuple[str, ...]
    sender: str | None = None
    messaging_service_sid: str | None = None
    api_url: str = TWILIO_API
    public_url: str | None = None
    timeout: float = 5.0
    sms_per_second: float = LONG_CODE_RATE
    calls_per_second: float = CALL_RATE
    texts_per_number: Limits = USUAL_TEXTS
    calls_per_number: Limits = USUAL_CALLS
    no_texts: frozenset[str] = frozenset()
    no_calls: frozenset[str] = frozenset()
    voices: dict[str, Voice] = msgspec.field(default_factory=lambda: dict(VOICES))
    machine_detection: bool = True

    @property
    def caller(self) -> str | None:
        """The number calls come from, or None where the sender is no number."""
        return self.sender if self.sender is not None and is_plain_number(self.sender) else None

    @property
    def hears_texts(self) -> bool:
        """Whether texts can come back: a name as the sender cannot be answered."""
        return self.messaging_service_sid is not None or not _NAME.fullmatch(self.sender or "")

    def speaks(self, language: str) -> bool:
        """Return whether there is a voice for *language*."""
        return language in self.voices

    def voice(self, language: str) -> Voice:
        """Return the voice for *language*.

        Raises:
            KeyError: there is none; a voice of another language would be understood by nobody.
        """
        return self.voices[language]

    def __repr__(self) -> str:
        replies = "hooks" if self.public_url else "polling"
        return f"TwilioSettings({replies}, {self.sms_per_second:g} segments/s, {self.calls_per_second:g} calls/s)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []  # what msgspec would list here are the secrets


def from_environment(env: Mapping[str, str]) -> TwilioSettings | None:
    """Return the settings in *env*, or None where it names neither an account nor a sender.

    Raises:
        SettingsError: something is missing or cannot be; says what to do about each, and shows no value.
    """
    said = {name: text.strip() for name, text in env.items() if text.strip()}
    if not said.keys() & {*_CREDENTIALS, *_SENDERS}:
        return None
    problems = [*_missing(said), *_malformed(said)]
    if problems:
        raise SettingsError("\n".join(each.en for each in problems), "\n".join(each.zh for each in problems))
    sender, service = said.get("TWILIO_FROM"), said.get("TWILIO_MESSAGING_SERVICE_SID")
    tokens = [said["TWILIO_AUTH_TOKEN"], said.get("TWILIO_AUTH_TOKEN_OLD", "")]
    return TwilioSettings(
        account_sid=said["TWILIO_ACCOUNT_SID"],
        auth_tokens=tuple(token for token in tokens if token),
        sender=sender,
        messaging_service_sid=service,
        api_url=said.get("TWILIO_API_URL", TWILIO_API).rstrip("/"),
        public_url=said["EMERGENCY_PUBLIC_URL"].rstrip("/") if "EMERGENCY_PUBLIC_URL" in said else None,
        sms_per_second=float(said.get("TWILIO_SMS_PER_SECOND", usual_rate(sender, service))),
        calls_per_second=float(said.get("TWILIO_CALLS_PER_SECOND", CALL_RATE)),
        texts_per_number=_limits(said.get("TWILIO_SMS_PER_NUMBER"), USUAL_TEXTS),
        calls_per_number=_limits(said.get("TWILIO_CALLS_PER_NUMBER"), USUAL_CALLS),
        no_texts=countries.codes(said.get("TWILIO_NO_TEXTS", "")),
        no_calls=countries.codes(said.get("TWILIO_NO_CALLS", "")),
        voices={**VOICES, **{_language_of(name): voice for name, voice in _voices(said)}},
        machine_detection=said.get("TWILIO_MACHINE_DETECTION", "on") == "on",
    )


def for_drills(env: Mapping[str, str]) -> TwilioSettings | None:
    """Return the settings for drills on real telephones: the same account, and a sender of its own, so that telephones
    show another name. None where *env* names no such sender.

    Raises:
        SettingsError: the sender cannot be, or is the one of what is real.
    """
    real = from_environment(env)
    said = {name: text.strip() for name, text in env.items() if text.strip()}
    sender, service = said.get("TWILIO_DRILL_FROM"), said.get("TWILIO_DRILL_MESSAGING_SERVICE_SID")
    if real is None or (sender is None and service is None):
        return None
    if (sender is not None and sender == real.sender) or (
        service is not None and service == real.messaging_service_sid
    ):
        raise SettingsError(
            "TWILIO_DRILL_FROM and TWILIO_DRILL_MESSAGING_SERVICE_SID must be others than those of what is real: "
            "telephones are to show that it is a drill. Remove them to run without drills on real telephones.",
            "TWILIO_DRILL_FROM 和 TWILIO_DRILL_MESSAGING_SERVICE_SID 不能和真实事件用的相同:"
            "电话上要看得出是演练。不打真实电话演练,就删掉它们。",
        )
    rate = said.get("TWILIO_DRILL_SMS_PER_SECOND")
    return msgspec.structs.replace(
        real, sender=sender, messaging_service_sid=service,
        sms_per_second=float(rate) if rate else usual_rate(sender, service),
    )  # fmt: skip


def usual_rate(sender: str | None, service: str | None) -> float:
    """Return how many segments a second such a sender can be handed, where nobody says so."""
    if service is not None:
        return SERVICE_RATE
    return SHORT_CODE_RATE if sender is not None and _SHORT_CODE.fullmatch(sender) else LONG_CODE_RATE


_CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
_SENDERS = ("TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID")


def _missing(said: Mapping[str, str]) -> Iterator[Text]:
    for name in _CREDENTIALS:
        if name not in said:
            yield Text(
                f"缺少 {name}。请设好它;不发真实消息,就删掉所有 TWILIO_ 开头的设置。",
                f"{name} is missing. Set it, or remove every TWILIO_ variable to run without real messages.",
            )
    if not said.keys() & set(_SENDERS):
        yield Text(
            "没有发送方。请把 TWILIO_FROM 设为账号里的一个号码,或设 TWILIO_MESSAGING_SERVICE_SID。",
            "There is no sender. Set TWILIO_FROM to a number of the account, or TWILIO_MESSAGING_SERVICE_SID.",
        )


def _malformed(said: Mapping[str, str]) -> Iterator[Text]:
    for name, fits, wanted in (
        ("TWILIO_ACCOUNT_SID", _ACCOUNT.fullmatch, Text("AC 加 32 位十六进制数", "'AC' and 32 hexadecimal digits")),
        (
            "TWILIO_MESSAGING_SERVICE_SID",
            _SERVICE.fullmatch,
            Text("MG 加 32 位十六进制数", "'MG' and 32 hexadecimal digits"),
        ),
        (
            "TWILIO_FROM",
            _is_sender,
            Text(
                "号码(如 +447700900001)、短号码,或不超过 11 个字母的名称",
                "a number as +447700900001, a short code, or a name of up to 11 letters",
            ),
        ),
        ("TWILIO_API_URL", _is_base_url, Text("http(s)://主机名,不带参数", "http(s)://host, with no query")),
        ("EMERGENCY_PUBLIC_URL", _is_base_url, Text("http(s)://主机名,不带参数", "http(s)://host, with no query")),
        ("TWILIO_SMS_PER_SECOND", _is_rate, Text("大于 0 的数", "a number above 0")),
        (
            "TWILIO_DRILL_FROM",
            _is_sender,
            Text(
                "号码(如 +447700900001)、短号码,或不超过 11 个字母的名称",
                "a number as +447700900001, a short code, or a name of up to 11 letters",
            ),
        ),
        (
            "TWILIO_DRILL_MESSAGING_SERVICE_SID",
            _SERVICE.fullmatch,
            Text("MG 加 32 位十六进制数", "'MG' and 32 hexadecimal digits"),
        ),
        ("TWILIO_DRILL_SMS_PER_SECOND", _is_rate, Text("大于 0 的数", "a number above 0")),
        ("TWILIO_CALLS_PER_SECOND", _is_rate, Text("大于 0 的数", "a number above 0")),
        ("TWILIO_SMS_PER_NUMBER", _LIMITS.fullmatch, _LIMITS_WANTED),
        ("TWILIO_CALLS_PER_NUMBER", _LIMITS.fullmatch, _LIMITS_WANTED),
        ("TWILIO_NO_TEXTS", countries.are_codes, Text("国家码,如 86, 91", "calling codes, as '86, 91'")),
        ("TWILIO_NO_CALLS", countries.are_codes, Text("国家码,如 86, 91", "calling codes, as '86, 91'")),
        ("TWILIO_MACHINE_DETECTION", {"on", "off"}.__contains__, Text("on 或 off", "'on' or 'off'")),
    ):
        if name in said and not fits(said[name]):
            yield Text(f"{name} 写得不对;应为:{wanted.zh}。", f"{name} is not what it should be: {wanted.en}.")
    for name in sorted(name for name in said if name.startswith(_VOICE_OF)):
        if not _VOICE_NAME.fullmatch(name):
            yield Text(
                f"{name} 里没有语言;请写成 TWILIO_VOICE_FR 或 TWILIO_VOICE_PT_BR。",
                f"{name} names no language; write it as TWILIO_VOICE_FR or TWILIO_VOICE_PT_BR.",
            )
        elif not _VOICE.fullmatch(said[name]):
            yield Text(
                f"{name} 写得不对;应为语音和它的语言,如 Polly.Zhiyu-Neural cmn-CN。",
                f"{name} is not what it should be: a voice and its language, as 'Polly.Zhiyu-Neural cmn-CN'.",
            )


def _is_sender(text: str) -> bool:
    return is_plain_number(text) or bool(_SHORT_CODE.fullmatch(text) or _NAME.fullmatch(text))


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)


def _is_rate(text: str) -> bool:
    try:
        rate = float(text)
    except ValueError:
        return False
    return math.isfinite(rate) and rate > 0


def _limits(text: str | None, usual: Limits) -> Limits:
    given = _LIMITS.fullmatch(text or "")
    if given is None:
        return usual
    return Limits(minute=int(given[1]), hour=int(given[2]), day=int(given[3]), hard=given[4] is not None)


def _voices(said: Mapping[str, str]) -> Iterator[tuple[str, Voice]]:
    for name, text in said.items():
        given = _VOICE.fullmatch(text) if name.startswith(_VOICE_OF) else None
        if given is not None:
            yield name, Voice(given[1], given[2])


def _language_of(name: str) -> str:
    """Return the language that a setting is about: `TWILIO_VOICE_PT_BR` is for pt-BR."""
    language, *region = name.removeprefix(_VOICE_OF).split("_")
    return "-".join([language.lower(), *(part.upper() if len(part) == 2 else part.title() for part in region)])
