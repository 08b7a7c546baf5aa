"""The comparison itself: each row of the trial file beside each structure and their mixture; the ceiling.

Only rows whose role is `predicted` get a verdict. A fitted row agrees because it was made to; net cost
contains the price of the therapy, which is an input; context is printed and compared with nothing.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from os.path import realpath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from costmodel.analysis.calibration.file import CalibrationFile
from costmodel.analysis.trial.file import CeilingBlock, TrialFile, TrialRow, read_trial, utility_choices
from costmodel.analysis.trial.measure import (
    cost_of_a_year_ill,
    measured,
    of_row,
    person_years_gained,
    price_of_therapy,
)
from costmodel.content import by_content
from costmodel.errors import InputError, made_by
from costmodel.inputs.datasets import factor, read_price_index
from costmodel.inputs.draws import checked_seed
from costmodel.model.activity import looking
from costmodel.model.run import DRAWS, SEED, checked_draws
from costmodel.page import Block, Column, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.load import load
from costmodel.scenario.read import read_file
from costmodel.words import MINUS, money

Array = NDArray[np.float64]

TRIAL_FILE, CALIBRATION_FILE, TRIAL_PRICES_FILE = "trial.yaml", "calibration.yaml", "trial_prices.yaml"
MIXTURE = "mixture"
UNSEEN = "not fitted here"
"""The role of a row that is fitted elsewhere, but not by the fit that this scenario rests on."""
ROLES = {
    "fitted": "Fitted: the model was made to agree, so agreement says nothing",
    UNSEEN: "Not seen by this fit, though fitted elsewhere",
    "predicted": "Predicted: the only rows that test the model",
    "consistency": "Consistency: the price of the therapy is an input, so this is no test",
    "context": "Context: nothing is compared",
}
"""The roles of rows in the order of the page, with what they mean."""
TO_BE_CHECKED = " (to be checked)"
COLUMNS = (
    Column("observation", "Observation", "text"), Column("observed", "Observed"), Column("reading", "Reading"),
    Column("best", "Best"), Column("mean", "Mean"), Column("interval", "95% interval"), Column("verdict", ""),
)  # fmt: skip
CEILINGS = (
    Column("reading", "Reading", "text"), Column("prices", "Prices"),
    Column("remission_years", "Years of remission gained"), Column("complete_years", "of them complete"),
    Column("year_ill", "A depressed year"), Column("ceiling", "Ceiling"), Column("ceiling_complete", "complete only"),
    Column("therapy", "Therapy"),
)  # fmt: skip
POINTS = 100.0
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Quantity:
    """One reading of a quantity: at the best-fitting row, on average over draws, and its 95% interval."""

    best: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """One row of the trial beside one reading of the model.

    reading: an alternative's name or MIXTURE. prices: label of the scenario whose prices are used.
    observed: in the setting's price year where it is money. model: None for context.
    miss: best − observed in percentage points, for shares. verdict: for predicted rows only.
    """

    name: str
    label: str
    role: str
    strategy: str
    against: str | None
    reading: str
    prices: str
    utility_set: str | None
    observed: float
    unit: str
    model: Quantity | None
    miss: float | None
    verdict: str
    source: str
    status: str
    note: str


@dataclass(frozen=True)
class Ceiling:
    """The most that remission can save: as if everything that a depressed year costs vanished with it.

    Per person referred within the follow-up, undiscounted, in the setting's price year.
    """

    reading: str
    prices: str
    remission_years: Quantity
    complete_years: Quantity
    year_ill: Quantity
    ceiling: Quantity
    ceiling_complete: Quantity
    therapy: Quantity

    @property
    def words(self) -> str:
        """What it says."""
        if self.remission_years.mean <= 0 or self.therapy.mean <= 0:
            return "No remission is gained or nothing is paid for therapy: there is no ceiling to speak of."
        share = self.ceiling.mean / self.therapy.mean
        opening = (
            f"Even if all health and social care of a depressed year (£{self.year_ill.mean:,.0f}) ended with "
            f"remission, the {self.remission_years.mean:.2f} years of remission gained per person would save "
            f"£{self.ceiling.mean:,.0f}, against £{self.therapy.mean:,.0f} for the therapy"
        )
        if share < 1:
            return f"{opening}: at most {share:.0%} of its price can come back within the follow-up."
        return f"{opening}: its price comes back within the follow-up only if {1 / share:.0%} of that is saved."


@by_content
@dataclass(frozen=True, repr=False)
class Comparison(Paged):
    """All rows, the ceilings, and with what they were worked out."""

    title: str
    follow_up: str
    price_year: str
    readings: dict[str, str]
    """Labels by name of a reading."""
    rows: tuple[Compared, ...]
    ceilings: tuple[Ceiling, ...]
    draws: int
    seed: int

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a table, the model's figures in columns of their own."""
        flat = []
        for row in self.rows:
            figures = {} if row.model is None else vars(row.model)
            rest = {key: value for key, value in vars(row).items() if key != "model"}
            flat.append(rest | {key: figures.get(key) for key in ("best", "mean", "low", "high")})
        return pd.DataFrame(flat)

    def page(self) -> Page:
        """The rows by their roles, the largest misses, notes, and the most that remission can save."""
        blocks: list[Block] = []
        for role, meaning in ROLES.items():
            if rows := [row for row in self.rows if row.role == role]:
                blocks += [Heading(meaning), Table(pd.DataFrame(self._beside(rows)), COLUMNS, name=role)]
        notes = dict.fromkeys(f"{row.name}: {row.note}" for row in self.rows if row.note)
        blocks += [Notes("Largest miss of a fitted row", tuple(self._misses())), Notes("Notes", tuple(notes))]
        if self.ceilings:
            title = f"Ceiling within {self.follow_up}, £ of {self.price_year} per person, undiscounted"
            ceilings = pd.DataFrame([self._most(one) for one in self.ceilings])
            said = (f"{self.readings[one.reading]}, prices {one.prices}: {one.words}" for one in self.ceilings)
            blocks += [Heading(title), Table(ceilings, CEILINGS, name="ceilings"), Notes("What that says", tuple(said))]
        blocks.append(Paragraph(
            f"{self.draws:,} draws, seed {self.seed}. Best: the best-fitting row. Mean and interval: over the draws. "
            f"Undiscounted; money in £ of {self.price_year}."
        ))  # fmt: skip
        data = {
            "schema": "costmodel/trial/1",
            "settings": {"price_year": self.price_year, "draws": self.draws, "seed": self.seed},
            "readings": self.readings,
            "ceilings": [asdict(one) | {"words": one.words} for one in self.ceilings],
        }
        return Page(f"{self.title}: the trial beside the model", tuple(blocks), data=data, frame=self.frame)

    def _beside(self, rows: list[Compared]) -> Iterator[dict[str, str]]:
        """What is said of an observation once, and the figures of each reading."""
        last = None
        for row in rows:
            new, last = (row.name, row.prices) != last, (row.name, row.prices)
            recalled = TO_BE_CHECKED if row.status == "recalled" else ""
            group = row.strategy if row.against is None else f"{row.strategy} less {row.against}"
            prices = f", prices {row.prices}" if row.role == "consistency" else ""
            found = row.model
            figures = ("", "", "") if found is None else (
                _figure(found.best, row.unit), _figure(found.mean, row.unit),
                f"{_figure(found.low, row.unit)} to {_figure(found.high, row.unit)}",
            )  # fmt: skip
            verdict = row.verdict or ("" if row.miss is None else f"{_signed(row.miss)} points")
            yield {
                "observation": f"{row.name} {row.label}{recalled}, {group}{prices}" if new else "",
                "observed": _figure(row.observed, row.unit) if new else "",
                "reading": self.readings.get(row.reading, row.reading), "verdict": verdict,
                **dict(zip(("best", "mean", "interval"), figures, strict=True)),
            }  # fmt: skip

    def _misses(self) -> Iterator[str]:
        fitted = [row for row in self.rows if row.role == "fitted" and row.miss is not None]
        for reading, label in self.readings.items():
            if misses := [row for row in fitted if row.reading == reading]:
                worst = max(misses, key=lambda row: abs(row.miss or 0.0))
                where = f"{worst.name}, {worst.label}, {worst.strategy}"
                yield f"{label}: {_signed(worst.miss or 0.0)} points ({where})"

    def _most(self, one: Ceiling) -> dict[str, str]:
        years = {key: getattr(one, key) for key in ("remission_years", "complete_years")}
        costs = {key: getattr(one, key) for key in ("year_ill", "ceiling", "ceiling_complete", "therapy")}
        return {
            "reading": self.readings[one.reading], "prices": one.prices,
            **{key: f"{q.mean:.2f} ({q.low:.2f} to {q.high:.2f})" for key, q in years.items()},
            **{key: f"{money(q.mean)} ({money(q.low)} to {money(q.high)})" for key, q in costs.items()},
        }  # fmt: skip


