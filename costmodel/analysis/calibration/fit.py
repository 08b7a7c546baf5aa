"""A fit: what was observed and how it is met, what was learned, and the rows of the posterior."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.learned import FAR, WIDE, Learned
from costmodel.analysis.calibration.left_out import LeftOut
from costmodel.scenario.belongs import Label

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Called with the fit's name, the steps done and the steps wanted."""

POINTS = 100.0
"""Percentage points in 1."""
ENOUGH = 1_000
"""Effective draws of a posterior below which it is not to be used."""


@dataclass(frozen=True)
class Row:
    """One observation beside a fit.

    fitted: share at the most plausible point; miss: fitted − observed, percentage points. used: the fit saw it.
    prior, posterior: 2.5%, 50% and 97.5% of the predicted share before and after the fit. left_out: how the other
    observations predict it; None for one that the fit did not see, and where it is the only one.
    apart: share of the likeliest fit, where even that is outside the observation's sampling error.
    """

    name: str
    label: str
    strategy: str
    states: tuple[str, ...]
    months: float
    observed: float
    n: int
    status: str
    fitted: float
    miss: float
    used: bool
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    left_out: LeftOut | None
    apart: float | None


@dataclass(frozen=True)
class Fit:
    """One fitted structure.

    free, held: joint parameters of the scenario; columns: theirs in the posterior, free ones first.
    values: shape (row, column), the most plausible point first, then rows picked from the draws by their weights.
    ties: pairs that are known only together, with their correlation.
    log_likelihood: at the most plausible point, without the binomial constant; saturated: of fitted = observed.
    log_evidence: log of the mean likelihood over the prior, without that constant: differences compare structures.
    agreeing: of `searches` starts, those that ended at the most plausible point.
    draws: of the last round; their effective_size. origin: what the posterior file says of its origin.
    """

    name: str
    label: str
    alternative: str | None
    output: Path
    free: tuple[str, ...]
    held: Mapping[str, float]
    columns: tuple[str, ...]
    values: Array
    rows: tuple[Row, ...]
    learned: tuple[Learned, ...]
    ties: tuple[tuple[str, str, float], ...]
    log_likelihood: float
    saturated: float
    log_evidence: float
    searches: int
    agreeing: int
    draws: int
    effective_size: float
    design_effect: float
    seed: int
    origin: Label

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters behind the columns."""
        return (*self.free, *self.held)

    @property
    def best(self) -> dict[str, float]:
        """The most plausible values."""
        return dict(zip(self.parameters, map(float, self.values[0]), strict=True))

    @property
    def largest_miss(self) -> float:
        """Percentage points, among the observations that the fit saw; without sign."""
        return max(abs(row.miss) for row in self.rows if row.used)

    @property
    def effective_rows(self) -> float:
        """How many independent draws the rows of the file are worth.

        Picking rows adds its own scatter to that of the draws behind them; systematic picking adds less than this says.
        """
        picked = len(self.values) - 1
        return 1 / (1 / picked + 1 / self.effective_size)

    @property
    def predicted_inside(self) -> tuple[int, int]:
        """Observations within the 95% band that the others predict for them, and all that were so predicted."""
        found = [row.left_out.inside for row in self.rows if row.left_out]
        return sum(found), len(found)

    @property
    def warnings(self) -> Iterator[str]:
        """What a reader must know before the posterior is used."""
        for one in self.learned:
            if one.width >= WIDE:
                yield (
                    f"{one.name} is not identified: its posterior is {one.width:.0%} as wide as its prior, so that the "
                    "prior decides"
                )
            if abs(one.place) >= FAR:
                side = "above" if one.place > 0 else "below"
                yield f"{one.name}: the data pull it {abs(one.place):.1f} standard deviations {side} its prior"
        for first, second, correlation in self.ties:
            yield f"{first} and {second} are known only together (correlation {correlation:.2f})"
        for row in self.rows:
            if row.apart is not None:
                yield (
                    f"{row.name} ({row.observed:.1%}) cannot be reached together with the other observations: the best "
                    f"achievable is {row.apart:.1%}"
                )
        if self.effective_rows < ENOUGH:
            yield f"the rows are worth {self.effective_rows:,.0f} independent draws, of {ENOUGH:,} needed: ask for more"
