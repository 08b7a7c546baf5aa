"""The shipped targets: their roles stay as declared, nothing scores that was seen, and the file of the docs is true."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from costmodel.analysis.calibration.problem import load_problem
from costmodel.analysis.validation import NO_MODEL, Validation, validate
from costmodel.analysis.validation.target import read_validation
from costmodel.cli.evidence import WRITTEN
from costmodel.report.render import markdown

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"

DECLARED = {
    "T1": ("consistency", None, None), "T2a": ("predicted", 0.05, 0.16), "T2b": ("predicted", 10_000, 33_000),
    "T2c": ("predicted", 0.1, 0.3), "T2d": ("consistency", None, None), "T3a": ("predicted", 0.08, 0.2),
    "T3b": ("predicted", 0.05, 0.1), "T4a": ("predicted", 0.05, 0.12), "T4b": ("predicted", 0.05, 0.12),
    "T5": ("predicted", 0.06, 0.15), "T6": ("predicted", 3, 9), "T7": ("predicted", 0.15, 0.3),
    "T8": ("predicted", 775, 3_100), "T9": ("consistency", None, None), "T10": ("predicted", 0, 12),
    "T11": ("context", None, None), "T12a": ("predicted", 0, 0.03), "T12b": ("context", None, None),
    "T13a": ("input", None, None), "T13b": ("predicted", 0.07, 0.2), "T14": ("context", None, None),
    "T15": ("predicted", 0.1, 0.25), "T16a": ("input", None, None), "T16b": ("predicted", 0, 6_000),
    "T17": ("predicted", 0.17, 0.68), "T18": ("input", None, None), "T19": ("context", None, None),
    "T20": ("predicted", 2_600, 5_200), "T21": ("predicted", 12, 36),
    **{f"C{number:03}": ("fitted", None, None) for number in range(3, 13)}, "C017": ("context", None, None),
    **{f"T22{letter}": ("consistency", None, None) for letter in "abcd"}, "T23": ("predicted", 0.28, 0.56),
    **{f"T24{letter}": ("consistency", None, None) for letter in "abcde"}, "T24f": ("fitted", None, None),
    **dict.fromkeys(("V075", "V075_spread", "V077", "V077_spread"), ("input", None, None)),
    **dict.fromkeys(("V076", "V076_spread", "V078", "V078_spread", "B003", "B011", "B012"), ("fitted", None, None)),
    **{f"B{number:03}": ("consistency", None, None) for number in (*range(4, 11), *range(13, 17), 25)},
    **dict.fromkeys(("C015", "C016", "B184a", "B184b", "S043", "S044", "C066", "C098"), ("consistency", None, None)),
    **dict.fromkeys(("C107", "C108", "C109", "C110"), ("input", None, None)),
    **dict.fromkeys(("C120", "C121", "C123"), ("consistency", None, None)),
    "C215": ("input", None, None), "C216": ("context", None, None),
}  # fmt: skip
"""Role, tolerance and greatest width as committed before any comparison. They do not change with what models say."""

TODAY = {
    "prediction": "T4a T4b T13b T15 T16b T21",
    "same trial": (
        "T2a T2b T2c T3a T3b T5 T6 T7 T8 T9 T10 T17 T20 T23 T24c C015 C016 S043 S044 C066 C098 C120 C121 C123"
    ),
}
"""What the model of today has not seen, and what is of a trial of which it has used something else."""


@pytest.fixture(scope="module")
def shipped() -> Validation:
    return validate(SCENARIOS)


def test_roles_tolerances_and_widths_are_those_that_were_declared() -> None:
    rows = read_validation(SCENARIOS / "validation.yaml").rows
    assert {name: (row.role, row.tolerance, row.width) for name, row in rows.items()} == DECLARED


def test_what_counts_as_what_today_is_what_was_declared_before_the_first_score() -> None:
    rows = read_validation(SCENARIOS / "validation.yaml").rows
    for role, names in TODAY.items():
        assert {name for name, row in rows.items() if row.counts_as == role} == set(names.split())
    assert all(row.trial for row in rows.values() if row.counts_as in TODAY)


def test_all_twenty_four_targets_are_there_in_their_order() -> None:
    names = [name for name in read_validation(SCENARIOS / "validation.yaml").rows if name.startswith("T")]
    numbers = [int(re.sub(r"\D", "", name)) for name in names]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 25))


def test_what_the_bands_were_fitted_to_is_what_their_calibration_file_says() -> None:
    """Every figure of it was read, and it sees no row that is a check."""
    observations = load_problem(
        SCENARIOS / "depression_resistant" / "bands_calibration.yaml"
    ).file.observations.values()
    rows = read_validation(SCENARIOS / "validation.yaml").rows.values()
    of_bands = [row for row in rows if row.scenario == "bands.yaml"]
    declared = [(row.sources[0], row.strategy, row.observed, row.months) for row in of_bands if row.role == "fitted"]
    seen = [(one.source, one.strategy, one.observed, one.time.months) for one in observations]
    assert sorted(declared) == sorted(seen)
    assert {one.status for one in observations} == {"read"}
    assert all(row.status == "read" or row.role == "consistency" for row in of_bands)


def test_what_the_model_was_fitted_to_is_what_its_calibration_file_says() -> None:
    observations = load_problem(SCENARIOS / "depression_resistant" / "calibration.yaml").file.observations
    rows = read_validation(SCENARIOS / "validation.yaml").rows
    fitted = {name for name, row in rows.items() if row.role == "fitted" and row.scenario != "bands.yaml"}
    assert fitted == set(observations) | {"T24f"}  # QALYs, which follow from what the rates are fitted to
    for name, one in observations.items():
        row = rows[name]
        assert row.time
        same = (row.strategy, list(row.states), row.time.months, row.observed, row.sources, row.status)
        assert same == (one.strategy, list(one.states), one.time.months, one.share, [one.source], one.status)


@pytest.mark.long
def test_no_row_is_both_seen_by_its_model_and_scored(shipped: Validation) -> None:
    assert {row.name: row.remark for row in shipped.rows if row.verdict == "void"} == {}


@pytest.mark.long
def test_every_population_that_is_there_can_be_asked(shipped: Validation) -> None:
    assert {row.name: row.remark for row in shipped.rows if row.verdict == "cannot be asked"} == {}


@pytest.mark.long
def test_every_miss_is_explained_in_the_readme_of_its_population(shipped: Validation) -> None:
    unexplained = []
    for row in shipped.scored:
        readme = (SCENARIOS / row.target.population / "README.md").read_text("utf-8")
        if row.verdict.startswith("miss") and not re.search(rf"\b{row.name}\b", readme):
            unexplained.append(row.name)
    assert unexplained == []


@pytest.mark.long
def test_the_page_of_the_docs_is_what_the_command_writes(shipped: Validation) -> None:
    assert [row.name for row in shipped.rows if row.verdict == NO_MODEL] == []
    assert (ROOT / "docs" / "validation.md").read_text("utf-8") == markdown(replace(shipped.page(), about=(WRITTEN,)))


@pytest.mark.long
def test_every_counted_target_is_scored_in_every_stage_and_the_front_page_says_the_score(shipped: Validation) -> None:
    assert shipped.scores
    assert set(map(len, shipped.scores.missing.values())) == {0}
    whole = {(row.stage, row.roles): row for row in shipped.scores.rows if row.kind == "all"}
    assert {row.targets for (_, roles), row in whole.items() if roles == "predicted at first"} == {19}
    now = whole["now", "prediction"]
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert (
        f"Of {now.targets} findings whose trials no fit and no synthesis has used, {now.covered} lie within the bases' "
        f"intervals (exact 95% interval of that share {now.low:.0%} to {now.high:.0%}): consistency, not prediction; "
        "all were known."
    ) in said
