"""What a reply means, as people write it under stress."""

from __future__ import annotations

import time

import pytest

from emergency.core.draft import letter
from emergency.core.replies import WORDS, Reply, is_opt_out, parse, split_code, tidy


def bare(key):
    """A key without a code."""
    return [(None, "", key, "")]


def coded(*replies):
    """Replies as code, letter, key and rest; what is left out is empty."""
    return [(code, letter, key, rest[0] if rest else "") for code, letter, key, *rest in replies]


BARE = [
    pytest.param("1", "1", id="a key"),
    pytest.param("9", "9", id="the key for help"),
    pytest.param("8", "8", id="the last answer"),
    pytest.param(" 1 ", "1", id="spaces"),
    pytest.param("1.", "1", id="full stop"),
    pytest.param("1。", "1", id="Chinese full stop"),
    pytest.param("1!!!", "1", id="exclamation"),
    pytest.param("１", "1", id="full width"),
    pytest.param("①", "1", id="in a circle"),
    pytest.param("²", "2", id="raised"),
    pytest.param("1\ufe0f\u20e3", "1", id="a keycap picked as an emoji"),
    pytest.param('"1"', "1", id="straight quotes"),
    pytest.param("“1”", "1", id="curly quotes"),
    pytest.param("「1」", "1", id="corner brackets"),
    pytest.param("(1)", "1", id="parentheses"),
    pytest.param("【1】", "1", id="heavy brackets"),
    pytest.param("+1", "1", id="plus, as the hint prints it"),
    pytest.param("＋1", "1", id="full-width plus"),
    pytest.param("1\n", "1", id="line end"),
    pytest.param("\u200f1", "1", id="right-to-left mark"),
    pytest.param("\u202e1\u202c", "1", id="right-to-left override"),
    pytest.param("\u200b1\ufeff", "1", id="zero-width characters"),
    pytest.param("\x001\x07", "1", id="control characters"),
    pytest.param("1 ok", "1", id="key and word that agree"),
    pytest.param("1收到", "1", id="key and Chinese word that agree"),
    pytest.param("+1收到", "1", id="as the hint stands there"),
    pytest.param("2 done", "2", id="done, twice over"),
    pytest.param("ok", "1", id="ok"),
    pytest.param("OK.", "1", id="OK with a full stop"),
    pytest.param("Okay", "1", id="okay"),
    pytest.param("got it", "1", id="got it"),
    pytest.param("on my way!", "1", id="on my way"),
    pytest.param("收到", "1", id="received"),
    pytest.param("收到。", "1", id="received, with its stop"),
    pytest.param("好的", "1", id="good"),
    pytest.param("知道了", "1", id="known"),
    pytest.param("done", "2", id="done"),
    pytest.param("Arrived", "2", id="arrived"),
    pytest.param("到了", "2", id="there"),
    pytest.param("完成", "2", id="finished"),
    pytest.param("can't", "3", id="cannot, with an apostrophe"),
    pytest.param("can’t", None, id="a curly apostrophe is no word of ours"),
    pytest.param("Cannot", "3", id="cannot"),
    pytest.param("来不了", "3", id="cannot come"),
    pytest.param("不能", "3", id="cannot, in Chinese"),
    pytest.param("need help", "9", id="need help"),
    pytest.param("救命", "9", id="help!"),
    pytest.param("快救我!", "9", id="save me"),
    pytest.param("help me", "9", id="help me"),
]


@pytest.mark.parametrize("text, key", BARE)
def test_bare_keys_and_words(text, key):
    """One key, or one of the words people use for it, however the phone dressed it."""
    found = [(r.code, r.letter, r.key, r.rest) for r in parse(text)]
    assert (bare(key) if key else []) == found


