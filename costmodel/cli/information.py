"""The command that values knowing more before deciding."""

import math
from collections.abc import Callable
from typing import Annotated

import typer

from costmodel.analysis.information import DRAWS
from costmodel.cli.options import (
    Csv,
    Draws,
    DrawsFrom,
    Fix,
    Horizon,
    Json,
    OnePerspective,
    ScenarioFile,
    Seed,
    Set,
    Workers,
    busy,
    drawn_from,
    give,
    scenario_of,
    whole_number,
)
from costmodel.cli.program import app
from costmodel.errors import InputError, Problem
from costmodel.model.run import SEED


def number(option: str) -> Callable[[object], float]:
    """A reader of numbers that names its option when it refuses."""

    def read(given: object) -> float:
        try:
            value = float(str(given))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError.at(option, f'"{str(given)[:40]}" is not a number', "Write it in digits, as 1000 or 0.5.")
        return value

    return read


@app.command()
def voi(
    scenario: ScenarioFile,
    question: Annotated[
        str,
        typer.Option(metavar="nmb|cash", help="The best strategy by net benefit, or whether therapy pays for itself."),
    ] = "nmb",
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    threshold: Annotated[
        float | None,
        typer.Option(parser=number("--threshold"), metavar="GBP", help="Value of a QALY, the setting's if left out."),
    ] = None,
    population: Annotated[
        float | None,
        typer.Option(parser=number("--population"), metavar="N", help="People a year for whom one decides."),
    ] = None,
    years: Annotated[
        int | None, typer.Option(parser=whole_number("--years"), metavar="N", help="For how many years.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME=A,B,C", help="Parameters to be known together; may be repeated."),
    ] = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    draws_from: DrawsFrom = None,
    workers: Workers = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Value what knowing more would be worth before deciding: everything, single inputs, groups."""
    from costmodel.analysis import information
    from costmodel.report import files

    if csv is not None:
        files.check_folder(csv, "--csv")
    groups = _groups(group)
    loaded, draws, given = drawn_from(draws_from, scenario_of(scenario, set_, fix, horizon), draws)
    with busy(f"Running {draws:,} draws, and regressing on them …"):
        try:
            found = information.voi(
                loaded, question=question, perspective=perspective or "nhs_pss", threshold=threshold, groups=groups,
                people_a_year=population, years=years, draws=draws, seed=seed, workers=workers,
                **given,
            )  # fmt: skip
        except InputError as error:
            raise InputError(*map(_as_option, error.problems)) from error
    give(found.page(), as_json, csv)


def _groups(texts: list[str] | None) -> dict[str, list[str]]:
    """`NAME=a,b,c` texts as a mapping."""
    problems: list[Problem] = []
    found: dict[str, list[str]] = {}
    for text in texts or []:
        name, equals, members = (part.strip() for part in text.partition("="))
        names = [member.strip() for member in members.split(",")]
        if not (name and equals and all(names)):
            problems.append(Problem(f"--group {text}", "this is no group", "Write --group NAME=a,b,c."))
        elif name in found:
            problems.append(Problem(f"--group {text}", f'"{name}" is given twice', "Keep one."))
        found[name] = names
    if problems:
        raise InputError(*problems)
    return found


def _as_option(problem: Problem) -> Problem:
    """A problem of an argument, named as the option behind it."""
    word = problem.place.split()[0]
    if word not in ("question", "threshold", "population", "years", "group", "draws", "seed", "workers"):
        return problem
    return Problem(f"--{problem.place}", problem.found, problem.remedy)
