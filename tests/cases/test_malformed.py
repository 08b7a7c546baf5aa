# ruff: noqa: E501 (rows of a table)
"""A malformed case is refused with its key, what was found and what to do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.cases import replicate

HIV = Path(__file__).parents[1] / "published" / "heemod_hiv_homogeneous.json"


def written(folder: Path, case: dict[str, Any]) -> Path:
    path = folder / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    return path


def _set(path: str, value: Any) -> Any:
    """An edit of a case: a value at a path, or with None the key taken away."""

    def edit(case: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        block: Any = case
        for key in parents:
            block = block[int(key) if isinstance(block, list) else key]
        if value is None:
            del block[last]
        else:
            block[int(last) if isinstance(block, list) else last] = value

    return edit


MATRIX = "strategies.mono.transition.0.matrix"
MALFORMED = [
    ("kind", _set("kind", "markov_chort"), "kind", "markov_cohort"),
    ("no_kind", _set("kind", None), "kind", "Allowed"),
    ("version", _set("schema_version", "2.0"), "schema_version", "1.0"),
    ("missing_states", _set("states", None), "states", "required"),
    ("unknown_key_in_a_strategy", _set("strategies.mono.state_costs", []), "strategies.mono.state_costs", "not permitted"),
    ("A1_probability_above_1", _set(f"{MATRIX}.0.0", 1.2), "probability of A → A is 1.2", "Between 0 and 1"),
    ("A2_probability_below_0", _set(f"{MATRIX}.0.0", -0.05), "probability of A → A is -0.05", "Between 0 and 1"),
    ("A4_row_sums_to_less", _set(f"{MATRIX}.0.0", 0.701), 'row from "A" sums to 0.98', "not rescaled"),
    ("A5_row_sums_to_more", _set(f"{MATRIX}.0.0", 0.741), 'row from "A" sums to 1.02', "not rescaled"),
    ("A21_empty_row", _set(f"{MATRIX}.0", [0, 0, 0, 0]), 'row from "A" is empty', "1 in its own column"),
    ("A22_matrix_not_square", _set(MATRIX, [[1, 0, 0, 0]]), "the matrix is 1 × 4 for 4 states", "One row and one column"),
    ("A24_transposed", _set(MATRIX, np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0.5, 1]]).tolist()),
     "columns sum to 1 and the rows do not", "transposed"),
    ("A25_initial_has_another_length", _set("initial", [1000]), "1 entries for 4 states", ""),
    ("A26_initial_negative", _set("initial", [1001, -1, 0, 0]), "negative", "Numbers from 0"),
    ("A28_gap", _set("strategies.mono.transition.0.from", 3), "cycle 1 is not covered", "without a gap"),
    ("A29_overlap", _set("strategies.mono.state_cost", [{"from": 1, "to": 5, "values": [1, 1, 1, 0]},
                         {"from": 5, "to": 50, "values": [1, 1, 1, 0]}]), "cycle 5 is covered twice", "do not overlap"),
    ("interval_ends_early", _set("strategies.mono.transition.0.to", 40), "cycle 41 is not covered", "Intervals run to 50"),
    ("A19_absorbing_with_an_exit", _set("absorbing", ["C"]), '"C" is absorbing', "lets people out"),
    ("nothing_says_who_counts", _set("accrual", {"scheme": "cycle", "discount_exponent": "k"}), "who counts", "start, end"),
    ("nothing_says_when_discounted", _set("accrual", {"scheme": "cycle", "occupancy": "end"}), "when a cycle", "k-1"),
    ("weights_of_another_length", _set("accrual", {"scheme": "index", "weights": [1, 1]}), "2 weights for 50", "n + 1"),
    ("D1_discount_in_percent", _set("discount.cost", 3.5), "discount.cost", "less than 1"),
    ("D6_no_cycles", _set("n_cycles", 0), "n_cycles", "greater than"),
    ("D9_too_many_cycles", _set("n_cycles", 10**9), "n_cycles", "less than"),
    ("D8_cycle_length_negative", _set("cycle_length_years", -1), "cycle_length_years", "greater than 0"),
    ("B7_true_is_no_number", _set("discount.effect", True), "discount.effect", "number"),
    ("B9_number_as_text", _set("n_cycles", "50"), "n_cycles", "integer"),
    ("key_of_no_strategy", _set("expected.0.key", "duo.cost"), 'expected "duo.cost"', "Strategies: mono, comb"),
    ("key_of_no_result", _set("expected.0.key", "mono.colour"), "no such result", "components: cost_health_disc"),
    ("cycle_beyond_the_last", _set("expected.0.key", "mono.trace[51]"), "no such result", "mono, comb"),
    ("F4_state_twice", _set("states", ["A", "A", "C", "D"]), "a state stands twice", "Names differ"),
    ("component_of_no_strategy", _set("components.cost_drugs_disc.duo", [{"from": 1, "to": 50, "values": [1, 1, 1, 0]}]),
     "this is not a strategy", "mono"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "found", "remedy"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_case_is_refused_with_its_key(edit: Any, found: str, remedy: str, tmp_path: Path) -> None:
    case = json.loads(HIV.read_text("utf-8"))
    edit(case)
    with pytest.raises(cm.InputError) as caught:
        replicate(written(tmp_path, case))
    message = str(caught.value)
    assert message.startswith("case.json")
    assert found in message
    assert remedy in message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "this is not JSON"),
        ("[]", "this is not a case"),
        ('{"kind": "markov_cohort", "kind": "x"}', 'the key "kind" stands twice'),
        ('{"kind": NaN}', "NaN is no finite number"),
        ('{"kind": "markov_cohort", "n_cycles": 1e400}', "1e400 is no finite number of at most"),
        ('{"kind": ["markov_cohort"]}', "the kind is"),
        ("[" * 100_000, "nested too deep"),
        ("{\n\n\n oops", "line 4"),
    ],
)
def test_what_is_no_case_is_refused(text: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(text, "utf-8")
    with pytest.raises(cm.InputError, match=found):
        replicate(path)


def test_a_case_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match="cannot be opened"):
        replicate(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(cm.InputError, match="not UTF-8"):
        replicate(tmp_path / "bytes.json")
