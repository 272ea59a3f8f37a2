"""Hostile links: whatever stands where a token should stand opens nothing, and raises nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emergency.links import ALPHABET, Links
from tests.linked import Linked
from tests.small import House

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "120"))
budget = settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=2),
    derandomize=EXAMPLES <= 1000,
    suppress_health_check=list(HealthCheck),
    database=None,
)
tokenish = st.text(ALPHABET, min_size=10, max_size=24) | st.text(max_size=40) | st.text("0oOiIlL1", max_size=16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Links, House, list[str]]:
    """Return a house with a hundred links that are out."""
    house = House()
    links = Links(tmp_path_factory.mktemp("home"), "https://mill.example")
    words = [{"person": "emma", "incident": "i", "kind": "alert", "subject": f"i/a{n}"} for n in range(100)]
    urls = house.engine.unit(lambda engine: [links.make(engine, **each) for each in words])
    return links, house, [url.rpartition("/")[2] for url in urls]


@budget
@given(token=tokenish)
def test_no_guess_opens_a_page(made: tuple[Links, House, list[str]], token: str) -> None:
    """Nothing that is not one of the tokens, however it is written, reads as one."""
    links, house, real = made
    assert token in real or links.read(house.engine, token) is None


@budget
@given(st.data())
def test_no_mixture_of_tokens_opens_a_page(made: tuple[Links, House, list[str]], data: st.DataObject) -> None:
    """The number of one link with the rest of another, letters left out or put in: none of it opens anything."""
    links, house, real = made
    one, other = data.draw(st.sampled_from(real)), data.draw(st.sampled_from(real))
    cut, put = data.draw(st.integers(0, len(one))), data.draw(st.text(ALPHABET, max_size=2))
    token = one[:cut] + put + other[cut:]
    row = links.read(house.engine, token)
    assert row is None or links.token(row) == token.lstrip("0")


@pytest.fixture(scope="module")
def linked() -> Iterator[Linked]:
    """Return the building where nobody can text back, with one incident that nobody may answer."""
    building = Linked().start()
    building.trigger()
    building.token("emma")
    yield building
    building.stop()


@settings(budget, max_examples=max(30, EXAMPLES // 4))
@given(
    body=st.binary(max_size=300) | st.dictionaries(st.sampled_from(["form", "key", "x"]), st.text(max_size=20)),
    query=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=10),
    part=st.sampled_from(["", "/1", "/2", "/99999999999999999999", "/-1", "/%00"]),
)
def test_no_form_but_ours_answers(linked: Linked, body: bytes | dict[str, str], query: str, part: str) -> None:
    """Whatever is posted to a page, it is refused, or leads back to the page, and nothing is answered."""
    path = f"/a/{linked.token('emma')}{part}?lang={query}&n={query}"
    assert linked.post(path, body).status in (303, 400, 404, 429)
    assert not any(linked.seen("answered_at"))


def test_the_folder_holds_no_more_than_the_key(made: tuple[Links, House, list[str]]) -> None:
    """Nothing of all this leaves a file behind."""
    assert [each.name for each in Path(made[0].file).parent.iterdir()] == ["links.key"]
