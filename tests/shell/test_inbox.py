"""What comes in: each reply does one thing, to the right step of the right incident, once, and is told what it did."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.replies import OPT_OUT
from emergency.inbox import QUIET_AFTER
from emergency.notify import Inbound, Message
from tests.fakes import FakeNotifier
from tests.small import MINUTE, House, number

ID = "leak1"
DOING = (e.AlertAcknowledged, e.AlertClosed, e.StepDone, e.HelpAsked, e.StateEntered)
"""What a reply may do to an incident, apart from leaving a note."""


@pytest.fixture
def house() -> House:
    """Return a house with an open leak, everybody called on, and every telephone at work."""
    sms, voice = FakeNotifier(modes=("real", "drill")), FakeNotifier("voice", modes=("real", "drill"))
    made = House([sms, voice])
    made.open(id=ID)
    made.pump()
    return made


def done(house: House) -> list[tuple[str, str]]:
    """Return what replies have done: (event, alert, step or person)."""
    return [
        (
            type(event).__name__,
            getattr(event, "alert", None) or getattr(event, "step", None) or getattr(event, "person", None) or "",
        )
        for id in sorted(row.id for row in house.store.all_incidents())
        for event in house.events(id, *DOING)
        if not (isinstance(event, e.StateEntered) and event.via == "opening")
    ]


def answers(house: House) -> list[str]:
    """Return the answers that went back to people, oldest first, as they read them."""
    house.pump()
    sms = house.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    return [message.text for message in sms.taken.values() if message.id.startswith("re:")]


def acknowledged(house: House, person: str) -> list[str]:
    """Return the steps that somebody has acknowledged, by name, in alphabetical order."""
    incident = house.incident(ID)
    alerts = [incident.alerts[event.alert] for event in house.events(ID, e.AlertAcknowledged)]
    return sorted(incident.steps[a.step or ""].name for a in alerts if a.person == person)


def until_the_deputy_is_asked(house: House) -> None:
    """Let everybody be silent for as long as the ladder needs to reach Dmitri."""
    for _ in range(3):
        house.wait(MINUTE)


# a code and a key


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("{ref}1", id="as printed"),
        pytest.param("{ref}+1", id="with the plus of the Chinese text"),
        pytest.param("{ref} 1", id="with a space"),
        pytest.param("'{ref}1'", id="in quotes"),
        pytest.param("{small}1", id="in small letters"),
        pytest.param("{wide}1", id="in full-width letters"),
        pytest.param("{ref} ok", id="with a word"),
        pytest.param("{ref}收到", id="with a Chinese word"),
        pytest.param(" {ref}1 。\n", id="with a full stop and a line"),
    ],
)
def test_a_code_and_a_key_are_read_forgivingly(house: House, written: str) -> None:
    """However a tired guard writes it, the printed reply does what is printed beside it."""
    ref = house.ref(ID, "kind")
    wide = "".join(chr(ord(ch) + 0xFEE0) for ch in ref)
    outcome = house.texts("emma", written.format(ref=ref, small=ref.lower(), wide=wide))
    assert (outcome.kind, outcome.incident) == ("acknowledged", ID)
    assert acknowledged(house, "emma") == ["kind"]
    assert ref in outcome.says


@pytest.mark.parametrize(
    "person, step, key, kind, event",
    [
        pytest.param("emma", "kind", "1", "acknowledged", e.AlertAcknowledged, id="1 received"),
        pytest.param("chloe", "look", "2", "done", e.StepDone, id="2 done"),
        pytest.param("emma", "kind", "3", "declined", e.AlertClosed, id="3 cannot"),
        pytest.param("emma", "kind", "4", "chosen", e.StepDone, id="4 the first answer"),
        pytest.param("emma", "kind", "5", "chosen", e.StepDone, id="5 the second answer"),
        pytest.param("emma", "kind", "9", "help", e.HelpAsked, id="9 help"),
        pytest.param("felix", "stand_by", "1", "acknowledged", e.AlertAcknowledged, id="standing by"),
        pytest.param("felix", "stand_by", "2", "acknowledged", e.AlertAcknowledged, id="on the spot, standing by"),
    ],
)
def test_each_key_does_its_own_thing(
    house: House, person: str, step: str, key: str, kind: str, event: type[e.Event]
) -> None:
    """Keys mean the same in every plan, and their event bears the channel they came by."""
    outcome = house.texts(person, house.ref(ID, step) + key)
    assert kind == outcome.kind
    (happened,) = house.events(ID, event)[-1:]
    assert getattr(happened, "via", "sms") == "sms"
    assert len(answers(house)) == 1


def test_an_answer_of_a_decision_is_kept_by_name(house: House) -> None:
    """5 is the second answer of the plan: the log says which, and the person reads it back."""
    outcome = house.texts("emma", house.ref(ID, "kind") + "5")
    (finished,) = house.events(ID, e.StepDone)
    assert (finished.answer, finished.person) == ("roof", "emma")
    assert "the roof" in outcome.says


@pytest.mark.parametrize(
    "person, step, key, offered",
    [
        pytest.param("emma", "kind", "7", "4a pipe", id="a key beyond the answers"),
        pytest.param("emma", "kind", "2", "5the roof", id="done, where an answer is wanted"),
        pytest.param("chloe", "look", "4", "2done", id="an answer, where there is nothing to choose"),
        pytest.param("felix", "stand_by", "5", "3", id="a key while standing by"),
    ],
)
def test_a_key_that_is_not_offered_does_nothing(house: House, person: str, step: str, key: str, offered: str) -> None:
    """The person reads what there is to choose, and nothing is done."""
    before = done(house)
    outcome = house.texts(person, house.ref(ID, step) + key)
    assert outcome.kind == "wrong_key"
    assert offered in outcome.says.replace(" ", "") or offered in outcome.says
    assert before == done(house)


def test_one_text_may_hold_several_replies(house: House) -> None:
    """Each of them is acted on, in order, and all are answered together."""
    look, block = house.ref(ID, "look"), house.ref(ID, "block")
    outcome = house.texts("chloe", f"{look}1, {block} 3")
    assert acknowledged(house, "chloe") == ["look"]
    assert house.alert(ID, "chloe", "block").status == "closed"
    assert look in outcome.says
    assert block in outcome.says
    assert len(answers(house)) == 1


def test_the_second_reply_of_a_text_sees_what_the_first_has_done(house: House) -> None:
    """Done with both steps moves the plan on; a third reply to a step that is gone by then finds it over."""
    look, block = house.ref(ID, "look"), house.ref(ID, "block")
    house.texts("chloe", f"{look}2 {block}2 {look}1")
    assert house.incident(ID).state == "drying"
    assert len(house.events(ID, e.StepDone)) == 2


def test_a_code_without_a_letter_takes_all_that_is_mine(house: House) -> None:
    """`L01 1` receives every open step of that person in that incident, and of nobody else."""
    house.texts("chloe", "L01 1")
    assert acknowledged(house, "chloe") == ["block", "look"]
    assert acknowledged(house, "emma") == []


def test_a_code_without_a_letter_is_asked_back_for_more(house: House) -> None:
    """`L01 2` with two steps open cannot say which is done: the person reads both, and nothing is done."""
    before = done(house)
    outcome = house.texts("chloe", "L01 2")
    assert outcome.kind == "which"
    assert house.ref(ID, "look") in outcome.says
    assert house.ref(ID, "block") in outcome.says
    assert before == done(house)


def test_a_code_run_into_its_key_is_split(house: House) -> None:
    """`L011` is L01 and 1 as long as no incident is called L011."""
    assert house.texts("emma", "L011").kind == "acknowledged"


# a bare key


@pytest.mark.parametrize(
    "written", ["1", "1 ok", "OK", "收到", "好的", "Roger", "1。", "on my way", "１"], ids=lambda text: text
)
def test_a_bare_word_is_enough_when_one_thing_is_open(house: House, written: str) -> None:
    """With exactly one thing open for this person no code is needed."""
    assert house.texts("emma", written).kind == "acknowledged"
    assert acknowledged(house, "emma") == ["kind"]


def test_a_bare_1_receives_all_of_one_text(house: House) -> None:
    """Two steps that came as one SMS are received by one bare 1, as that SMS says."""
    house.texts("chloe", "1")
    assert acknowledged(house, "chloe") == ["block", "look"]


def test_a_bare_key_other_than_1_is_asked_back_for(house: House) -> None:
    """Done, but which of two? Nothing is done."""
    before = done(house)
    assert house.texts("chloe", "2").kind == "which"
    assert before == done(house)


def test_two_incidents_make_a_bare_key_ambiguous(house: House) -> None:
    """Open in two incidents: the person is asked which, reads both codes, and nothing is done in either."""
    house.open("leak", id="leak2")
    house.do("leak2", c.AssignRole(role="porter", person="emma", by="console"))
    house.pump()
    before = done(house)
    outcome = house.texts("emma", "1")
    assert outcome.kind == "which"
    assert "L01" in outcome.says
    assert "L02" in outcome.says
    assert before == done(house)


def test_nothing_open_is_said_so(house: House) -> None:
    """Who was never asked reads that nothing waits, and nothing is done."""
    before = done(house)
    assert house.texts("boris", "1").kind == "nothing"
    assert before == done(house)


@pytest.mark.parametrize(
    "written",
    ["3 people here", "12", "10:30", "1 or 2", "at gate 2", "I am at floor 1", "0", "123", "1 3"],
    ids=lambda text: text,
)
def test_a_number_in_a_sentence_is_no_key(house: House, written: str) -> None:
    """What is not clearly a key is a note for command, never an answer."""
    before = done(house)
    assert house.texts("emma", written).kind == "unread"
    assert before == done(house)


# wrong, late, repeated


def test_what_was_sent_to_another_does_nothing(house: House) -> None:
    """Emma answers with Chloe's code: she reads that it is not hers, and Chloe's step stays as it is."""
    before = done(house)
    outcome = house.texts("emma", house.ref(ID, "look") + "1")
    assert outcome.kind == "foreign"
    assert house.alert(ID, "chloe", "look").status == "open"
    assert before == done(house)


@pytest.mark.parametrize(
    "person, written",
    [
        pytest.param("boris", "L01 1", id="somebody who was never alerted"),
        pytest.param("emma", "L77A1", id="a code that no incident has"),
        pytest.param("emma", "XL01A1", id="the code of a drill that is not there"),
        pytest.param("emma", "L01Z1", id="a letter that no step has"),
        pytest.param("boris", "L01 9", id="help, with the code of an emergency that is not theirs"),
    ],
)
def test_a_code_that_is_not_theirs_does_nothing(house: House, person: str, written: str) -> None:
    """An answer counts only from a person who was asked; the person is told to look again."""
    before = done(house)
    assert house.texts(person, written).kind in ("foreign", "unread")
    assert before == done(house)


def test_an_answer_that_comes_late_is_told_who_has_it(house: House) -> None:
    """Chloe was silent and Dmitri has taken her step: her late 1 takes nothing from him, and names him."""
    until_the_deputy_is_asked(house)
    assert house.texts("dmitri", house.ref(ID, "look") + "1").kind == "acknowledged"
    before = done(house)
    outcome = house.texts("chloe", house.ref(ID, "look") + "1")
    assert outcome.kind == "over"
    assert "Dmitri Dorn" in outcome.says
    assert before == done(house)
    assert house.incident(ID).holders("guard") == ("dmitri",)


def test_two_people_may_race_for_a_step(house: House) -> None:
    """Both were asked and both say 1: the first has it, the second is let go, and both know."""
    until_the_deputy_is_asked(house)
    ref = house.ref(ID, "look")
    first, second = house.texts("chloe", ref + "1"), house.texts("dmitri", ref + "1")
    assert (first.kind, second.kind) == ("acknowledged", "over")
    assert "Chloe Clark" in second.says
    assert acknowledged(house, "chloe") == ["look"]
    assert acknowledged(house, "dmitri") == []


def test_who_declined_and_writes_again_is_told_so(house: House) -> None:
    """Nothing is asked of Chloe any more: not because it was done, but because she said that she cannot."""
    for step in ("look", "block"):
        house.texts("chloe", house.ref(ID, step) + "3")
    outcome = house.texts("chloe", "L01 1")
    assert (outcome.kind, "you said you cannot" in outcome.says) == ("over", True), outcome.says


def test_a_step_that_was_left_behind_is_over(house: House) -> None:
    """The plan has moved on: an answer to a step of the state before does nothing."""
    old = house.ref(ID, "kind")
    for step in ("look", "block"):
        house.texts("chloe", house.ref(ID, step) + "2")
    assert house.incident(ID).state == "drying"
    before = done(house)
    outcome = house.texts("emma", old + "4")
    assert (outcome.kind, "moved on" in outcome.says) == ("over", True)
    assert before == done(house)


def test_the_code_of_a_closed_incident_does_nothing(house: House) -> None:
    """After the end a late reply reads that it is over; the closed log gets no line of it."""
    house.do(ID, c.CancelIncident(by="console", reason=house.store.seal("a wet floor, mopped")))
    house.pump()
    house.wait(61 * MINUTE)
    incident = house.incident(ID)
    assert incident.is_closed
    house.pump()
    version = house.incident(ID).version
    for written in (house.ref(ID, "kind") + "1", "L01 1", "L01 2", house.ref(ID, "kind") + "4"):
        assert house.texts("emma", written).kind == "over"
    assert version == house.incident(ID).version


def test_saying_it_twice_is_no_harm(house: House) -> None:
    """The second 1 of the same person changes nothing, and says that it was noted."""
    ref = house.ref(ID, "kind")
    house.texts("emma", ref + "1")
    before = done(house)
    assert house.texts("emma", ref + "1").kind == "again"
    assert before == done(house)


def test_a_message_is_acted_on_once_however_often_it_comes(house: House) -> None:
    """The same id of the provider again, even with other words: silence, no second act, and it is counted."""
    ref = house.ref(ID, "kind")
    house.texts("emma", ref + "1", id="SM1")
    before, said = done(house), answers(house)
    assert house.texts("emma", ref + "1", id="SM1").kind == "repeated"
    assert house.texts("emma", ref + "4", id="SM1").kind == "repeated"
    assert (before, said) == (done(house), answers(house))
    assert house.store.counters()["inbound_repeated"] == 2


# no answer at all


def test_an_unknown_number_meets_silence(house: House) -> None:
    """Whoever is not in the roster gets no answer and moves nothing; it is counted."""
    before = done(house)
    stranger = Inbound(
        id="SM1", provider="fake", channel="sms", sender="+13125550199", text=house.ref(ID, "kind") + "1"
    )
    outcome = house.hears(stranger)
    assert (outcome.kind, outcome.says) == ("unknown", "")
    assert (before, []) == (done(house), answers(house))
    assert house.store.counters()["inbound_unknown"] == 1


@pytest.mark.parametrize("word", sorted(OPT_OUT))
def test_an_opt_out_word_is_the_carriers(house: House, word: str) -> None:
    """A word that carriers act on is never read as an answer, and not answered; command sees it."""
    before = done(house)
    outcome = house.texts("emma", f" {word.lower()}. ")
    assert (outcome.kind, outcome.says) == ("opt_out", "")
    assert (before, []) == (done(house), answers(house))
    (note,) = house.events(ID, e.NoteAdded)
    assert note.by == "emma"


def test_what_cannot_be_read_reaches_command(house: House) -> None:
    """Words of no meaning to us are kept, shown to whoever commands, and the person reads how to answer."""
    outcome = house.texts("emma", "the door is stuck")
    assert outcome.kind == "unread"
    assert house.ref(ID, "kind") in outcome.says
    (note,) = house.events(ID, e.NoteAdded)
    assert {note.text: "the door is stuck"} == house.store.words([note.text])
    shown = house.alerts(ID, "anna")[-1]
    assert ("note", note.text) == (shown.kind, shown.text)


def test_words_beside_an_answer_are_not_lost(house: House) -> None:
    """`L01B1 need a mop` acknowledges, and the rest is a note."""
    house.texts("emma", house.ref(ID, "kind") + "1 need a mop")
    assert acknowledged(house, "emma") == ["kind"]
    (note,) = house.events(ID, e.NoteAdded)
    assert [["L01E1", "need a mop"][1]] == [t.split(" ", 1)[1] for t in house.store.words([note.text]).values()]


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "\x00\x01", "👍"], ids=["nothing", "spaces", "line", "control", "sign"]
)
def test_odd_texts_are_survived(house: House, text: str) -> None:
    """An empty text, or one of signs alone, is unreadable like any other."""
    assert house.texts("emma", text).kind == "unread"


def test_an_endless_text_is_cut(house: House) -> None:
    """A text far beyond any SMS is kept up to a limit and breaks nothing."""
    house.texts("emma", "wa" * 500_000)
    (note,) = house.events(ID, e.NoteAdded)
    assert len(house.store.words([note.text])[note.text]) == 1600


# not too many answers


def test_answers_that_do_nothing_are_few(house: House) -> None:
    """Five in an hour to one person, then silence, or two machines would talk for ever; after the hour again."""
    for _ in range(QUIET_AFTER + 3):
        assert house.texts("emma", "I am out of the office").kind == "unread"
    assert len(answers(house)) == QUIET_AFTER
    house.texts("boris", "hello")
    assert len(answers(house)) == QUIET_AFTER + 1
    house.clock.advance(61 * MINUTE)
    house.texts("emma", "hello")
    assert len(answers(house)) == QUIET_AFTER + 2


@pytest.mark.parametrize("before", ["", "L77A1 "], ids=["alone", "behind a code that is not hers"])
def test_an_answer_that_does_something_is_always_confirmed(house: House, before: str) -> None:
    """However often somebody wrote in vain, what counts is answered."""
    for _ in range(QUIET_AFTER):
        house.texts("emma", "hello")
    house.texts("emma", before + house.ref(ID, "kind") + "1")
    assert acknowledged(house, "emma") == ["kind"]
    assert "noted, received" in answers(house)[-1]


def test_the_answer_goes_to_the_number_that_wrote(house: House) -> None:
    """From the second telephone: the answer comes to that one."""
    house.texts("anna", house.ref(ID, "lead") + "1", which=1)
    house.pump()
    sms = house.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    (said,) = [message for message in sms.taken.values() if message.id.startswith("re:")]
    assert number("anna", 1) == said.to


def test_the_answer_is_in_the_persons_language(house: House) -> None:
    """Felix reads Chinese, whatever he wrote."""
    outcome = house.texts("felix", house.ref(ID, "stand_by") + " ok")
    assert "已记:收到" in outcome.says


def test_an_answer_holds_no_name_in_the_outbox(house: House) -> None:
    """A name in an answer is kept with the words, which can be forgotten, and not in the line of the message."""
    until_the_deputy_is_asked(house)
    house.texts("dmitri", house.ref(ID, "look") + "1")
    house.texts("chloe", house.ref(ID, "look") + "1")
    lines = b"".join(row.line for row in house.rows())
    assert b"Dmitri" not in lines
    assert any("Dmitri Dorn" in text for text in answers(house))


# by telephone


def call_of(house: House, person: str) -> str:
    """Return the delivery of the last call to somebody."""
    return [row.id for row in house.rows(person) if row.channel == "voice"][-1]


def called(house: House) -> House:
    """Let the silence last until everybody has been rung."""
    house.wait(MINUTE)
    return house


def test_a_key_in_a_call_acknowledges(house: House) -> None:
    """1 in a call is as good as 1 in a text, and the caller hears what it did."""
    outcome = called(house).presses("emma", "1", call_of(house, "emma"))
    (event,) = house.events(ID, e.AlertAcknowledged)
    assert (outcome.kind, event.via) == ("acknowledged", "voice")
    assert outcome.says
    assert answers(house) == []


def test_a_key_in_a_call_finishes_the_one_step_it_was_about(house: House) -> None:
    """5 in a call about one decision chooses its second answer."""
    called(house).presses("emma", "5", call_of(house, "emma"))
    (event,) = house.events(ID, e.StepDone)
    assert (event.answer, event.via) == ("roof", "voice")


@pytest.mark.parametrize("lead", [pytest.param(-2, id="by its first row"), pytest.param(-1, id="by its second")])
def test_1_in_a_call_about_two_steps_receives_both(house: House, lead: int) -> None:
    """Two calls of one moment are one call; 1 in it receives everything it said."""
    called(house)
    rows = [row.id for row in house.rows("chloe") if row.channel == "voice"]
    house.presses("chloe", "1", rows[lead])
    assert acknowledged(house, "chloe") == ["block", "look"]


def test_1_in_a_call_counts_before_the_provider_has_named_it(house: House) -> None:
    """A key may come before the answer to our own request has been written down: it still counts for all of it."""
    voice = house.notifiers[1]
    assert isinstance(voice, FakeNotifier)

    def presses(message: Message) -> None:
        if message.to == number("chloe"):
            house.presses("chloe", "1", message.id)

    voice.before_send = presses
    called(house)
    assert acknowledged(house, "chloe") == ["block", "look"]


def test_another_key_in_a_call_about_two_steps_does_nothing(house: House) -> None:
    """2 could be about either: nothing is done, and the caller hears that a text is needed."""
    called(house)
    before = done(house)
    assert house.presses("chloe", "2", call_of(house, "chloe")).kind == "which"
    assert before == done(house)


def test_news_in_a_call_does_not_hide_its_one_task(house: House) -> None:
    """A call that tells Anna of a cry for help and asks one thing of her takes the keys of that one thing."""
    house.clock.advance(MINUTE)
    house.engine.fire_due()  # the ladder calls everybody again, Anna on her second number ...
    house.do(ID, c.AskHelp(person="emma"))  # ... and in the same moment somebody cries for help
    house.pump()
    calls: dict[str, list[tuple[str, str]]] = {}
    for row in house.rows("anna"):
        if row.channel == "voice" and row.provider_id:
            kind = house.incident(ID).alerts[row.alert or ""].kind
            calls.setdefault(row.provider_id, []).append((kind, row.id))
    (both,) = [sorted(pairs) for pairs in calls.values() if sorted(k for k, _ in pairs) == ["help", "task"]]
    assert house.presses("anna", "2", both[0][1]).kind == "done"
    assert len(house.events(ID, e.StepDone)) == 1


def test_9_in_a_call_asks_for_help(house: House) -> None:
    """9 works in every call, also in one about two steps."""
    called(house).presses("chloe", "9", call_of(house, "chloe"))
    (event,) = house.events(ID, e.HelpAsked)
    assert (event.person, event.via) == ("chloe", "voice")


@pytest.mark.parametrize(
    "key, delivery",
    [
        pytest.param("0", None, id="a key that means nothing"),
        pytest.param("*", None, id="a star"),
        pytest.param("12", None, id="two keys"),
        pytest.param("", None, id="no key"),
        pytest.param("1", "leak1.999", id="a call that was never made"),
        pytest.param("1", "chloe", id="a call that was made to another"),
    ],
)
def test_a_key_that_cannot_count_does_nothing(house: House, key: str, delivery: str | None) -> None:
    """Only a key of ours, pressed in the call that was made to that person, counts."""
    called(house)
    before = done(house)
    which = call_of(house, delivery if delivery == "chloe" else "emma") if delivery in (None, "chloe") else delivery
    assert house.presses("emma", key, which or "").kind in ("unread", "nothing")
    assert before == done(house)


def test_a_call_that_only_told_takes_no_key(house: House) -> None:
    """1 in a call that asks nothing does nothing."""
    house.texts("emma", "9")
    house.pump()
    before = done(house)
    loud = [row for row in house.rows("anna") if row.channel == "voice"][-1]
    assert house.incident(ID).alerts[loud.alert or ""].kind == "help"
    assert house.presses("anna", "1", loud.id).kind == "nothing"
    assert before == done(house)


# help


def test_help_is_called_out_to_command(house: House) -> None:
    """9 reaches whoever commands and the control room, by text and by call, ahead of everything else."""
    house.texts("emma", "9")
    told = [a.person for a in house.incident(ID).alerts.values() if a.kind == "help"]
    assert {"anna", "felix"} == set(told)
    first = house.store.queued("real", "voice", house.clock.now(), 1)[0]
    assert first.urgency == 0


def test_help_works_with_any_code_and_with_none(house: House) -> None:
    """9, the incident's code and 9, a step's code and 9, and the word, are one and the same."""
    for person, written in (
        ("emma", "9"),
        ("chloe", "L01 9"),
        ("felix", house.ref(ID, "stand_by") + "9"),
        ("anna", "求助"),
    ):
        assert house.texts(person, written).kind == "help"
    assert sorted(event.person for event in house.events(ID, e.HelpAsked)) == ["anna", "chloe", "emma", "felix"]


# drills, and the console


def test_the_answer_to_a_drill_says_drill() -> None:
    """What is answered within a drill goes by the drill's sender, between its marks."""
    house = House([FakeNotifier(modes=("drill",)), FakeNotifier("voice", modes=("drill",))])
    house.open(mode="drill", id=ID)
    house.pump()
    house.texts("emma", "XL01 1")
    (said,) = answers(house)
    assert said.count("DRILL") == 2


