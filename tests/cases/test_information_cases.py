"""Cases that value information: exact by integration, near by regression, unseen ones against other computations."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.cases import replicate
from costmodel.cases.file import NormalCase
from costmodel.cases.normal_benefits import WorthOfNormals, problem_of
from costmodel.cases.polynomials import Normals, Polynomial, expected_maximum, mean_power, read_formula, square_root
from costmodel.result.information import worth_of_inputs
from tests.cli.commands import call
from tests.support.normal_benefits import worth_of_a_normal

PUBLISHED = Path(__file__).parents[1] / "published"
OF_THREE = 3 / (2 * np.sqrt(np.pi))
"""Expected maximum of three independent standard normals."""


def brennan() -> dict[str, Any]:
    return json.loads((PUBLISHED / "evppi_brennan_independent.json").read_text("utf-8"))


def case(nb: Any, expected: dict[str, Any], tolerance: float = 1e-9, **model: Any) -> dict[str, Any]:
    rows = [{"key": key, "value": value, "abs_tol": tolerance, "status": "analytic"} for key, value in expected.items()]
    return {"schema_version": "1.0", "id": "unseen", "title": "Unseen", "kind": "voi_normal"} | {
        "model": {"nb": nb, **model},
        "expected": rows,
    }


def found(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Obtained by key; every row of the case must hold."""
    path = folder / "case.json"
    path.write_text(json.dumps(content), "utf-8")
    replication = replicate(path)
    assert [row for row in replication.rows if not row.holds] == []
    return {row.key: row.obtained for row in replication.rows}


def worth(nb: list[str], **model: str) -> WorthOfNormals:
    return WorthOfNormals(problem_of(NormalCase.model_validate(case(nb, {"evpi": 0.0}, **model))))


