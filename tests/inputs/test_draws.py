"""A draw depends on its seed, its parameter's name and its number, and on nothing else."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from costmodel.errors import InputError
from costmodel.inputs.draws import checked_seed, conditioned_weights, pick_rows, uniforms


def test_more_draws_extend_and_never_reshuffle() -> None:
    assert np.array_equal(uniforms(7, "recover", 10_000)[:1_000], uniforms(7, "recover", 1_000))


@given(start=st.integers(0, 5_000), n=st.integers(0, 100))
def test_any_block_can_be_drawn_alone(start: int, n: int) -> None:
    assert np.array_equal(uniforms(7, "recover", n, start), uniforms(7, "recover", 5_100)[start : start + n])


def test_blocks_far_out_take_no_time() -> None:
    assert uniforms(7, "recover", 3, start=10**15).shape == (3,)


@given(seed=st.integers(0, 2**63 - 1), name=st.text(max_size=20))
def test_draws_are_strictly_between_0_and_1(seed: int, name: str) -> None:
    draws = uniforms(seed, name, 50)
    assert np.all((draws > 0) & (draws < 1))
    assert np.array_equal(draws, uniforms(seed, name, 50))


def test_the_extreme_bits_stay_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    class Extremes:
        def __init__(self, _: object) -> None: ...

        def advance(self, _: int) -> "Extremes":
            return self

        def random_raw(self, _: int) -> list[int]:
            return [0, 2**64 - 1]

    monkeypatch.setattr(np.random, "PCG64", Extremes)
    low, high = uniforms(0, "x", 2)
    assert 0 < low < 1e-15
    assert 1 - 1e-15 < high < 1


def test_names_and_seeds_are_independent_streams() -> None:
    streams = np.stack([uniforms(seed, name, 20_000) for seed in (0, 1, 2**32) for name in ("a", "b", "ab")])
    correlations = np.asarray(np.corrcoef(streams))[~np.eye(len(streams), dtype=bool)]
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)
    assert all(stats.kstest(stream, "uniform").pvalue > 1e-4 for stream in streams)


def test_draws_do_not_depend_on_the_hash_seed() -> None:
    program = "from costmodel.inputs.draws import uniforms; print(uniforms(3, 'recover', 5).tobytes().hex())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }  # fmt: skip
    assert outputs == {uniforms(3, "recover", 5).tobytes().hex()}


@pytest.mark.parametrize("seed", [-1, 2**63, 2**70, "abc", 1.5, True, None, float("nan")])
def test_a_seed_that_is_not_one_is_refused(seed: object) -> None:
    with pytest.raises(InputError, match="--seed: .* is not a seed"):
        checked_seed(seed, "--seed")


def test_the_ends_of_the_seeds_are_allowed() -> None:
    assert checked_seed(0) == 0
    assert checked_seed(np.int64(2**63 - 1)) == 2**63 - 1


def test_rows_are_picked_as_often_as_they_weigh() -> None:
    weights = np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0])
    u = uniforms(1, "rows", 80_000)
    picked = np.bincount(pick_rows(u, weights), minlength=6)
    assert picked[weights == 0].sum() == 0
    assert pick_rows(np.array([0.25]), np.array([1.0, 0.0, 3.0])) == [2]
    assert picked / u.size == pytest.approx(weights / 8, abs=4 * 0.5 / np.sqrt(u.size))


@given(rows=st.integers(1, 500))
def test_rows_of_equal_weight_are_picked_alike(rows: int) -> None:
    middles = (np.arange(rows) + 0.5) / rows
    assert np.array_equal(pick_rows(middles, np.ones(rows)), np.arange(rows))
    assert pick_rows(np.array([1 - 2.0**-53]), np.full(rows, 1 / rows))[0] == rows - 1


def test_conditioning_a_correlated_pair_agrees_with_the_bivariate_normal() -> None:
    """E(y | x = 1) = 0.8 for standard normals with correlation 0.8; the kernel's width costs some of it."""
    x = stats.norm.ppf(uniforms(1, "x", 20_000))
    y = 0.8 * x + 0.6 * stats.norm.ppf(uniforms(1, "y", 20_000))
    weights, effective_size = conditioned_weights(x, 1.0)
    assert weights.sum() == pytest.approx(1)
    assert np.sum(weights * x) == pytest.approx(1, abs=0.05)
    assert np.sum(weights * y) == pytest.approx(0.8, abs=0.05)
    assert 200 < effective_size < 20_000
    assert effective_size == pytest.approx(1 / np.sum(weights**2))


def test_conditioning_far_outside_leaves_the_nearest_row() -> None:
    weights, effective_size = conditioned_weights(np.arange(1.0, 101.0), 1e6)
    assert int(np.argmax(weights)) == 99
    assert effective_size == pytest.approx(1)


def test_a_constant_column_can_only_be_conditioned_on_its_value() -> None:
    weights, effective_size = conditioned_weights(np.full(10, 0.3), 0.3)
    assert effective_size == 10
    assert np.all(weights == 0.1)
    with pytest.raises(ValueError, match="every row has the value 0.3"):
        conditioned_weights(np.full(10, 0.3), 0.4)
