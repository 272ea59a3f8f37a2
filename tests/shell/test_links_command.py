"""`emergency links`: who opened a link and who answered by it; a new key. And who it is that gets links."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import cli
from emergency.app import reach_of
from tests.fakes import FakeNotifier
from tests.linked import TOKEN, Linked
from tests.small import NOON, House


def emergency(linked: Linked, *words: str, lang: str = "en") -> Result:
    """Type a command in front of that building."""
    env = {"EMERGENCY_HOME": str(linked.home), "EMERGENCY_LANG": lang, "EMERGENCY_PUBLIC_URL": ""}
    return CliRunner().invoke(cli.main, list(words), env=env)


def test_who_opened_a_link_and_who_answered_is_listed(linked: Linked) -> None:
    """Whoever waits for an answer sees that the page was opened; no link stands in the list to answer with."""
    linked.trigger()
    for person in ("emma", "chloe", "anna", "felix"):
        linked.token(person)
    linked.get(f"/a/{linked.token('emma')}")
    linked.taps(f"/a/{linked.token('felix')}", "1")
    result = emergency(linked, "links", "--json")
    assert result.exit_code == 0
    found: dict[str, Any] = {link["person"]: link for link in json.loads(result.stdout)["links"]}
    assert sorted(found) == ["anna", "chloe", "emma", "felix"]
    assert {each["code"] for each in found.values()} == {"L01"}
    assert [bool(found[p]["opened"]) for p in ("emma", "felix", "chloe")] == [True, True, False]
    assert [bool(found[p]["answered"]) for p in ("emma", "felix", "chloe")] == [False, True, False]
    assert not any(linked.token(person) in result.stdout for person in found)


@pytest.mark.parametrize("lang, words", [("en", "not opened, not answered here"), ("zh", "未打开,未在此答复")])
def test_the_list_is_read_by_people_too(linked: Linked, lang: str, words: str) -> None:
    """A line for each link, in the operator's language."""
    assert emergency(linked, "links").stdout == "No link to answer by is in use.\n"
    linked.trigger()
    linked.token("emma")
    lines = emergency(linked, "links", lang=lang).stdout.splitlines()
    assert any(line.startswith("L01 ") and words in line for line in lines)


def test_two_new_keys_end_every_link(linked: Linked) -> None:
    """The running server takes the new key up by itself; after a second one the old links are dead."""
    linked.trigger()
    path = f"/a/{linked.token('emma')}"
    assert "still work" in emergency(linked, "links", "--new-key").stderr
    assert linked.get(path).status == 200
    emergency(linked, "links", "--new-key")
    assert linked.get(path).status == 404


def test_nobody_can_text_back_to_a_name() -> None:
    """Where the sender is a name instead of a number, everybody is taken for one who cannot text back."""
    named = FakeNotifier(one_way=("86",))
    assert {m.two_way for m in members_of(named)} == {True}
    named.abilities = msgspec.structs.replace(named.abilities, two_way=False)
    assert {m.two_way for m in members_of(named) if m.numbers} == {False}


def members_of(sms: FakeNotifier) -> list[Any]:
    """Return the team as a sender can reach it."""
    house = House([sms])
    return list(house.people.members(house.engine, reach_of([sms], "real"), NOON))


def test_a_link_in_a_text_is_one_word(linked: Linked) -> None:
    """No blank, no bracket and no letter that could be another stands in what is to be tapped."""
    linked.trigger()
    for person in ("emma", "chloe", "anna", "felix"):
        token = linked.token(person)
        assert TOKEN.search(linked.messages(person)[0].text)
        assert not set(token) & set("ilou")
