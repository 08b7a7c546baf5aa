"""What a case says should come out, beside what does: keys, tolerances, rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.file import Expected

Answer = float | list[float] | list[str]


@dataclass(frozen=True)
class Row:
    """One printed result. tolerance: in words. holds: whether it was reproduced."""

    key: str
    expected: object
    obtained: object
    tolerance: str
    status: str
    holds: bool
    note: str = ""


def compared(expected: Expected, obtained: Answer) -> Row:
    """An expectation beside what came out. Without a tolerance both must be the same."""
    tolerance, holds = _holds(expected, obtained)
    return Row(expected.key, expected.value, obtained, tolerance, expected.status, holds, expected.note)


def _holds(expected: Expected, obtained: Answer) -> tuple[str, bool]:
    wanted = expected.value
    if expected.abs_tol is not None:
        words, near = f"±{expected.abs_tol:g}", _near(wanted, obtained, expected.abs_tol, 0.0)
    elif expected.rel_tol is not None:
        words, near = f"±{expected.rel_tol:g} of it", _near(wanted, obtained, 0.0, expected.rel_tol)
    else:
        words, near = "exact", _same(wanted, obtained)
    return words, near


def _near(wanted: Answer, obtained: Answer, absolute: float, relative: float) -> bool:
    one, other = _numbers(wanted), _numbers(obtained)
    if one is None or other is None or one.shape != other.shape:
        return _same(wanted, obtained)
    # A printed value and its tolerance are decimals: 10.5 ± 0.1 includes 10.6, which binary fractions miss by a hair.
    slack = 1e-12 * np.maximum(np.abs(one), 1.0)
    return bool(np.all(np.abs(one - other) <= absolute + relative * np.abs(one) + (slack if absolute else 0.0)))


def _same(wanted: Answer, obtained: Answer) -> bool:
    if isinstance(wanted, list) != isinstance(obtained, list):
        return False
    return wanted == obtained


def _numbers(answer: Answer) -> NDArray[np.float64] | None:
    parts: Sequence[object] = answer if isinstance(answer, list) else [answer]
    if any(isinstance(part, str) for part in parts):
        return None
    return np.asarray(parts, dtype=float)
