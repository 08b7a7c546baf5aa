"""Commands on how sure an answer is: its draws, knowing more, inputs moved one, two or many at a time."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from costmodel.analysis.beyond import beyond as look_beyond
from costmodel.analysis.psa import psa as analyse
from costmodel.analysis.voi import DRAWS as DRAWS_OF_VOI
from costmodel.cli.options import (
    Asked,
    Drawn,
    Draws,
    Json,
    Out,
    Perspective,
    Run,
    Seed,
    argument,
    busy,
    counter,
    number,
    option,
    pairs,
    perspective_of,
    tell,
    whole_number,
)
from costmodel.cli.program import INTERRUPTED, OUR_FAULT, Left, command
from costmodel.errors import InputError, Problem, nearest
from costmodel.model.run import SEED
from costmodel.scenario.build import Scenario

MOST_VALUES = 501
DRAWS_OF_CHANCE = 1_000

Strategy = Annotated[str | None, option("NAME", "Only this strategy beside the first one; all if left out.")]
Outcome = Annotated[str, option("NAME", "net_saving, payback, cost_per_qaly, nmb, offset_ratio.")]


@command()
def psa(of: Run, out: Out, perspective: Perspective = None, strategy: Strategy = None) -> None:
    """Say how sure the answer is: chances by month, intervals, wrong decisions, the unlucky tenth, and how exactly."""
    from costmodel.report import render

    if of.draws == 0 and of.draws_from is None:
        raise InputError.at(
            "--draws 0", "without draws nothing is known of chances", "Write 2 or more; 2,000 is usual."
        )
    loaded = of.load()
    wanted, perspective = _wanted(loaded, strategy), perspective_of(loaded, perspective)
    result = of.run(loaded)
    with busy("Looking at the draws, and beyond the evidence …"):
        page = analyse(result).page(perspective, wanted)
        after = look_beyond(result, workers=of.workers).page(perspective, wanted)
    data = dict(page.data) | {"beyond": render.records(after.rows)}
    out.give(replace(page, blocks=(*page.blocks, *after.blocks), data=data))


@command()
def beyond(of: Run, out: Out, perspective: Perspective = None, strategy: Strategy = None) -> None:
    """Say how much of the saving nobody has observed, and what is left if effects end with observation."""
    loaded = of.load()
    wanted, perspective = _wanted(loaded, strategy), perspective_of(loaded, perspective)
    result = of.run(loaded)
    with busy("Running it with other ends of the effects …"):
        found = look_beyond(result, workers=of.workers)
    out.give(found.page(perspective, wanted))


def _wanted(scenario: Scenario, strategy: str | None) -> list[str] | None:
    """The strategies that are asked for; None for all."""
    others = list(scenario.model.strategies)[1:]
    if strategy is not None and strategy not in others:
        found = f'there is no strategy "{strategy[:40]}" beside the first one'
        raise InputError.at("--strategy", found, nearest(strategy, others))
    return None if strategy is None else [strategy]


@dataclass(frozen=True)
class DrawnForVoi(Drawn):
    """As many draws as regressions need."""

    draws: Draws = DRAWS_OF_VOI


@command()
def voi(
    of: DrawnForVoi,
    out: Out,
    question: Annotated[
        str, option("nmb|cash", "The best strategy by net benefit, or whether therapy pays for itself.")
    ] = "nmb",
    perspective: Perspective = None,
    threshold: Annotated[
        float | None, option("X", "Value of a QALY, the setting's if left out.", "--threshold", read=number)
    ] = None,
    population: Annotated[
        float | None, option("N", "People a year for whom one decides.", "--population", read=number)
    ] = None,
    years: Annotated[int | None, option("N", "For how many years.", "--years", read=whole_number)] = None,
    group: Annotated[
        list[str] | None, option("NAME=A,B,C", "Parameters to be known together; may be repeated.")
    ] = None,
) -> None:
    """Value what knowing more would be worth before deciding: everything, single inputs, groups."""
    from costmodel.analysis import voi as information

    problems: list[Problem] = []
    groups = pairs("--group", group, problems, "A,B,C", lambda text: [name.strip() for name in text.split(",")])
    if problems:
        raise InputError(*problems)
    loaded, how = of.with_draws(of.load())
    perspective = perspective_of(loaded, perspective)
    with busy(f"Running {how['draws']:,} draws, and regressing on them …"):
        try:
            found = information.voi(
                loaded, question=question, perspective=perspective, threshold=threshold, groups=groups,
                people_a_year=population, years=years, **how,
            )  # fmt: skip
        except InputError as error:
            raise InputError(*map(_as_option, error.problems)) from error
    out.give(found.page())


def _as_option(problem: Problem) -> Problem:
    """A problem of an argument, named as the option behind it."""
    word = problem.place.split()[0]
    if word not in ("question", "threshold", "population", "years", "group", "draws", "seed", "workers"):
        return problem
    return Problem(f"--{problem.place}", problem.found, problem.remedy)


@command()
def tornado(of: Asked, out: Out, outcome: Outcome = "net_saving") -> None:
    """Move every input alone through its uncertainty, and rank them by what that does."""
    from costmodel.analysis import sensitivity

    loaded, asked = of.load()
    with busy("Moving each input …"):
        found = sensitivity.tornado(loaded, outcome, **asked)
    out.give(found.page())


@command("break-even")
def break_even(
    of: Asked,
    out: Out,
    input_: Annotated[str | None, option("NAME", "Only this input; every one if left out.", "--input")] = None,
    outcome: Annotated[str, option("NAME", "net_saving, nmb, payback or offset_ratio.")] = "net_saving",
    value: Annotated[
        float | None, option("X", "What the outcome is to reach; 0 if left out.", "--value", read=number)
    ] = None,
    by_month: Annotated[float | None, option("M", "Payback by this month.", "--by-month", read=number)] = None,
    chance: Annotated[
        float | None, option("P", "A chance of payback, others drawn; with --input.", "--chance", read=number)
    ] = None,
    ratio: Annotated[
        float | None, option("R", "Savings of R times the therapy's cost.", "--ratio", read=number)
    ] = None,
    against: Annotated[str | None, option("NAME", "The frontier: this input needed at each value of --input.")] = None,
    draws: Draws = DRAWS_OF_CHANCE,
    seed: Seed = SEED,
) -> None:
    """Find for each input the value at which an outcome is met."""
    from costmodel.analysis import sensitivity

    sought = _sought(outcome, value, by_month, chance, ratio)
    if (chance is not None or against is not None) and input_ is None:
        raise InputError.at("--input", "no input is named", "--chance and --against need one.")
    if chance is not None and against is not None:
        raise InputError.at("--against", "a frontier is deterministic", "Leave --chance or --against out.")
    loaded, asked = of.load()
    with busy("Searching …"):
        if against is not None and input_ is not None:
            page = sensitivity.frontier(loaded, input_, against, **sought, **asked).page()
        elif chance is not None and input_ is not None:
            page = sensitivity.chance_break_even(
                loaded, input_, chance, by_month=by_month, draws=draws, seed=seed, **asked
            ).page()  # fmt: skip
        else:
            page = sensitivity.break_even(loaded, input_, **sought, **asked).page()
    out.give(page)


@command()
def grid(
    of: Asked,
    first: Annotated[str, argument("FIRST[=LOW:HIGH:N]", "An input, down, with its values.")],
    second: Annotated[str, argument("SECOND[=LOW:HIGH:N]", "Another, across.")],
    out: Out,
    outcome: Outcome = "net_saving",
) -> None:
    """Lay an outcome out over the values of two inputs."""
    from costmodel.analysis import sensitivity

    (name, values), (other, others) = axis(first), axis(second)
    loaded, asked = of.load()
    with busy("Filling the grid …"):
        found = sensitivity.grid(loaded, name, other, values, others, outcome, **asked)
    out.give(found.page())


def axis(text: str) -> tuple[str, list[float] | None]:
    """An input and its values from `NAME` or `NAME=LOW:HIGH:N`."""
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals:
        return name, None
    parts = rest.split(":")
    remedy = "Write NAME=LOW:HIGH:N, such as session_price=50:150:11."
    if len(parts) != 3 or not re.fullmatch(r"\d{1,4}", parts[2], flags=re.ASCII):
        raise InputError.at(text[:60], "these are no values", remedy)
    low, high = (number(text[:60])(part) for part in parts[:2])
    count = int(parts[2])
    if not 1 <= count <= MOST_VALUES or (count == 1 and low != high):
        raise InputError.at(text[:60], f"{count} values", f"From 2 to {MOST_VALUES}. {remedy}")
    return name, [low + (high - low) * i / max(count - 1, 1) for i in range(count)]


def _sought(
    outcome: str, value: float | None, by_month: float | None, chance: float | None, ratio: float | None
) -> dict[str, Any]:
    """The outcome and what it is to reach, from the options that name it."""
    given = [
        option for option, one in (("--value", value), ("--by-month", by_month), ("--ratio", ratio)) if one is not None
    ]
    if len(given) > 1 or (chance is not None and given and given != ["--by-month"]):
        raise InputError.at(given[-1], "two targets are named", "Name one: --value, --by-month, --chance or --ratio.")
    if by_month is not None or chance is not None:
        return {"outcome": "payback", "value": by_month}
    if ratio is not None:
        return {"outcome": "offset_ratio", "value": ratio}
    return {"outcome": outcome, "value": value}


@command()
def sweep(
    grid: Annotated[Path, argument("GRID", "A grid file.")],
    output: Annotated[Path | None, option("DIR", "The folder to write, or to go on with.", "-o", "--output")] = None,
    workers: Annotated[int | None, option("N", "Processes; one per processor.", "--workers", read=whole_number)] = None,
    scheduler: Annotated[
        str | None, option("ADDRESS", "A Dask cluster that does the work, as tcp://host:8786.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every cell, and print what would be run.")] = False,
    as_json: Json = False,
) -> None:
    """Run every cell of a grid into Parquet files, or go on where a sweep was stopped."""
    from costmodel.analysis import sweep as analysis

    if output is None and not dry_run:
        raise InputError.at("-o", "there is no folder to write", "Add -o DIR, or --dry-run.")
    refused = 0
    try:
        with counter() as progress:
            if dry_run or output is None:
                page = analysis.planned(grid, progress).page()
            else:
                swept = analysis.sweep(grid, output, workers=workers, scheduler=scheduler, progress=progress)
                page, refused = swept.page(), swept.refused
    except KeyboardInterrupt:
        raise Left(
            INTERRUPTED, f"Interrupted. Every part in {output} is whole; give the same command again to go on."
        ) from None
    tell(as_json, page)
    if refused:
        raise typer.Exit(OUR_FAULT)
