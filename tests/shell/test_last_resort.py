"""The last resort: no store, and still the first wave leaves, a card is printed, and nothing of it is forgotten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emergency import last_resort
from emergency.app import App
from emergency.core.values import Channel
from emergency.errors import Mistakes, PermanentFailure, StoreDamaged, StoreError
from emergency.notify import Abilities, Message, Receipt
from tests.installation import sample


class Taker:
    """A real-kind notifier that takes everything, but for one number."""

    def __init__(self, channel: Channel, refuses: str = "") -> None:
        self.name = "taker"
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset({"real"}), two_way=True, free_text=True, keypad=True, receipts=True, per_second=100.0
        )
        self.taken: list[Message] = []
        self.refuses = refuses

    async def send(self, message: Message) -> Receipt:
        """Take *message*."""
        if message.to == self.refuses:
            raise PermanentFailure("21211")
        self.taken.append(message)
        return Receipt(provider="taker", provider_id=f"t{len(self.taken)}")

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def ready(tmp_path: Path) -> App:
    """An installation whose last good copy was kept."""
    app = sample(tmp_path)
    engine = app.engine()
    engine.unit(app.keep_copy)
    engine.store.close()
    return app


def trigger(app: App, phones: list[Taker], said: list[str]) -> dict[str, object]:
    """Trigger a fire without the store."""
    return last_resort.trigger(
        app.settings.home, phones, app.clock, said.append, playbook="fire", at="K12", severity=None
    )


def test_the_first_wave_leaves_without_a_store(ready: App) -> None:
    """With the database gone for good, the people of the first state are texted and called, with words and code."""
    ready.settings.database_file.write_bytes(b"rubbish" * 100)
    sms, voice, said = Taker("sms"), Taker("voice"), list[str]()
    document = trigger(ready, [sms, voice], said)
    assert document["sent"] == len(sms.taken) + len(voice.taken) > 5
    assert document["failed"] == 0
    assert all(str(document["incident"]) in m.text for m in sms.taken)
    assert str(document["incident"]).startswith("F9")
    assert any("119" in line for line in said), "the card says whom to dial"


def test_the_copy_is_for_its_owner_alone(ready: App) -> None:
    """It holds everybody's numbers."""
    assert (ready.settings.home / last_resort.COPY).stat().st_mode & 0o077 == 0


def test_what_was_done_comes_into_the_log_later(ready: App) -> None:
    """The journal becomes an incident like any other: verified, with what was sent and what was not; twice is once."""
    refused = ready.people.roster(ready.engine()).people["sun_li"].numbers[0]
    said: list[str] = []
    document = trigger(ready, [Taker("sms", refuses=refused), Taker("voice")], said)
    engine = ready.engine()
    done = last_resort.recover(ready.settings.home, engine)
    assert [each["incident"] for each in done] == [document["incident"]]
    incident = engine.incident(str(document["id"]))
    engine.store.verify(incident.id)
    states = [d.status for d in incident.deliveries.values()]
    assert states.count("sent") == document["sent"]
    assert states.count("failed") == document["failed"] == 1
    assert engine.store.next_timer() is not None, "a server that starts now goes on with the ladders"
    assert last_resort.recover(ready.settings.home, engine) == []


def test_a_line_cut_by_a_full_disk_loses_only_itself(ready: App) -> None:
    """The last line of a journal may be half written; all before it is recovered."""
    document = trigger(ready, [Taker("sms"), Taker("voice")], [])
    path = Path(str(document["journal"]))
    path.write_bytes(path.read_bytes()[:-20])
    engine = ready.engine()
    assert last_resort.recover(ready.settings.home, engine)
    engine.store.verify(str(document["id"]))


def test_a_damaged_journal_is_named_by_line_and_left(ready: App) -> None:
    """A broken line in the middle is a mistake a person must look at; nothing is brought in by half."""
    document = trigger(ready, [Taker("sms"), Taker("voice")], [])
    path = Path(str(document["journal"]))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"{}\n", *lines[5:]]))
    engine = ready.engine()
    with pytest.raises(StoreDamaged, match=":5:"):
        last_resort.recover(ready.settings.home, engine)
    assert engine.store.all_incidents() == []
    assert path.exists()


def test_a_disk_that_takes_no_journal_does_not_stop_the_wave(ready: App) -> None:
    """When not even the journal can be written, the lines stand on the screen and the messages leave."""
    folder = ready.settings.home / last_resort.FOLDER
    folder.write_text("a file stands where the folder should be")
    said: list[str] = []
    sms = Taker("sms")
    document = trigger(ready, [sms, Taker("voice")], said)
    assert sms.taken
    assert document["sent"]
    assert any("copy these lines by hand" in line for line in said)


def test_without_a_copy_it_says_so(tmp_path: Path) -> None:
    """No last good copy: one clear error, and what is left to do."""
    with pytest.raises(StoreError, match="by hand"):
        last_resort.read_copy(tmp_path)


def test_unknown_words_are_refused_here_too(ready: App) -> None:
    """A mistyped plan starts nothing."""
    with pytest.raises(Mistakes, match="fire"):
        last_resort.trigger(ready.settings.home, [], ready.clock, print, playbook="fyre", at=None, severity=None)
    assert not os.path.exists(ready.settings.home / last_resort.FOLDER)
