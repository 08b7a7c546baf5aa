"""Uniform numbers addressed by (seed, parameter name), alone or together, and rows of a posterior picked with them.

Because a number depends on its seed, name and position only, more draws extend a run and never
reshuffle it, any block of draws can be computed alone, and a new parameter leaves the others unmoved.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from costmodel.errors import InputError, whole_number

Array = NDArray[np.float64]

SEEDS = 2**63
"""Seeds are whole numbers from 0 to below this."""

_BITS = 52
"""Bits of each uniform; one fewer than a double holds, so that adding a half stays exact and below 1."""


_SOBOL_BITS = 32
"""Bits of a Sobol number: the most with which scipy's sequence can be entered in its middle."""


def checked_seed(seed: object, place: str = "seed") -> int:
    """The seed as a whole number. Raises InputError if it is not one from 0 to below 2^63."""
    return whole_number(place, seed, 0, SEEDS - 1, wrong="not a seed")


def uniforms(seed: int, name: str, n: int, start: int = 0) -> Array:
    """Numbers `start` to `start + n` of the stream of one name, strictly between 0 and 1, shape (n,).

    The stream is PCG64 (one step a number) seeded from the seed and the SHA-256 of the name in UTF-8.
    """
    if n < 0 or start < 0:
        raise ValueError("n and start count draws: they cannot be negative")
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    entropy = [checked_seed(seed), *(int(word) for word in words)]
    generator = np.random.PCG64(np.random.SeedSequence(entropy)).advance(start)
    raw = np.asarray(generator.random_raw(n), dtype=np.uint64)
    return ((raw >> np.uint64(64 - _BITS)).astype(np.float64) + 0.5) * 2.0**-_BITS


def sobol(seed: int, names: Sequence[str], n: int, start: int = 0) -> dict[str, Array]:
    """Points `start` to `start + n` of a scrambled Sobol sequence, a dimension a name, strictly between 0 and 1.

    Names keep their points when more are drawn, and lose them when one is added. Raises InputError for more names
    than the sequence has dimensions. Source: Owen 1998, Scrambling Sobol' and Niederreiter-Xing points.
    """
    from scipy.stats import qmc

    if len(names) > qmc.Sobol.MAXDIM:
        raise InputError.at("sampling", f"{len(names):,} uncertain inputs are too many for sobol", "Use random.")
    if not names:
        return {}
    words = np.frombuffer(hashlib.sha256(b"sobol").digest(), dtype="<u4")
    entropy = np.random.SeedSequence([checked_seed(seed), *(int(word) for word in words)])
    sequence = qmc.Sobol(len(names), scramble=True, bits=_SOBOL_BITS, rng=np.random.default_rng(entropy))
    if start:
        sequence.fast_forward(start)
        points = sequence.random(n)
    else:  # from the beginning only whole powers of two are asked for
        points = sequence.random(1 << max(n - 1, 0).bit_length())[:n]
    points = points + 2.0 ** -(_SOBOL_BITS + 1)
    return {name: np.ascontiguousarray(points[:, i]) for i, name in enumerate(names)}


def pick_rows(u: Array, weights: Array) -> NDArray[np.intp]:
    """The row (from 0) that each uniform number picks, by the inverse of their distribution; shape as `u`.

    weights: how often each row is picked, 0 or more, any positive sum, shape (rows,).
    """
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative / cumulative[-1], u, side="right").astype(np.intp)


def smooth_order(columns: Sequence[Array]) -> NDArray[np.intp]:
    """Rows of a posterior along its first principal component, so that near numbers pick rows that are alike.

    A Sobol sequence is even only where its numbers matter smoothly. columns: shape (rows,) each.
    """
    table = np.stack(columns)
    spread = table.std(axis=1)
    scores = (table[spread > 0] - table[spread > 0].mean(axis=1, keepdims=True)) / spread[spread > 0, None]
    if not len(scores):
        return np.arange(table.shape[1])
    direction = np.linalg.svd(scores, full_matrices=False)[0][:, 0]
    return np.argsort(direction @ scores, kind="stable")


def conditioned_weights(column: Array, value: float) -> tuple[Array, float]:
    """Weights of posterior rows given that one column has a value, and their effective size.

    A Gaussian kernel about the value with Silverman's bandwidth, 0.9 · min(sd, IQR/1.34) · rows^(−1/5)
    (Silverman 1986, Density Estimation, eq. 3.31). column: shape (rows,). Weights sum to 1; the effective
    size is 1/Σw², from 1 to the number of rows.
    Raises ValueError if all rows have one value, and it is another.
    """
    if column.min() == column.max():
        if column[0] != value:
            raise ValueError(f"every row has the value {column[0]:g}: it cannot be conditioned on {value:g}")
        return np.full(column.shape, 1 / column.size), float(column.size)
    spread = float(np.std(column, ddof=1))
    quartile, three_quartiles = np.quantile(column, [0.25, 0.75])
    if three_quartiles > quartile:
        spread = min(spread, float(three_quartiles - quartile) / 1.34)
    bandwidth = 0.9 * spread * column.size**-0.2
    log_weights = -0.5 * ((column - value) / bandwidth) ** 2
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    return weights, float(1 / np.sum(weights**2))


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
        raise ValueError(f"the correlation matrix is not positive definite (smallest eigenvalue {smallest:.3g})")
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
