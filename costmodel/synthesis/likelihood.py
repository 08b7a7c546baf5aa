"""What a row says of its trial's effect: figures by their error, verdicts by their probability.

theta is the log ratio of mean costs at full effect. The effect grows from the first session, min(t ÷ onset, 1), and a
row sees its mean over the row's own window, on a flat undiscounted purse at midpoints of months.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from costmodel.synthesis.rows import (
    LOWER,
    NO_DIFFERENCE,
    RAISED,
    SIGNIFICANTLY_LOWER,
    SIGNIFICANTLY_RAISED,
    EvidenceRow,
)

Array = npt.NDArray[np.float64]
SIGNIFICANT = 1.96
"""Standard errors beyond which a two-sided test at 5% is significant."""
WIDEST = 50.0
"""Log ratio within which a full effect is sought."""
LIMITS = {
    NO_DIFFERENCE: (-SIGNIFICANT, SIGNIFICANT),
    SIGNIFICANTLY_LOWER: (-math.inf, -SIGNIFICANT),
    SIGNIFICANTLY_RAISED: (SIGNIFICANT, math.inf),
    LOWER: (-math.inf, 0.0),
    RAISED: (0.0, math.inf),
}
"""Of z, between which it lies where a trial printed a verdict."""
BOUNDED = {LOWER: (-SIGNIFICANT, 0.0), RAISED: (0.0, SIGNIFICANT)}
"""The same where the sign is known not to have been significant."""


@dataclass(frozen=True)
class Profile:
    """How the effect comes. onset: months to the full effect, 0 at once. after: nothing before this month."""

    onset: float = 0.0
    after: float | None = None

    def at(self, months: Array) -> Array:
        """Share of the full effect at times since the first session, in months."""
        if self.after is not None:
            return (months > self.after).astype(float)
        return np.ones_like(months) if self.onset == 0 else np.minimum(months, self.onset) / self.onset


def months_of(start: float, end: float) -> tuple[Array, Array]:
    """Midpoints of the months of a window and the length of each; the last may be a part of one."""
    edges = np.append(np.arange(start, end, 1.0), end)
    lengths = np.diff(edges)
    kept = lengths > 1e-9
    return (edges[:-1] + lengths / 2)[kept], lengths[kept]


def ratio(theta: Array, start: float, end: float, profile: Profile) -> Array:
    """Mean ratio of costs over a window, in months, at full effects of any shape."""
    middles, lengths = months_of(start, end)
    shares, where = np.unique(profile.at(middles), return_inverse=True)
    weights = np.bincount(where, lengths) / lengths.sum()
    total = np.zeros_like(theta)
    for share, weight in zip(shares, weights, strict=True):
        total += weight * np.exp(theta * share)
    return total


def full_effect(seen: float, start: float, end: float, profile: Profile) -> float:
    """The theta whose mean ratio over a window is the one that was seen.

    nan where no effect of any size gives it: a window before the effect begins, or a fall that its early months forbid.
    """

    def missed(theta: float) -> float:
        return float(ratio(np.array([theta]), start, end, profile)[0]) - seen

    if not missed(-WIDEST) * missed(WIDEST) < 0:
        return math.nan
    return float(optimize.brentq(missed, -WIDEST, WIDEST, xtol=1e-14, rtol=1e-14, maxiter=500))


def verdict_probability(verdict: str, bounded: bool, over_error: Array) -> Array:
    """Chance that a trial prints a verdict. over_error: its true log ratio in standard errors, any shape."""
    low, high = BOUNDED[verdict] if bounded and verdict in BOUNDED else LIMITS[verdict]
    mirrored = low >= 0  # both ends in the upper tail: there the difference of two numbers near 1 would lose digits
    if mirrored:
        return np.asarray(special.ndtr(over_error - low) - special.ndtr(over_error - high))
    return np.asarray(special.ndtr(high - over_error) - special.ndtr(low - over_error))


@dataclass(frozen=True)
class Error:
    """The rule for standard errors that were not printed: cv × √(1/n + 1/n), cv uniform between two values."""

    low: float
    high: float
    points: int

    def nodes(self, spread: float) -> tuple[Array, Array]:
        """Standard errors and their weights, by Gauss and Legendre. spread: √(1/n of therapy + 1/n of control)."""
        at, weight = np.polynomial.legendre.leggauss(self.points)
        return (self.low + (self.high - self.low) * (at + 1) / 2) * spread, weight / 2


def likelihood(row: EvidenceRow, theta: Array, profile: Profile, error: Error) -> Array:
    """What a row says of each full effect, shape of theta; by the rule for errors, averaged over them."""
    assert row.start is not None
    assert row.end is not None
    seen = np.log(ratio(theta, row.start, row.end, profile))
    if row.error == "rule":
        errors, weights = error.nodes(row.spread_of_n or math.nan)
    else:
        errors, weights = np.array([math.nan if row.se is None else row.se]), np.ones(1)
    total = np.zeros_like(theta)
    for one, weight in zip(errors, weights, strict=True):
        if row.kind == "figure":
            total += weight * np.exp(-(((row.log_ratio or 0.0) - seen) ** 2) / (2 * one**2)) / one
        else:
            total += weight * verdict_probability(row.verdict, row.bounded, seen / one)
    return total


def joined(pair: Sequence[EvidenceRow], theta: Array, profile: Profile) -> Array:
    """Two figures of one trial with the correlation of the second, for one effect: a normal of two dimensions."""
    first, second = pair
    rho = second.correlation or 0.0
    z = []
    for row in (first, second):
        assert row.start is not None
        assert row.end is not None
        assert row.log_ratio is not None
        assert row.se is not None
        z.append((row.log_ratio - np.log(ratio(theta, row.start, row.end, profile))) / row.se)
    squares = (z[0] ** 2 - 2 * rho * z[0] * z[1] + z[1] ** 2) / (1 - rho**2)
    return np.asarray(np.exp(-squares / 2))
