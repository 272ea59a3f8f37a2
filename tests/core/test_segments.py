"""How many pieces an SMS is cut into, at every edge."""

from __future__ import annotations

import pytest

from emergency.core.segments import is_gsm, length, segments


@pytest.mark.parametrize(
    "text, pieces",
    [
        pytest.param("", 1, id="empty"),
        pytest.param("a" * 160, 1, id="one whole piece"),
        pytest.param("a" * 161, 2, id="one too many"),
        pytest.param("a" * 306, 2, id="two of 153"),
        pytest.param("a" * 307, 3, id="and one more"),
        pytest.param("a" * 1530, 10, id="ten pieces"),
        pytest.param("a" * 1531, 11, id="eleven"),
        pytest.param("€" * 80, 1, id="extension characters count twice"),
        pytest.param("€" * 81, 2, id="one too many of them"),
        pytest.param("a" + "€" * 79, 1, id="159 units"),
        pytest.param("a" * 159 + "€", 2, id="an extension character over the edge"),
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="none is split: it moves to the next piece"),
        pytest.param("a" * 151 + "€" + "a" * 153, 2, id="one that just fits"),
        pytest.param("中" * 70, 1, id="70 of UCS-2"),
        pytest.param("中" * 71, 2, id="71"),
        pytest.param("中" * 134, 2, id="two of 67"),
        pytest.param("中" * 135, 3, id="135"),
        pytest.param("a" * 69 + "中", 1, id="one Chinese character changes the alphabet of all"),
        pytest.param("a" * 70 + "中", 2, id="and the room"),
        pytest.param("😀" * 35, 1, id="surrogate pairs count twice"),
        pytest.param("😀" * 36, 2, id="one pair too many"),
        pytest.param("中" * 66 + "😀" + "中" * 66, 3, id="no pair is split"),
        pytest.param("中" * 65 + "😀" + "中" * 67, 2, id="a pair that just fits"),
        pytest.param("{}[]~|^\\" * 10, 1, id="160 units of brackets"),
        pytest.param("`", 1, id="a backtick is no GSM character"),
    ],
)
def test_segments(text, pieces):
    """160 or 153 characters of GSM-7, 70 or 67 of UCS-2; nothing that counts twice is cut in two."""
    assert pieces == segments(text)


@pytest.mark.parametrize(
    "text, gsm, units",
    [
        pytest.param("Hello @£$¥èéùìòÇ", True, 16, id="letters with accents"),
        pytest.param("ΔΦΓΛΩΠΨΣΘΞ", True, 10, id="Greek capitals"),
        pytest.param("line\nline\r", True, 10, id="line ends"),
        pytest.param("a€", True, 3, id="the euro sign"),
        pytest.param("\f", True, 2, id="form feed is of the extension"),
        pytest.param("`", False, 1, id="backtick"),
        pytest.param("ç", False, 1, id="small c with cedilla is not, the capital is"),
        pytest.param("“x”", False, 3, id="curly quotes"),
        pytest.param("\t", False, 1, id="tab"),
        pytest.param("火", False, 1, id="Chinese"),
        pytest.param("{火}", False, 3, id="in UCS-2 an extension character counts once"),
        pytest.param("😀a", False, 3, id="a pair and a letter"),
        pytest.param("\ud83d", False, 1, id="half a pair"),
    ],
)
def test_alphabets(text, gsm, units):
    """A text is GSM-7 when every character is; its length is in the units of its alphabet."""
    assert gsm is is_gsm(text)
    assert units == length(text)
