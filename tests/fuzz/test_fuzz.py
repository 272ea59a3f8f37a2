"""Hostile input with a budget: a small one in `make test`, a long one in `make fuzz` (FUZZ_EXAMPLES).

What comes from outside may be refused in one way only; anything else that is raised is a finding.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emergency.app import App
from emergency.clock import VirtualClock
from emergency.core.replies import parse, split_code
from emergency.core.sandbox import LONGEST, fill, render
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.loader import read_playbook, read_roster, read_site
from emergency.notify import Inbound
from emergency.settings import Settings
from emergency.setup import make_installation
from emergency.verbs import VERBS, perform
from notifiers.registry import hooks_for

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "120"))
LONG = EXAMPLES > 1000
LONGEST_CASE = timedelta(seconds=30)
"""A busy machine stands still for seconds; what a hostile text can cost is far more."""
ROOT = Path(__file__).resolve().parents[2]
SITE_FILE = ROOT / "emergency" / "sample" / "site.yaml"
SITE = read_site(SITE_FILE.read_bytes(), "site.yaml")
PLANS = sorted((ROOT / "playbooks").glob("*.yaml"))

budget = settings(
    max_examples=EXAMPLES,
    deadline=LONGEST_CASE,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
    database=None,
)

noise = st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "replace"))
codes = st.from_regex(r"[xX]?[A-Ya-y][0-9]{1,4}[A-Ya-y]{0,3}", fullmatch=True)
replyish = st.lists(
    codes | st.sampled_from([*"0123456789", "+", " ", "收到", "done", "STOP", "１"]) | noise, max_size=6
).map("".join)


@budget
@given(replyish)
def test_any_text_is_read_or_not_but_never_breaks(text: str) -> None:
    """Whatever somebody writes, parsing ends in answers with one key of 1 to 9, or in none."""
    for reply in parse(text):
        assert reply.key is None or reply.key in "123456789"
        assert reply.code is not None or reply.key is not None
        split_code(reply)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[App, Engine]:
    """An installation with a fire and a lift entrapment open."""
    home = tmp_path_factory.mktemp("home")
    app = App(
        Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", {}),
        [],
        VirtualClock(datetime(2026, 3, 1, 4, tzinfo=UTC)),
    )
    make_installation(app.settings, app, sample=True)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    perform(app.desktop, engine, "trigger", {"playbook": "elevator_entrapment", "at": "Lift 2"})
    return app, engine


@budget
@given(text=replyish, who=st.integers(0, 60), sid=st.integers(0, 10**9), voice=st.booleans())
def test_any_inbound_message_has_one_outcome_and_the_log_stays_whole(
    installation: tuple[App, Engine], text: str, who: int, sid: int, voice: bool
) -> None:
    """Whatever comes, from whatever number, is acted on, answered or counted; nothing is raised, every chain holds."""
    app, engine = installation
    people = list(app.people.roster(engine).people.values())
    sender = people[who].numbers[0] if who < len(people) else "+12125550199"
    inbound = Inbound(
        id=f"SM{sid}", provider="fuzz", channel="voice" if voice else "sms", sender=sender, text=text,
        delivery="unknown.1" if voice else None,
    )  # fmt: skip
    outcome = engine.unit(lambda e: app.inbox.receive(e, inbound))
    assert outcome.kind
    if sid % 20 == 0:
        for row in engine.store.all_incidents():
            engine.store.verify(row.id)


WORDS = (
    "code playbook at severity note by reason to text person role values level check step slot override separate after"
)


@budget
@given(
    verb=st.sampled_from(sorted(VERBS)),
    args=st.dictionaries(
        st.sampled_from(WORDS.split()),
        noise | st.sampled_from(["F01", "E01", "fire", "wang_jun", "command", "all", "1", "red"]),
        max_size=6,
    ),
)
def test_any_words_of_a_verb_are_done_or_refused_in_words(
    installation: tuple[App, Engine], verb: str, args: dict[str, Any]
) -> None:
    """Typed rubbish ends in a document or in one clear refusal, and changes nothing by half."""
    app, engine = installation
    if "values" in args:
        args = {**args, "values": {args["values"]: "x"}}
    try:
        document = perform(app.desktop, engine, verb, args)
    except (Mistakes, CommandRefused) as error:
        assert str(error).strip()
    else:
        assert isinstance(document, dict)


BAD_LINES = [b"", b"  - x", b"*a", b"&a b", b"!!python/name:os.system x", b"on: off"]


@st.composite
def broken_files(draw: st.DrawFn, files: list[Path]) -> tuple[bytes, str]:
    """A shipped file with a few bytes or lines of it changed."""
    file = draw(st.sampled_from(files))
    raw = bytearray(file.read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw) - 1))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "line"]))
        if kind == "flip":
            raw[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del raw[at : at + draw(st.integers(1, 80))]
        elif kind == "insert":
            raw[at:at] = draw(st.binary(max_size=20))
        else:
            lines = bytes(raw).split(b"\n")
            lines[at % len(lines)] = draw(st.sampled_from(BAD_LINES))
            raw = bytearray(b"\n".join(lines))
        if not raw:
            break
    return bytes(raw), file.name


@settings(budget, max_examples=max(40, EXAMPLES // 3))
@given(broken_files(PLANS))
def test_a_broken_plan_is_loaded_whole_or_refused_with_lines(case: tuple[bytes, str]) -> None:
    """A damaged file never loads by half and never ends in a traceback: every problem names the file."""
    raw, name = case
    try:
        plan = read_playbook(raw, name, SITE)
    except Mistakes as error:
        assert error.problems
        assert all(problem.file == name for problem in error.problems)
    else:
        assert plan.states


@settings(budget, max_examples=max(20, EXAMPLES // 6))
@given(broken_files([SITE_FILE, SITE_FILE.with_name("roster.yaml")]))
def test_a_broken_site_or_roster_is_loaded_whole_or_refused(case: tuple[bytes, str]) -> None:
    """The same for the site and the people."""
    raw, name = case
    try:
        if name == "site.yaml":
            read_site(raw, name)
        else:
            read_roster(raw, name, SITE)
    except Mistakes as error:
        assert error.problems


CODE_BITS = ["{{", "}}", "{%", "%}", "{#", "#}", "{x}", "{x.y}", "x", ".__class__", "()", "|", "center(10**9)", "**"]
WORD_BITS = ["9", "for a in x", "endfor", "range(10**9)", "''", "['a']", " ", "loop", "self", "cycler", "namespace"]
template_bits = st.sampled_from([*CODE_BITS, *WORD_BITS])


@budget
@given(st.lists(template_bits | noise, max_size=10).map("".join))
def test_a_plans_text_is_never_code(text: str) -> None:
    """What stands in a plan comes out as it stands, but for the values it names; nothing is called or multiplied."""
    try:
        said = fill(text, {"x": {"name": "here", "y": "there"}})
    except ValueError:
        return
    assert len(said) <= LONGEST


@budget
@given(st.lists(template_bits, max_size=10).map("".join))
def test_a_template_cannot_call_or_grow(source: str) -> None:
    """A template of ours that somebody edits is refused or filled; it never runs anything and never grows."""
    try:
        said = render(source, {"x": ["a", "b"]})
    except ValueError:
        return
    assert len(said) <= LONGEST


ENV = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+12025550100",
    "EMERGENCY_PUBLIC_URL": "https://mall.example",
}
FIELDS = [
    "MessageSid",
    "From",
    "Body",
    "CallSid",
    "Digits",
    "MessageStatus",
    "CallStatus",
    "ErrorCode",
    "AnsweredBy",
    "To",
    "Direction",
]


@budget
@given(st.lists(st.tuples(st.sampled_from(FIELDS) | noise, noise), max_size=12), noise)
def test_a_posted_form_is_read_or_refused(form: list[tuple[str, str]], signature: str) -> None:
    """No form breaks a reader: it is understood, or refused with a ValueError that quotes no number."""
    hooks = hooks_for(ENV)
    assert hooks is not None
    assert not hooks.authentic("/hooks/twilio/sms", form, signature)
    for read in (
        lambda: hooks.read_sms(form),
        lambda: hooks.read_keys(form, "d.1"),
        lambda: hooks.read_status(form, "d.1", 1),
        lambda: hooks.read_machine(form, "d.1", 1),
    ):
        assert "+1" not in _refusal(read)


def _refusal(read: Callable[[], object]) -> str:
    """Return the words in which a form was refused; none when it was read."""
    try:
        read()
    except ValueError as error:
        return str(error)
    return ""
