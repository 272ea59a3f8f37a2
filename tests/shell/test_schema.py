"""The JSON Schema of plans: it stands in the repository as it is made, takes every shipped plan, and explains."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from emergency import shapes, yaml_file
from emergency.picture.schema import EXPLAINED, FILE, plan_schema, schema_text
from emergency.picture.template import new_plan
from tests.shell.drawn import GUIDE, PLANS, ROOT, typed

VALIDATOR = Draft202012Validator(plan_schema())
HAN = re.compile(r"[\u4e00-\u9fff]")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def as_editor(value: Any) -> Any:
    """Values as an editor reads them (YAML 1.2): numbers and true are no texts to it, yes and no are."""
    if isinstance(value, dict):
        return {key: as_editor(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_editor(each) for each in value]
    if value in ("true", "false"):
        return value == "true"
    return json.loads(value) if NUMBER.fullmatch(value) and not re.match(r"-?0\d", value) else value


def test_the_file_is_what_the_program_makes() -> None:
    """`playbooks/playbook.schema.json` is what `emergency playbook schema` prints."""
    assert (ROOT / FILE).read_text("utf-8") == schema_text()
    assert typed(Path("unused"), "playbook", "schema").stdout == schema_text()


def test_it_is_a_schema() -> None:
    """It keeps the rules of its own draft, and each piece it refers to is there."""
    schema = plan_schema()
    Draft202012Validator.check_schema(schema)

    for name in re.findall(r'"#/\$defs/(\w+)"', schema_text()):
        assert name in schema["$defs"]


@pytest.mark.parametrize("path", [*PLANS, GUIDE], ids=lambda path: path.stem)
def test_it_takes_every_shipped_plan(path: Path) -> None:
    """Each plan fits, as the texts that we read and as the values that an editor reads."""
    data = yaml_file.read(path).data

    for values in (data, as_editor(data)):
        assert [f"{list(e.path)}: {e.message}" for e in VALIDATOR.iter_errors(values)] == []


def test_it_takes_a_new_plan() -> None:
    """What the template makes fits too."""
    data = yaml_file.parse(new_plan("spill", "U", "甲", "A").encode(), "spill.yaml").data

    assert list(VALIDATOR.iter_errors(data)) == []


@pytest.mark.parametrize(
    "path, value",
    [
        pytest.param(("code",), "X", id="the letter of drills"),
        pytest.param(("nonsense",), "x", id="an unknown word"),
        pytest.param(("title",), {"zh": "火"}, id="one language"),
        pytest.param(("merge", "within"), "30", id="no unit"),
        pytest.param(("severity", "start"), "purple", id="no colour"),
        pytest.param(("roles", "on_scene", "heads"), "many", id="no number"),
        pytest.param(("roles", "Big Boss"), {"at": "blue"}, id="no id"),
        pytest.param(("states", "leak", "steps", "gate", "done"), "soon", id="no length"),
        pytest.param(("states", "leak", "steps", "gate", "late"), ["shout"], id="no outcome"),
        pytest.param(("states", "leak", "steps", "gate", "when"), {"step": "x", "is": "nice"}, id="no guard"),
        pytest.param(("states", "leak", "steps", "gate", "when"), {"any": [{"all": []}]}, id="guards two deep"),
        pytest.param(("states", "leak", "ends"), "badly", id="no end"),
        pytest.param(("facts", "smell", "type"), "colour", id="no type"),
    ],
)
def test_it_marks_what_is_wrong(path: tuple[str, ...], value: object) -> None:
    """What the program refuses for its shape, an editor marks."""
    data = copy.deepcopy(yaml_file.read(GUIDE).data)
    inside = data
    for word in path[:-1]:
        inside = inside[word]
    inside[path[-1]] = value

    assert list(VALIDATOR.iter_errors(data))


def test_a_piece_over_a_part_is_no_mistake() -> None:
    """A plan may write one line of a state that a part brings, or do without a piece of it."""
    data = copy.deepcopy(yaml_file.read(GUIDE).data)
    data["states"]["follow_up"] = {"steps": {"footage": "none", "debrief": {"done": "12h"}}}
    data["facts"]["loss"] = "none"

    assert list(VALIDATOR.iter_errors(data)) == []


def test_every_word_is_explained_in_both_languages() -> None:
    """Whatever may stand in a plan has a description, in English and Chinese; none is left of a word that is gone."""
    schema = plan_schema()
    kinds = {**schema["$defs"], "PlaybookShape": schema}
    for name, kind in kinds.items():
        for word, value in kind.get("properties", {}).items() if name.endswith("Shape") else ():
            english, chinese = value["description"].split("\n")
            assert re.match("[A-Z]", english), (name, word)
            assert HAN.search(chinese), (name, word)
    for name, words in EXPLAINED.items():
        fields = getattr(shapes, name).model_fields
        assert set(words) == {field.alias or key for key, field in fields.items()}, name
