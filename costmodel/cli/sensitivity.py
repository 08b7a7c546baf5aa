"""Commands that move inputs: one at a time, two at once, to a target, and a grid of scenarios and values."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from costmodel.cli.options import (
    Csv,
    Draws,
    Fix,
    Json,
    OnePerspective,
    ScenarioFile,
    Seed,
    Set,
    busy,
    give,
    scenario_of,
    show,
    whole_number,
)
from costmodel.cli.program import INTERRUPTED, OUR_FAULT, Left, app
from costmodel.errors import InputError
from costmodel.model.run import SEED
from costmodel.report import json_report, terminal
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Refused
from costmodel.units import parse_duration

PERSPECTIVE = "nhs_pss"
MOST_VALUES = 501


def number(option: str) -> Callable[[object], float]:
    """A reader of plain numbers that names its option when it refuses."""

    def read(given: object) -> float:
        text = str(given)
        if not re.fullmatch(r"[-+]?\d{1,15}(\.\d{1,15})?(e[-+]?\d{1,2})?", text, flags=re.ASCII):
            raise InputError.at(option, f'"{text[:40]}" is not a number', "Write it in digits, such as 0.8.")
        return float(text)

    return read


Outcome = Annotated[str, typer.Option(metavar="NAME", help="net_saving, payback, cost_per_qaly, nmb, offset_ratio.")]
Strategy = Annotated[str | None, typer.Option(metavar="NAME", help="Which strategy; the second one if left out.")]
Until = Annotated[
    str | None,
    typer.Option("--horizon", metavar="DURATION", help="When the outcome is read; the follow-up if left out."),
]
Discounted = Annotated[bool, typer.Option("--discounted", help="Discount the money of the outcome.")]


@app.command()
def tornado(
    scenario: ScenarioFile,
    outcome: Outcome = "net_saving",
    perspective: OnePerspective = None,
    strategy: Strategy = None,
    horizon: Until = None,
    discounted: Discounted = False,
    set_: Set = None,
    fix: Fix = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Move every input alone through its uncertainty, and rank them by what that does."""
    from costmodel.analysis import sensitivity as analysis

    loaded, asked = _asked(scenario, set_, fix, horizon, perspective, strategy, discounted)
    with busy("Moving each input …"):
        found = analysis.tornado(loaded, outcome, **asked)
    give(found.page(), as_json, csv)


@app.command("break-even")
def break_even(
    scenario: ScenarioFile,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="NAME", help="Only this input; every one if left out.")
    ] = None,
    outcome: Annotated[
        str, typer.Option(metavar="NAME", help="net_saving, nmb, payback or offset_ratio.")
    ] = "net_saving",
    value: Annotated[
        float | None,
        typer.Option(
            "--value", parser=number("--value"), metavar="X", help="What the outcome is to reach; £0 if left out."
        ),
    ] = None,
    by_month: Annotated[
        float | None,
        typer.Option("--by-month", parser=number("--by-month"), metavar="M", help="Payback by this month."),
    ] = None,
    chance: Annotated[
        float | None,
        typer.Option(
            "--chance", parser=number("--chance"), metavar="P", help="A chance of payback, others drawn; with --input."
        ),
    ] = None,
    ratio: Annotated[
        float | None,
        typer.Option("--ratio", parser=number("--ratio"), metavar="R", help="Savings of R times the therapy's cost."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="The frontier: this input needed at each value of --input."),
    ] = None,
    perspective: OnePerspective = None,
    strategy: Strategy = None,
    horizon: Until = None,
    discounted: Discounted = False,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = 1_000,
    seed: Seed = SEED,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Find for each input the value at which an outcome is met."""
    from costmodel.analysis import sensitivity as analysis

    sought = _sought(outcome, value, by_month, chance, ratio)
    if (chance is not None or against is not None) and input_ is None:
        raise InputError.at("--input", "no input is named", "--chance and --against need one.")
    if chance is not None and against is not None:
        raise InputError.at("--against", "a frontier is deterministic", "Leave --chance or --against out.")
    loaded, asked = _asked(scenario, set_, fix, horizon, perspective, strategy, discounted)
    with busy("Searching …"):
        if against is not None and input_ is not None:
            page = analysis.frontier(loaded, input_, against, **sought, **asked).page()
        elif chance is not None and input_ is not None:
            page = analysis.chance_break_even(
                loaded, input_, chance, by_month=by_month, draws=draws, seed=seed, **asked
            ).page()  # fmt: skip
        else:
            page = analysis.break_even(loaded, input_, **sought, **asked).page()
    give(page, as_json, csv)


@app.command()
def grid(
    scenario: ScenarioFile,
    first: Annotated[str, typer.Argument(metavar="FIRST[=LOW:HIGH:N]", help="An input, down, with its values.")],
    second: Annotated[str, typer.Argument(metavar="SECOND[=LOW:HIGH:N]", help="Another, across.")],
    outcome: Outcome = "net_saving",
    perspective: OnePerspective = None,
    strategy: Strategy = None,
    horizon: Until = None,
    discounted: Discounted = False,
    set_: Set = None,
    fix: Fix = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Lay an outcome out over the values of two inputs."""
    from costmodel.analysis import sensitivity as analysis

    (name, values), (other, others) = axis(first), axis(second)
    loaded, asked = _asked(scenario, set_, fix, horizon, perspective, strategy, discounted)
    with busy("Filling the grid …"):
        found = analysis.grid(loaded, name, other, values, others, outcome, **asked)
    give(found.page(), as_json, csv)


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


