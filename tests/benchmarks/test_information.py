"""The value of single inputs is compared with that of other programs, and a difference is noticed."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import information
from benchmarks.compare import Disagreement
from benchmarks.information import FARTHEST, INPUTS, valued
from costmodel.result.information import worth_of_inputs

DRAWS = 200


def others(monkeypatch: pytest.MonkeyPatch, errors: float) -> None:
    """Programs that find what this engine finds, and for the last input so many standard errors more."""

    def said(command: list[str]) -> str:
        folder = Path(command[-1])
        given = np.load(folder / "problem.npz")
        benefits = given["threshold"] * given["qaly"] - given["cost"]
        found = [worth_of_inputs(benefits[:, None], np.ones(1), values[None]) for values in given["inputs"]]
        value = np.array([one.value for one in found])
        value[-1] += errors * found[-1].error
        np.savez(folder / "answer.npz", heormodel=value, gam=value)
        return "2.0 30.0"

    monkeypatch.setattr(information, "said", said)


def test_programs_get_the_same_draws_and_are_compared_in_standard_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    others(monkeypatch, 1.0)
    found = valued(Path("python"), DRAWS, 1)
    assert len(found.names) == INPUTS
    assert found.apart(found.gam) == pytest.approx(1.0)
    assert found.seconds["heormodel"] == [2.0]
    assert found.seconds[information.ADDITIVE] == [30.0]
    assert found.ours.max() > 0


def test_an_additive_model_that_differs_stops_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    others(monkeypatch, FARTHEST * 1.01)
    with pytest.raises(Disagreement, match="by a generalised additive model"):
        valued(Path("python"), DRAWS, 1)
