"""Jinja2 with its claws cut: names of plain values and a few filters; no calls, no attributes of objects, no powers.

Hardened against what a sandbox lets through by default: calling methods of passed objects, `**`, `*` and `%`
that cost seconds or gigabytes, filters that pad without limit. Values are plain text, numbers, lists and dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from emergency.core.braces import NAMED as NAMED
from emergency.core.braces import named as named

LONGEST = 1600
"""No message is longer (the provider's limit for one text)."""

FILTERS = ("join", "length", "upper", "lower", "first", "last")


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment that people's words are rendered in."""

    intercepted_binops = frozenset({"**", "*", "%", "//", "/", "-"})

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing may be called."""
        return False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """No attribute of any object may be read; dictionaries are read by key."""
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """No arithmetic beyond addition of what is there."""
        raise TemplateError(f"'{operator}' is not allowed in a text")


def _environment() -> Sandbox:
    env = Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    env.filters = {name: env.filters[name] for name in FILTERS}
    env.globals.clear()
    env.tests = {name: env.tests[name] for name in ("defined", "equalto", "eq")}
    return env


_ENV = _environment()


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Template:
    return _ENV.from_string(source)


def render(source: str, values: Mapping[str, Any]) -> str:
    """Return *source* filled with *values*, cut at 1,600 characters.

    Raises:
        ValueError: the template asks for what it was not given, or for what is not allowed.
    """
    try:
        return _compiled(source).render(values)[:LONGEST]
    except (TemplateError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a text cannot be filled: {error}") from error


def from_plan(text: str) -> str:
    """Return a plan's text (`{place}`, `{place.gate}`) as a template; every other brace stands for itself."""
    out, end = [], 0
    for match in NAMED.finditer(text):
        out.append(_plain(text[end : match.start()]))
        part = match[2] or "name"
        out.append("{{ v['" + match[1] + "']['" + part + "'] }}")
        end = match.end()
    out.append(_plain(text[end:]))
    return "".join(out)


def _plain(text: str) -> str:
    """Braces and percent signs of a plan's own words never become template syntax."""
    return "".join("{{ '" + ch + "' }}" if ch in "{}%#" else ch for ch in text)


def fill(text: str, values: Mapping[str, Mapping[str, str]]) -> str:
    """Return a plan's text with its named values filled in. Shape of *values*: name to part to words."""
    return render(from_plan(text), {"v": values})
