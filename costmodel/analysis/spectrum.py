"""Every population on one page: by strategy and payer, what therapy saves, how surely, by when, what threatens it."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from costmodel.analysis.sensitivity import Bar, tornado
from costmodel.analysis.thresholds import Threshold, session_price, use_of_services
from costmodel.analysis.validation import HIT, VALIDATION_FILE, Judged, validate
from costmodel.content import by_content
from costmodel.errors import can_be_called, listed, path_of, some_of
from costmodel.inputs.draws import checked_seed
from costmodel.model.run import DRAWS, SEED, checked_draws, run
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.estimate import Estimate
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import load
from costmodel.scenario.locked import Locked, Refused

MODEL = "model.yaml"


@by_content
@dataclass(frozen=True)
class Line:
    """One population, strategy and perspective, at the follow-up of its evidence; per person referred.

    saving: GBP, undiscounted. chance: of having it back for good within the horizon; None without draws. payback:
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


@dataclass(frozen=True)
class Spectrum:
    """Lines in the order of the folders; populations that are locked give none."""

    lines: tuple[Line, ...]
    locked: tuple[tuple[str, Locked], ...]


def populations(folder: Path) -> list[Path]:
    """The base model of every population below a folder, by name."""
    return sorted(path_of("folder", folder).glob(f"*/{MODEL}"))


def spectrum(
    paths: Iterable[Path],
    perspectives: Iterable[str] = tuple(PERSPECTIVES),
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    said: Callable[[str], None] = lambda name: None,
) -> Spectrum:
    """Run each population. said: called with the name of each before it is run. Raises InputError."""
    paths = [path_of("paths", path) for path in listed("paths", paths)]
    wanted = some_of("perspective", perspectives, PERSPECTIVES)
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
        lines += _lines(name, scenario, run(scenario, draws=draws, seed=seed), wanted, scored)
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