CODED = [
    pytest.param("F07A1", [("F07", "A", "1")], id="as printed"),
    pytest.param("F07A+1", [("F07", "A", "1")], id="as printed in Chinese"),
    pytest.param("f07a1", [("F07", "A", "1")], id="small letters"),
    pytest.param("F07A 1", [("F07", "A", "1")], id="a space"),
    pytest.param("F07A-1", [("F07", "A", "1")], id="a hyphen"),
    pytest.param("F07A:1", [("F07", "A", "1")], id="a colon"),
    pytest.param("F07A：１", [("F07", "A", "1")], id="full-width colon and digit"),
    pytest.param("Ｆ０７Ａ１", [("F07", "A", "1")], id="full width throughout"),
    pytest.param("“F07A1”。", [("F07", "A", "1")], id="quoted"),
    pytest.param("XF07A1", [("XF07", "A", "1")], id="of a drill"),
    pytest.param("F07AB2", [("F07", "AB", "2")], id="two letters"),
    pytest.param("F07 1", [("F07", "", "1")], id="the incident and a key"),
    pytest.param("F07 send help", [("F07", "", "9")], id="the incident and a cry for help"),
    pytest.param("F07+1", [("F07", "", "1")], id="the incident, plus and a key"),
    pytest.param("F071", [("F071", "", None)], id="run together: read later as F07 and 1"),
    pytest.param("F0712", [("F0712", "", None)], id="four digits"),
    pytest.param("F07A", [("F07", "A", None)], id="a code alone says nothing"),
    pytest.param("F07A收到", [("F07", "A", "1")], id="a word for the key"),
    pytest.param("F07A can't", [("F07", "A", "3")], id="cannot"),
    pytest.param("F07A1收到", [("F07", "A", "1")], id="key and word that agree"),
    pytest.param("F07A0", [], id="there is no key 0"),
    pytest.param("F07A12", [], id="nor 12"),
    pytest.param("F07A2,F07B1", [("F07", "A", "2"), ("F07", "B", "1")], id="two in one text"),
    pytest.param("F07A2 F07B3 E01C1", [("F07", "A", "2"), ("F07", "B", "3"), ("E01", "C", "1")], id="three"),
    pytest.param("F07A2\nF07B1", [("F07", "A", "2"), ("F07", "B", "1")], id="one a line"),
    pytest.param("F07A2;E01 9", [("F07", "A", "2"), ("E01", "", "9")], id="two incidents"),
    pytest.param("reply F07A1 thanks", [("F07", "A", "1", "THANKS")], id="words around it are kept"),
    pytest.param("F07A2 门已开", [("F07", "A", "2", "门已开")], id="a report behind it is kept"),
    pytest.param("F07A1收到F07B1", [("F07", "A", "1"), ("F07", "B", "1")], id="two parted by a word"),
    pytest.param("\u202eF07A1", [("F07", "A", "1")], id="direction marks"),
    pytest.param("F0\u200b7A1", [("F07", "A", "1")], id="an invisible space within"),
    pytest.param("XXF07A1", [], id="no such code"),
    pytest.param("I07A1", [], id="I begins no code"),
    pytest.param("F7A1", [], id="one digit is too few"),
]


@pytest.mark.parametrize("text, replies", CODED)
def test_codes(text, replies):
    """A code, a letter and a key, in any dress; several in one text, in order; other words are kept beside them."""
    assert coded(*replies) == [(r.code, r.letter, r.key, r.rest) for r in parse(text)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("?", id="a mark"),
        pytest.param("3 people here", id="a number that counts people"),
        pytest.param("3人被困", id="the same in Chinese"),
        pytest.param("1 hurt, send a doctor", id="one hurt"),
        pytest.param("10", id="ten"),
        pytest.param("0", id="nought"),
        pytest.param("12", id="two keys"),
        pytest.param("+12125550101", id="a telephone number"),
        pytest.param("+1 212 555 0101", id="a telephone number with spaces"),
        pytest.param("1 or 2?", id="a question"),
        pytest.param("1 done", id="key and word that disagree"),
        pytest.param("9:30", id="a time"),
        pytest.param("2/3", id="a fraction"),
        pytest.param("is this a drill", id="a question in words"),
        pytest.param("what?", id="what"),
        pytest.param("who is this", id="who"),
        pytest.param("not ok", id="not ok"),
        pytest.param("不好", id="not good"),
        pytest.param("没收到", id="not received"),
        pytest.param("👍", id="a thumb says nothing that can be relied on"),
        pytest.param("😀" * 50, id="emoji"),
        pytest.param("\u202e", id="a mark of direction alone"),
        pytest.param("help", id="HELP is the carrier's word"),
        pytest.param("A1", id="a letter without a code"),
    ],
)
def test_noise(text):
    """What may mean something else is no answer: a person reads it, no machine guesses."""
    assert parse(text) == ()


def test_every_word_means_its_key():
    """Each word of the list is read as its key, alone, in small letters, and behind a code."""
    for word, key in WORDS.items():
        assert bare(key) == [(r.code, r.letter, r.key, r.rest) for r in parse(word.lower())], word
        assert [key] == [r.key for r in parse(f"F07A {word}")], word


