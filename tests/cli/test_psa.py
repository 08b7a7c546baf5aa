"""`costmodel psa` and `costmodel beyond`: sentences, and the same numbers as JSON, CSV and Python."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.analysis import beyond as beyond_the_evidence
from costmodel.analysis.psa import rows
from tests.cli.commands import call, done, parsed, refused, two_structures
from tests.support.example import SOURCES, example, write_model
from tests.support.small_probabilities import small

DRAWS = 60
KEYS = [
    "strategy", "comparator", "perspective", "party", "category", "channel", "outcome", "value", "unit", "low", "high",
    "price_year", "discounted", "horizon_months", "draws", "run", "words", "low_50", "high_50", "error", "threshold",
    "beyond_follow_up",
]  # fmt: skip
DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def three_strategies(folder: Path) -> Path:
    """The example with a second therapy, whose name and label a reader may tell from the first."""
    path = example(folder)
    therapy = cm.load(path).tree.data["strategies"]["therapy"]
    brief = therapy | {"label": "Brief [b]therapy[/b]"}
    return example(folder, **{"strategies.brief": brief, "title": "[red]A[/red] {0} %s"})


def said(row: dict[str, Any], key: str) -> object:
    """A value of a row as JSON can hold it."""
    value = row[key]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def test_json_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    found = parsed("psa", two_structures(tmp_path), "--json", "--draws", DRAWS)
    assert set(found) == {
        "schema", "scenario", "engine", "settings", "rows", "curves", "convergence", "against_central", "beyond",
        "warnings", "notes", "changes",
    }  # fmt: skip
    assert found["schema"] == "costmodel/psa/1"
    assert found["scenario"]["sha256"] == cm.load(tmp_path / "model.yaml").sha256
    assert found["settings"]["strategies"] == ["therapy"]
    assert found["settings"]["draws"] == found["settings"]["draws_one_by_one"] == DRAWS
    assert found["settings"]["thresholds"] == [20_000.0]
    assert all(list(row) == KEYS for row in (*found["rows"], *found["beyond"]))
    assert {row["run"] for row in found["rows"]} == {"expected", "faster", "fewer"}
    assert list(found["curves"]) == ["chance_by_month", "ceac", "ce_plane"]


def test_every_key_and_outcome_that_is_printed_is_documented(tmp_path: Path) -> None:
    text = DOCS.read_text("utf-8")
    found = parsed("psa", two_structures(tmp_path), "--json", "--draws", DRAWS)
    lists = [
        found["convergence"],
        found["convergence"][0]["steps"],
        found["against_central"],
        *found["curves"].values(),
    ]
    names = {key for records in lists for key in records[0]} | set(KEYS) | set(found) | set(found["settings"])
    names |= {row["outcome"] for row in (*found["rows"], *found["beyond"])}
    assert {name for name in names if f"`{name}`" not in text and f'"{name}"' not in text} == set()


def test_json_equals_python_digit_for_digit(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    found = parsed(
        "psa", path, "--json", "--draws", DRAWS, "--seed", 7, "--perspective", "societal", "--set", "attendance=0.7",
        "--fix", "relapse=0.2", "--horizon", "4 years",
    )  # fmt: skip
    scenario = cm.load(path).changed({"attendance": 0.7, "horizon": "4 years"}).changed({"relapse": 0.2}, fix=True)
    psa = cm.psa(cm.run(scenario, draws=DRAWS, seed=7))
    wanted = list(rows(psa, ["societal"]))
    assert len(found["rows"]) == len(wanted) > 50
    for row, record in zip(found["rows"], wanted, strict=True):
        assert row == {key: said(record, key) for key in KEYS}
    for curve in found["curves"]["chance_by_month"]:
        view = "cash" if curve["outcome"] == "chance_cash_payback" else "value"
        by_month = psa.chances("societal", "therapy", curve["horizon_months"], curve["run"], view)
        assert (curve["months"], curve["chances"]) == (by_month.months.tolist(), by_month.chances.tolist())
    for curve in found["curves"]["ceac"]:
        choices = psa.choices("societal", curve["horizon_months"], curve["run"])
        assert curve["thresholds"] == [choice.threshold for choice in choices] == [*range(0, 100_001, 1_000)]
        assert curve["chance_best"]["therapy"] == [choice.chance[1] for choice in choices]
        assert curve["expected_loss"]["usual_care"] == [choice.loss[0] for choice in choices]
        assert curve["frontier"] == [("usual_care", "therapy")[choice.chosen] for choice in choices]
    for points in found["curves"]["ce_plane"]:
        plane = psa.plane("societal", "therapy", points["horizon_months"])
        a = ["faster", "fewer"].index(points["alternative"])
        assert points["weight"] == 0.5
        assert (points["qalys"], points["costs"]) == (plane.qalys[a].tolist(), plane.cost[a].tolist())
    for apart in found["against_central"]:
        same = psa.against_central("societal", "therapy", apart["horizon_months"], apart["run"])
        assert apart["difference"] == same.difference == pytest.approx(apart["of_inputs"] + apart["of_shape"])
    for steps in found["convergence"]:
        same_steps = psa.convergence("societal", "therapy", steps["horizon_months"], steps["run"])
        assert steps["steps"][-1]["saving"] == same_steps.last.saving
        assert steps["needed"] == same_steps.needed
    beyond = list(beyond_the_evidence.rows(cm.beyond(psa.result), ["societal"]))
    assert found["beyond"] == [{key: said(record, key) for key in KEYS} for record in beyond]
    assert [change["by"] for change in found["changes"]] == ["--set", "--horizon", "--fix"]


def test_the_points_of_the_plane_are_few_enough_to_send(tmp_path: Path) -> None:
    found = parsed("psa", example(tmp_path), "--json", "--draws", 600, "--perspective", "nhs")
    assert {len(points["costs"]) for points in found["curves"]["ce_plane"]} == {250}


def test_csv_holds_the_same_rows(tmp_path: Path) -> None:
    path = example(tmp_path)
    for command in ("psa", "beyond"):
        out = tmp_path / f"{command}.csv"
        found = parsed(command, path, "--json", "--draws", DRAWS, "--csv", out)["rows"]
        read = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
        assert list(read[0]) == KEYS
        for line, row in zip(read, found, strict=True):
            assert line["words"] == row["words"]
            for key in ("value", "low", "high", "low_50", "high_50", "error", "threshold"):
                assert (float(line[key]) if line[key] else None) == row[key]


def test_the_sentences_are_the_notes_and_can_be_read_aloud(tmp_path: Path) -> None:
    path = two_structures(tmp_path)
    notes = parsed("psa", path, "--json", "--draws", DRAWS)["notes"]
    text = done("psa", path, "--draws", DRAWS)
    assert len(notes) > 10
    for note in notes:
        assert note in text
        assert note.endswith(".")
    assert notes[0] == (
        "The NHS and social care has its money back within 2 years in none of 100 simulations, within 5 years in "
        "none of 100."
    )
    for heading in (
        "By when", "How much", "What a wrong decision loses", "How exact this is", "Beside the run at central values",
        "Beyond the evidence", "Each reading of the model, 5 years", "With growing numbers of draws",
    ):  # fmt: skip
        assert f"\n{heading}\n" in text
    assert "Speeds recovery (weight 0.5)" in text
    assert f"{DRAWS} draws, seed 1" in text
    assert cm.load(path).sha256 in text


def test_several_strategies_are_all_told_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    path = three_strategies(tmp_path)
    text = done("psa", path, "--draws", DRAWS)
    assert "[red]A[/red] {0} %s" in text
    assert text.count("\nBy when\n") == 2
    assert "Brief [b]therapy[/b] against Usual care" in text
    found = parsed("psa", path, "--json", "--draws", DRAWS, "--strategy", "brief", "--perspective", "nhs")
    assert found["settings"]["strategies"] == ["brief"]
    compared = {row["strategy"] for row in found["rows"] if row["comparator"]}
    choices = {row["strategy"] for row in found["rows"] if row["outcome"] == "chance_best"}
    assert (compared, choices) == ({"brief"}, {"usual_care", "therapy", "brief"})
    assert {row["strategy"] for row in found["beyond"]} == {"brief"}
    assert done("psa", path, "--draws", DRAWS, "--strategy", "brief").count("\nBy when\n") == 1


def test_a_sequence_is_used_and_said_to_be(tmp_path: Path) -> None:
    path, how = example(tmp_path), ("--draws", 64, "--sampling", "sobol")
    for command in ("psa", "beyond"):
        assert parsed(command, path, "--json", *how)["settings"]["sampling"] == "sobol"
        assert "64 draws, seed 1, Sobol sequence" in done(command, path, *how)
    assert "a Sobol sequence is mostly more exact." in done("psa", path, *how)
    assert "Sobol" not in done("psa", path, "--draws", 64)


def test_one_perspective_keeps_its_rows_and_speaks_of_it(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("psa", path, "--json", "--draws", DRAWS, "--perspective", "public_sector")
    assert {row["perspective"] for row in found["rows"]} == {"public_sector", ""}
    assert {curve["perspective"] for curve in found["curves"]["ceac"]} == {"public_sector"}
    assert found["notes"][0].startswith("The public sector has its money back")
    assert "NHS and social care  " not in done("psa", path, "--draws", DRAWS, "--perspective", "societal")


def test_models_of_probabilities_are_answered_too(tmp_path: Path) -> None:
    path = write_model(tmp_path, small())
    assert "By when" in done("psa", path, "--draws", DRAWS)
    found = parsed("psa", path, "--json", "--draws", DRAWS)
    assert {row["beyond_follow_up"] for row in found["beyond"]} == {"effects cease", "effects persist"}
    refusal = "That the gap closes at once cannot be asked here: gap closes is not yet supported with probabilities."
    assert refusal in found["notes"]
    assert refusal in done("beyond", path, "--draws", DRAWS)


def test_recalled_figures_are_named_as_to_be_checked(tmp_path: Path) -> None:
    path = example(tmp_path, **{"parameters.attendance.status": "recalled"})
    (tmp_path / "settings" / "sources.yaml").write_text(
        json.dumps({"sources": {"X001": SOURCES["X001"] | {"status": "recalled"}}}), "utf-8"
    )
    for command in ("psa", "beyond"):
        assert parsed(command, path, "--json", "--draws", DRAWS)["notes"][-1].startswith("to be checked: ")
        assert "To be checked" in done(command, path, "--draws", DRAWS)


def test_beyond_says_what_is_left_if_effects_end(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = parsed("beyond", path, "--json", "--draws", DRAWS)
    assert set(found) == {
        "schema", "scenario", "engine", "settings", "rows", "refused", "lasting", "warnings", "notes", "changes",
    }  # fmt: skip
    assert found["schema"] == "costmodel/beyond/1"
    text = done("beyond", path, "--draws", DRAWS)
    assert all(note in text for note in found["notes"])
    wanted = cm.beyond(cm.run(cm.load(path), draws=DRAWS))
    assert [row["value"] for row in found["rows"]] == [said(row, "value") for row in beyond_the_evidence.rows(wanted)]
    assert "If effects cease after the follow-up (as the scenario says): net saving −£" in text
    assert "comes after the 24 months of follow-up: " in text
    assert "of the saving falls after the last observation." in text


def test_beyond_needs_no_draws_and_says_where_nothing_lies_beyond(tmp_path: Path) -> None:
    path = example(tmp_path)
    assert "at central values, money back not within 5 years." in done("beyond", path, "--draws", 0)
    text = done("beyond", path, "--draws", 0, "--horizon", "24 months")
    assert "nothing lies beyond the evidence: the horizon ends with observation." in text
    assert "gap closes" not in text


def test_effects_that_last_by_themselves_are_said_to(tmp_path: Path) -> None:
    path = example(tmp_path, **{"strategies.therapy.effects.recovers_faster.until": "horizon"})
    assert parsed("beyond", path, "--json", "--draws", 0)["lasting"] == ["therapy: recovers_faster"]
    assert "The scenario itself lets recovers_faster last longer" in done("beyond", path, "--draws", 0)


REFUSED = [
    ("E11_no_draws", ["--draws", "0"], "--draws 0: without draws nothing is known of chances. Write 2 or more"),
    ("E11_a_negative_number_of_draws", ["--draws", "-1"], '--draws: "-1" is not a whole number'),
    ("E11_half_a_draw", ["--draws", "1.5"], '--draws: "1.5" is not a whole number'),
    ("E11_a_billion_draws", ["--draws", "1000000000"], "1000000000 is not a number of draws"),
    ("E12_a_negative_seed", ["--seed", "-1"], '--seed: "-1" is not a whole number'),
    ("E12_a_seed_in_words", ["--seed", "abc"], '--seed: "abc"'),
    ("E12_a_seed_too_large", ["--seed", str(2**63)], "is not a seed"),
    ("a_strategy_that_is_none", ["--strategy", "therapie"], '"therapie" beside the first one. Did you mean "therapy"?'),
    ("the_comparator", ["--strategy", "usual_care"], 'no strategy "usual_care" beside the first one'),
    ("a_perspective_that_is_none", ["--perspective", "nhs_ps"], 'Did you mean "nhs_pss"?'),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_nonsense_is_refused_in_words_and_nothing_is_written(options: list[str], message: str, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert message in refused("psa", example(tmp_path), "--csv", out, *options)
    assert not out.exists()


def test_a_folder_that_does_not_exist_is_refused_before_anything_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing should be run")

    path = example(tmp_path)
    monkeypatch.setattr(cm, "run", never)
    for command in ("psa", "beyond"):
        assert "does not exist" in refused(command, path, "--csv", tmp_path / "nowhere" / "rows.csv")


def test_E11_one_draw_is_told_without_intervals_and_with_a_warning(tmp_path: Path) -> None:
    text = done("psa", example(tmp_path), "--draws", 1)
    assert "one draw gives no intervals." in text
    assert "One draw says nothing of how exact it is." in text
    found = parsed("psa", tmp_path / "model.yaml", "--json", "--draws", 1)
    assert {row[key] for row in found["rows"] for key in ("low", "high", "low_50", "high_50", "error")} == {None}


def test_an_interrupted_analysis_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("costmodel.cli.uncertainty.analyse", stopped)
    out = tmp_path / "rows.csv"
    result = call("psa", example(tmp_path), "--draws", DRAWS, "--csv", out)
    assert (result.exit_code, result.stdout, out.exists()) == (130, "", False)