UNIT_LOSS = worth_of_a_normal
THREE_OF_FIVE = (1 + 2**-0.5) / np.sqrt(2 * np.pi)
"""Expected maximum of 0 and two independent standard normals."""
FOUR = 1.0293753730039641
"""Expected maximum of four independent standard normals (Harter 1961)."""
UNSEEN: dict[str, Any] = {
    "two_by_name": (
        ["a", "b"], {"enb": [2.0, 1.0], "evpi": UNIT_LOSS(-1, 5**0.5), "evppi[a]": UNIT_LOSS(-1, 1)},
        {"a": "N(2, 1)", "b": "N(1, sd=2)"},
    ),
    "three_alike": (
        ["a", "b", "c"], {"evpi": OF_THREE, "evppi[a]": UNIT_LOSS(0, 1), "evppi[a,b]": THREE_OF_FIVE},
        dict.fromkeys("abc", "N(0,1)"),
    ),
    "four_alike": (["a", "b", "c", "d"], {"evpi": FOUR}, dict.fromkeys("abcd", "N(0,1)")),
    "a_dominated_one": (
        ["0", "-5", "p"], {"evpi": UNIT_LOSS(0.5, 2), "evppi[p]": UNIT_LOSS(0.5, 2)}, {"p": "N(0.5, var 4)"},
    ),
    "constants": (
        ["-cost", "wtp * q - 2*cost"], {"evpi": UNIT_LOSS(-8, 30), "enb": [-10.0, -18.0]},
        {"cost": "N(10,0)", "wtp": 100, "q": "N(0.02, 0.3)"},
    ),
    "a_square": (
        ["0", "x^2 - 1"], {"enb": [0.0, 0.0], "evpi": 2 * np.exp(-0.5) / np.sqrt(2 * np.pi)}, {"x": "N(0,1)"},
    ),
    "a_product_known_in_part": (
        ["0", "a*b - 2"], {"evppi[a]": UNIT_LOSS(1, 3), "evppi[b]": UNIT_LOSS(1, 1)}, {"a": "N(1,1)", "b": "N(3,1)"},
    ),
    "brackets_and_signs": (
        ["0", "(a + 3) ÷ 2 − 2×b·c"], {"enb": [0.0, -4.0], "evppi[a]": UNIT_LOSS(-4, 0.5)},
        {"a": "N(1,1)", "b": "N(2,1)", "c": "N(1.5, 1)"},
    ),
    "by_strategy": ({"usual": "0", "new": "a"}, {"evpi": UNIT_LOSS(0, 1)}, {"a": "Normal(0, 1)"}),
    "by_moments": (
        ["0", "a + b"], {"evpi": UNIT_LOSS(3, 5)}, {"a": {"mean": 1, "sd": 3}, "b": "N(mean = 2, sigma = 4)"},
    ),
    "nothing_uncertain_matters": (["1", "0*a"], {"evpi": 0.0, "evppi[a]": 0.0}, {"a": "N(0,1)"}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEEN)
def test_an_unseen_case_is_exact(name: str, tmp_path: Path) -> None:
    nb, expected, model = UNSEEN[name]
    tolerance = 2e-9 if name == "four_alike" else 1e-9
    assert found(tmp_path, case(nb, expected, tolerance, **model)).keys() == expected.keys()


def test_the_correlated_version_gives_what_was_published(tmp_path: Path) -> None:
    """Strong and Oakley 2013 print about 248 for {5, 14} and 536 for {7, 16}."""
    printed = {"evppi[5,14]": 247.8, "evppi[7,16]": 536.1}
    groups = [[5, 7, 14, 16], [6, 15]]
    matrix = np.eye(19)
    for group in groups:
        for i in group:
            for j in group:
                matrix[i - 1, j - 1] = 1.0 if i == j else 0.6
    pairs = [[i, j, 0.6] for group in groups for i in group for j in group if i < j]
    ways = [
        matrix.tolist(), pairs, {"groups": groups, "rho": 0.6}, [{"among": group, "rho": 0.6} for group in groups],
        [{"i": i, "j": j, "value": size} for i, j, size in pairs], {f"t{i},t{j}": size for i, j, size in pairs},
    ]  # fmt: skip
    answers = []
    for way in ways:
        content = brennan() | {"correlation": way}
        content["expected"] = [
            {"key": key, "value": value, "abs_tol": 0.5, "status": "published"} for key, value in printed.items()
        ]
        answers.append(found(tmp_path, content))
    assert all(answer == answers[0] for answer in answers)


def test_regression_is_within_2_percent_at_10_000_draws() -> None:
    for name in ("voi_normal_analytic", "evppi_brennan_independent"):
        for one in replicate(PUBLISHED / f"{name}.json").estimates:
            if one.exact > 1e-9:
                assert one.estimate == pytest.approx(one.exact, rel=0.02), one
            else:
                assert one.estimate <= 1e-9
            assert abs(one.estimate - one.exact) < 3 * one.error + 1e-9


def test_exact_values_never_fall_as_a_parameter_joins() -> None:
    toy = worth(["0", "a*b + c", "c*c - a"], a="N(1,1)", b="N(0,2)", c="N(0.5,1)")
    values = [toy.exact(known).value for known in ((), (0,), (0, 1), (0, 1, 2))]
    assert values[0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.diff(values) > 0)


def test_a_normal_may_be_split_into_parts() -> None:
    whole = worth(["0", "a*x", "b"], a="N(1,5)", b="N(0,2)", x="N(1,1)")
    parts = worth(["0", "(a3+a4)*x", "b"], a3="N(0.5,3)", a4="N(0.5,4)", b="N(0,2)", x="N(1,1)")
    assert parts.exact(range(4)).value == pytest.approx(whole.exact(range(3)).value, rel=1e-3)
    assert parts.exact((0, 1)).value == pytest.approx(whole.exact((0,)).value, rel=1e-7)
    assert parts.exact((2,)).value == pytest.approx(whole.exact((1,)).value, abs=1e-12)


def test_units_pass_through_exact_values() -> None:
    pounds = worth(["0", "a*b - 3"], a="N(1,1)", b="N(2,1)").exact((0, 1)).value
    pence = worth(["0", "100*a*b - 300"], a="N(1,1)", b="N(2,1)").exact((0, 1)).value
    assert pence == pytest.approx(100 * pounds, rel=1e-9)


def test_parameters_that_are_copies_of_each_other_are_worth_the_same() -> None:
    normals = Normals(np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.ones((2, 2)))
    nothing, gain = Polynomial.constant(0.0), Polynomial.variable(0)
    for known in ((0,), (1,), (0, 1)):
        value = expected_maximum(normals.given([nothing, gain], known)).value
        assert value == pytest.approx(worth_of_a_normal(0, 1), abs=1e-12)


@st.composite
def forms(draw: st.DrawFn) -> list[Polynomial]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = []
    for _ in range(draw(st.integers(2, 4))):
        p = Polynomial.constant(random.normal())
        for _ in range(draw(st.integers(0, 4))):
            term = Polynomial.constant(random.normal())
            for variable in random.choice(3, size=draw(st.integers(1, 3))):
                term = term * Polynomial.variable(int(variable))
            p = p + term
        found.append(p)
    return found


@pytest.mark.long
@settings(max_examples=60)
@given(forms())
def test_the_expected_maximum_agrees_with_plain_draws(polynomials: list[Polynomial]) -> None:
    z = np.random.default_rng(1).normal(size=(3, 400_000))
    largest = np.max([p.at(dict(enumerate(z)), z.shape[1]) for p in polynomials], axis=0)
    exact = expected_maximum(polynomials)
    assert abs(exact.value - largest.mean()) < 5 * largest.std() / np.sqrt(z.shape[1]) + 5 * exact.error + 1e-12


@pytest.mark.long
def test_nested_monte_carlo_agrees_with_the_exact_value_and_the_regression() -> None:
    """4,000 outer draws of {6, 15} with 1,000 inner draws of the other 17 parameters each."""
    content = brennan()
    mean, sd = np.array(content["parameters"]["mean"]), np.array(content["parameters"]["sd"])
    random = np.random.default_rng(3)

    def gain(t: np.ndarray) -> np.ndarray:
        t = [None, *t]
        first = 1e4 * (t[5] * t[6] * t[7] + t[8] * t[9] * t[10]) - (t[1] + t[2] * t[3] * t[4])
        other = 1e4 * (t[14] * t[15] * t[16] + t[17] * t[18] * t[19]) - (t[11] + t[12] * t[13] * t[4])
        return other - first

    inner = []
    for _ in range(4_000):
        t = mean[:, None] + sd[:, None] * random.normal(size=(19, 1_000))
        t[[5, 14]] = t[[5, 14], :1]
        inner.append(gain(t).mean())
    gains = np.array(inner)
    nested = np.maximum(gains, 0).mean() - max(gains.mean(), 0.0)
    error = (np.maximum(gains, 0) - gains).std() / np.sqrt(len(gains))
    assert abs(nested - 761.8) < 4 * error
    t = mean[:, None] + sd[:, None] * random.normal(size=(19, 10_000))
    difference = gain(t)
    benefits = np.stack([0 * difference, difference])[:, None]
    regressed = worth_of_inputs(benefits, np.ones(1), t[[5, 14]])
    assert abs(regressed.value - 761.8) < 4 * regressed.error


def test_moments_of_a_normal() -> None:
    assert [mean_power(n) for n in range(9)] == [1, 0, 1, 0, 3, 0, 15, 0, 105]


@pytest.mark.parametrize("correlation", [np.eye(3), np.ones((3, 3)), [[1, 0.5, 0], [0.5, 1, -0.5], [0, -0.5, 1]]])
def test_a_square_root_of_a_correlation(correlation: Any) -> None:
    root = square_root(np.array(correlation, dtype=float))
    np.testing.assert_allclose(root @ root.T, correlation, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 + 2*3", 7), ("-(2 - 5)^2", -9), ("+x*x/4", 2.25), ("1e3*x", 3000), ("2 × x − x ÷ 2", 4.5), ("lambda*x", 6)],
)
def test_formulas_are_read_as_arithmetic_is(text: str, value: float) -> None:
    names = {"x": Polynomial.variable(0), "lambda": Polynomial.constant(2.0)}
    assert read_formula(text, names).at({0: np.array([3.0])}, 1)[0] == pytest.approx(value)


WRONG_FORMULAS = [
    "", "x +", "y", "x.__class__", "__import__('os')", "x if x else 1", "max(x, 0)", "[x]", "x/x", "x/0", "x**-1",
    "x**99", "x**x", "1j*x", "'x'", "True", "lambda: 0", "x; x", "x = 1", "(" * 5_000 + "x" + ")" * 5_000,
    "-" * 50_000 + "x", "1e999", "x and x", "~x", "x % 2", "x @ x", "x // 2", "(x+1)**12 * (x+1)**12", "f'{x}'",
    "x\n+1", "9" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG_FORMULAS, ids=lambda text: text[:20])
def test_what_is_no_formula_is_refused_and_nothing_is_run(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the messages differ)
        read_formula(text, {"x": Polynomial.variable(0)})


def test_a_formula_that_would_have_millions_of_terms_is_refused() -> None:
    names = {f"x{i}": Polynomial.variable(i) for i in range(40)}
    with pytest.raises(ValueError, match="too many terms"):
        read_formula("*".join(["(" + "+".join(names) + ")"] * 12), names)


def test_the_command_prints_the_estimates_beside_and_they_decide_nothing(tmp_path: Path) -> None:
    good = call("replicate", PUBLISHED / "voi_normal_analytic.json")
    assert good.exit_code == 0
    assert "The same by regression on draws, for orientation" in good.stdout
    assert "6 of 6 printed results reproduced. All hold." in good.stdout
    document = json.loads(call("replicate", PUBLISHED / "voi_normal_analytic.json", "--json").stdout)
    assert [one["key"] for one in document["estimates"]] == ["evpi", "evppi[p1]", "evppi[p2]"]
    assert document["estimates"][1]["exact"] == pytest.approx(0.0833154705876864, abs=1e-12)
    tiny = case(["0", "p - 4"], {"evpi": worth_of_a_normal(-4, 1)}, p="N(0,1)")
    found(tmp_path, tiny)


def test_a_tolerance_that_integration_cannot_promise_is_said(tmp_path: Path) -> None:
    content = brennan()
    content["expected"] = [{"key": "evpi", "value": 1310.34, "abs_tol": 0.06, "status": "recomputed"}]
    path = tmp_path / "case.json"
    path.write_text(json.dumps(content), "utf-8")
    assert "is not small against ±0.06" in replicate(path).warnings[0]
