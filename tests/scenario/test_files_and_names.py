"""Files that are too large, oddly named, or change while they are in use."""

import json
import os
import time
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.inputs.prices import PriceIndex
from costmodel.report import render
from costmodel.report.answer import page
from costmodel.scenario import attached
from costmodel.scenario.read import parse_file
from tests.scenario.slips import INDEX, LIFE_TABLE, MODEL, SETTING, problems, replace
from tests.support.answers import saving
from tests.support.example import documented_model, example, load_example, write_model

LONGEST = 10.0
"""Seconds in which a hostile file is refused."""


def test_F3_a_key_that_stands_twice_in_json_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, documented_model())
    replace(path, '"people": 100', '"people": 100,\n "people": 99')
    (said,) = problems(path)
    lines = path.read_text("utf-8").splitlines()
    second = 1 + next(n for n, line in enumerate(lines) if '"people": 99' in line)
    assert said == f'model.yaml, line {second}: the key "people" stands here and in line {second - 1}. Keep one.'


def test_F3_a_key_that_stands_twice_in_json_sources_is_refused(tmp_path: Path) -> None:
    path = example(tmp_path)
    source = json.dumps({"citation": "a", "where": "b", "figure": "c", "status": "assumption"})
    (tmp_path / "settings" / "sources.yaml").write_text(
        f'{{"sources": {{"X001": {source}, "X001": {source}}}}}', "utf-8"
    )
    assert any('the key "X001" stands here and in line 1' in line for line in problems(path))


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        (INDEX, None, "has 300,000,000 bytes"),
        (LIFE_TABLE, None, "has 300,000,000 bytes"),
        (SETTING, None, "has 300,000,000 bytes"),
        (INDEX, "year,level,status,source\n" + "2024/25,1.0,assumption,x\n" * 1_000_000, "bytes"),
        (INDEX, f"year,level,status,source\n2024/25,1.0,assumption,{'x' * 1_000_000}\n", "bytes"),
        (INDEX, f"year,level,status,source\n2024/25,{'1' * 200_000},assumption,x\n", "not valid CSV"),
    ],
    ids=[
        "F21_table_of_300_megabytes", "F21_life_table_of_300_megabytes", "F21_setting_of_300_megabytes",
        "F21_a_million_rows", "F21_a_cell_of_a_million_characters", "F21_a_number_of_200000_digits",
    ],
)  # fmt: skip
def test_a_file_beyond_its_limits_is_refused_quickly(
    file: str, content: str | None, found: str, tmp_path: Path
) -> None:
    path = example(tmp_path)
    if content is None:
        os.truncate(tmp_path / file, 300_000_000)
    else:
        (tmp_path / file).write_text(content, "utf-8")
    began = time.monotonic()
    said = problems(path)
    assert time.monotonic() - began < LONGEST
    assert any(line.startswith(Path(file).name) and found in line for line in said), said


NAMES = {
    "F23_path_that_climbs": "../../../../etc/passwd",
    "F23_name_of_300_characters": "x" * 300,
    "F23_emoji": "😀.yaml",
    "F23_stream_of_another_file": "x.csv:stream.xlsx",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["setting", "joint"])
def test_a_name_that_is_no_scenario_file_is_refused(key: str, name: str, tmp_path: Path) -> None:
    """The command line reads what its user may read; a file that is none of ours is refused without its content."""
    path = example(tmp_path)
    if key == "setting":
        replace(path, "settings/example.yaml", f'"{NAMES[name]}"')
    else:
        replace(path, "value: 0.8, distribution: beta, effective_size: 30", f'joint: "{NAMES[name]}"')
    said = problems(path)
    assert said
    assert all("root:" not in line for line in said)
    assert all(len(line) < 1_000 for line in said)


