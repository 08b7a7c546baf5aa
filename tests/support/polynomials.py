"""Net benefits as polynomials of jointly normal parameters: their means, and their expected maximum, by integration."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special
from scipy.stats import qmc

Array = NDArray[np.float64]
Powers = tuple[tuple[int, int], ...]
"""(variable, exponent above 0), by variable; a monomial without its coefficient."""


class Polynomial:
    """A polynomial in numbered variables: its coefficients by monomial. Zero ones are not kept."""

    def __init__(self, terms: Mapping[Powers, float]) -> None:
        self.terms = {powers: float(value) for powers, value in terms.items() if value}

    @classmethod
    def variable(cls, index: int) -> "Polynomial":
        """One variable."""
        return cls({((index, 1),): 1.0})

    @classmethod
    def constant(cls, value: float) -> "Polynomial":
        """A number."""
        return cls({(): value})

    def __add__(self, other: "Polynomial | float") -> "Polynomial":
        total = dict(self.terms)
        for powers, value in _terms(other).items():
            total[powers] = total.get(powers, 0.0) + value
        return Polynomial(total)

    def __mul__(self, other: "Polynomial | float") -> "Polynomial":
        total: dict[Powers, float] = {}
        for a, x in self.terms.items():
            for b, y in _terms(other).items():
                powers = _joined(a, b)
                total[powers] = total.get(powers, 0.0) + x * y
        return Polynomial(total)

    def __neg__(self) -> "Polynomial":
        return self * -1.0

    def __sub__(self, other: "Polynomial | float") -> "Polynomial":
        return self + other * -1.0

    def __rsub__(self, other: float) -> "Polynomial":
        return -self + other

    def __truediv__(self, number: float) -> "Polynomial":
        return self * (1 / number)

    def __pow__(self, exponent: int) -> "Polynomial":
        return prod([self] * exponent, start=Polynomial.constant(1.0))

    __radd__, __rmul__ = __add__, __mul__

    def replaced(self, by: Mapping[int, "Polynomial"]) -> "Polynomial":
        """With polynomials in the place of variables."""
        total: dict[Powers, float] = {}
        for powers, value in self.terms.items():
            product = Polynomial.constant(value)
            for variable, exponent in powers:
                product = product * by[variable] ** exponent
            for monomial, coefficient in product.terms.items():
                total[monomial] = total.get(monomial, 0.0) + coefficient
        return Polynomial(total)

    def at(self, points: Mapping[int, Array], shape: int) -> Array:
        """Its value at some points; points: by variable, (point,). shape: how many there are."""
        total = np.zeros(shape)
        for powers, value in self.terms.items():
            product = np.full(shape, value)
            for variable, exponent in powers:
                product *= points[variable] ** exponent
            total += product
        return total


def variables(polynomials: Iterable[Polynomial]) -> list[int]:
    """The variables that stand in some polynomials."""
    return sorted({variable for p in polynomials for powers in p.terms for variable, _ in powers})


def _terms(one: Polynomial | float) -> dict[Powers, float]:
    return one.terms if isinstance(one, Polynomial) else {(): float(one)}


def _joined(a: Powers, b: Powers) -> Powers:
    exponents = dict(a)
    for variable, exponent in b:
        exponents[variable] = exponents.get(variable, 0) + exponent
    return tuple(sorted(exponents.items()))


ROUNDING = 1e-9
"""By how much an eigenvalue of a correlation matrix may be negative and still be taken for 0."""


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


FARTHEST = 40.0
"""Standard deviations; no more of a normal is left beyond than a double can hold."""
OUTER_END = 9.0
"""Standard deviations up to which is integrated numerically; the rest has a chance of 1e-19."""
MOST_BY_CUBATURE = 2
"""Dimensions that are integrated adaptively. Beyond, by randomised Sobol points."""
ACCURACY = 1e-11
SUBDIVISIONS = 400
SCRAMBLES, LOG2_POINTS = 16, 14


@dataclass(frozen=True)
class Integral:
    """A value and its numerical error: an estimate of it by the quadrature, or a standard error over scrambles."""

    value: float
    error: float


def expected_maximum(forms: Sequence[Polynomial]) -> Integral:
    """E max over some polynomials of independent standard normals.

    What only ever stands alone and to the first power is gathered into as few normals as there are polynomials
    less one. One normal is integrated exactly between the points at which another polynomial becomes the largest; over
    the others adaptive cubature (up to two) or randomised quasi-Monte Carlo.
    """
    forms = _gathered(forms)
    free = variables(forms)
    if not free:
        return Integral(max(p.terms.get((), 0.0) for p in forms), 0.0)
    inner = min(free, key=lambda v: (_degree(forms, v), -_influence(forms, v)))
    outer = [v for v in free if v != inner]
    lines = _Along(forms, inner, outer)
    if not outer:
        return Integral(float(lines.mean_of_largest(np.zeros((0, 1)))[0]), 0.0)
    if len(outer) <= MOST_BY_CUBATURE:
        return _by_cubature(lines, len(outer))
    return _by_sobol(lines, len(outer))


def _by_cubature(lines: "_Along", dimensions: int) -> Integral:
    def integrand(points: Array) -> Array:
        density = np.exp(-0.5 * (points**2).sum(axis=1)) / (2 * np.pi) ** (dimensions / 2)
        return np.asarray(lines.mean_of_largest(points.T) * density)

    size = float(np.abs(lines.mean_of_largest(np.zeros((dimensions, 1))))[0]) + lines.spread
    ends = np.full(dimensions, OUTER_END)
    found = integrate.cubature(
        integrand, -ends, ends, rule="gauss-kronrod", rtol=0, atol=ACCURACY * size, max_subdivisions=SUBDIVISIONS
    )
    return Integral(float(found.estimate), float(found.error))


def _by_sobol(lines: "_Along", dimensions: int) -> Integral:
    means = []
    for seed in range(SCRAMBLES):
        points = qmc.Sobol(dimensions, seed=seed).random_base2(LOG2_POINTS)
        inside = np.clip(points, 2.0**-32, 1 - 2.0**-32)
        means.append(float(lines.mean_of_largest(special.ndtri(inside.T)).mean()))
    return Integral(float(np.mean(means)), float(np.std(means, ddof=1) / np.sqrt(SCRAMBLES)))


class _Along:
    """Polynomials along one normal, at points of the others."""

    def __init__(self, forms: Sequence[Polynomial], inner: int, outer: Sequence[int]) -> None:
        self.degree = _degree(forms, inner)
        self.outer = list(outer)
        self.parts = [_by_power(p, inner, self.degree) for p in forms]
        constant: Powers = ()
        self.spread = sum(abs(x) for p in forms for powers, x in p.terms.items() if powers != constant)

    def mean_of_largest(self, points: Array) -> Array:
        """E max over the inner normal at each point; points: (outer normal, point)."""
        by = dict(zip(self.outer, points, strict=True))
        c = np.array([[part.at(by, points.shape[1]) for part in parts] for parts in self.parts])
        cuts = np.sort(_crossings(c), axis=0)
        edge = np.full((1, points.shape[1]), FARTHEST)
        ends = np.concatenate([-edge, cuts, edge])
        middle = (ends[1:] + ends[:-1]) / 2
        height = sum(c[:, n, None] * middle**n for n in range(self.degree + 1))
        best = np.argmax(height, axis=0)
        moments = np.diff(_partial_moments(ends, self.degree), axis=1)
        largest = np.take_along_axis(c.transpose(1, 0, 2), best[None], axis=1)
        return np.asarray((largest * moments).sum(axis=(0, 1)))


def _crossings(c: Array) -> Array:
    """Where two polynomials are equal, (crossing, point), within ±FARTHEST; c: (polynomial, power, point).

    The real part of a complex root is one cut too many, and does no harm.
    """
    found = []
    for a, b in combinations(range(len(c)), 2):
        gap = c[a] - c[b]
        while len(gap) > 2 and not gap[-1].any():
            gap = gap[:-1]
        scale = np.abs(gap).max(axis=0) + np.finfo(float).tiny
        lead = np.where(np.abs(gap[-1]) < 1e-14 * scale, 1e-14 * scale, gap[-1])
        companion = np.zeros((gap.shape[1], len(gap) - 1, len(gap) - 1))
        companion[:, range(1, len(gap) - 1), range(len(gap) - 2)] = 1.0
        companion[:, :, -1] = -(gap[:-1] / lead).T
        roots = companion[:, 0] if len(gap) == 2 else np.linalg.eigvals(companion).real
        found.append(roots.T)
    return np.asarray(np.clip(np.concatenate(found), -FARTHEST, FARTHEST), dtype=float)


def _partial_moments(x: Array, degree: int) -> Array:
    """∫ uⁿ φ(u) du from −∞ to x, for n = 0 … degree, (power, …)."""
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    found = [special.ndtr(x), -density]
    for n in range(2, degree + 1):
        found.append((n - 1) * found[n - 2] - x ** (n - 1) * density)
    return np.array(found[: degree + 1])


def _gathered(forms: Sequence[Polynomial]) -> list[Polynomial]:
    """The same joint distribution, with the normals that stand alone and to the first power made as few as can be."""
    alone = [
        v for v in variables(forms) if all(powers == ((v, 1),) for p in forms for powers in p.terms if _has(powers, v))
    ]
    loads = np.array([[p.terms.get(((v, 1),), 0.0) for v in alone] for p in forms]).reshape(len(forms), -1)
    left, size, _ = np.linalg.svd(loads, full_matrices=False)
    first = max(variables(forms), default=0) + 1
    found = []
    for p, row in zip(forms, left * size, strict=True):
        kept = {powers: value for powers, value in p.terms.items() if not any(_has(powers, v) for v in alone)}
        new: dict[Powers, float] = {((first + i, 1),): x for i, x in enumerate(row) if size[i] > 1e-15 * size[0]}
        found.append(Polynomial({**kept, **new}))
    return found


def _by_power(p: Polynomial, inner: int, degree: int) -> list[Polynomial]:
    """Coefficients of the powers of one variable."""
    parts: list[dict[Powers, float]] = [{} for _ in range(degree + 1)]
    for powers, value in p.terms.items():
        parts[dict(powers).get(inner, 0)][tuple((v, n) for v, n in powers if v != inner)] = value
    return [Polynomial(part) for part in parts]


def _has(powers: Powers, variable: int) -> bool:
    return any(v == variable for v, _ in powers)


def _degree(forms: Sequence[Polynomial], variable: int) -> int:
    return max((n for p in forms for powers in p.terms for v, n in powers if v == variable), default=0)


def _influence(forms: Sequence[Polynomial], variable: int) -> float:
    """Mean square of what a variable stands in."""
    return sum(
        value**2 * prod(mean_power(2 * n) for _, n in powers)
        for p in forms
        for powers, value in p.terms.items()
        if _has(powers, variable)
    )
