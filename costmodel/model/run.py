"""Scenario and draws → result: the function that every analysis calls."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast, get_args

import numpy as np

from costmodel.engine.cohort import TIMINGS
from costmodel.engine.formulas import stepped_discount_factor
from costmodel.errors import InputError, can_be_called, made_by, one_of, true_or_false, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.model.activity import broken_in_draws, edges, looking, moves
from costmodel.model.draws import (
    Array,
    Sampling,
    Values,
    central_values,
    checked_given,
    drawn_values,
    impossible_in_draws,
    uncalibrated,
)
from costmodel.model.ledger import CohortLedger, LedgerOfStrata, shares_of_strata
from costmodel.model.money import items, taken_to, therapy_window
from costmodel.model.parallel import go_on, in_order, processors
from costmodel.model.rates import Look
from costmodel.result.flows import Ledger
from costmodel.result.outcomes import (
    KEPT_CURVES,
    KEPT_DRAWS,
    VIEWS,
    Gathering,
    Living,
    Outcomes,
    Terms,
    joined,
    living,
    outcomes,
    year_of,
)
from costmodel.result.result import LedgerItem, Result
from costmodel.result.sums import Sums
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles
from costmodel.scenario.parameter import steps

BLOCK = 1_024
"""Draws advanced together. Fixed, so that no choice of workers or chunks moves a bit of the sums."""
MOST_DRAWS = 1_000_000
MOST_WORKERS = 256
LARGEST_RUN = 5_000_000_000
"""States × cycles × draws."""
LARGEST_MEMORY = 8_000_000_000
"""Bytes."""
ROOM_OF_AN_ITEM = 6
"""Arrays by cycle and draw while one item is written out and summed."""
MEMORY_AT_REST = 300_000_000
"""Bytes of the program and its libraries, about."""
DRAWS = 2_000
SEED = 1

Progress = Callable[[str, int, int], None]
"""Called with what is worked at, how much of it is done and how much is wanted."""


def run(
    scenario: Scenario,
    draws: int = DRAWS,
    seed: int = SEED,
    *,
    sampling: Sampling = "random",
    given: Mapping[str, Array] | None = None,
    workers: int | None = None,
    strata: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Run a scenario: deterministically, and probabilistically where draws > 0.

    sampling: pseudo-random numbers, or a scrambled Sobol sequence. given: draws of some parameters that stand in the
    place of their own, (draw,) each, in the setting's price year (`draws.read_given`). workers: blocks of draws
    advanced at the same time, one for each processor by default; no bit of the result depends on it. strata: whether
    each is run apart too. progress: called after each block with what is run, the draws that are done and those that
    are wanted. Raises InputError for impossible sizes or seeds, before anything is allocated.
    """
    made_by("scenario", scenario, Scenario, "costmodel.load")
    one_of("sampling", sampling, get_args(Sampling))
    strata = true_or_false("strata", strata)
    can_be_called("progress", progress)
    workers = checked_workers(workers) or processors()
    go_on()
    check_size(scenario, draws, seed, workers)
    draws, seed = int(draws), int(seed)
    if given is not None:
        given = checked_given(scenario, given, draws)
    found = _result(scenario, _horizons(scenario), draws, seed, sampling, given, workers, progress)
    return replace(
        found,
        strata={
            name: run(
                scenario.stratum(name),
                draws,
                seed,
                sampling=sampling,
                given=given,
                workers=workers,
                progress=progress and partial(_of_stratum, progress, name),
            )
            for name in (scenario.model.strata if strata else ())
        },
    )


def run_at(scenario: Scenario, months: Iterable[float], draws: int, seed: int) -> Result:
    """A run that is read at other times than the follow-up: its horizons are these months and the model's last.

    Raises InputError for a month inside a cycle.
    """
    check_size(scenario, draws, seed, processors())
    horizons = sorted({*months, scenario.model.horizon.months})
    return _result(scenario, tuple(one / MONTHS_A_YEAR for one in horizons), draws, seed)


def living_at(scenario: Scenario, months: Sequence[float], draws: int, seed: int) -> Living:
    """People and person-years of every draw of a run, at and up to some months, which rise and end cycles."""
    years = [month / MONTHS_A_YEAR for month in months]
    blocks = []
    for first in range(0, draws, BLOCK):
        size = min(BLOCK, draws - first)
        blocks.append(living(ledger_of(scenario, drawn_values(scenario, size, seed, first), size), years))
    return Living(*(np.concatenate(parts, axis=-1) for parts in zip(*blocks, strict=True)))


