"""What the page behind a link shows, as a value, and how it becomes HTML.

One template for every kind of page: a heading between drill marks, what is asked in large letters, and large buttons.
No script, no picture, nothing fetched from anywhere: it must work in the browser inside a chat and on an old telephone.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from emergency.core.values import Mode, Text
from emergency.engine import Engine
from emergency.store.links import LinkRow

if TYPE_CHECKING:
    from jinja2 import Template

WORDS: dict[str, Text] = {
    "drill": Text("演练", "DRILL"),
    "no_answer_yet": Text("打开本页不算答复,请按一个按钮:", "Opening this page is no answer. Tap one button:"),
    "more": Text("之后还可以按:", "What you can still do:"),
    "choose": Text("逐件点开,才能答完成或不能:", "Open each one to say that it is done, or that you cannot:"),
    "back": Text("回到全部事项", "Back to all of them"),
    "moved": Text(
        "情况刚变,你刚才按的没有记下。请看现在:",
        "Things have just changed; your tap was NOT noted. See how it stands now:",
    ),
    "refused": Text("刚才按的没有记下:现在不能这样答。", "Your tap was NOT noted: that is no answer now."),
    "until": Text("本页有效至 {at}。", "This page works until {at}."),
    "by_radio": Text("按不了?用对讲机或当面报中控室。", "No luck? Tell the control room by radio or in person."),
    "unknown": Text("这个链接打不开任何页面", "This link opens nothing"),
    "unknown_do": Text(
        "请从短信里重新点开,或核对地址是否完整。还不行,就用对讲机或当面告诉中控室。",
        "Open it again from the message, and check that the address is complete. If it still fails, tell the control "
        "room by radio or in person.",
    ),
    "expired": Text("这个链接已过期,什么都没有记下", "This link has expired; nothing was noted"),
    "expired_do": Text(
        "要答复,请用对讲机或当面告诉中控室;有新短信时点新的链接。",
        "To answer, tell the control room by radio or in person; if a newer message came, open the link in that one.",
    ),
    "trouble": Text("现在记不下你的答复", "Your answer cannot be noted just now"),
    "trouble_do": Text(
        "请马上用对讲机或当面告诉中控室,过一分钟再点一次链接。",
        "Tell the control room by radio or in person now, and open the link once more in a minute.",
    ),
}
"""What stands on every page. Instead of a telephone number, the control room: a page can be forwarded."""

OWN_NAMES = {"zh": "中文", "en": "English"}
"""How a language calls itself, for whoever needs another one."""


class Button(msgspec.Struct, frozen=True):
    """A large button. key: the digit it stands for, as in a call. tone: go, done, choice, no, help: how it looks."""

    key: str
    label: str
    tone: str


class Choice(msgspec.Struct, frozen=True):
    """A large button that leads to a page of its own and answers nothing. part: what follows the token in its URL."""

    label: str
    part: str
    note: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows, in one language.

    mode: a drill is marked at both ends and looks unlike the real thing. sign: whose page it is.
    code, headline: what it is about. rows: label and value, such as where and as whom.
    do: what is asked; the largest letters. said: what is noted already. buttons, choices: what can be tapped.
    state: changes whenever a form that lies open should no longer be believed.
    until: the moment when the link ends, as the site's clocks show it.
    """

    mode: Mode
    sign: str
    code: str
    headline: str
    state: str
    rows: tuple[tuple[str, str], ...] = ()
    do: str = ""
    said: str = ""
    asks: bool = True
    buttons: tuple[Button, ...] = ()
    choices: tuple[Choice, ...] = ()
    until: str = ""


class Page(Protocol):
    """One kind of page. Both functions run where the store is owned, in a transaction of their own."""

    def view(self, engine: Engine, link: LinkRow, part: str, language: str) -> View | None:
        """Return what the page shows; None where *part* is no page. Changes nothing."""
        ...

    def press(self, engine: Engine, link: LinkRow, part: str, key: str, id: str) -> bool:
        """Act on a button of the view, once for each *id*; return False where it could not be noted."""
        ...


def page_html(
    view: View, *, path: str, form: str, language: str, notice: str = "", back: str = "", other: tuple[str, str]
) -> str:
    """Return the page.

    Args:
        path: where its forms are posted. form: the mark that they carry. notice: a word that goes before all else.
        back: where the list of all steps is; empty where there is none. other: language and path of the same page.
    """
    words = {name: text.of(language) for name, text in WORDS.items()}
    return _template().render(
        view=view, path=path, form=form, notice=notice, back=back, other=other, other_name=OWN_NAMES[other[0]],
        html_language=_tag(language), words=words, css=style(), until=words["until"].partition("{at}"),
    )  # fmt: skip


def plain_html(word: str) -> str:
    """Return a page for whoever holds a link that does not work, in both languages: we do not know whose it is."""
    both = [(_tag(lang), WORDS[word].of(lang), WORDS[f"{word}_do"].of(lang)) for lang in ("zh", "en")]
    return _template().render(view=None, plain=both, html_language="zh-CN", css=style(), title=WORDS[word].en)


def _tag(language: str) -> str:
    return "zh-CN" if language == "zh" else language


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_file("page.html"))


@lru_cache(maxsize=1)
def style() -> Any:
    """Return the style sheet, marked as safe to stand in a page as it is."""
    from markupsafe import Markup

    return Markup(_file("page.css"))  # noqa: S704 - a file of our own


def _file(name: str) -> str:
    return resources.files("emergency.web").joinpath(name).read_text("utf-8")


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """Return what every page is sent with: kept by nobody, found by nobody, in no frame, and fetching nothing.

    A browser that knows hashes obeys the hash of our one style sheet and leaves `unsafe-inline` out of account (CSP 2,
    section 7.17); one that does not, on old telephones, would show the buttons without any style.
    """
    digest = base64.b64encode(hashlib.sha256(str(style()).encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}' 'unsafe-inline'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
    }