@pytest.mark.parametrize("key", ["setting", "extends"])
def test_F23_a_name_with_a_zero_byte_is_refused(key: str, tmp_path: Path) -> None:
    path = example(tmp_path)
    if key == "setting":
        replace(path, "settings/example.yaml", '"settings\\0.yaml"')
    else:
        path = tmp_path / "cautious.yaml"
        replace(path, "model.yaml", '"model\\0.yaml"')
    said = problems(path)
    assert any("the text holds the character U+0000" in line for line in said), said


def test_F26_a_run_uses_and_names_what_was_loaded_and_not_what_the_file_became(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    before = cm.run(scenario, draws=20)
    replace(tmp_path / MODEL, "value: 100", "value: 300")
    after = cm.run(scenario, draws=20)
    assert saving(after) == saving(before)
    said = render.document(page(after))["scenario"]["sha256"]
    assert said == scenario.sha256 != cm.load(tmp_path / MODEL).sha256


def test_F26_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = example(tmp_path)
    read = attached.read_price_index

    def and_meanwhile(table: Path) -> PriceIndex:
        found = read(table)
        replace(table, "0.92", "0.93")
        return found

    monkeypatch.setattr(attached, "read_price_index", and_meanwhile)
    assert problems(path) == ["index.csv: the file changed while it was read. Run again."]


@pytest.mark.parametrize("file", [MODEL, SETTING, INDEX, LIFE_TABLE])
def test_F26_the_numbers_of_every_file_enter_the_hash(file: str, tmp_path: Path) -> None:
    before = load_example(tmp_path).sha256
    old, new = {
        MODEL: ("value: 44", "value: 45"),
        SETTING: ("0.035", "0.036"),
        INDEX: ("0.92", "0.93"),
        LIFE_TABLE: ("0.000074852", "0.000074853"),
    }[file]
    content = (tmp_path / file).read_bytes()
    replace(tmp_path / file, old, new)
    assert cm.load(tmp_path / MODEL).sha256 != before
    (tmp_path / file).write_bytes(content)
    assert cm.load(tmp_path / MODEL).sha256 == before


@pytest.mark.parametrize("length", [99, 3_000])
def test_a_chain_of_derived_parameters_may_be_a_hundred_long(tmp_path: Path, length: int) -> None:
    model = documented_model()
    previous = "gp_ill"
    for number in range(length):
        made = {"label": f"Link {number}", "unit": "visits per year", "product_of": [previous, "gp_ratio"]}
        model["parameters"][previous := f"link_{number}"] = made
    model["costs"]["gp"]["while_in"]["well"] = previous
    path = write_model(tmp_path, model)
    if length < 100:
        assert cm.load(path).central[previous] == pytest.approx(12 * 0.5**length, rel=1e-9)
    else:
        with pytest.raises(cm.InputError, match="link_99 ends a chain of more than 100 parameters"):
            cm.load(path)


@pytest.mark.parametrize(
    ("file", "old", "new"), [("settings/sources.yaml", "nowhere", "somewhere"), (LIFE_TABLE, "invented", "imagined")]
)
def test_what_a_file_says_of_its_sources_moves_no_answer_and_no_hash(
    file: str, old: str, new: str, tmp_path: Path
) -> None:
    before = load_example(tmp_path)
    replace(tmp_path / file, old, new)
    after = cm.load(tmp_path / MODEL)
    assert after.sha256 == before.sha256
    assert saving(cm.run(after, draws=20)) == saving(cm.run(before, draws=20))


def test_a_file_that_was_read_once_is_each_readers_own(tmp_path: Path) -> None:
    path = write_model(tmp_path, documented_model())
    first, second = parse_file(path), parse_file(path)
    assert (first.data, first.places) == (second.data, second.places)
    first.data["people"] = 1
    first.data["parameters"].clear()
    first.places.clear()
    assert (second.data, second.places) == (parse_file(path).data, parse_file(path).places)
    assert second.data["people"] == 100
    replace(path, '"people": 100', '"people": 99')
    assert parse_file(path).data["people"] == 99
