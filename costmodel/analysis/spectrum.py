"""Every population on one page: by strategy and payer, what therapy saves, how surely, by when, what threatens it.

And where the line runs: the price of a session and the use of services at which a strategy repays a payer. Both move
the net cost in a straight line, so that each draw has its own threshold in closed form: sessions × price + rest = 0,
and therapy − m × offset = 0 where everything that people use is multiplied by m.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from costmodel.analysis.psa.comparison import Array, Comparison, Spread
from costmodel.analysis.sensitivity import Bar, Question
from costmodel.analysis.sensitivity.tornado import tornado_of
from costmodel.analysis.spectrum_map import Map, Place, check_price, fits, mapped, place_of, priced
from costmodel.analysis.validation import HIT, VALIDATION_FILE, Judged, validate
from costmodel.content import by_content
from costmodel.errors import InputError, can_be_called, listed, number, path_of, some_of
from costmodel.inputs.draws import checked_seed
from costmodel.model.activity import looking
from costmodel.model.money import THERAPY, sessions, therapy_window
from costmodel.model.run import DRAWS, SEED, checked_draws, run, run_at, values_of
from costmodel.page import NONE, Block, Column, Heading, Notes, Page, Paged, Paragraph, Table, reading_label, written
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.sums import Estimate
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.load import HEADLINE, MODEL, Locked, Refused, base_file, because, load, refusal
from costmodel.words import amount, qalys, upper_first

if TYPE_CHECKING:
    from costmodel.drawing import Chart

__all__ = ["Line", "Spectrum", "populations", "spectrum"]

ANY = np.inf
"""Stands for every price where no session is paid for."""
NOT_SO_FAR = "which has no answer at that time"
ABOUT = (Column("who", "", "text"), Column("payers", "for", right=False))
TOLD = (
    Column("net_saving", "net saving", "money"),
    Column("net_saving_low", "95% interval", "interval", to="net_saving_high"),
    Column("payback", "paid back"), Column("chance_payback", "its chance", "chance"), Column("qalys", "QALYs"),
    Column("disagreement", "disagrees with"),
)  # fmt: skip


@dataclass(frozen=True)
class Threshold(Estimate):
    """At what the expected net saving is nothing, with the interval of the draws' own thresholds.

    value: NEVER where no size does it. low, high: 95% interval, NEVER where a draw has none; None without draws.
    now: the value in use.
    """

    now: float = NEVER


@by_content
@dataclass(frozen=True)
class Line(Comparison):
    """One population, strategy and perspective, in the headline and at the follow-up of its evidence.

    threat: the input that, moved alone within its own uncertainty, lowers the saving most; None where none does. asked:
    validation targets of this strategy or of usual care that the model was asked to predict, by id; None where nothing
    was asked of any population. missed: those of them that it missed.
    """

    population: str
    threat: Bar | None
    asked: tuple[str, ...] | None
    missed: tuple[str, ...]

    @cached_property
    def place(self) -> Place:
        """Where it stands on the map."""
        return place_of(self.result, self.population, self.name, self.perspective, self.months)

    @property
    def time(self) -> str:
        """To where it looks, in words."""
        studied = self.result.scenario.model.follow_up
        return studied.text if self.months == studied.months else in_words(self.months)

    @property
    def apart(self) -> dict[str, Spread]:
        """Net saving of each alternative and each stratum, by name."""
        names = [name for name in self.result.runs if name not in (self.run.name, DETERMINISTIC)]
        readings = {name: replace(self, run=self.result.runs[name]) for name in names}
        strata = {name: replace(self, result=one, run=one.headline) for name, one in self.result.strata.items()}
        return {name: of.spread(Comparison.saving) for name, of in (readings | strata).items()}

    @cached_property
    def record(self) -> dict[str, Any]:
        """At full precision; None where an answer is words."""
        result, whole = self.result, self.to(-1)
        price, use = session_price(self), use_of_services(self)
        return {
            "population": self.population,
            "strategy": self.name,
            "comparator": result.comparator,
            "perspective": self.perspective,
            "horizon_months": self.months,
            "payback_horizon_months": whole.months,
            "price_year": result.setting.price_year,
            "run": self.run.name,
            "price_basis": self.place.price,
            "course": self.place.course,
            "spent": self.place.spent,
            "share_needed": self.place.needed,
            "share_taken": self.place.taken,
            "verdict": self.place.verdict,
            **_ends("net_saving", self.spread(Comparison.saving)),
            "chance_payback": whole.paid_back().value if result.draws else None,
            "payback_sustained_months": _finite(whole.payback()),
            **_ends("session_price_threshold", price),
            "session_price_threshold_now": price.now,
            **_ends("use_of_services_threshold", use),
            "use_of_services_threshold_now": use.now,
            **_ends("qaly", self.spread(Comparison.gain)),
            "main_threat": None if self.threat is None else self.threat.input.name,
            "main_threat_words": _threat_words(self),
            "apart": {name: one.value for name, one in self.apart.items()},
            "to_be_checked": bool(result.scenario.to_be_checked),
            "targets_asked": None if self.asked is None else list(self.asked),
            "disagrees_with": list(self.missed),
        }

    @property
    def told(self) -> dict[str, Any]:
        """The record with what a table says in words."""
        whole, disagreement = self.to(-1), " ".join(self.missed) or "–"
        if not self.missed and self.asked is not None:
            disagreement = f"none of {len(self.asked)} asked" if self.asked else "nothing asked"
        words = {"payback": whole.when(whole.payback()), "disagreement": disagreement}
        health = whole.result.scenario.model.health
        return self.record | words | {"qalys": qalys(self.record["qaly"]) if health else NONE}


def _ends(name: str, found: Estimate) -> dict[str, float | None]:
    ends = {"": found.value, "_low": found.low, "_high": found.high}
    return {f"{name}{end}": _finite(value) for end, value in ends.items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


# Where the line runs


def session_price(of: Comparison) -> Threshold:
    """Highest price of a session at which the strategy repays, money per session; below no money none does.

    ANY where no session is held and nothing is lost. The comparator's own therapy, where it has one, keeps its price.
    """
    cost, (held, price) = -of.saving(), _sessions(of)
    each = np.divide(-cost, held, out=np.where(cost <= NOTHING, ANY, -ANY), where=held > 0) + price
    if (sold := of.mean(held)) > 0:
        now = of.mean(held * price) / sold
        return _threshold(of, now - of.mean(cost) / sold, each, now)
    return _threshold(of, ANY if of.mean(cost) <= NOTHING else -ANY, each, of.mean(price))


def use_of_services(of: Comparison) -> Threshold:
    """Least spending on other care in usual care at which the strategy repays, money a year for each person.

    Everything that people use, and with it every change in it, is multiplied alike. NEVER where a strategy does not
    lower it.
    """
    repaid, saving = of.therapy(), of.saving()
    spent, costs = np.zeros(repaid.shape), of.result.scenario.model.costs
    for i, (item, sign) in enumerate(zip(of.result.items, of.result.signs(of.perspective), strict=True)):
        cost = of.run.outcomes.cost[of.horizon, 0, i]
        if sign and item.name in costs and costs[item.name].used:
            spent += sign * cost[0]
        elif sign and item.category != THERAPY:  # what jobs and sessions move does not go by the use of services
            repaid = repaid + sign * (cost[of.strategy] - cost[0])
    offset, repaid = repaid + saving, np.maximum(repaid, 0.0)
    spent /= of.months / MONTHS_A_YEAR
    each = np.divide(repaid * spent, offset, out=np.full(offset.shape, NEVER), where=offset > NOTHING)
    saved, now = of.mean(offset), of.mean(spent)
    return _threshold(of, of.mean(repaid) * now / saved if saved > NOTHING else NEVER, each, now)


def _sessions(of: Comparison) -> tuple[Array, Array]:
    """Sessions held by the horizon per person referred, and their price, (alternative, draw)."""
    model, shape = of.result.scenario.model, of.run.outcomes.cost.shape[-2:]
    therapy = model.strategies[of.name].therapy
    if therapy is None:
        return np.zeros(shape), np.zeros(shape)
    names, central = (therapy.sessions, therapy.attendance, therapy.price), of.run.name == DETERMINISTIC
    look = looking(of.result.scenario.central if central else values_of(of.result, shape[-1], names=names))
    held = sessions(model, of.name, 0.0, of.months / MONTHS_A_YEAR, therapy_window(model, of.name), look)
    return np.broadcast_to(held, shape), np.broadcast_to(look(therapy.price), shape)


def _threshold(of: Comparison, mean: float, values: Array, now: float) -> Threshold:
    low, high = (None, None) if of.run.outcomes.draws == 1 else of.result.quantiles(of.run, values, (0.025, 0.975))
    return Threshold(float(mean), low, high, now)


# All of them


@dataclass(frozen=True, repr=False)
class Spectrum(Paged):
    """Lines in the order of the folders; populations that are locked, or do not look so far, give none.

    months: to which all are read, None for each one's own follow-up. price: the basis of sessions that was asked for.
    """

    lines: tuple[Line, ...]
    locked: tuple[tuple[str, Locked], ...]
    left_out: tuple[tuple[str, str], ...] = ()
    months: float | None = None
    price: str | None = None

    @property
    def map(self) -> Map | None:
        """For the main payer, or the first that was asked for, of the first population's country; None of no line."""
        if not self.lines:
            return None
        setting = self.lines[0].result.setting
        asked = {line.perspective for line in self.lines}
        payer = setting.main if setting.main in asked else self.lines[0].perspective
        alike = [line for line in self.lines if line.result.setting.currency == setting.currency]
        return mapped([line.place for line in alike if line.perspective == payer], setting, payer, self.months,
                      self.price, self.left_out)  # fmt: skip

    def figure(self) -> "Chart":
        """The map. Raises InputError where there is no line."""
        if self.map is None:
            raise InputError.at("figure", "no population has an answer", "Name a folder with one that has.")
        return self.map.figure()

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each line, at full precision; None where an answer is words."""
        return pd.DataFrame([line.record for line in self.lines]).astype(object)

    def page(self) -> Page:
        """For each population what its therapies save whom, where the line runs, and what is locked."""
        found = self.map
        blocks: list[Block] = (
            [Heading(f"Where does it pay? {upper_first(found.payer)}"), *found.blocks()] if found else []
        )
        scenarios = {}
        for name, lines in self._by_population():
            scenario = lines[0].result.scenario
            blocks += _of_population(name, lines)
            model = scenario.model
            scenarios[name] = {
                "title": model.title, "label": model.label, "sha256": scenario.sha256, "file": scenario.path.name,
                "to_be_checked": scenario.to_be_checked,
            }  # fmt: skip
        for name, locked in self.locked:
            blocks += [Heading(f"{name}: {locked.file.title}"), Paragraph(HEADLINE, strong=True)]
            blocks += [Paragraph(f"Why: {because(locked)}")]
        first = self.lines[0].result if self.lines else None
        data = {
            "schema": "costmodel/spectrum/1",
            "settings": {"draws": first.draws if first else 0, "seed": first.seed if first else None,
                         "horizon_months": self.months, "price": self.price},
            "scenarios": scenarios,
            "refused": [{"population": name, **refusal(locked)} for name, locked in self.locked],
        }  # fmt: skip
        return Page("Every population on one page", tuple(blocks), data=data, frame=self.frame)

    def _by_population(self) -> Iterator[tuple[str, list[Line]]]:
        for name, lines in groupby(self.lines, key=lambda line: line.population):
            yield name, list(lines)


def populations(folder: Path) -> list[Path]:
    """The base of every population below a folder, by name."""
    return [base_file(path.parent) for path in sorted(path_of("folder", folder).glob(f"*/{MODEL}"))]


def spectrum(
    paths: Iterable[Path],
    perspectives: Iterable[str] | None = None,
    *,
    horizon: float | None = None,
    price: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    said: Callable[[str], None] = lambda name: None,
) -> Spectrum:
    """Run each population.

    perspectives: those of each setting if left out. horizon: months, each one's own follow-up if left out; a population
    that does not look so far is left out. price: a basis for the sessions of all that have it, the others keep theirs.
    said: called with the name of each before it is run. Raises InputError.
    """
    paths = [path_of("paths", path) for path in listed("paths", paths)]
    wanted = None if perspectives is None else listed("perspective", perspectives)
    can_be_called("said", said)
    draws, seed = checked_draws(draws), checked_seed(seed)
    months = None if horizon is None else number("horizon", horizon, 1, wrong="no number of months")
    scenarios: dict[str, Scenario] = {}
    locked: list[tuple[str, Locked]] = []
    for path in paths:
        try:
            scenarios[path.parent.name] = load(path)
        except Refused as refused:
            locked.append((path.parent.name, refused.locked))
    check_price(price, scenarios.values())
    far = {name: NOT_SO_FAR for name, one in scenarios.items() if months is not None and not fits(one, months)}
    if far and len(far) == len(scenarios):
        raise InputError.at("horizon", f"no population has an answer at {in_words(months or 0)}", "Look less far.")
    scored = _scored(paths, draws, seed)
    lines: list[Line] = []
    for name in [name for name in scenarios if name not in far]:
        said(name)
        scenario = priced(scenarios[name], price)
        known = scenario.setting.perspectives
        asked = some_of("perspective", known if wanted is None else wanted, known)
        result = run(scenario, draws, seed) if months is None else run_at(scenario, [months], draws, seed)
        lines += _lines(name, result, asked, scored, 0 if months is None else result.at(months))
    return Spectrum(tuple(lines), tuple(locked), tuple(far.items()), months, price)


def _scored(paths: list[Path], draws: int, seed: int) -> list[Judged] | None:
    """Predictions of the targets beside the populations; None where there is no file of targets, or no draws."""
    homes = {path.parent.parent for path in paths}
    asking = [home for home in homes if draws and os.path.isfile(home / VALIDATION_FILE)]
    return [row for home in asking for row in validate(home, draws=draws, seed=seed).scored] if asking else None


def _lines(
    name: str, result: Result, perspectives: Iterable[str], scored: list[Judged] | None, horizon: int = 0
) -> Iterator[Line]:
    """horizon: its index."""
    for s, strategy in enumerate(result.strategies[1:], 1):
        about = (strategy, result.comparator, None)
        asked = [row for row in scored or () if row.target.population == name and row.target.strategy in about]
        missed = tuple(row.name for row in asked if row.verdict != HIT)
        for perspective in perspectives:
            names = None if scored is None else tuple(row.name for row in asked)
            threat = _threat(result, strategy, perspective, horizon)
            yield Line(result, result.headline, horizon, s, perspective, name, threat, names, missed)


def _threat(result: Result, strategy: str, perspective: str, horizon: int) -> Bar | None:
    """The input whose worst value is worst; None where no input moves the saving."""
    template = run_at(result.scenario, [result.horizons[horizon]], 0, SEED, alone=True)
    at = template.at(result.horizons[horizon])
    found = tornado_of(Question(template, "net_saving", perspective, at, template.compared(strategy), False))
    known = [bar for bar in found.bars if bar.least is not None]
    return min(known, key=lambda bar: bar.least or 0.0) if known else None


def _of_population(name: str, lines: list[Line]) -> list[Block]:
    """One population: its lines, those of payers who are told the same together."""
    result = lines[0].result
    model, setting = result.scenario.model, result.scenario.setting
    usual = model.strategies[result.comparator].label
    marked = " To be checked: recalled figures stand behind these." if result.scenario.to_be_checked else ""
    time = f"the {lines[0].time} of the evidence" if lines[0].place.as_studied else lines[0].time
    about = (
        f"Against {usual.lower()}, over {time}; payback within "
        f"{in_words(result.horizons[-1])}; {setting.prices} a person.{marked}"
    )
    rows: list[dict[str, Any]] = []
    for strategy, of_strategy in groupby(lines, key=lambda line: line.name):
        known: dict[tuple[str, ...], dict[str, Any]] = {}
        for line in of_strategy:
            row = line.told
            cells = tuple(written(row, column, setting.currency) for column in TOLD)
            known.setdefault(cells, row | {"payers": []})["payers"].append(setting.name(line.perspective))
        for at, row in enumerate(known.values()):
            every = len(known) == 1 and len(row["payers"]) > 1
            payers = "every payer" if every else ", ".join(row["payers"])
            rows.append(row | {"who": "" if at else model.strategies[strategy].label, "payers": payers})
    return [
        Heading(f"{name}: {model.title}"),
        Paragraph(about),
        Table(pd.DataFrame(rows), (*ABOUT, *TOLD), name=f"spectrum_{name}", currency=setting.currency),
        Notes("Where the line runs", tuple(_where_the_line_runs(lines))),
        Notes("Parts and structures apart", tuple(_each_apart(lines))),
    ]


def _where_the_line_runs(lines: list[Line]) -> Iterator[str]:
    """Both thresholds and the main threat of each strategy, for the narrowest perspective or the first asked for."""
    setting = lines[0].result.setting
    money = setting.currency.money

    def price(value: float, none: str = "none") -> str:
        return "any amount" if value == ANY else none if value < 0 else money(value)

    def use(value: float, each: str = "") -> str:
        return "no level" if value == NEVER else f"{money(value)}{each}"

    def beside(found: Threshold, size: Callable[[float], str], each: str = "") -> str:
        """Its interval where there is one, and what is in use."""
        known = 0 <= found.value < math.inf and found.low is not None and found.high is not None
        ends = f"{size(found.low or 0.0)} to {size(found.high or 0.0)}; " if known else ""
        return f"({ends}now {money(found.now)}{each})"

    chosen = setting.first if any(line.perspective == setting.first for line in lines) else lines[0].perspective
    none, a_year = f"nothing, not even {setting.currency.nothing}", " a year"
    for line in lines:
        if line.perspective == chosen:
            sold, used = session_price(line), use_of_services(line)
            within, never = line.time, used.value == NEVER
            yield (
                f"{line.label} repays {setting.payer(chosen)} within {within} at a session price of "
                f"{price(sold.value, none)} {beside(sold, price)}; or where other care costs it "
                f"{use(used.value, a_year)} {beside(used, use, a_year if never else '')}. "
                f"Main threat: {_threat_words(line)}."
            )


def _threat_words(line: Line) -> str:
    """The input that lowers the saving most, the value at which it does, and the saving there."""
    bar = line.threat
    if bar is None:
        return "none"
    low, worst = bar.at_low.value == bar.least, bar.least or 0.0
    value = bar.input.spread.low if low else bar.input.spread.high
    bill = ", by the bill alone" if bar.input.bill_only else ""
    saving = line.result.setting.currency.money(worst)
    return f"{bar.input.label}: {saving} at {amount(value, bar.input.unit)}{bill}"


def _each_apart(lines: list[Line]) -> Iterator[str]:
    """Alternatives and strata, for the main perspective or the first asked for."""
    setting = lines[0].result.setting
    money, interval = setting.currency.money, setting.currency.interval
    shown = {line.perspective for line in lines}
    chosen = setting.main if setting.main in shown else lines[0].perspective
    for line in lines:
        if line.perspective == chosen and line.apart:
            said = "; ".join(
                f"{reading_label(line.result, name)}: {money(one.value)} ({interval(one.low, one.high) or 'one run'})"
                for name, one in line.apart.items()
            )
            yield f"{line.label}, {setting.name(chosen)}: {said}"
