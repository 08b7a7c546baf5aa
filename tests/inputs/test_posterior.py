"""A posterior is rows of finite numbers, one of which is the best."""

from pathlib import Path

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.scenario.joint import read_posterior


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fit.csv"
    path.write_text(text)
    return path


def test_columns_and_the_best_row_are_read(tmp_path: Path) -> None:
    posterior = read_posterior(written(tmp_path, "best,recover,relapse\n0,0.3,0.2\n1,0.31,0.19\n0,2.9e-1,0.2\n"))
    assert list(posterior.columns) == ["recover", "relapse"]
    assert posterior.best == 1
    assert posterior.rows == 3
    assert np.array_equal(posterior.columns["recover"], [0.3, 0.31, 0.29])


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("best,a\n1,0.1\n", "", "only one row"),
        ("best,a\n0,0.1\n0,0.2\n", "", "0 rows have best = 1"),
        ("best,a\n1,0.1\n1,0.2\n", "", "2 rows have best = 1"),
        ("best,a\n1,0.1\nyes,0.2\n", ", line 3", 'best is "yes"'),
        ("a,best\n0.1,1\n0.2,0\n", ", line 1", 'the first column is "a"'),
        ("best\n1\n0\n", ", line 1", "no column beside best"),
        ("best,A b\n1,0.1\n0,0.2\n", ", line 1", '"A b" cannot be a parameter'),
        ("best,a,a\n1,1,1\n0,1,1\n", ", line 1", 'the column "a" stands twice'),
        ("best,a\n1,0.1\n0,nan\n", ", line 3", "not a finite number"),
        ("best,a\n1,0.1\n0,\n", ", line 3", "not a finite number"),
        ("best,a\n1,0.1\n0,1,2\n", ", line 3", "3 cells"),
    ],
)
def test_a_fault_is_refused_with_file_and_line(tmp_path: Path, text: str, place: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        read_posterior(written(tmp_path, text))
    assert any(p.place == f"fit.csv{place}" and reason in str(p) for p in refused.value.problems), refused


def test_a_posterior_above_five_megabytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="At most 5,000,000"):
        read_posterior(written(tmp_path, "best,a\n" + "0,1\n" * 1_250_000))
