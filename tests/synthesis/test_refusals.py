"""What may not be pooled is refused in a line with the remedy; an exact copy is dropped and moves nothing."""

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.synthesis.posterior import Posterior

FOLDER = Path(__file__).parents[2] / "scenarios" / "synthesis"
Rows = list[dict[str, str]]
Change = Callable[[Rows], None]


def _row(rows: Rows, name: str) -> dict[str, str]:
    return next(row for row in rows if row["id"] == name)


def changed(tmp_path: Path, change: Change, old: str = "", new: str = "") -> Path:
    """A copy of the shipped files with other rows, and with a text of the YAML file replaced."""
    folder = tmp_path / "synthesis"
    shutil.copytree(FOLDER, folder)
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    change(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "rows.csv").write_text(text.getvalue(), "utf-8")
    path = folder / "synthesis.yaml"
    content = path.read_text("utf-8")
    assert not old or old in content
    path.write_text(content.replace(old, new, 1) if old else content, "utf-8")
    return path


def _set(name: str, **cells: str) -> Change:
    return lambda rows: _row(rows, name).update({key.rstrip("_"): value for key, value in cells.items()})


def _again(name: str, **cells: str) -> Change:
    """A second row of a trial, made from one."""

    def change(rows: Rows) -> None:
        rows.append({**_row(rows, name), "id": "Y999", **cells})

    return change


def _pair_without_correlation(rows: Rows) -> None:
    first = _row(rows, "Y004")
    first["group"] = "holman"
    rows.append({**first, "id": "Y999", "log_ratio": "-0.2"})