def _result(
    scenario: Scenario, horizons: tuple[float, ...], draws: int, seed: int, sampling: Sampling = "random",
    given: Mapping[str, Array] | None = None, workers: int | None = None, progress: Progress | None = None,
) -> Result:  # fmt: skip
    """A run without its strata. horizons: years, rising."""
    model, look = scenario.model, looking(scenario.central)
    outcomes_at_centre = joined([_block(scenario, central_values(scenario), 1, horizons, 1)])
    values = partial(drawn_values, sampling=sampling, given=given)
    drawn = _drawn(scenario, values, draws, seed, horizons, workers or processors(), progress) if draws else None
    warnings = list(scenario.warnings)
    if draws:
        warnings += [f"no longer calibrated: {name} after this change" for name in uncalibrated(scenario)]
    warnings += warnings_of(scenario, draws, outcomes_at_centre)
    return Result(
        scenario=scenario,
        items=tuple(LedgerItem(i.name, i.label, i.category, i.paid_by, i.received_by) for i in items(model)),
        edges=edges(scenario),
        horizons=tuple(horizon * MONTHS_A_YEAR for horizon in horizons),
        first_payment=_first_payment(scenario),
        weights=np.array([float(look(structure.weight)) for structure in scenario.readings]),
        threshold=float(look(scenario.setting.thresholds[0])),
        deterministic=outcomes_at_centre,
        expected=drawn.outcomes() if drawn else None,
        means=drawn.means() if drawn else None,
        draws=draws,
        seed=seed,
        sampling=sampling,
        given=given,
        warnings=tuple(warnings),
        supported=_supported(scenario, values, min(draws, KEPT_DRAWS), seed),
        behind=Behind(),
    )


def _supported(
    scenario: Scenario, drawn: Callable[..., Values], draws: int, seed: int
) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Share of each channel's cost that the effects of the file as it stands take away when whole, by strategy and
    channel: at central values (alternative, 1) and in draws (alternative, draw).
    """
    file = scenario.base or scenario
    if scenario.part and not file.part:
        file = file.stratum(scenario.part)
    named = {
        (name, channel)
        for structure in file.structures
        for name, strategy in structure.model.strategies.items()
        for effect in strategy.effects.values()
        for channel in effect.channels or ()
    }
    if not named:
        return {}
    looks = [(looking(central_values(file)), 1)]
    looks += [(looking(drawn(file, draws, seed, 0)), draws)] if draws else looks
    found = {}
    for strategy, channel in sorted(named):
        each = []
        for look, count in looks:
            shares = shares_of_strata(file, look) if file.model.strata else [1.0]
            readings = [
                sum(
                    share * (1.0 - taken_to(one.model, strategy, channel, look))
                    for one, share in zip(strata, shares, strict=True)
                )
                for _, strata in file.parts
            ]
            each.append(np.stack([np.broadcast_to(np.asarray(one, dtype=float), (count,)) for one in readings]))
        found[strategy, channel] = (each[0], each[1])
    return found


def _of_stratum(progress: Progress, name: str, what: str, done: int, wanted: int) -> None:
    progress(f"{what} of {name}", done, wanted)


def run_as(result: Result, scenario: Scenario, *, workers: int | None = None) -> Result:
    """Run a scenario with as many draws as a result has, made in the same way."""
    sampling = cast(Sampling, result.sampling)
    return run(scenario, result.draws, result.seed, sampling=sampling, given=result.given, workers=workers)


def values_of(result: Sums, draws: int, first: int = 0) -> Values:
    """Draws first … first + draws − 1 of every parameter behind a result, in the order of its outcomes."""
    return drawn_values(result.scenario, draws, result.seed, first, cast(Sampling, result.sampling), result.given)


class Behind:
    """The model behind a result."""

    def values(self, result: Sums, draws: int) -> Values:
        """The first draws of every parameter, floats or (draw,), in the order of the result's outcomes."""
        return values_of(result, draws)

    def moves(self, result: Sums) -> dict[str, Array]:
        """People that make each transition in each cycle, (cycle, strategy, reading)."""
        return moves(result.scenario)


def checked_workers(workers: object) -> int | None:
    """A number of workers; None where none is asked for. Raises InputError."""
    return (
        None if workers is None else whole_number("workers", workers, 1, MOST_WORKERS, wrong="not a number of workers")
    )


