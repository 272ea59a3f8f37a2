"""Files are read as text with line numbers; nothing in them is ever built, guessed or multiplied."""

from __future__ import annotations

import time

import pytest

from emergency import yaml_file
from emergency.errors import Mistakes
from emergency.yaml_file import LARGEST, parse


def mistakes(raw: bytes):
    """The mistakes of a text that is refused, as line and words."""
    with pytest.raises(Mistakes) as refused:
        parse(raw, "x.yaml")
    assert all(problem.file == "x.yaml" for problem in refused.value.problems)
    return [(problem.line, problem.says) for problem in refused.value.problems]


@pytest.mark.parametrize(
    "raw, data",
    [
        pytest.param(b"a: off", {"a": "off"}, id="off"),
        pytest.param(b"a: no", {"a": "no"}, id="no"),
        pytest.param(b"a: 10:30", {"a": "10:30"}, id="a time of day"),
        pytest.param(b"a: 0x1F", {"a": "0x1F"}, id="a hexadecimal number"),
        pytest.param(b"a: 012", {"a": "012"}, id="a leading nought"),
        pytest.param(b"a: 1e3", {"a": "1e3"}, id="an exponent"),
        pytest.param(b"a: 2026-03-01", {"a": "2026-03-01"}, id="a date"),
        pytest.param(b"a: null", {"a": "null"}, id="null"),
        pytest.param(b"a: ~", {"a": "~"}, id="a tilde"),
        pytest.param(b"a:", {"a": ""}, id="nothing"),
        pytest.param(b"yes: 1", {"yes": "1"}, id="a key that looks like a truth"),
        pytest.param(b"119: x", {"119": "x"}, id="a key that looks like a number"),
        pytest.param(b"<<: x", {"<<": "x"}, id="a merge key is a word"),
        pytest.param(b"a: [1, [2], {b: c}]", {"a": ["1", ["2"], {"b": "c"}]}, id="lists and mappings"),
        pytest.param(b'a: "x\\ny"', {"a": "x\ny"}, id="quoted"),
        pytest.param(b"a: >-\n  x\n  y\n", {"a": "x y"}, id="folded"),
        pytest.param(b"\xef\xbb\xbfa: x", {"a": "x"}, id="a byte order mark"),
        pytest.param("a: 火警".encode(), {"a": "火警"}, id="Chinese"),
        pytest.param(b"a: x\r\nb: y\r\n", {"a": "x", "b": "y"}, id="line ends of Windows"),
        pytest.param(b"--- \na: x\n...\n", {"a": "x"}, id="one document with its marks"),
        pytest.param(b"a: ! x", {"a": "x"}, id="the tag that says nothing"),
        pytest.param(b"", None, id="an empty file"),
        pytest.param(b"# only words\n", None, id="a comment"),
        pytest.param(b"plain", "plain", id="a bare word"),
    ],
)
def test_every_scalar_is_text(raw, data):
    """Every scalar is the text that stands there; fields parse it, no rule of YAML guesses."""
    assert data == parse(raw, "x.yaml").data


