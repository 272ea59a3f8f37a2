"""What the tests of a running server share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_twilio import FakeTwilio
from tests.linked import Linked
from tests.serving import Mill, make_home


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A Twilio that lets every telephone receive; what the app does wrong still fails the test."""
    with FakeTwilio() as fake:
        fake.accept_everything()
        yield fake


@pytest.fixture
def mill(twilio: FakeTwilio) -> Iterator[Mill]:
    """The small building, served, with a public address that Twilio knows."""
    made = Mill(twilio, make_home()).start()
    yield made
    made.stop()


@pytest.fixture
def linked() -> Iterator[Linked]:
    """The small building where nobody can text back, served."""
    made = Linked().start()
    yield made
    made.stop()
