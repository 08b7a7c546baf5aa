"""Scenario and draws → result: the function that every analysis calls."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast, get_args

import numpy as np

from costmodel.errors import InputError, can_be_called, made_by, one_of, true_or_false, whole_number
from costmodel.inputs.draws import checked_seed
from costmodel.model.activity import broken_in_draws, edges, looking, moves
from costmodel.model.block import BASE, first_payments, horizons_of, ledger_of, outcomes_of
from costmodel.model.draws import (
    Array,
    Sampling,
    Values,
    central_values,
    checked_given,
    drawn_values,
    impossible_in_draws,
    repriced_values,
    uncalibrated,
)
from costmodel.model.evidence import of_a_year, supported
from costmodel.model.money import items, therapy_window
from costmodel.model.parallel import go_on, in_order, processors
from costmodel.result.outcomes import (
    KEPT_BESIDE,
    KEPT_CURVES,
    KEPT_DRAWS,
    VIEWS,
    Gathering,
    Living,
    Outcomes,
    joined,
    living,
)
from costmodel.result.result import LedgerItem, Result, Run
from costmodel.result.sums import Sums
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycles
from costmodel.scenario.conventions import all_given, forms_of

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
    each is run apart too, without conventions about money. progress: called after each block with what is run, the
    draws that are done and those that are wanted.
    Raises InputError for impossible sizes or seeds, before anything is allocated.
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
    with_draws = partial(_result, draws=draws, seed=seed, sampling=sampling, given=given, workers=workers)
    found = with_draws(scenario, horizons_of(scenario), progress=progress)
    apart = {}
    for name in scenario.model.strata if strata else ():
        theirs, says = scenario.stratum(name), progress and partial(_of_stratum, progress, name)
        apart[name] = with_draws(theirs, horizons_of(theirs), progress=says, alone=True)
    return replace(found, strata=apart)


def run_at(
    scenario: Scenario, months: Iterable[float], draws: int, seed: int, *, alone: bool = False, forms: bool = False,
    views: int = len(VIEWS),
) -> Result:  # fmt: skip
    """A run that is read at other times than the follow-up: its horizons are these months and the model's last.

    alone: without what stands beside the headline: conventions about money, and where there are draws the run at
    central values, in whose place the draws stand. forms: with draws all the same of other forms of an effect, whose
    chances stand in the line of a verdict, and of no effect. views: how many have a curve for each draw.
    Raises InputError for a month inside a cycle.
    """
    check_size(scenario, draws, seed, processors())
    horizons = sorted({*months, scenario.model.horizon.months})
    years = tuple(one / MONTHS_A_YEAR for one in horizons)
    if not (forms and draws):
        return _result(scenario, years, draws, seed, alone=alone, central=not alone, views=views)
    kept = replace(scenario, conventions=forms_of(scenario))
    found = _result(kept, years, draws, seed, central=not alone, kept_beside=0, views=views)
    return replace(found, scenario=scenario)


def run_for_pages(scenario: Scenario, draws: int, seed: int) -> Result:
    """A run with draws as pages show it: without its strata, with a curve for every draw in the view of value alone,
    and of conventions with none.
    """
    check_size(scenario, draws, seed, processors())
    return _result(scenario, horizons_of(scenario), draws, seed, kept_beside=0, views=VIEWS.index("value") + 1)


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
    alone: bool = False, central: bool = True, kept_beside: int = KEPT_BESIDE, views: int = len(VIEWS),
) -> Result:  # fmt: skip
    """A run without its strata. horizons: years, rising. alone: without conventions about money. central: with the run
    at central values beside draws. kept_beside: curves of conventions. views: as in `run_at`.
    """
    model, look = scenario.model, looking(scenario.central)
    values = partial(drawn_values, sampling=sampling, given=given)
    at_a_time = workers or processors()
    gathered = {}
    if draws:
        gathered = _drawn(scenario, values, draws, seed, horizons, at_a_time, progress, alone, kept_beside, views)
    drawn = gathered.get(BASE)
    at_centre = {}
    if drawn is None or central:
        beside = None if alone or draws else central_values
        of = outcomes_of(scenario, central_values(scenario), 1, horizons, 1, beside)
        at_centre = {name: joined([block]) for name, block in of.items()}
    found = {name: (one.outcomes(), one.means()) for name, one in gathered.items()} or {
        name: (one, None) for name, one in at_centre.items()
    }
    outcomes_at_centre = at_centre[BASE] if at_centre else found[BASE][0]
    warnings = list(scenario.warnings)
    if draws:
        warnings += [f"no longer calibrated: {name} after this change" for name in uncalibrated(scenario)]
    warnings += warnings_of(scenario, draws, outcomes_at_centre)
    weights = np.array([float(structure.weight(look)) for structure in scenario.readings])
    spent = of_a_year(scenario)
    return Result(
        scenario=scenario,
        items=tuple(LedgerItem(i.name, i.label, i.category, i.paid_by, i.received_by) for i in items(model)),
        edges=edges(scenario),
        horizons=tuple(horizon * MONTHS_A_YEAR for horizon in horizons),
        first_payment=first_payments(scenario),
        weights=weights,
        threshold=float(look(scenario.setting.thresholds[0])),
        deterministic=outcomes_at_centre,
        expected=found[BASE][0] if drawn else None,
        means=found[BASE][1] if drawn else None,
        draws=draws,
        seed=seed,
        sampling=sampling,
        given=given,
        warnings=tuple(warnings),
        conventions={
            name: Run(name, *found[name][:1], weights, found[name][1], given)
            for name, given in ({} if alone else all_given(scenario)).items()
        },
        of_a_year=spent,
        supported=supported(scenario, values, min(draws, KEPT_DRAWS), seed, spent),
        behind=Behind(),
    )


def _of_stratum(progress: Progress, name: str, what: str, done: int, wanted: int) -> None:
    progress(f"{what} of {name}", done, wanted)


def run_as(result: Result, scenario: Scenario, *, workers: int | None = None) -> Result:
    """Run a scenario, without its strata apart, with as many draws and views of curves as a result has, made alike;
    without conventions about money where it has none.
    """
    at_a_time, draws = checked_workers(workers) or processors(), result.draws
    check_size(scenario, draws, result.seed, at_a_time)
    given = None if result.given is None else checked_given(scenario, result.given, draws)
    views = len(VIEWS) if result.expected is None else result.expected.curves.shape[1]
    sampling = cast(Sampling, result.sampling)
    return _result(
        scenario, horizons_of(scenario), draws, result.seed, sampling, given, at_a_time,
        alone=not result.conventions, views=views,
    )  # fmt: skip


def values_of(result: Sums, draws: int, first: int = 0, names: Iterable[str | int] | None = None) -> Values:
    """Draws first … first + draws − 1 of every parameter behind a result, or of some names, in the order of its
    outcomes.
    """
    sampling = cast(Sampling, result.sampling)
    return drawn_values(result.scenario, draws, result.seed, first, sampling, result.given, names)


class Behind:
    """The model behind a result."""

    def values(
        self, result: Sums, draws: int, convention: str = "", names: Iterable[str | int] | None = None
    ) -> Values:  # fmt: skip
        """The first draws of every parameter, floats or (draw,), in the order of the result's outcomes; of the headline
        those of some names alone where they are given.
        """
        if names is not None:
            return values_of(result, draws, names=names)
        base, one = values_of(result, draws), result.scenario.conventions.get(convention)
        if one is None:
            return base
        return repriced_values(one, base, lambda other: values_of(replace(result, scenario=other), draws))

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
    outcomes_of(scenario, drawn_values(scenario, size, seed, 0), size, horizons_of(scenario), 0)
    runs = 1 + len(scenario.model.strata)
    seconds = (time.perf_counter() - began) * blocks * runs / max(1, min(workers, processors(), blocks))
    return Effort(seconds, _memory(scenario, draws, workers) + MEMORY_AT_REST)


def _drawn(
    scenario: Scenario, values: Callable[..., Values], draws: int, seed: int, horizons: tuple[float, ...],
    workers: int, progress: Progress | None, alone: bool, kept_beside: int, views: int,
) -> dict[str, Gathering]:  # fmt: skip
    """Every block of draws, gathered in their order: of the base, and of each convention about money unless alone."""

    def block(first: int) -> dict[str, Outcomes]:
        size = min(BLOCK, draws - first)

        def drawn(one: Scenario) -> Values:
            return values(one, size, seed, first)

        kept, beside = (max(0, most - first) for most in (KEPT_CURVES, kept_beside))
        return outcomes_of(scenario, drawn(scenario), size, horizons, kept, None if alone else drawn, beside)

    gathered: dict[str, Gathering] = {}
    try:
        for found in in_order(block, range(0, draws, BLOCK), workers):
            for name, one in found.items():
                most = KEPT_CURVES if name == BASE else kept_beside
                gathered.setdefault(name, Gathering(draws, most, views)).add(one)
            del found, one  # else a block's outcomes stand beside those of the next
            if progress:
                progress("Running draws", min(gathered[BASE].seen, draws), draws)
    except InputError:  # of one block; its reader is told of all draws
        check_draws(scenario, values, draws, seed)
        raise
    return gathered


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


def evaluate(
    scenario: Scenario, values: Values, draws: int, horizons: tuple[float, ...] | None = None
) -> Outcomes:  # fmt: skip
    """Outcomes of given values of every parameter, floats or arrays of shape (draw,): the rows of an analysis.

    horizons: years, rising; those of a run by default. Raises InputError where the rates of a draw are absurd.
    """
    go_on()
    return joined([outcomes_of(scenario, values, draws, horizons or horizons_of(scenario), draws)[BASE]])


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
    worked on, and the curves that are kept, in which strata are added up.
    """
    model = scenario.model
    perspectives = len(scenario.setting.perspectives)
    block = (2 * len(model.states) + 2 * perspectives + ROOM_OF_AN_ITEM) * min(max(draws, 1), BLOCK)
    curves = len(VIEWS) * perspectives * (min(draws, KEPT_CURVES) + len(all_given(scenario)) * min(draws, KEPT_BESIDE))
    at_a_time = min(workers, max(1, -(-draws // BLOCK)))
    size = 8 * cycles(model) * len(model.strategies)
    return size * (len(scenario.structures) * at_a_time * block + len(scenario.readings) * curves)


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
