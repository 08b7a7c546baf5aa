"""Polynomials of jointly normal parameters: their expectations when some parameters are known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.polynomial import Polynomial, Powers
from costmodel.content import by_content

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""By how much an eigenvalue of a correlation matrix may be negative and still be taken for 0."""


@by_content
@dataclass(frozen=True)
class Normals:
    """Jointly normal parameters. mean, sd: (parameter,). correlation: (parameter, parameter)."""

    mean: Array
    sd: Array
    correlation: Array

    def given(self, benefits: Sequence[Polynomial], known: Collection[int]) -> list[Polynomial]:
        """Expected net benefits given the parameters in `known`, in independent standard normals that stand for these.

        The known parameters are written in as many standard normals z; each of the others is its mean given them plus
        a rest, written in further ones, whose powers are then replaced by their moments.
        """
        first = [i for i in range(len(self.mean)) if i in known]
        later = [i for i in range(len(self.mean)) if i not in known]
        among = self.correlation[np.ix_(first, first)]
        across = self.correlation[np.ix_(later, first)]
        slope = across @ np.linalg.pinv(among, hermitian=True)
        rest = self.correlation[np.ix_(later, later)] - slope @ across.T
        root, rest_root = square_root(among), square_root(rest)
        by = {}
        for rows, loads in ((first, root), (later, np.hstack([slope @ root, rest_root]))):
            for row, load in zip(rows, loads, strict=True):
                terms: dict[Powers, float] = {((z, 1),): self.sd[row] * x for z, x in enumerate(load)}
                by[row] = Polynomial({**terms, (): float(self.mean[row])})
        return [_averaged(p.replaced(by), len(first)) for p in benefits]

    def drawn(self, scores: Array) -> Array:
        """Draws of the parameters from independent standard normal ones, both (parameter, draw)."""
        return self.mean[:, None] + self.sd[:, None] * (square_root(self.correlation) @ scores)


def square_root(correlation: Array) -> Array:
    """L with L Lᵀ = correlation, with as many zeros as can be had. Raises ValueError where there is no such L."""
    if not len(correlation):
        return correlation
    try:
        return np.asarray(np.linalg.cholesky(correlation))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(correlation)
        if values.min() < -ROUNDING:
            raise ValueError(
                "no parameters can be correlated like this: the matrix has a negative eigenvalue"
            ) from None
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def mean_power(exponent: int) -> float:
    """Mean of a power of a standard normal: 1, 0, 1, 0, 3, 0, 15, …"""
    return 0.0 if exponent % 2 else float(prod(range(1, exponent, 2)))


def _averaged(p: Polynomial, known: int) -> Polynomial:
    """The mean over the standard normals from number `known` on."""
    total: dict[Powers, float] = {}
    for powers, value in p.terms.items():
        left = tuple((z, n) for z, n in powers if z < known)
        total[left] = total.get(left, 0.0) + value * prod(mean_power(n) for z, n in powers if z >= known)
    return Polynomial(total)
