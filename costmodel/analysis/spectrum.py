"""Every population on one page: by strategy and payer, what therapy saves, how surely, by when, what threatens it."""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.analysis.sensitivity import Bar, tornado
from costmodel.analysis.thresholds import ANY, Threshold, session_price, use_of_services
from costmodel.analysis.validation import HIT, VALIDATION_FILE, Judged, validate
from costmodel.content import by_content
from costmodel.errors import can_be_called, listed, path_of, some_of
from costmodel.inputs.draws import checked_seed
from costmodel.model.run import DRAWS, SEED, checked_draws, run
from costmodel.page import Block, Column, Heading, Notes, Page, Paged, Paragraph, Table, reading_label
from costmodel.result.payback import NEVER
from costmodel.result.result import Result
from costmodel.result.sums import Estimate
from costmodel.result.table import in_words, payback_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import HEADLINE, Locked, Refused, because, load, refusal
from costmodel.words import amount, chance, qalys

if TYPE_CHECKING:
    import pandas as pd

MODEL = "model.yaml"
COLUMNS = (
    Column("who", "", "text"), Column("payers", "for", right=False), Column("saving", "net saving"),
    Column("interval", "95% interval"), Column("payback", "paid back"), Column("chance", "its chance"),
    Column("qalys", "QALYs"), Column("disagreement", "disagrees with"),
)  # fmt: skip


@by_content
@dataclass(frozen=True)
class Line:
    """One population, strategy and perspective, at the follow-up of its evidence; per person referred.

    saving: money, undiscounted. chance: of having it back for good within the horizon; None without draws. payback:
    months, of the expected curve within the horizon, NEVER beyond. price: of a session, at which it repays by the
    follow-up. use: of other care, at which it does. health: QALYs, discounted. threat: the input that, moved alone
    within its own uncertainty, lowers the saving most. apart: alternatives and strata, net saving of each by name.
    asked: validation targets of this strategy or of usual care that the model was asked to predict, by id; None where
    nothing was asked of any population. missed: those of them that it missed.
    """

    population: str
    result: Result
    strategy: str
    perspective: str
    saving: Estimate
    chance: float | None
    payback: float
    price: Threshold
    use: Threshold
    health: Estimate
    threat: Bar | None
    apart: dict[str, Estimate]
    asked: tuple[str, ...] | None
    missed: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the strategy is called."""
        return self.result.scenario.model.strategies[self.strategy].label


@dataclass(frozen=True, repr=False)
class Spectrum(Paged):
    """Lines in the order of the folders; populations that are locked give none."""

    lines: tuple[Line, ...]
    locked: tuple[tuple[str, Locked], ...]

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each line, at full precision; None where an answer is words."""
        import pandas as pd

        return pd.DataFrame([_record(line) for line in self.lines]).astype(object)

    def page(self) -> Page:
        """For each population what its therapies save whom, where the line runs, and what is locked."""
        blocks: list[Block] = []
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
            "settings": {"draws": first.draws if first else 0, "seed": first.seed if first else None},
            "scenarios": scenarios,
            "refused": [{"population": name, **refusal(locked)} for name, locked in self.locked],
        }
        return Page("Every population on one page", tuple(blocks), data=data, frame=self.frame)

    def _by_population(self) -> Iterator[tuple[str, list[Line]]]:
        for name, lines in groupby(self.lines, key=lambda line: line.population):
            yield name, list(lines)


def populations(folder: Path) -> list[Path]:
    """The base model of every population below a folder, by name."""
    return sorted(path_of("folder", folder).glob(f"*/{MODEL}"))


def spectrum(
    paths: Iterable[Path],
    perspectives: Iterable[str] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    said: Callable[[str], None] = lambda name: None,
) -> Spectrum:
    """Run each population.

    perspectives: those of each setting if left out. said: called with the name of each before it is run. Raises
    InputError.
    """
    paths = [path_of("paths", path) for path in listed("paths", paths)]
    wanted = None if perspectives is None else listed("perspective", perspectives)
    can_be_called("said", said)
    draws, seed = checked_draws(draws), checked_seed(seed)
    scored = _scored(paths, draws, seed)
    lines: list[Line] = []
    locked: list[tuple[str, Locked]] = []
    for path in paths:
        name = path.parent.name
        said(name)
        try:
            scenario = load(path)
        except Refused as refused:
            locked.append((name, refused.locked))
            continue
        known = scenario.setting.perspectives
        asked = some_of("perspective", known if wanted is None else wanted, known)
        lines += _lines(name, scenario, run(scenario, draws=draws, seed=seed), asked, scored)
    return Spectrum(tuple(lines), tuple(locked))


