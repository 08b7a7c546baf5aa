"""Correlations of a case's parameters, as a matrix or as a list of those that are not 0."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import InputError

Array = NDArray[np.float64]

SIZES = ("rho", "r", "value", "correlation", "corr", "coefficient")
REMEDY = "A matrix with a row and a column for each parameter, a list of [i, j, correlation], or null."


def read_correlation(given: Any, names: Sequence[str], place: str) -> Array:
    """The correlation matrix of some parameters; null means independent. names: as entries may write them.

    Entries of a list: [i, j, size]; {"i": …, "j": …, "rho": size}; {"among": [i, j, k], "rho": size} for every pair.
    An object: one such entry, or sizes by pair, {"i,j": size}.
    Raises InputError naming the place.
    """
    matrix = np.eye(len(names))
    if given is None or given in ([], {}):
        return matrix
    if isinstance(given, list) and len(given) == len(names) and all(_numbers(row, len(names)) for row in given):
        return _sound(np.array(given, dtype=float), place)
    for i, j, size in _pairs(given, names, place):
        if i == j or matrix[i, j] not in (0.0, size):
            raise InputError.at(place, f"{names[i]} and {names[j]} are given twice, or are one", "Give each pair once.")
        matrix[i, j] = matrix[j, i] = size
    return _sound(matrix, place)


def _sound(matrix: Array, place: str) -> Array:
    if not np.allclose(matrix, matrix.T, atol=1e-12) or not np.allclose(np.diag(matrix), 1, atol=1e-12):
        raise InputError.at(place, "the matrix is not symmetric with 1 on its diagonal", REMEDY)
    if np.abs(matrix).max() > 1 + 1e-12:
        raise InputError.at(place, "a correlation is outside −1 to 1", REMEDY)
    return matrix


def _numbers(row: Any, n: int) -> bool:
    return isinstance(row, list) and len(row) == n and all(_is_number(x) for x in row)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _pairs(given: Any, names: Sequence[str], place: str) -> Iterator[tuple[int, int, float]]:
    """Every pair with its correlation."""
    entries = given if isinstance(given, list) else [given]
    if isinstance(given, dict) and given.keys().isdisjoint(SIZES) and all(map(_is_number, given.values())):
        entries = [[*re.findall(r"\w+", str(key)), size] for key, size in given.items()]
    for entry in entries:
        size, groups = _entry(entry)
        if size is None or not groups:
            raise InputError.at(place, f"{str(entry)[:60]} is not a correlation", REMEDY)
        for group in groups:
            for one, other in combinations(group, 2):
                yield _index(one, names, place), _index(other, names, place), size


def _entry(entry: Any) -> tuple[float | None, list[list[Any]]]:
    """The size of a correlation, and the groups of parameters in which every pair has it."""
    if isinstance(entry, list) and len(entry) == 3 and _is_number(entry[2]):
        return float(entry[2]), [entry[:2]]
    if not isinstance(entry, dict):
        return None, []
    size = next((entry[key] for key in SIZES if _is_number(entry.get(key))), None)
    rest = [value for key, value in entry.items() if key not in SIZES]
    if all(isinstance(value, int | str) for value in rest) and len(rest) == 2:
        return size, [rest]
    lists = [value for value in rest if isinstance(value, list)]
    nested = [part for value in lists for part in value if isinstance(part, list)]
    groups = nested or lists
    return size, groups if all(len(group) >= 2 for group in groups) else []


def _index(name: Any, names: Sequence[str], place: str) -> int:
    """A parameter by its name; t5, theta5 and 5 are the fifth where parameters are numbered."""
    text = str(name)
    for written in (text, re.sub(r"^(t|theta|θ)(?=\d)", "", text)):
        if written in names:
            return list(names).index(written)
    raise InputError.at(place, f'there is no parameter "{text[:40]}"', f"Parameters: {', '.join(names[:12])}.")