@pytest.mark.parametrize(
    "text, out",
    [
        pytest.param("STOP", True, id="stop"),
        pytest.param("stop.", True, id="small, with a full stop"),
        pytest.param("ＳＴＯＰ", True, id="full width"),
        pytest.param("UNSUBSCRIBE", True, id="unsubscribe"),
        pytest.param("cancel", True, id="cancel"),
        pytest.param("stop the lift", False, id="stop as a word of a report"),
        pytest.param("F07A1", False, id="a reply"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_opt_out(text, out):
    """Words that carriers take as `never write again` are seen, and never read as an answer."""
    assert out is is_opt_out(text)
    assert not out or parse(text) == ()


@pytest.mark.parametrize(
    "reply, split",
    [
        pytest.param(Reply(code="F071"), ("F07", "1"), id="F071"),
        pytest.param(Reply(code="XF071"), ("XF07", "1"), id="of a drill"),
        pytest.param(Reply(code="F0712"), ("F071", "2"), id="F0712"),
        pytest.param(Reply(code="F07"), None, id="two digits are a code"),
        pytest.param(Reply(code="F070"), None, id="no key 0"),
        pytest.param(Reply(code="F071", key="2"), None, id="there is a key already"),
        pytest.param(Reply(code="F071", letter="A"), None, id="a letter parts them"),
        pytest.param(Reply(key="1"), None, id="no code"),
    ],
)
def test_split_code(reply, split):
    """Digits that run together may be a code and a key; whoever knows the codes decides."""
    found = split_code(reply)
    assert split == ((found.code, found.key) if found else None)


@pytest.mark.parametrize("number", range(0, 23 + 23 * 23, 7))
def test_printed_codes_are_read_back(number):
    """Every letter that is printed is read back with every key, in both forms that we print."""
    for code in ("F07", "XE123"):
        for key in "123456789":
            for text in (f"{code}{letter(number)}{key}", f"{code}{letter(number)}+{key}"):
                assert coded((code, letter(number), key)) == [(r.code, r.letter, r.key, r.rest) for r in parse(text)]


def test_letters_are_all_different():
    """No two steps of an incident share a letter, and none looks like a digit."""
    letters = [letter(n) for n in range(552)]
    assert len(set(letters)) == 552
    assert not set("IOZ") & set("".join(letters))
    assert [letters[0], letters[22], letters[23]] == ["A", "Y", "AA"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("F07A1 " * 2000, id="codes"),
        pytest.param("F" * 10_000, id="letters"),
        pytest.param("1" * 10_000, id="digits"),
        pytest.param("F07" * 4000, id="broken codes"),
        pytest.param("F07A" + " +:.,-" * 2000 + "1", id="separators"),
        pytest.param("\ufdfa" * 10_000, id="characters that unfold into many"),
        pytest.param("收到" * 5000, id="words"),
        pytest.param("e\u0301" * 5000, id="accents"),
    ],
)
def test_long_texts_cost_nothing(text):
    """Ten thousand characters are read in a moment, and never past the longest text there is."""
    before = time.process_time()
    replies = parse(text)
    assert time.process_time() - before < 0.5
    assert len(replies) <= 1600 / 5


def test_tidy_is_stable():
    """Tidying twice changes nothing more."""
    for text in ("“F07A1”。", "１", " can't ", "1\ufe0f\u20e3", "Straße"):
        assert tidy(text) == tidy(tidy(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('Liked "【星汇城】F01火警,B1。你:灭火组。看。复F01A+1收到2完成3不能"', id="a telephone's like"),
        pytest.param('Disliked "[Star Plaza] F01 fire. Look. Reply F01A1 got it, 2 done, 3 cannot"', id="a dislike"),
        pytest.param("Fwd: 【星汇城】F01火警。你:中控室。复F01D+1收到4有烟火5未见3不能", id="forwarded, with answers"),
        pytest.param("[Star Plaza] F01. Reply F011 got all; 2 done, 3 cannot with letter: F01A2", id="several steps"),
        pytest.param("【星汇城】F01火警。你:灭火组。待命,听指令。复F01C+1收到3不能", id="a stand-by"),
    ],
)
def test_our_own_words_come_back_are_no_answer(text):
    """A like or a forwarded message quotes the printed codes; nobody has answered by that."""
    assert parse(text) == ()
