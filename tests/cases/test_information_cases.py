"""What information is worth in published and unseen problems of normal parameters: exact by integration, and near it
by the regression of the package. The algebra is tests/support/polynomials.py, itself held to closed forms here.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.result.information import worth_of_inputs
from tests.support.normal_benefits import WorthOfNormals, published, worth_of_a_normal, worth_of_normals
from tests.support.polynomials import Normals, Polynomial, expected_maximum, mean_power, square_root

PUBLISHED = Path(__file__).parents[1] / "published"
CASES = ("voi_normal_analytic", "evppi_brennan_independent")
OF_THREE = 3 / (2 * np.sqrt(np.pi))
"""Expected maximum of three independent standard normals."""


def content(name: str) -> dict[str, Any]:
    return json.loads((PUBLISHED / f"{name}.json").read_text("utf-8"))


def brennan() -> dict[str, Any]:
    return content("evppi_brennan_independent")


def answer(worth: WorthOfNormals, key: str) -> Any:
    """Of a key of a case: exact, or of another program's estimate (`voi_…`) the package's own."""
    every = range(len(worth.names))
    if key.startswith("voi_mc_evpi_"):
        return worth.estimated(every, int(key.rpartition("_")[2])).value
    if key.startswith("voi_gam_evppi_"):
        return worth.estimated(worth.places(key.rpartition("_")[2])).value
    if key == "enb":
        return worth.expected
    known = worth.names if key == "evpi" else key[len("evppi[") : -1].split(",")
    return worth.exact(worth.places(",".join(name if name in worth.names else f"t{name}" for name in known))).value


ROWS = [(name, row) for name in CASES for row in content(name)["expected"]]


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row['key']}" for name, row in ROWS])
def test_a_published_value_comes_out_as_printed(name: str, row: dict[str, Any]) -> None:
    tolerance = {"abs": row["abs_tol"], "rel": 0} if "abs_tol" in row else {"rel": row["rel_tol"]}
    assert answer(published(content(name)), row["key"]) == pytest.approx(row["value"], **tolerance)


UNIT_LOSS = worth_of_a_normal
THREE_OF_FIVE = (1 + 2**-0.5) / np.sqrt(2 * np.pi)
"""Expected maximum of 0 and two independent standard normals."""
FOUR = 1.0293753730039641
"""Expected maximum of four independent standard normals (Harter 1961)."""
STANDARD = (0, 1)
UNSEEN: dict[str, Any] = {
    "two_by_name": (
        ["a", "b"], {"enb": [2.0, 1.0], "evpi": UNIT_LOSS(-1, 5**0.5), "evppi[a]": UNIT_LOSS(-1, 1)},
        {"a": (2, 1), "b": (1, 2)},
    ),
    "three_alike": (
        ["a", "b", "c"], {"evpi": OF_THREE, "evppi[a]": UNIT_LOSS(0, 1), "evppi[a,b]": THREE_OF_FIVE},
        dict.fromkeys("abc", STANDARD),
    ),
    "four_alike": (["a", "b", "c", "d"], {"evpi": FOUR}, dict.fromkeys("abcd", STANDARD)),
    "a_dominated_one": (
        ["0", "-5", "p"], {"evpi": UNIT_LOSS(0.5, 2), "evppi[p]": UNIT_LOSS(0.5, 2)}, {"p": (0.5, 2)},
    ),
    "constants": (
        ["-cost", "100 * q - 2*cost"], {"evpi": UNIT_LOSS(-8, 30), "enb": [-10.0, -18.0]},
        {"cost": (10, 0), "q": (0.02, 0.3)},
    ),
    "a_square": (
        ["0", "x**2 - 1"], {"enb": [0.0, 0.0], "evpi": 2 * np.exp(-0.5) / np.sqrt(2 * np.pi)}, {"x": STANDARD},
    ),
    "a_product_known_in_part": (
        ["0", "a*b - 2"], {"evppi[a]": UNIT_LOSS(1, 3), "evppi[b]": UNIT_LOSS(1, 1)}, {"a": (1, 1), "b": (3, 1)},
    ),
    "brackets_and_signs": (
        ["0", "(a + 3) / 2 - 2*b*c"], {"enb": [0.0, -4.0], "evppi[a]": UNIT_LOSS(-4, 0.5)},
        {"a": (1, 1), "b": (2, 1), "c": (1.5, 1)},
    ),
    "a_sum": (["0", "a + b"], {"evpi": UNIT_LOSS(3, 5)}, {"a": (1, 3), "b": (2, 4)}),
    "nothing_uncertain_matters": (["1", "0*a"], {"evpi": 0.0, "evppi[a]": 0.0}, {"a": STANDARD}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEEN)
def test_an_unseen_case_is_exact(name: str) -> None:
    formulas, expected, normals = UNSEEN[name]
    worth = worth_of_normals(formulas, normals)
    for key, value in expected.items():
        assert answer(worth, key) == pytest.approx(value, abs=2e-9 if name == "four_alike" else 1e-9, rel=0)


def test_the_correlated_version_gives_what_was_published() -> None:
    """Strong and Oakley 2013 print about 248 for {5, 14} and 536 for {7, 16}."""
    matrix = np.eye(19)
    for group in ([5, 7, 14, 16], [6, 15]):
        for i in group:
            for j in group:
                matrix[i - 1, j - 1] = 1.0 if i == j else 0.6
    worth = published(brennan(), matrix)
    for key, printed in (("evppi[5,14]", 247.8), ("evppi[7,16]", 536.1)):
        assert answer(worth, key) == pytest.approx(printed, abs=0.5)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row['key']}" for name, row in ROWS])
def test_regression_is_within_2_percent_at_10_000_draws(name: str, row: dict[str, Any]) -> None:
    if row["key"].startswith(("enb", "voi_")):
        return
    worth = published(content(name))
    key = row["key"]
    known = worth.names if key == "evpi" else [n if n in worth.names else f"t{n}" for n in key[6:-1].split(",")]
    estimate, exact = worth.estimated(worth.places(",".join(known))), answer(worth, key)
    assert estimate.value == pytest.approx(exact, rel=0.02) if exact > 1e-9 else estimate.value <= 1e-9
    assert abs(estimate.value - exact) < 3 * estimate.error + 1e-9


def test_exact_values_never_fall_as_a_parameter_joins() -> None:
    toy = worth_of_normals(["0", "a*b + c", "c*c - a"], {"a": (1, 1), "b": (0, 2), "c": (0.5, 1)})
    values = [toy.exact(known).value for known in ((), (0,), (0, 1), (0, 1, 2))]
    assert values[0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.diff(values) > 0)


def test_a_normal_may_be_split_into_parts() -> None:
    whole = worth_of_normals(["0", "a*x", "b"], {"a": (1, 5), "b": (0, 2), "x": (1, 1)})
    halves = {"a3": (0.5, 3), "a4": (0.5, 4), "b": (0, 2), "x": (1, 1)}
    parts = worth_of_normals(["0", "(a3+a4)*x", "b"], halves)
    assert parts.exact(range(4)).value == pytest.approx(whole.exact(range(3)).value, rel=1e-3)
    assert parts.exact((0, 1)).value == pytest.approx(whole.exact((0,)).value, rel=1e-7)
    assert parts.exact((2,)).value == pytest.approx(whole.exact((1,)).value, abs=1e-12)


def test_units_pass_through_exact_values() -> None:
    normals = {"a": (1, 1), "b": (2, 1)}
    pounds = worth_of_normals(["0", "a*b - 3"], normals).exact((0, 1)).value
    pence = worth_of_normals(["0", "100*a*b - 300"], normals).exact((0, 1)).value
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
