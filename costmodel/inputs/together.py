"""Uniform numbers of parameters that are drawn together, from each one's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

SYMMETRY = 1e-9
SMALLEST, LARGEST = 2.0**-53, 1 - 2.0**-53
"""Between these lie the uniform numbers that a double can tell from 0 and 1."""


def correlation_matrix(correlation: float | Sequence[Sequence[float]], members: int) -> Array:
    """A correlation matrix, (member, member), from one correlation of every pair or from all of them.

    Raises ValueError in one sentence where it is none, or is not positive definite.
    """
    if isinstance(correlation, int | float):
        matrix = np.full((members, members), float(correlation))
        np.fill_diagonal(matrix, 1.0)
    else:
        if len(correlation) != members or any(len(row) != members for row in correlation):
            raise ValueError(f"the correlation matrix must have {members} rows and columns, as many as members")
        matrix = np.array(correlation, dtype=float)
    if not np.isfinite(matrix).all() or (np.abs(matrix) > 1).any():
        raise ValueError("a correlation lies between −1 and 1")
    if (np.abs(np.diag(matrix) - 1) > SYMMETRY).any():
        raise ValueError("the diagonal of a correlation matrix is 1")
    if (np.abs(matrix - matrix.T) > SYMMETRY).any():
        raise ValueError("the correlation matrix is not symmetric")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= SYMMETRY:
        raise ValueError(f"no numbers have these correlations together (smallest eigenvalue {smallest:.3g})")
    return matrix


def correlated(uniforms: Array, matrix: Array) -> Array:
    """Uniform numbers whose normal scores have a correlation: a Gaussian copula. Shapes (member, draw).

    The margins stay uniform. Source: Nelsen, An Introduction to Copulas, 2006, 2.10.
    """
    scores = np.linalg.cholesky(matrix) @ special.ndtri(uniforms)
    return np.asarray(np.clip(special.ndtr(scores), SMALLEST, LARGEST))


def dirichlet(uniforms: Array, concentration: Array) -> Array:
    """Shares that sum to 1, (member, draw), from independent uniform numbers.

    Gamma quantiles over their sum; the margins are beta(a, Σa − a). concentration: (member,).
    """
    gammas = special.gammaincinv(concentration[:, None], uniforms)
    return np.asarray(gammas / gammas.sum(axis=0))
