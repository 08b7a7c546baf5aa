"""Tornado: every input moved alone through its own uncertainty, and what that does to one outcome."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.sensitivity.batch import Change, batch
from costmodel.analysis.sensitivity.movable import Input, inputs
from costmodel.analysis.sensitivity.question import Finding, Question, ask
from costmodel.analysis.sensitivity.spread import RANGE
from costmodel.content import by_content
from costmodel.model.values import Array
from costmodel.scenario.build import Scenario

if TYPE_CHECKING:
    import pandas as pd

PARTS = 4
"""Into how many equal parts the way from the low to the high value is cut; the outcome is read at each cut."""
SMALLEST = 1e-9
"""Movement of an outcome, as a share of its size or of 1, that is no rounding."""


@dataclass(frozen=True)
class Bar:
    """One input and the outcome over the values at which it was tried.

    at_low, at_high: the outcome at the input's low and high value. least, most: the smallest and largest number
    among all outcomes that were read, None where none is a number. width: infinite where some outcomes are words
    and others are not, or the words differ. monotone: whether the outcome only rises or only falls on the way.
    refused: why the model did not allow some of the values.
    """

    input: Input
    at_low: Finding
    at_high: Finding
    least: float | None
    most: float | None
    width: float
    monotone: bool
    refused: str = ""

    @property
    def higher_is_more(self) -> bool | None:
        """Whether the outcome is larger at the high value than at the low one; None where an end is words."""
        if self.at_low.value is None or self.at_high.value is None:
            return None
        return self.at_high.value > self.at_low.value


@dataclass(frozen=True)
class LeftOut:
    """An input that could not be tried, and why."""

    input: Input
    why: str


@by_content
@dataclass(frozen=True)
class Tornado:
    """Bars from the widest to the narrowest, inputs that change nothing here, and those that could not be tried."""

    question: Question
    central: Finding
    bars: tuple[Bar, ...]
    inert: tuple[Input, ...]
    left_out: tuple[LeftOut, ...]

    def to_frame(self) -> "pd.DataFrame":
        """One row for each input: `kind` is bar, inert or left out."""
        import pandas as pd

        rows = [
            {
                **_of(bar.input),
                "kind": "bar",
                "outcome_at_low": bar.at_low.value,
                "outcome_at_high": bar.at_high.value,
                "words_at_low": bar.at_low.words,
                "words_at_high": bar.at_high.words,
                "least": bar.least,
                "most": bar.most,
                "width": None if np.isinf(bar.width) else bar.width,
                "monotone": bar.monotone,
                "note": bar.refused,
            }
            for bar in self.bars
        ]
        rows += [{**_of(one), "kind": "inert", "note": "changes nothing here"} for one in self.inert]
        rows += [{**_of(one.input), "kind": "left out", "note": one.why} for one in self.left_out]
        return pd.DataFrame(rows)


def _of(one: Input) -> dict[str, object]:
    return {
        "input": one.name,
        "label": one.label,
        "unit": one.unit.text,
        "central": one.central,
        "low": one.spread.low,
        "high": one.spread.high,
        "from": one.spread.why,
        "widened": one.spread.widened,
        "fitted_together": one.fitted,
    }


def tornado(
    scenario: Scenario, outcome: str = "net_saving", perspective: str = "nhs_pss", horizon: float | None = None,
    strategy: str | None = None, discounted: bool = False,
) -> Tornado:  # fmt: skip
    """Move every input alone, deterministically, through the values at which it is uncertain.

    outcome: net_saving, payback, cost_per_qaly, nmb or offset_ratio. horizon: months, the follow-up by default.
    A number that was fitted together with others is moved alone too: the others stay. Raises InputError for names
    and horizons that there are not.
    """
    question = ask(scenario, outcome, perspective, horizon, strategy, discounted)
    everything = inputs(scenario)
    changes: list[Change] = [{}]
    for one in everything:
        changes += [{one.name: value} for value in tried(one)]
    found = batch(question, changes)
    central = question.finding(found.figures[:, 0])
    bars, inert, left_out = [], [], []
    row = 1
    for one in everything:
        part = slice(row, row + len(tried(one)))
        row = part.stop
        moved = _moves(found.figures[:, part], found.figures[:, :1])
        reasons = [reason for reason in found.refused[part] if reason]
        if one.spread.low == one.spread.high and one.spread.why == RANGE:
            bars.append(Bar(one, central, central, central.value, central.value, 0.0, True))
        elif one.spread.low == one.spread.high:
            (left_out.append(LeftOut(one, one.spread.why)) if moved else inert.append(one))
        elif all(reason or _near(value, one) for value, reason in zip(tried(one), found.refused[part], strict=True)):
            left_out.append(LeftOut(one, reasons[0]))
        elif not moved and not reasons:
            inert.append(one)
        else:
            bars.append(_bar(question, one, central, found.figures[:, part], reasons))
    bars.sort(key=lambda bar: -bar.width)
    return Tornado(question, central, tuple(bars), tuple(inert), tuple(left_out))


def tried(one: Input) -> list[float]:
    """The values at which an input is tried, from low to high: its ends, and evenly between them.

    An input that cannot be tried is moved by 1 once, to see whether it matters at all.
    """
    low, high = one.spread.low, one.spread.high
    return [one.central + 1] if low == high else [float(value) for value in np.linspace(low, high, PARTS + 1)]


def _near(value: float, one: Input) -> bool:
    """Whether a value is the one in use, to rounding."""
    return abs(value - one.central) <= SMALLEST * max(abs(one.central), 1.0)


def _moves(figures: Array, central: Array) -> bool:
    """Whether any figure differs from the central one by more than rounding."""
    with np.errstate(invalid="ignore"):
        far = np.abs(figures - central) > SMALLEST * np.maximum(np.abs(central), 1.0)
    return bool((far | (np.isinf(figures) != np.isinf(central))).any())


def _bar(question: Question, one: Input, central: Finding, figures: Array, reasons: list[str]) -> Bar:
    found = [
        Finding(None, "the model does not allow this value") if np.isnan(column).any() else question.finding(column)
        for column in figures.T
    ]
    allowed = [finding for finding, column in zip(found, figures.T, strict=True) if not np.isnan(column).any()]
    kinds = {None if finding.value is not None else finding.words for finding in (central, *allowed)}
    numbers = [finding.value for finding in (central, *allowed) if finding.value is not None]
    width = np.inf if len(kinds) > 1 else max(numbers) - min(numbers) if numbers else 0.0
    along = sorted(zip([one.central, *tried(one)], [central, *found], strict=True), key=lambda place: place[0])
    steps = np.diff([finding.value for _, finding in along if finding.value is not None])
    slack = SMALLEST * max([1.0, *map(abs, numbers)])
    monotone = bool(np.all(steps >= -slack) or np.all(steps <= slack))
    why = f"the model does not allow all of these values: {reasons[0]}" if reasons else ""
    least, most = (min(numbers), max(numbers)) if numbers else (None, None)
    return Bar(one, found[0], found[-1], least, most, float(width), monotone, why)
