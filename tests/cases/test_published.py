"""Published models come out as printed, a spoilt figure is seen, unseen cases agree with a second implementation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costmodel as cm
from costmodel.cases import replicate
from tests.cli.commands import call
from tests.support.plain_cohort import plain_totals

PUBLISHED = Path(__file__).parents[1] / "published"
OF_INFORMATION = {"evppi_brennan_independent", "voi_normal_analytic"}
"""Cases that value information: tests/cases/test_information_cases.py."""
OPEN = sorted({path.stem for path in PUBLISHED.glob("*.json")} - OF_INFORMATION)


def content(name: str) -> dict[str, Any]:
    return json.loads((PUBLISHED / f"{name}.json").read_text("utf-8"))


def written(folder: Path, case: dict[str, Any]) -> Path:
    path = folder / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    return path


def test_there_are_nine_open_cases() -> None:
    assert len(OPEN) == 9


@pytest.mark.parametrize("name", OPEN)
def test_a_published_model_comes_out_as_printed(name: str) -> None:
    found = replicate(PUBLISHED / f"{name}.json")
    assert [row for row in found.rows if not row.holds] == []
    expected = content(name)["expected"] or content(name)["expected_table"]
    assert len(found.rows) >= len(expected)
    assert found.convention


def numeric(name: str) -> list[int]:
    return [i for i, row in enumerate(content(name)["expected"]) if not isinstance(row["value"], list)]


@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for name in OPEN for row in numeric(name)], ids=lambda value: str(value)
)
def test_every_printed_figure_can_be_missed(name: str, row: int, tmp_path: Path) -> None:
    case = content(name)
    entry = case["expected"][row]
    tolerance = entry.get("abs_tol", entry.get("rel_tol", 0) * abs(entry["value"]))
    entry["value"] += 2.1 * tolerance + 1e-6 * abs(entry["value"]) + (tolerance == 0)
    found = replicate(written(tmp_path, case))
    assert [i for i, r in enumerate(found.rows) if not r.holds] == [row]


def test_a_spoilt_frontier_and_a_spoilt_trace_are_seen(tmp_path: Path) -> None:
    case = content("icer_frontier_va")
    case["cost"]["C"] = 20_000
    rows = {row.key: row.holds for row in replicate(written(tmp_path, case)).rows}
    assert not rows["frontier"]
    assert not rows["C"]
    case = content("sonnenberg_beck_phv")
    case["expected"][0]["value"][1] += 1e-6
    assert not replicate(written(tmp_path, case)).rows[0].holds


@pytest.mark.parametrize("name", [name for name in OPEN if content(name)["kind"] == "markov_cohort"])
def test_a_second_implementation_agrees_on_every_case(name: str) -> None:
    case = content(name)
    run = _run(PUBLISHED / f"{name}.json")
    for strategy in case["strategies"]:
        plain = plain_totals(case, strategy)
        assert run.cost(strategy) == pytest.approx(plain["cost"], rel=1e-11, abs=1e-9)
        assert run.effect(strategy) == pytest.approx(plain["effect"], rel=1e-11)
        assert run.cost(strategy, discounted=False) == pytest.approx(plain["undiscounted_cost"], rel=1e-11, abs=1e-9)
        np.testing.assert_allclose(run.trace(strategy, case["n_cycles"]), plain["trace"][-1], rtol=1e-11, atol=1e-300)


def _run(path: Path) -> Any:
    from costmodel.cases.case import CohortCase, read_case
    from costmodel.cases.cohort import run_cohort

    case, _ = read_case(path)
    assert isinstance(case, CohortCase)
    return run_cohort(case)


@st.composite
def cohort_cases(draw: st.DrawFn) -> dict[str, Any]:
    """Random cases: absorbing states, several strategies and intervals, unequal rates, one-off costs, both schemes."""
    n, cycles = draw(st.integers(2, 5)), draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def intervals() -> list[tuple[int, int]]:
        cuts = sorted(random.choice(np.arange(1, cycles), size=min(2, cycles - 1), replace=False)) if cycles > 1 else []
        ends = [*map(int, cuts), cycles]
        return list(zip([1, *(end + 1 for end in ends[:-1])], ends, strict=True))

    def matrix() -> list[list[float]]:
        rows = random.dirichlet(np.full(n, 0.7), size=n)
        if random.random() < 0.7:
            rows[-1] = np.eye(n)[-1]
        return rows.tolist()

    def strategy() -> dict[str, Any]:
        block: dict[str, Any] = {
            "transition": [{"from": a, "to": b, "matrix": matrix()} for a, b in intervals()],
            "state_cost": [{"from": a, "to": b, "values": (1e4 * random.random(n)).tolist()} for a, b in intervals()],
            "state_effect": [{"from": a, "to": b, "values": random.random(n).tolist()} for a, b in intervals()],
        }
        if random.random() < 0.5:
            block["start_cost"] = 900.0
        if random.random() < 0.5:
            block["transition_cost"] = (100 * random.random((n, n))).tolist()
            block["transition_effect"] = (-0.1 * random.random((n, n))).tolist()
        return block

    if draw(st.booleans()):
        accrual: dict[str, Any] = {"scheme": "index", "weights": random.random(cycles + 1).tolist()}
    else:
        accrual = {
            "scheme": "cycle",
            "occupancy": draw(st.sampled_from(["start", "end", "average"])),
            "discount_exponent": draw(st.sampled_from(["k-1", "k", "k-0.5"])),
        }
        if draw(st.booleans()):
            accrual["effect_occupancy"] = draw(st.sampled_from(["start", "end", "average"]))
    return {
        "schema_version": "1.0",
        "id": "random",
        "title": "Random",
        "kind": "markov_cohort",
        "states": [f"s{i}" for i in range(n)],
        "initial": random.dirichlet(np.ones(n)).tolist(),
        "n_cycles": cycles,
        "cycle_length_years": draw(st.sampled_from([1 / 12, 0.25, 1.0, 5.0])),
        "accrual": accrual,
        "discount": {"cost": draw(st.sampled_from([0.0, 0.035])), "effect": draw(st.sampled_from([0.0, 0.015]))},
        "strategies": {f"arm{i}": strategy() for i in range(draw(st.integers(1, 3)))},
    }


@settings(max_examples=40, deadline=None)
@given(cohort_cases())
def test_unseen_cases_agree_with_the_second_implementation(tmp_path_factory: Any, case: dict[str, Any]) -> None:
    case["expected"] = []
    for strategy in case["strategies"]:
        plain = plain_totals(case, strategy)
        for key in ("cost", "effect", "undiscounted_cost", "undiscounted_effect"):
            tolerance = 1e-10 * max(1.0, abs(plain[key]))
            case["expected"].append(
                {"key": f"{strategy}.{key}", "value": plain[key], "abs_tol": tolerance, "status": "recomputed"}
            )
        last = case["n_cycles"]
        trace = [float(x) for x in plain["trace"][last]]
        case["expected"].append(
            {"key": f"{strategy}.trace[{last}]", "value": trace, "abs_tol": 1e-12, "status": "recomputed"}
        )
    found = replicate(written(tmp_path_factory.mktemp("case"), case))
    assert [row for row in found.rows if not row.holds] == []


def test_a_tunnel_of_75_states_keeps_everybody_for_75_cycles(tmp_path: Path) -> None:
    n = 76
    matrix = np.eye(n, k=1)
    matrix[-1, -1] = 1
    annuity = 10 * (1 - 1.035**-75) / (1 - 1 / 1.035)
    case = {
        "schema_version": "1.0", "id": "tunnel", "title": "Tunnel", "kind": "markov_cohort",
        "states": [f"t{i}" for i in range(n - 1)] + ["out"], "initial": [1] + [0] * (n - 1),
        "n_cycles": 100, "cycle_length_years": 1,
        "accrual": {"scheme": "cycle", "occupancy": "start", "discount_exponent": "k-1"},
        "discount": {"cost": 0.035, "effect": 0},
        "strategies": {"one": {
            "transition": [{"from": 1, "to": 100, "matrix": matrix.tolist()}],
            "state_cost": [{"from": 1, "to": 100, "values": [10.0] * (n - 1) + [0.0]}],
            "state_effect": [{"from": 1, "to": 100, "values": [1.0] * (n - 1) + [0.0]}],
        }},
        "expected": [
            {"key": "one.effect", "value": 75, "abs_tol": 1e-12, "status": "analytic"},
            {"key": "one.cost", "value": annuity, "rel_tol": 1e-12, "status": "analytic"},
            {"key": "one.trace_last[out]", "value": 1, "status": "analytic"},
        ],
    }  # fmt: skip
    assert replicate(written(tmp_path, case)).holds


def constant_saving(years: int, paid: float, saved: float) -> dict[str, Any]:
    """One state, a cost at the start against a constant saving."""

    def block(start: float, yearly: float) -> dict[str, Any]:
        whole = {"from": 1, "to": years, "note": "constant"}
        return {
            "label": "described and not read", "start_cost": start, "transition": [{**whole, "matrix": [[1]]}],
            "state_cost": [{**whole, "values": [yearly]}], "state_effect": [{**whole, "values": [1]}],
        }  # fmt: skip

    return {
        "schema_version": "1.0", "id": "constant", "title": "Constant saving", "kind": "markov_cohort",
        "states": ["ill"], "initial": [1], "n_cycles": years, "cycle_length_years": 1,
        "accrual": {"scheme": "cycle", "occupancy": "end", "discount_exponent": "k"},
        "discount": {"cost": 0, "effect": 0},
        "strategies": {"usual": block(0, 5 * saved), "therapy": block(paid, 4 * saved)},
    }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.floats(0.01, 999.99).map(lambda x: round(x, 2)), st.integers(1, 50))
def test_a_constant_saving_pays_back_when_it_has_covered_the_cost(
    tmp_path_factory: Any, years: int, saved: float, wanted: int
) -> None:
    case = constant_saving(years, wanted * saved, saved)
    covered = wanted if wanted <= years else -1
    case["expected"] = [
        {"key": f"payback_cycle_{how}(therapy,usual)", "value": covered, "abs_tol": 0, "status": "analytic"}
        for how in ("discounted", "undiscounted")
    ]
    found = replicate(written(tmp_path_factory.mktemp("case"), case))
    assert [row for row in found.rows if not row.holds] == []


def frontier_case(cost: dict[str, float], effect: dict[str, float], table: list[list[Any]]) -> dict[str, Any]:
    return {
        "schema_version": "1.0", "id": "frontier", "title": "Frontier", "kind": "icer_frontier",
        "cost": cost, "effect": effect, "expected_table": table, "expected": [],
    }  # fmt: skip


def test_a_tied_strategy_is_marked_with_the_one_that_it_equals(tmp_path: Path) -> None:
    table = [["a", None, None, None, "ND"], ["b", 10, 1, 10, "ND"], ["c", None, None, None, "ND"]]
    case = frontier_case({"a": 0, "b": 10, "c": 10}, {"a": 0, "b": 1, "c": 1}, table)
    found = replicate(written(tmp_path, case))
    assert found.holds
    assert [row.obtained for row in found.rows if row.key in ("frontier", "c")] == [["a", "b", "c"], "ND (= b)"]


def test_without_a_title_the_id_stands_for_it(tmp_path: Path) -> None:
    case = frontier_case({"a": 3}, {"a": 1}, [["a", None, None, None, "ND"]])
    del case["title"]
    found = replicate(written(tmp_path, case))
    assert (found.title, found.id) == ("frontier", "frontier")


def test_a_refused_key_of_a_result_says_which_there_are(tmp_path: Path) -> None:
    case = frontier_case({"a": 3}, {"a": 1}, [["a", None, None, None, "ND"]])
    for wrong, remedy in (
        (
            {"key": "frontier", "value": ["a"], "status": "published", "tolerance": 1},
            "keys key, value, abs_tol, rel_tol",
        ),
        ({"key": "incremental(a,a)", "value": 0, "status": "published"}, "Keys: frontier, icer(A,B)"),
    ):
        with pytest.raises(cm.InputError) as refusal:
            replicate(written(tmp_path, {**case, "expected": [wrong]}))
        assert remedy in str(refusal.value)


@pytest.mark.parametrize(
    ("cost", "effect", "table"),
    [
        pytest.param(
            {"a": 10, "b": 8}, {"a": 1, "b": 1}, [["b", None, None, None, "ND"], ["a", None, None, None, "D"]],
            id="at_equal_effect_the_cheaper_stays",
        ),
        pytest.param(
            {"a": 10, "b": 10}, {"a": 1, "b": 2}, [["b", None, None, None, "ND"], ["a", None, None, None, "D"]],
            id="at_equal_cost_the_better_stays",
        ),
        pytest.param(
            {"a": 10, "b": 10}, {"a": 1, "b": 1}, [["a", None, None, None, "ND"], ["b", None, None, None, "ND"]],
            id="equals_share_one_place",
        ),
        pytest.param(
            {"a": 0, "b": 10, "c": 20}, {"a": 0, "b": 1, "c": 2},
            [["a", None, None, None, "ND"], ["b", 10, 1, 10, "ND"], ["c", 10, 1, 10, "ND"]],
            id="on_the_line_between_two_others_it_stays",
        ),
        pytest.param({"a": 3}, {"a": 1}, [["a", None, None, None, "ND"]], id="one_strategy"),
        pytest.param(
            {"a": 10, "b": -5}, {"a": 1, "b": 2}, [["b", None, None, None, "ND"], ["a", None, None, None, "D"]],
            id="a_saving_that_does_more_is_not_called_dominated",
        ),
    ],
)  # fmt: skip
def test_ties_on_the_frontier(
    cost: dict[str, float], effect: dict[str, float], table: list[list[Any]], tmp_path: Path
) -> None:
    assert [row for row in replicate(written(tmp_path, frontier_case(cost, effect, table))).rows if not row.holds] == []


def test_an_incremental_analysis_answers_further_keys(tmp_path: Path) -> None:
    case = frontier_case({"a": 0, "b": 12}, {"a": 1, "b": 3}, [["a", None, None, None, "ND"], ["b", 12, 2, 6, "ND"]])
    wanted = {"icer(b,a)": 6, "inc_cost(b, a)": 12, "inc_effect(a,b)": -2, "frontier": ["a", "b"]}
    case["expected"] = [
        {"key": key, "value": value, "abs_tol": 0, "status": "analytic"} for key, value in wanted.items()
    ]
    assert replicate(written(tmp_path, case)).holds
    case["expected"][0]["value"] = 6.1
    assert not replicate(written(tmp_path, case)).holds
    case["expected"][0]["key"] = "icer(b,c)"
    with pytest.raises(cm.InputError, match="the case has no such result"):
        replicate(written(tmp_path, case))


def test_names_with_commas_and_parentheses_are_understood(tmp_path: Path) -> None:
    case = constant_saving(10, 30.0, 5.0)
    case["strategies"] = dict(zip(("usual, as it is", "therapy (long)"), case["strategies"].values(), strict=True))
    pair = "(therapy (long),usual, as it is)"
    case["expected"] = [{"key": f"payback_cycle_undiscounted{pair}", "value": 6, "abs_tol": 0, "status": "analytic"}]
    assert replicate(written(tmp_path, case)).holds


def test_a_byte_order_mark_is_no_part_of_a_case(tmp_path: Path) -> None:
    path = written(tmp_path, content("chancellor_1997_exact"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert replicate(path).holds


def test_people_who_are_not_the_population_are_doubted(tmp_path: Path) -> None:
    case = constant_saving(10, 30.0, 5.0) | {"population": 1000}
    case["expected"] = [{"key": "usual.cost", "value": 250, "abs_tol": 0, "status": "analytic"}]
    assert any("the population is 1000" in said for said in replicate(written(tmp_path, case)).warnings)


def test_the_command_prints_expected_beside_obtained_and_exits_by_the_outcome(tmp_path: Path) -> None:
    good = call("replicate", PUBLISHED / "sonnenberg_beck_phv.json")
    assert good.exit_code == 0
    assert "end-of-cycle counting, discounted at the end of cycle" in good.stdout
    assert "6 of 6 printed results reproduced. All hold." in good.stdout
    case = content("sonnenberg_beck_phv")
    case["expected"][2]["value"] = 23_000
    spoilt = call("replicate", written(tmp_path, case))
    assert spoilt.exit_code == 1
    assert "DIFFERS" in spoilt.stdout
    assert "1 of 6 differ." in spoilt.stdout
    del case["states"]
    refused = call("replicate", written(tmp_path, case))
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert "case.json: states: field required" in refused.stderr


def test_the_command_prints_json() -> None:
    out = call("replicate", PUBLISHED / "icer_frontier_va.json", "--json")
    document = json.loads(out.stdout)
    assert document["schema"] == "costmodel/replication/2"
    assert document["holds"] is True
    assert document["rows"][0] == {
        "key": "frontier", "expected": ["UC", "B", "D", "E"], "obtained": ["UC", "B", "D", "E"],
        "tolerance": "exact", "status": "published", "holds": True, "note": "",
    }  # fmt: skip