def compare(scenario: Scenario, draws: int = DRAWS, seed: int = SEED) -> Comparison:
    """Compare a scenario with the trial file in its folder.

    Raises InputError where there is none, or with everything that is wrong with it.
    """
    made_by("scenario", scenario, Scenario, "costmodel.load")
    draws, seed = checked_draws(draws, 2), checked_seed(seed)
    path = scenario.path.parent / TRIAL_FILE
    if not os.path.exists(path):
        raise InputError.at(scenario.path.name, f"there is no {TRIAL_FILE} in its folder", "See docs/format.md.")
    file = read_trial(path, scenario)
    unseen = _unseen(scenario)
    priced = [scenario, *_at_trial_prices(scenario)]
    rows: dict[str, list[Compared]] = {name: [] for name in file.rows}
    ceilings: list[Ceiling] = []
    for option in dict.fromkeys(row.utility_set for row in file.rows.values()):
        for at_prices in priced if option is None else priced[:1]:
            chosen = {
                name: row
                for name, row in file.rows.items()
                if row.utility_set == option and (at_prices is scenario or row.outcome == "net cost")
            }
            variant = at_prices.changed(utility_choices(at_prices, option), by="validate") if option else at_prices
            block = None if option else file.ceiling
            compared, bounds = _compared(variant, chosen, block, unseen, draws, seed)
            for one in compared:
                rows[one.name].append(one)
            ceilings += bounds
    several = len(scenario.readings) > 1
    labels = {one.name: one.label if several else "The model" for one in scenario.readings}
    return Comparison(
        title=scenario.model.title,
        follow_up=scenario.model.follow_up.text,
        price_year=scenario.setting.price_year,
        readings=labels | ({MIXTURE: "Weighted mixture"} if several else {}),
        rows=tuple(one for name in file.rows for one in rows[name]),
        ceilings=tuple(ceilings),
        draws=draws,
        seed=seed,
    )