def _asked(
    path: Path, set_: list[str] | None, fix: list[str] | None, horizon: str | None, perspective: str | None,
    strategy: str | None, discounted: bool,
) -> tuple[Scenario, dict[str, Any]]:  # fmt: skip
    """The scenario, and what is asked of it. A horizon that it does not have becomes its horizon."""
    months = None
    loaded = scenario_of(path, set_, fix, None)
    if horizon is not None:
        try:
            months = parse_duration(horizon).months
        except ValueError as error:
            raise InputError.at("--horizon", str(error)) from error
        if months not in (loaded.model.follow_up.months, loaded.model.horizon.months):
            loaded = scenario_of(path, set_, fix, horizon)
    asked = {
        "perspective": perspective or PERSPECTIVE,
        "strategy": strategy,
        "horizon": months,
        "discounted": discounted,
    }
    return loaded, asked


@app.command()
def sweep(
    grid: Annotated[Path, typer.Argument(metavar="GRID", help="A grid file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder to write, or to go on with.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(parser=whole_number("--workers"), metavar="N", help="Processes; one per processor."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster that does the work, as tcp://host:8786.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every cell, and print what would be run.")] = False,
    as_json: Json = False,
) -> None:
    """Run every cell of a grid into Parquet files, or go on where a sweep was stopped."""
    from costmodel.analysis import sweep as analysis
    from costmodel.report import sweep_table

    if output is None and not dry_run:
        raise InputError.at("-o", "there is no folder to write", "Add -o DIR, or --dry-run.")
    if dry_run or output is None:
        with terminal.progress() as progress:
            plan = analysis.planned(grid, progress)
        if as_json:
            print(json_report.text(sweep_table.document(plan)))
        else:
            show(sweep_table.planned(plan))
        return
    try:
        with terminal.progress() as progress:
            swept = analysis.sweep(grid, output, workers=workers, scheduler=scheduler, progress=progress)
    except Refused:
        raise
    except InputError as error:
        named = (replace(p, place=f"--{p.place}") if p.place == "workers" else p for p in error.problems)
        raise InputError(*named) from error
    except KeyboardInterrupt:
        raise Left(
            INTERRUPTED, f"Interrupted. Every part in {output} is whole; give the same command again to go on."
        ) from None
    if as_json:
        print(json_report.text(sweep_table.document(swept)))
    else:
        show(sweep_table.report(swept))
    if swept.refused:
        raise typer.Exit(OUR_FAULT)
