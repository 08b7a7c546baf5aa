"""Break-even (threshold analysis): for each input the value at which an outcome is met."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from costmodel.analysis.sensitivity.batch import batch
from costmodel.analysis.sensitivity.movable import Input, inputs, named
from costmodel.analysis.sensitivity.question import Question, ask
from costmodel.analysis.sensitivity.search import Scan, Which, search
from costmodel.analysis.sensitivity.target import target
from costmodel.model.values import Array
from costmodel.scenario.build import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Root:
    """A value at which the outcome is exactly met.

    met_above: whether larger values do better; None where the outcome only touches the target. residual: pounds by
    which it is missed when the value is put back. percentile: where it lies in the input's own uncertainty, 0 to 1,
    None where none is declared; place: the same in words.
    """

    value: float
    met_above: bool | None
    residual: float
    percentile: float | None
    place: str


@dataclass(frozen=True)
class BreakEven:
    """What was found for one input.

    roots: rising. jumps: values at which the outcome goes past the target without meeting it. met: stretches on which
    it is exactly met throughout. low, high: between which values was searched. limited: whether the model refused
    some values that the unit allows. inert: whether the input changes nothing here. met_now: whether the outcome is
    reached at the value in use.
    """

    input: Input
    roots: tuple[Root, ...]
    jumps: tuple[float, ...]
    met: tuple[tuple[float, float], ...]
    low: float
    high: float
    limited: bool
    inert: bool
    met_now: bool

    @property
    def words(self) -> str:
        """The finding in words, without figures of the roots."""
        if self.inert:
            return "changes nothing here"
        now = "already met at the value in use" if self.met_now else "not met at the value in use"
        if self.met:
            return f"{now}; exactly met over a stretch"
        if not self.roots and not self.jumps:
            always = "met" if self.met_now else "not met"
            return f"{always} at any value tried"
        count = len(self.roots)
        found = {0: "it jumps past the target", 1: "met at one value"}.get(count, f"met at {count} values")
        return f"{now}; {found}"


class Sought(Protocol):
    """What is to be met: an outcome with its value, or a chance."""

    @property
    def question(self) -> Question:
        """Of what it is asked."""
        ...

    @property
    def value(self) -> float:
        """What it is to reach."""
        ...

    @property
    def words(self) -> str:
        """The same in words."""
        ...


@dataclass(frozen=True)
class BreakEvens:
    """The break-even values of inputs.

    figure: by how much the target is more than met at the values in use: pounds, or a share where it is a chance.
    """

    target: Sought
    figure: float
    found: tuple[BreakEven, ...]

    @property
    def met_now(self) -> bool:
        """Whether the outcome is reached at the values in use."""
        return self.figure >= 0

    def to_frame(self) -> "pd.DataFrame":
        """One row for each root or jump, and one for each input that has none."""
        import pandas as pd

        rows = []
        for one in self.found:
            base = {
                "input": one.input.name, "label": one.input.label, "unit": one.input.unit.text,
                "central": one.input.central, "met_now": one.met_now, "words": one.words,
                "searched_low": one.low, "searched_high": one.high, "limited": one.limited,
                "fitted_together": one.input.fitted,
            }  # fmt: skip
            kinds = [
                {"kind": "root", "value": root.value, "as_declared": root.value / one.input.price_factor,
                 "met_above": root.met_above, "residual": root.residual,
                 "percentile": root.percentile, "place": root.place}
                for root in one.roots
            ]  # fmt: skip
            kinds += [{"kind": "jump", "value": value} for value in one.jumps]
            kinds += [{"kind": "stretch", "value": low, "until": high} for low, high in one.met]
            rows += [base | more for more in kinds or [{"kind": "inert" if one.inert else "none"}]]
        return pd.DataFrame(rows)


def break_even(
    scenario: Scenario, input: str | None = None, outcome: str = "net_saving", value: float | None = None,
    perspective: str = "nhs_pss", horizon: float | None = None, strategy: str | None = None, discounted: bool = False,
) -> BreakEvens:  # fmt: skip
    """The values of one input, or of each, at which an outcome is met while all others stay as they are.

    outcome, value: net_saving or nmb of so many pounds (0), payback by a month (within the horizon), or an
    offset_ratio (1). horizon: months, the follow-up by default. Deterministic; alternatives as the weighted mixture.
    The whole support of an input's unit is searched, or 0 and from 1/100 to 100 times its value. Raises InputError
    for names, horizons and targets that there are not.
    """
    wanted = target(ask(scenario, outcome, perspective, horizon, strategy, discounted), value)
    chosen = inputs(scenario) if input is None else [named(scenario, input)]

    def figure(which: Which, values: Array) -> Array:
        changes = [{chosen[i].name: float(x)} for i, x in zip(which, values, strict=True)]
        return np.asarray(batch(wanted.question, changes, wanted.figure).figures[0], dtype=float)

    now = float(batch(wanted.question, [{}], wanted.figure).figures[0, 0])
    scans = search(chosen, figure)
    return BreakEvens(wanted, now, tuple(outcome_at(one, scan, now) for one, scan in zip(chosen, scans, strict=True)))


def outcome_at(one: Input, scan: Scan, now: float) -> BreakEven:
    """What a scan found of an input, told. now: the figure at the values in use."""
    roots = tuple(
        Root(crossing.value, crossing.rises, crossing.residual, *one.spread.place(crossing.value))
        for crossing in scan.crossings
        if not crossing.jumps
    )
    jumps = tuple(crossing.value for crossing in scan.crossings if crossing.jumps)
    moves = scan.moves or bool(roots or jumps)
    return BreakEven(
        one, roots if moves else (), jumps, scan.flat if moves else (), scan.low, scan.high, not scan.allowed,
        not moves, now >= 0,
    )  # fmt: skip