def _scored(paths: list[Path], draws: int, seed: int) -> list[Judged] | None:
    """Predictions of the targets beside the populations; None where there is no file of targets, or no draws."""
    homes = {path.parent.parent for path in paths}
    asking = [home for home in homes if draws and os.path.isfile(home / VALIDATION_FILE)]
    return [row for home in asking for row in validate(home, draws=draws, seed=seed).scored] if asking else None


def _lines(
    name: str, scenario: Scenario, result: Result, perspectives: Iterable[str], scored: list[Judged] | None
) -> Iterator[Line]:
    reading, last = result.headline, len(result.horizons) - 1
    for s, strategy in enumerate(result.strategies):
        if s == 0:
            continue
        about = (strategy, result.comparator, None)
        asked = [row for row in scored or () if row.target.population == name and row.target.strategy in about]
        for perspective in perspectives:
            saving = -result.net_cost(reading, 0, s, perspective=perspective)
            chance = result.chance_of_payback(reading, last, s, perspective) if result.draws else None
            yield Line(
                population=name,
                result=result,
                strategy=strategy,
                perspective=perspective,
                saving=result.estimate(reading, saving),
                chance=chance,
                payback=result.curve_payback(s, perspective, last),
                price=session_price(result, strategy, perspective),
                use=use_of_services(result, strategy, perspective),
                health=result.estimate(reading, result.qaly_gain(reading, 0, s)),
                threat=_threat(scenario, strategy, perspective),
                apart=_apart(result, s, perspective),
                asked=None if scored is None else tuple(row.name for row in asked),
                missed=tuple(row.name for row in asked if row.verdict != HIT),
            )


def _threat(scenario: Scenario, strategy: str, perspective: str) -> Bar | None:
    """The input whose worst value is worst; None where no input moves the saving."""
    found = tornado(scenario, perspective=perspective, strategy=strategy)
    known = [bar for bar in found.bars if bar.least is not None]
    return min(known, key=lambda bar: bar.least or 0.0) if known else None


def _apart(result: Result, s: int, perspective: str) -> dict[str, Estimate]:
    """Net saving at the follow-up of each alternative and each stratum."""
    found = {}
    for name, reading in result.runs.items():
        if name not in (result.headline.name, "deterministic"):
            found[name] = result.estimate(reading, -result.net_cost(reading, 0, s, perspective=perspective))
    for name, stratum in result.strata.items():
        of = stratum.headline
        found[name] = stratum.estimate(of, -stratum.net_cost(of, 0, s, perspective=perspective))
    return found


def _of_population(name: str, lines: list[Line]) -> list[Block]:
    """One population: its lines, those of payers who are told the same together."""
    import pandas as pd

    result = lines[0].result
    model, setting = result.scenario.model, result.scenario.setting
    usual = model.strategies[result.comparator].label
    marked = " To be checked: recalled figures stand behind these." if result.scenario.to_be_checked else ""
    about = (
        f"Against {usual.lower()}, over the {model.follow_up.text} of the evidence; payback within "
        f"{in_words(result.horizons[-1])}; {setting.prices} a person.{marked}"
    )
    rows: list[dict[str, Any]] = []
    for strategy, of_strategy in groupby(lines, key=lambda line: line.strategy):
        known: dict[str, dict[str, Any]] = {}
        for line in of_strategy:
            cells = _cells(line)
            known.setdefault(repr(cells), cells | {"payers": []})["payers"].append(setting.name(line.perspective))
        for number, row in enumerate(known.values()):
            every = len(known) == 1 and len(row["payers"]) > 1
            payers = "every payer" if every else ", ".join(row["payers"])
            rows.append(row | {"who": "" if number else model.strategies[strategy].label, "payers": payers})
    return [
        Heading(f"{name}: {model.title}"),
        Paragraph(about),
        Table(pd.DataFrame(rows), COLUMNS, name=f"spectrum_{name}"),
        Notes("Where the line runs", tuple(_where_the_line_runs(lines))),
        Notes("Parts and structures apart", tuple(_each_apart(lines))),
    ]