def _compared(
    scenario: Scenario,
    rows: dict[str, TrialRow],
    block: CeilingBlock | None,
    unseen: set[str],
    draws: int,
    seed: int,
) -> tuple[list[Compared], list[Ceiling]]:
    """The rows that one variant of the scenario answers, in every reading, and the ceiling at its prices."""
    measures = {name: of_row(scenario, row) for name, row in rows.items() if row.outcome != "none"}
    if block:
        measures[" years"] = person_years_gained(scenario, block, block.remission)
        measures[" complete"] = person_years_gained(scenario, block, block.complete)
        measures[" year ill"] = cost_of_a_year_ill(scenario, block)
        measures[" therapy"] = price_of_therapy(scenario, block)
    best, drawn = measured(scenario, measures, draws, seed)
    weights = _readings(scenario)
    compared = []
    for name, row in rows.items():
        role = UNSEEN if name in unseen and row.role == "fitted" else row.role
        observed = _in_prices_of(scenario, row)
        if row.outcome == "none":
            compared.append(_one(scenario, name, row, role, "–", observed, None))
            continue
        for reading, weight in weights.items():
            model = _quantity(best[name], drawn[name], weight)
            compared.append(_one(scenario, name, row, role, reading, observed, model))
    return compared, list(_ceilings(scenario, best, drawn, weights)) if block else []