@pytest.mark.parametrize(
    "raw, line, says",
    [
        pytest.param(b"a: x\nb: &x y\nc: *x", 3, "'*x' repeats another part", id="an alias"),
        pytest.param(b"a: &a [*a]", 1, "'*a' repeats another part", id="an alias of itself"),
        pytest.param(b"a: !!python/object/apply:os.system [ls]", 1, "is not allowed", id="a Python tag"),
        pytest.param(b"a: !!int 3", 1, "'tag:yaml.org,2002:int' is not allowed", id="a tag of YAML's own"),
        pytest.param(b"a: x\nb: !mine {c: d}", 2, "'!mine' is not allowed", id="a tag on a mapping"),
        pytest.param(b"a: x\n---\nb: y", 2, "a second document begins here", id="two documents"),
        pytest.param(b"a: x\n? [b]\n: c", 2, "where a name is expected", id="a list as a key"),
        pytest.param(b"a: x\n{b: c}: d", 2, "", id="a mapping as a key"),
        pytest.param(b"a: x\nb: [", 2, "is not YAML", id="an open bracket"),
        pytest.param(b"a: x\n\tb: y", 2, "is not YAML: a tab stands here; indent with spaces", id="a tab"),
        pytest.param(b"a: x\n b: y", 2, "is not YAML", id="a step in the margin"),
        pytest.param(b"a: 'x", 1, "is not YAML", id="an open quote"),
        pytest.param(b"a: x\nb: \xff", 2, "is not UTF-8", id="not UTF-8"),
        pytest.param("a: 火".encode("gb18030"), 1, "is not UTF-8", id="GB18030"),
        pytest.param("a: x".encode("utf-16"), 1, "is not UTF-8", id="UTF-16"),
        pytest.param(b"a: \x00", 0, "is not YAML", id="a nought byte"),
        pytest.param(b"a: \x1b[31m", 0, "is not YAML", id="an escape sequence"),
        pytest.param(b"%YAML 3.0\n---\na: x", 1, "is not YAML", id="a directive of another YAML"),
        pytest.param(b"a: [" * 40 + b"]" * 40, 1, "is nested deeper than 30 levels", id="nested brackets"),
        pytest.param(b"x" * (LARGEST + 1), 0, "is larger than 1000 kB", id="too large"),
    ],
)
def test_what_no_plan_needs(raw, line, says):
    """Aliases, tags, second documents and what is not YAML or UTF-8 are refused, with the line."""
    found = mistakes(raw)
    assert len(found) == 1
    assert says in found[0][1]
    assert found[0][0] in (line, line + 1 if "not YAML" in found[0][1] else line)


def test_keys_that_stand_twice():
    """Each key that stands twice is told, with the line of both; the rest of the file is read on."""
    file = parse(b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n", "x.yaml")
    assert [(problem.line, problem.says) for problem in file.problems] == [
        (5, "'c' stands here twice (first in line 3)"),
        (6, "'a' stands here twice (first in line 1)"),
    ]


def test_lines():
    """Each key, value and item has its line; what has none has that of what is around it."""
    file = parse(b"# words\na:\n  - x\n  - b: y\n\n    c: >-\n      z\nd: {e: [f,\n  g]}\n", "x.yaml")
    assert file.line(("a",)) == 2
    assert file.line(("a", 0)) == 3
    assert file.line(("a", 1, "b")) == 4
    assert file.line(("a", 1, "c")) == 6
    assert file.line(("d", "e", 1)) == 9
    assert file.line(("a", 1, "nothing", "here")) == 4
    assert file.line(()) == 2
    assert parse(b"", "x.yaml").line(("a",)) == 1


def test_a_file_that_cannot_be_read(tmp_path):
    """A file that is not there, or is a folder, is a mistake that names it."""
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(Mistakes, match="cannot be read"):
            yaml_file.read(path)
    (tmp_path / "a.yaml").write_bytes(b"a: x")
    assert yaml_file.read(tmp_path / "a.yaml").data == {"a": "x"}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[" * 900_000, id="brackets"),
        pytest.param(b"{a: " * 220_000, id="braces"),
        pytest.param(b"- " * 450_000, id="dashes"),
        pytest.param(b"? " * 450_000, id="question marks"),
        pytest.param(
            b"a: &a [" + b"x," * 100 + b"]\n" + b"".join(b"b%d: [*a,*a]\n" % n for n in range(1000)), id="laughs"
        ),
        pytest.param(b"a: " + b"x" * 990_000, id="one long text"),
        pytest.param(b'"' + b"\\n" * 400_000, id="an open quote"),
        pytest.param(b"a: |\n" + b" x\n" * 250_000, id="a long block"),
        pytest.param(b"a: b\n" * 150_000, id="one key again and again"),
        pytest.param(b"a: [" + b"x," * 300_000 + b"]", id="a long list"),
        pytest.param(b"".join(b"k%d: x\n" % n for n in range(80_000)), id="many keys"),
    ],
)
def test_hostile_files_cost_their_size(raw):
    """A megabyte of malice is read or refused in a moment."""
    before = time.process_time()
    try:
        parse(raw, "x.yaml")
    except Mistakes as refused:
        assert len(refused.problems) >= 1
    assert time.process_time() - before < 8
