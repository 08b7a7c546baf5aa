"""`costmodel run`, `check` and `schema`: what they print is what Python says."""

import csv
import io
import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

import costmodel as cm
from costmodel.cli import options
from costmodel.model.run import effort
from costmodel.report.sentence import answer
from costmodel.words import cell
from tests.cli.commands import call, done, parsed, refused, two_structures
from tests.support.example import SOURCES, documented, example, load_example

DRAWS = 60
COLUMNS = [
    "strategy", "comparator", "perspective", "party", "category", "channel", "outcome", "value", "unit", "low", "high",
    "price_year", "discounted", "horizon_months", "draws", "run", "words",
]  # fmt: skip


def test_json_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    found = parsed("run", example(tmp_path), "--json", "--draws", DRAWS)
    assert list(found) == [
        "schema", "scenario", "engine", "settings", "verdicts", "rows", "warnings", "notes", "changes",
    ]  # fmt: skip
    assert found["schema"] == "costmodel/result/1"
    assert found["engine"] == f"costmodel {cm.__version__}"
    assert found["scenario"] == {
        "title": "Talking therapy for an invented condition",
        "label": "base",
        "sha256": cm.load(tmp_path / "model.yaml").sha256,
        "file": "model.yaml",
    }
    assert found["settings"]["draws"] == DRAWS
    assert found["settings"]["seed"] == 1
    assert all(list(row) == COLUMNS for row in found["rows"])