def _ceilings(
    scenario: Scenario, best: dict[str, Array], drawn: dict[str, Array], weights: dict[str, Array]
) -> Iterator[Ceiling]:
    for reading, weight in weights.items():

        def quantity(first: str, second: str | None = None, weight: Array = weight) -> Quantity:
            at_best, in_draws = best[first], drawn[first]
            if second:
                at_best, in_draws = at_best * best[second], in_draws * drawn[second]
            return _quantity(at_best, in_draws, weight)

        yield Ceiling(
            reading=reading,
            prices=scenario.model.label,
            remission_years=quantity(" years"),
            complete_years=quantity(" complete"),
            year_ill=quantity(" year ill"),
            ceiling=quantity(" years", " year ill"),
            ceiling_complete=quantity(" complete", " year ill"),
            therapy=quantity(" therapy"),
        )


def _one(
    scenario: Scenario,
    name: str,
    row: TrialRow,
    role: str,
    reading: str,
    observed: float,
    model: Quantity | None,
) -> Compared:
    verdict = ""
    if role == "predicted" and model is not None:
        verdict = "inside the interval" if model.low <= observed <= model.high else "outside the interval"
    return Compared(
        name=name,
        label=row.label,
        role=role,
        strategy=row.strategy,
        against=row.against,
        reading=reading,
        prices=scenario.model.label,
        utility_set=row.utility_set,
        observed=observed,
        unit=row.unit,
        model=model,
        miss=None if model is None or row.outcome != "share in states" else (model.best - observed) * POINTS,
        verdict=verdict,
        source=row.source,
        status=row.status,
        note=row.note or "",
    )


def _readings(scenario: Scenario) -> dict[str, Array]:
    """Weights of the alternatives in each reading."""
    names = [structure.name for structure in scenario.readings]
    readings = {name: np.eye(len(names))[a] for a, name in enumerate(names)}
    if len(names) > 1:
        look = looking(scenario.central)
        readings[MIXTURE] = np.array([float(look(one.weight)) for one in scenario.readings])
    return readings


def _quantity(best: Array, drawn: Array, weight: Array) -> Quantity:
    """best: (alternative,). drawn: (alternative, draw). The interval is that of the weighted mixture."""
    used = np.flatnonzero(weight)
    weights = np.repeat(weight[used], drawn.shape[1])
    low, high = np.quantile(drawn[used].ravel(), INTERVAL, weights=weights, method="inverted_cdf")
    return Quantity(float(weight @ best), float(weight @ drawn.mean(axis=1)), float(low), float(high))


def _in_prices_of(scenario: Scenario, row: TrialRow) -> float:
    """The observation; money in the setting's price year."""
    setting = scenario.setting
    if row.price_year is None or row.price_year == setting.price_year or row.index is None:
        return row.observed
    folder = (scenario.tree.place(("setting",)).path.parent / scenario.model.setting).parent
    index = read_price_index(folder / setting.price_indices[row.index], row.index)
    return row.observed * factor(index, row.price_year, setting.price_year)


def _at_trial_prices(scenario: Scenario) -> Iterator[Scenario]:
    """The overlay with the trial's own prices, where it lies beside the scenario and changes nothing else."""
    path = scenario.path.parent / TRIAL_PRICES_FILE
    if scenario.changes or not os.path.exists(path):
        return
    extends: object = read_file(path).data.get("extends")
    if isinstance(extends, str) and realpath(path.parent / extends) == realpath(scenario.path):
        yield load(path)


def _unseen(scenario: Scenario) -> set[str]:
    """Observations of the calibration file that no fit saw on which this scenario rests."""
    path = scenario.path.parent / CALIBRATION_FILE
    if not os.path.exists(path):
        return set()
    file, _, _ = validate(CalibrationFile, read_file(path))
    if file is None:
        return set()
    posteriors = {realpath(one) for one in scenario.posteriors}
    seen: set[str] = set()
    for fit in file.fits.values():
        if realpath(path.parent / fit.output) in posteriors:
            seen |= set(file.observations if fit.observations is None else fit.observations)
    return set(file.observations) - seen if seen else set()


__all__ = ["Ceiling", "Compared", "Comparison", "Quantity", "TrialFile", "compare"]


def _signed(points: float) -> str:
    return f"{MINUS if points < 0 else '+'}{abs(points):.1f}"


def _figure(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}".replace("-", MINUS)
    if unit == "GBP":
        return money(value)
    return f"{value:.3g}".replace("-", MINUS)