BAD: dict[str, tuple[Change, str, str]] = {
    "S1_no_design": (_set("Y012", design=""), "Y012 has no design, and tests pools", "Write randomised if it is"),
    "S7_mixed_prices": (
        _set("Y004", baseline_prices="GBP 2023/24"), "Y004 is in GBP 2023/24 and Y001 in GBP 2024/25, and figures",
        "Bring the cost of its controls to the prices of the others.",
    ),
    "S7_a_cost_without_its_prices": (_set("Y004", baseline_prices=""), "do not stand together", "such as GBP 2024/25"),
    "S6_before_and_after_beside_a_base": (
        _set("Y115", sets="before_after;wider"), "Y115 (before-after) stands in wider, which pools", "Only randomised",
    ),
    "S2_no_window": (_set("Y012", from_month=""), "Y012 has no window", "Write from_month and to_month"),
    "S2_window_turned_round": (_set("Y012", from_month="12", to_month="3"), "Y012 has no window", ""),
    "S3_figure_without_error": (_set("Y004", se=""), "Y004 has no standard error and no declared rule", "error: rule"),
    "S3_verdict_without_rule": (_set("Y012", error=""), "Y012 has no standard error and no declared rule", ""),
    "S3_rule_without_people": (_set("Y010", n_total=""), "Y010 has no standard error and no declared rule", ""),
    "S4_null_as_zero": (_set("Y004", log_ratio="0.00"), "Y004 enters no difference as a ratio of exactly", "kind test"),
    "S4_null_as_minus_zero": (_set("Y004", log_ratio="-0"), "Y004 enters no difference", "kind test"),
    "S8_mixed_estimands": (
        _set("Y033", sets="wider;tests"), "the base tests total other health care", "A base has one estimand",
    ),
    "S6_before_and_after_in_a_base": (
        _set("Y115", sets="before_after;figures"), "Y115 (before-after) stands in figures, which pools",
        "Only randomised trials may",
    ),
    "S9_second_row": (_again("Y004", log_ratio="-0.2"), "Y999 is a second row of Holman 2011", "Give both one group"),
    "S9_second_row_in_a_group": (
        _pair_without_correlation,
        "Y999 is a second row of Holman 2011, without its correlation", "column correlation",
    ),
    "weights": (_set("Y002", weight="0.4"), "the weights of creed add to 0.9", "They add to 1"),
    "half a trial": (_set("Y012", weight="0.5"), "Y012 has the weight 0.5 and no alternative", ""),
    "S5_nulls_without_a_fall": (
        _set("Y010", sets="collaborative;wider"), "tests has verdicts, and not Y010, which says significantly lower",
        "A base takes all verdicts of an estimand, or none.",
    ),
    "S5_falls_without_a_null": (
        _set("Y012", sets="collaborative;sceptic_bound;wider"), "tests has verdicts, and not Y012", "or none",
    ),
    "verdict among figures": (_set("Y012", sets="figures"), "Y012 is a verdict that figures does not take", "none"),
    "fall in the bound": (
        _set("Y010", sets="tests;psychodynamic;sceptic_bound"), "that sceptic_bound does not take", "no falls",
    ),
    "another class": (
        _set("Y018", sets="tests;collaborative", estimand="total other health care"), "of the class collaborative", "",
    ),
    "an unknown verdict": (_set("Y012", verdict="nodifference"), 'no verdict "nodifference"', 'Did you mean "no diff'),
    "an unknown position": (_set("Y012", sets="test"), 'no position "test"', 'Did you mean "tests"?'),
    "an unknown status": (_set("Y012", status="seen"), 'there is no status "seen"', ""),
    "no source": (_set("Y012", source=""), "the source is missing", "Say where"),
    "an id twice": (lambda rows: rows.append({**_row(rows, "Y004"), "se": "0.3"}), 'the id "Y004" stands twice', ""),
    "a text for a number": (_set("Y004", se="0,18"), 'se "0,18" is not a finite number', "plain decimal"),
    "a negative error": (_set("Y004", se="-0.2"), "se is -0.2", "Above 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_refused_with_its_line_and_the_remedy(name: str, tmp_path: Path) -> None:
    change, found, remedy = BAD[name]
    with pytest.raises(cm.InputError) as error:
        cm.synthesise(changed(tmp_path, change))
    problem = next((one for one in error.value.problems if found in one.found), None)
    assert problem is not None, str(error.value)
    assert problem.place.startswith("rows.csv, line ")
    assert remedy in problem.remedy


@pytest.mark.parametrize("column", ["design", "from_month", "se", "error"])
def test_a_row_that_cannot_be_pooled_may_be_listed(column: str, tmp_path: Path) -> None:
    """Toffolutti's figure stands among the matched controls, which are shown and never averaged."""
    found = cm.synthesise(changed(tmp_path, _set("Y090", **{column: ""})), "figures")
    assert found.page().blocks
    assert found.average == cm.synthesise(position="figures").average


def nothing(rows: Rows) -> None:
    """No change."""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("  sceptic_bound:\n", "  cautious:\n", "takes nulls and rises without the falls"),
        ("position: tests\n", "position: matched\n", 'position names "matched"'),
        ("trial: TADS", "trial: TADZ", 'names the trial "TADZ"'),
        ("points: 8\n  typical", "points: 7\n  typical", "onset"),
        ("cv_low: 0.9", "cv_low: 1.9", "cv_low is not below cv_high"),
        ("  Y001:\n", "  Y801:\n", "drawn names Y801"),
        ("class_sd: 0.15", "class_sd: 0", "class_sd"),
        ("    estimand: total other health care\n", "", "name their estimand"),
        pytest.param(
            "position: tests, onset_of: borderline_hospital", "position: tests, onset_of: matched",
            'the onset of the draws tests_slow names "matched", which is no position that pools',
            id="S12_draws_with_the_onset_of_a_position_that_is_listed",
        ),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(old: str, new: str, found: str, tmp_path: Path) -> None:
    change = nothing
    if new.strip() == "cautious:":

        def change(rows: Rows) -> None:
            for row in rows:
                row["sets"] = row["sets"].replace("sceptic_bound", "cautious")

    with pytest.raises(cm.InputError, match=found):
        cm.synthesise(changed(tmp_path, change, old, new))


def test_S12_the_onset_of_a_position_that_does_not_exist_is_refused() -> None:
    with pytest.raises(cm.InputError, match='no onset_of "borderline" here. Did you mean "borderline_hospital"'):
        cm.synthesise(onset_of="borderline")


@pytest.mark.parametrize(("name", "position"), [("Y002", "figures"), ("Y004", "figures"), ("Y012", "tests")])
def test_an_exact_copy_moves_nothing(name: str, position: str, tmp_path: Path) -> None:
    copied = cm.synthesise(changed(tmp_path, _again(name)), position)
    shipped = cm.synthesise(position=position)
    assert [line.partition(": ")[2] for line in copied.evidence.dropped] == [
        f"Y999 is a copy of {name} and was left out"
    ]
    assert _numbers(copied.fit) == pytest.approx(_numbers(shipped.fit), abs=1e-12)


def test_two_figures_of_one_trial_count_as_one_with_their_correlation(tmp_path: Path) -> None:
    def second(rows: Rows) -> None:
        first = _row(rows, "Y004")
        first["group"] = "holman"
        rows.append({**first, "id": "Y999", "log_ratio": "-0.0098", "correlation": "0.999999"})

    found = cm.synthesise(changed(tmp_path, second), "figures")
    shipped = cm.synthesise(position="figures")
    assert found.counts.trials == 4
    assert _numbers(found.fit) == pytest.approx(_numbers(shipped.fit), abs=5e-3)


def _numbers(fit: Posterior) -> list[float]:
    return [n for one in (fit.average, fit.new) for n in (one.median, one.mean, one.low, one.high, one.rise)]