def test_a_word_by_radio_counts_like_a_text(house: House) -> None:
    """What the console enters for somebody acts as their own text; the log says who typed it, and no SMS answers."""
    inbound = Inbound(id="console:1", provider="console", channel="sms", sender="", text=house.ref(ID, "kind") + "1")
    outcome = house.engine.unit(lambda engine: house.inbox.receive(engine, inbound, person="emma", by="console"))
    (event,) = house.events(ID, e.AlertAcknowledged)
    assert (outcome.kind, event.via, event.by) == ("acknowledged", "console", "console")
    assert (outcome.says != "", []) == (True, answers(house))


def test_a_text_that_fails_midway_may_come_again(house: House) -> None:
    """When the store fails within the work, nothing of it is kept, and the provider's next try is acted on."""
    ref = house.ref(ID, "kind")
    before: Callable[..., object] = house.store.queue

    def full(*rows: object) -> None:
        raise OSError("disk full")

    house.store.queue = full  # type: ignore[method-assign,assignment]
    with pytest.raises(OSError, match="full"):
        house.texts("emma", ref + "1", id="SM1")
    house.store.queue = before  # type: ignore[method-assign,assignment]
    assert acknowledged(house, "emma") == []
    assert house.texts("emma", ref + "1", id="SM1").kind == "acknowledged"
    assert acknowledged(house, "emma") == ["kind"]