def test_json_equals_python_digit_for_digit(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    rows = parsed("run", path, "--json", "--draws", DRAWS, "--seed", 7)["rows"]
    table = cm.run(cm.load(path), draws=DRAWS, seed=7).table()
    assert len(rows) == len(table) > 500
    assert {row["run"] for row in rows} == {"expected", "deterministic", "faster", "fewer", "no_effect_on_other_care"}
    for said, record in zip(rows, table.to_dict("records"), strict=True):
        for key, value in record.items():
            missing = value is None or (isinstance(value, float) and math.isnan(value))
            assert said[key] == (None if missing else value), (key, record)
            assert missing or not isinstance(value, float) or said[key].hex() == float(value).hex()


def test_the_answer_and_where_it_comes_from_are_printed(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    text = done("run", path, "--draws", DRAWS)
    scenario = cm.load(path)
    words = answer(cm.run(scenario, draws=DRAWS))
    for line in (*words.verdict.lines, *words.verdict.beside, words.headline, *words.beside):
        assert line in text
    assert f"{DRAWS} draws, seed 1" in text
    assert scenario.sha256 in text
    for piece in (
        "society",
        "primary care",
        "Speeds recovery (weight 0.5)",
        "Prevents relapse",
        "Deterministic",
    ):
        assert piece in text
    assert "\x1b" not in text


def test_one_perspective_keeps_its_rows_and_those_of_none(tmp_path: Path) -> None:
    path = example(tmp_path)
    everything = parsed("run", path, "--json", "--draws", 0)["rows"]
    some = parsed("run", path, "--json", "--draws", 0, "--perspective", "societal")["rows"]
    assert some == [row for row in everything if row["perspective"] in ("societal", "")]
    assert "public sector  " not in done("run", path, "--draws", 0, "--perspective", "nhs")


def test_options_change_the_scenario_as_python_does(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed(
        "run", path, "--json", "--draws", DRAWS, "--set", "attendance=0.6", "--set",
        "strategies.therapy.therapy.wait=2 months", "--fix", "session_price=80", "--horizon", "3 years",
    )  # fmt: skip
    scenario = (
        cm.load(path)
        .changed({"attendance": 0.6, "strategies.therapy.therapy.wait": "2 months", "horizon": "3 years"})
        .changed({"session_price": 80}, fix=True)
    )
    table = cm.run(scenario, draws=DRAWS).table()
    assert [row["value"] for row in found["rows"]] == [None if math.isnan(x) else x for x in table["value"]]
    assert found["scenario"]["sha256"] == scenario.sha256
    assert found["changes"] == [
        {"path": "parameters.attendance.value", "old": 0.8, "new": 0.6, "by": "--set"},
        {"path": "strategies.therapy.therapy.wait", "old": "0 months", "new": "2 months", "by": "--set"},
        {"path": "horizon", "old": "5 years", "new": "3 years", "by": "--horizon"},
        {"path": "parameters.session_price.fixed", "old": 100.0, "new": 80.0, "by": "--fix"},
    ]


def test_a_choice_is_set_by_the_word_of_its_option(tmp_path: Path) -> None:
    cheap = {"label": "Cheap", "unit": "GBP per session", "value": 10, "price_year": "2024/25"} | {
        "source": "X001",
        "status": "assumption",
    }
    choice = {"label": "Price", "unit": "GBP per session", "use": "usual"} | {
        "one_of": {"usual": "session_price", "cheap": "price_cheap"}
    }
    path = example(
        tmp_path,
        **{
            "parameters.price_cheap": cheap,
            "parameters.price": choice,
            "strategies.therapy.therapy.price": "price",
        },
    )
    assert "£100 a session" in done("run", path, "--draws", 0)
    assert "£10 a session (cheap)" in done("run", path, "--draws", 0, "--set", "price=cheap")
    assert 'no option "free"; allowed: usual, cheap' in refused("run", path, "--set", "price=free")


def test_what_stands_already_changes_nothing(tmp_path: Path) -> None:
    path = example(tmp_path)
    words = ["--set", "attendance=0.80", "--horizon", "5 years", "--set", "people=100"]
    found = parsed("check", path, "--json", *words)
    assert found["changes"] == []
    assert found["scenario"]["sha256"] == cm.load(path).sha256


def test_recalled_figures_are_named_as_to_be_checked(tmp_path: Path) -> None:
    path = example(tmp_path, **{"parameters.attendance.status": "recalled"})
    (tmp_path / "settings" / "sources.yaml").write_text(
        json.dumps({"sources": {"X001": SOURCES["X001"] | {"status": "recalled"}}}), "utf-8"
    )
    found = parsed("run", path, "--json", "--draws", 0)
    assert found["notes"][-1].startswith("to be checked: ")
    assert "attendance" in found["notes"][-1]
    assert "To be checked" in done("run", path, "--draws", 0)
    assert "To be checked" in done("check", path)


def test_check_lists_what_was_loaded(tmp_path: Path) -> None:
    example(tmp_path)
    text = done("check", tmp_path / "cautious.yaml")
    for piece in (
        "therapy: Talking therapy", "GP visits (primary care, paid by nhs)", "assumption, 20: ",
        "parameters.attendance.value: 0.8 → 0.7 (by cautious)",
        "11.2 sessions are delivered instead of 12.8",
    ):  # fmt: skip
        assert piece in text
    found = parsed("check", two_structures(tmp_path), "--json")
    assert found["structures"]["fewer"] == {"label": "Prevents relapse", "weight": 0.5}
    assert sum(map(len, found["parameters"].values())) == 23


def test_check_shows_warnings(tmp_path: Path) -> None:
    assert "so the therapy costs nothing" in done("check", example(tmp_path), "--fix", "attendance=0")


@pytest.mark.parametrize(("kind", "name"), [("model", "model"), ("setting", "setting"), ("overlay", "overlay")])
def test_the_schema_fits_the_documented_files(kind: str, name: str) -> None:
    schema = parsed("schema", "--kind", kind)
    Draft202012Validator.check_schema(schema)
    content = YAML(typ="safe", pure=True).load(documented()[name])
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    content["colour"] = "blue"
    assert list(Draft202012Validator(schema).iter_errors(content)) != []
    assert "moved_to" not in json.dumps(schema)


def test_G3_csv_holds_the_same_rows_and_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    path, out = example(tmp_path), tmp_path / "rows.csv"
    rows = parsed("run", path, "--json", "--draws", DRAWS, "--csv", out)["rows"]
    read = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert list(read[0]) == COLUMNS
    for said, row in zip(read, rows, strict=True):
        assert (float(said["value"]) if said["value"] else None) == row["value"]
        assert said["words"] == row["words"]
    assert any(said["value"].startswith("-") for said in read)
    assert out.read_bytes().startswith("\ufeff".encode()), "Excel would show £ as Â£"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_no_text_of_a_csv_is_run_by_a_spreadsheet(text: str) -> None:
    assert cell(text) == "'" + text
    assert cell(-500.0) == -500.0
    assert cell("usual care") == "usual care"


def test_words_of_a_scenario_are_not_markup(tmp_path: Path) -> None:
    path = example(tmp_path, title="[red]A[/red] :smile: {0} %s", **{"costs.gp.label": "[b]GP[/b]"})
    assert "[red]A[/red] :smile: {0} %s" in done("run", path, "--draws", 0)
    assert "[b]GP[/b]" in done("check", path)


def test_a_long_run_says_first_what_it_will_take_and_then_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "MANY_DRAWS", 3_000)
    monkeypatch.setattr(options, "LONG", 0.0)
    result = call("run", example(tmp_path), "--draws", 3_000, "--json")
    assert result.exit_code == 0
    first, *rest = result.stderr.splitlines()
    assert re.fullmatch(r"3,000 draws will take about \d+ \w+ and \d\.\d GB of memory. Ctrl-C stops them.", first)
    assert rest == [f"Running draws: {done:,} of 3,000." for done in (1_024, 2_048, 3_000)]
    monkeypatch.setattr(options, "LONG", 1e9)
    assert done("run", example(tmp_path), "--draws", 3_000, "--json") == result.stdout


def test_a_long_run_can_be_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, progress: Any, **__: object) -> None:
        progress("Running draws", 1_024, 3_000)
        raise KeyboardInterrupt

    monkeypatch.setattr(options, "MANY_DRAWS", 3_000)
    monkeypatch.setattr(options, "LONG", 0.0)
    monkeypatch.setattr(cm, "run", interrupted)
    result = call("run", example(tmp_path), "--draws", 3_000, "--csv", tmp_path / "x.csv")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[1:] == ["Running draws: 1,024 of 3,000.", "Interrupted. Nothing was written."]
    assert not (tmp_path / "x.csv").exists()


def test_the_effort_of_a_run_is_that_of_a_block_times_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr("costmodel.model.run.time.perf_counter", lambda: float(next(ticks)))
    scenario = load_example(tmp_path)
    assert effort(scenario, 2_000, workers=1).seconds == 2
    assert effort(scenario, 1_000_000, workers=1).seconds == 977
    assert effort(scenario, 1_000_000, workers=1).memory >= effort(scenario, 1_000, workers=1).memory > 100_000_000
    with pytest.raises(cm.InputError, match="not a number of draws"):
        effort(scenario, 1_000_001)