def checked_draws(draws: object, fewest: int = 0) -> int:
    """A number of draws; fewest: 2 where intervals are wanted. Raises InputError."""
    wrong = "not a number of draws" + (" that gives intervals" if fewest > 1 else "")
    return whole_number("draws", draws, fewest, MOST_DRAWS, wrong=wrong)


@dataclass(frozen=True)
class Effort:
    """What a run will take, about. seconds: of waiting, from a block of its draws; memory: in bytes."""

    seconds: float
    memory: int


def effort(scenario: Scenario, draws: int, seed: int = SEED, workers: int | None = None) -> Effort:
    """What a run would take here and now: one block of draws is run and timed. Raises InputError as `run` does."""
    workers = workers or processors()
    check_size(scenario, draws, seed, workers)
    began, blocks = time.perf_counter(), -(-draws // BLOCK)
    size = min(BLOCK, draws)
    _block(scenario, drawn_values(scenario, size, seed, 0), size, _horizons(scenario), 0)
    runs = 1 + len(scenario.model.strata)
    seconds = (time.perf_counter() - began) * blocks * runs / max(1, min(workers, processors(), blocks))
    return Effort(seconds, _memory(scenario, draws, workers) + MEMORY_AT_REST)


def _drawn(
    scenario: Scenario, values: Callable[..., Values], draws: int, seed: int, horizons: tuple[float, ...],
    workers: int, progress: Progress | None,
) -> Gathering:  # fmt: skip
    """Every block of draws, gathered in their order."""

    def block(first: int) -> Outcomes:
        size = min(BLOCK, draws - first)
        return _block(scenario, values(scenario, size, seed, first), size, horizons, max(0, KEPT_CURVES - first))

    gathering = Gathering(draws)
    try:
        for found in in_order(block, range(0, draws, BLOCK), workers):
            gathering.add(found)
            if progress:
                progress("Running draws", min(gathering.seen, draws), draws)
    except InputError:  # of one block; its reader is told of all draws
        check_draws(scenario, values, draws, seed)
        raise
    return gathering


def check_draws(
    scenario: Scenario, values: Callable[..., Values] = drawn_values, draws: int = DRAWS, seed: int = SEED
) -> None:
    """Raise InputError where draws hold what a file is refused for at its central values, with their number."""

    def blocks() -> Iterator[tuple[Values, int]]:
        for first in range(0, draws, BLOCK):
            size = min(BLOCK, draws - first)
            yield values(scenario, size, seed, first), size

    if problems := [*impossible_in_draws(scenario, blocks()), *broken_in_draws(scenario, blocks())]:
        raise InputError(*problems)


def evaluate(scenario: Scenario, values: Values, draws: int) -> Outcomes:
    """Outcomes of given values of every parameter, floats or arrays of shape (draw,): the rows of an analysis.

    Raises InputError where the rates of a draw are absurd.
    """
    go_on()
    return joined([_block(scenario, values, draws, _horizons(scenario), draws)])


def ledger_of(scenario: Scenario, values: Values, draws: int) -> Ledger:
    """The ledger of given values of every parameter, floats or (draw,); strata are added up by their shares."""
    ledger: Ledger = CohortLedger.of(scenario, values, draws)
    if scenario.model.strata:
        ledger = LedgerOfStrata(ledger, shares_of_strata(scenario, looking(values)))
    return ledger


def _block(scenario: Scenario, values: Values, draws: int, horizons: tuple[float, ...], kept: int) -> Outcomes:
    return outcomes(ledger_of(scenario, values, draws), _terms(scenario, values, horizons), kept)


def _horizons(scenario: Scenario) -> tuple[float, ...]:
    """The follow-up first, then the horizon where it is longer; in years."""
    model = scenario.model
    lengths = dict.fromkeys((model.follow_up.months, model.horizon.months))
    return tuple(months / MONTHS_A_YEAR for months in lengths)


def _first_payment(scenario: Scenario) -> tuple[float, ...]:
    model = scenario.model
    return tuple(
        therapy_window(model, name)[0] * MONTHS_A_YEAR if strategy.therapy else 0.0
        for name, strategy in model.strategies.items()
    )


def _terms(scenario: Scenario, values: Values, horizons: tuple[float, ...]) -> Terms:
    look = looking(values)
    ledger = items(scenario.model)
    setting, discount = scenario.setting, scenario.setting.discount
    factors = partial(discount_factors, scenario, look=look, years=_years(scenario))
    return Terms(
        horizons=horizons,
        signs=tuple(
            tuple(setting.weight(name, item.paid_by, item.received_by) for item in ledger)
            for name in setting.perspectives
        ),
        cashable=tuple(look(item.cashable) for item in ledger),
        lags=tuple(round(item.lag_months / cycle_months(scenario.model)) for item in ledger),
        factors=(factors(discount.costs), factors(discount.health)),
        first_payment=_first_payment(scenario),
    )


def discount_factors(scenario: Scenario, reference: str | int, look: Look, years: Array) -> Array:
    """Discount factors of a rate at years from referral, (year, 1) or (year, draw)."""
    rates = [(begin, np.atleast_1d(look(rate))) for begin, rate in steps(scenario.parameters, reference)]
    return np.asarray(stepped_discount_factor(rates, years[:, None]))


def _years(scenario: Scenario) -> Array:
    """Years by which each cycle is discounted: whole years from referral, or as a model of probabilities declares."""
    timing = scenario.model.discounting
    if timing is None:
        return year_of(edges(scenario))
    length = cycle_months(scenario.model) / MONTHS_A_YEAR
    return np.asarray((np.arange(cycles(scenario.model)) + TIMINGS[timing]) * length, dtype=float)


def check_size(scenario: Scenario, draws: int, seed: int, workers: int) -> None:
    """Refuse, as `run` does before it begins, what is too large. Raises InputError."""
    draws = checked_draws(draws)
    checked_seed(seed)
    size = len(scenario.model.states) * cycles(scenario.model) * max(draws, 1)
    if size > LARGEST_RUN:
        raise InputError.at("draws", f"{size:,} states × cycles × draws are too many", f"At most {LARGEST_RUN:,}.")
    if (memory := _memory(scenario, draws, workers)) > LARGEST_MEMORY:
        found = f"the run needs about {memory / 1e9:.0f} GB of memory"
        remedy = f"At most {LARGEST_MEMORY / 1e9:.0f} GB: a shorter horizon, a longer cycle or fewer alternatives."
        raise InputError.at("horizon", found, remedy)


def _memory(scenario: Scenario, draws: int, workers: int) -> int:
    """Bytes of the largest arrays, about: what a cohort lives through and sums of money in each block of draws that is
    worked on, and the curves that are kept.
    """
    model = scenario.model
    perspectives = len(scenario.setting.perspectives)
    block = (2 * len(model.states) + 2 * perspectives + ROOM_OF_AN_ITEM) * min(max(draws, 1), BLOCK)
    curves = len(VIEWS) * perspectives * min(draws, KEPT_CURVES)
    at_a_time = min(workers, max(1, -(-draws // BLOCK)))
    return 8 * cycles(model) * len(model.strategies) * len(scenario.structures) * (at_a_time * block + curves)


def warnings_of(scenario: Scenario, draws: int, deterministic: Outcomes) -> Iterator[str]:
    """Sentences about a run. deterministic: its outcomes at central values."""
    if draws == 1:
        yield "one draw gives no intervals."
    if draws and not any(_is_drawn(scenario, name) for name in scenario.used):
        yield "every parameter is held fixed: all draws are the same, and the intervals say nothing."
    yield from _attended_by_the_dead(scenario, deterministic)


def _is_drawn(scenario: Scenario, name: str) -> bool:
    """Whether a parameter differs between draws by itself."""
    leaf = scenario.leaves.get(name)
    return leaf is not None and (leaf.distribution is not None or (leaf.posterior is not None and leaf.moved is None))


def _attended_by_the_dead(scenario: Scenario, deterministic: Outcomes) -> Iterator[str]:
    """Attendance contains deaths: it cannot be above the share of people who are alive half way through."""
    look, years = looking(scenario.central), edges(scenario)
    alive = deterministic.mean_people.sum(axis=1)
    for s, (name, strategy) in enumerate(scenario.model.strategies.items()):
        if strategy.therapy is None:
            continue
        attended = float(look(strategy.therapy.attendance))
        middle = sum(therapy_window(scenario.model, name)) / 2
        living = max(float(np.interp(middle, years, alive[:, s, a])) for a in range(alive.shape[2]))
        if attended > living + 1e-9:
            yield (
                f"{strategy.label}: {attended:.1%} of the sessions are delivered, and {living:.1%} of people are alive "
                "half way through: attendance contains deaths and drop-out."
            )