def _cells(line: Line) -> dict[str, Any]:
    """A line in words, without its strategy and payer."""
    currency = line.result.setting.currency
    result, last = line.result, len(line.result.horizons) - 1
    s = result.strategies.index(line.strategy)
    net = result.net_cost(result.headline, last, s, perspective=line.perspective)
    saved = result.estimate(result.headline, -net).value
    return {
        "saving": currency.money(line.saving.value),
        "interval": currency.interval(line.saving.low, line.saving.high) or "–",
        "payback": payback_words(line.payback, result.horizons[last], result.first_payment[s], saved),
        "chance": "–" if line.chance is None else chance(line.chance),
        "qalys": qalys(line.health.value),
        "disagreement": _disagreement(line),
    }


def _record(line: Line) -> dict[str, Any]:
    """A line with full precision; None where an answer is words."""
    scenario = line.result.scenario
    return {
        "population": line.population,
        "strategy": line.strategy,
        "comparator": line.result.comparator,
        "perspective": line.perspective,
        "horizon_months": line.result.horizons[0],
        "payback_horizon_months": line.result.horizons[-1],
        "price_year": scenario.setting.price_year,
        "run": line.result.headline.name,
        "net_saving": line.saving.value,
        "net_saving_low": line.saving.low,
        "net_saving_high": line.saving.high,
        "chance_payback": line.chance,
        "payback_sustained_months": _finite(line.payback),
        **_threshold("session_price", line.price),
        **_threshold("use_of_services", line.use),
        "qaly": line.health.value,
        "qaly_low": line.health.low,
        "qaly_high": line.health.high,
        "main_threat": None if line.threat is None else line.threat.input.name,
        "main_threat_words": _threat_words(line),
        "apart": {name: one.value for name, one in line.apart.items()},
        "to_be_checked": bool(line.result.scenario.to_be_checked),
        "targets_asked": None if line.asked is None else list(line.asked),
        "disagrees_with": list(line.missed),
    }


def _threshold(name: str, found: Threshold) -> dict[str, Any]:
    values = {"": found.value, "_low": found.low, "_high": found.high, "_now": found.now}
    return {f"{name}_threshold{key}": _finite(value) for key, value in values.items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _disagreement(line: Line) -> str:
    """The findings that the model was to predict and missed; where there are none, whether anything was asked of it."""
    if line.missed or line.asked is None:
        return " ".join(line.missed) or "–"
    return f"none of {len(line.asked)} asked" if line.asked else "nothing asked"


def _where_the_line_runs(lines: list[Line]) -> Iterator[str]:
    """Both thresholds and the main threat of each strategy, for the narrowest perspective or the first asked for."""
    setting = lines[0].result.setting
    money = setting.currency.money

    def _price(value: float) -> str:
        return "any amount" if value == ANY else "none" if value < 0 else money(value)

    def _use(value: float) -> str:
        return "no level" if value == NEVER else money(value)

    chosen = setting.first if any(line.perspective == setting.first for line in lines) else lines[0].perspective
    for line in lines:
        if line.perspective == chosen:
            within = line.result.scenario.model.follow_up.text
            none = f"nothing, not even {setting.currency.nothing}"
            price = none if line.price.value < 0 else _price(line.price.value)
            use = _told(money, line.use, _use(line.use.value), _use, " a year")
            if line.use.value != NEVER:
                use = _told(money, line.use, f"{_use(line.use.value)} a year", _use)
            yield (
                f"{line.label} repays {setting.payer(chosen)} within {within} at a session price of "
                f"{_told(money, line.price, price, _price)}; or where other care costs it {use}. "
                f"Main threat: {_threat_words(line)}."
            )


def _told(
    money: Callable[[float], str], found: Threshold, words: str, size: Callable[[float], str], each: str = ""
) -> str:
    """Where the line runs, with its interval where there is one, beside what is in use."""
    known = 0 <= found.value < math.inf and found.low is not None and found.high is not None
    ends = f"{size(found.low or 0.0)} to {size(found.high or 0.0)}; " if known else ""
    return f"{words} ({ends}now {money(found.now)}{each})"


def _threat_words(line: Line) -> str:
    """The input that lowers the saving most, the value at which it does, and the saving there."""
    bar = line.threat
    if bar is None:
        return "none"
    low = bar.at_low.value is not None and bar.at_low.value == bar.least
    value = bar.input.spread.low if low else bar.input.spread.high
    worst = bar.least if bar.least is not None else 0.0
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
