"""The posteriors in the repository are what their calibration file gives."""

from pathlib import Path

import numpy as np
import pytest

from costmodel.analysis.calibration import Fit, calibrate
from costmodel.inputs.posterior import read_posterior

FILE = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "calibration.yaml"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fits() -> list[Fit]:
    return calibrate(FILE, rows=3)


def test_the_best_rows_reproduce(fits: list[Fit]) -> None:
    for fit in fits:
        posterior = read_posterior(fit.output)
        assert tuple(posterior.columns) == fit.columns
        assert posterior.best == 0
        shipped = [column[0] for column in posterior.columns.values()]
        assert fit.values[0] == pytest.approx(shipped, rel=1e-3, abs=1e-6), fit.name


def test_every_search_ends_at_the_same_fit(fits: list[Fit]) -> None:
    assert [fit.name for fit in fits if fit.agreeing < fit.searches] == []


def test_every_row_lies_within_its_bounds_and_complete_remission_relapses_no_faster(fits: list[Fit]) -> None:
    for fit in fits:
        columns = read_posterior(fit.output).columns
        for name, column in zip(fit.free, fit.columns, strict=False):
            low, high = fit.bounds[name]
            assert np.all((columns[column] >= low) & (columns[column] <= high)), (fit.name, name)
        assert np.all(columns["relapse_order"] <= 1)


def test_a_fit_to_three_rows_frees_at_most_three_rates(fits: list[Fit]) -> None:
    for fit in fits:
        assert len(fit.free) <= min(6, sum(row.used for row in fit.rows))
