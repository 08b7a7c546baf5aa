"""Options that several commands share, and what they make of a scenario."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

import costmodel
from costmodel.errors import InputError, Problem, nearest
from costmodel.model.draws import read_given
from costmodel.model.run import effort
from costmodel.page import Page
from costmodel.perspectives import PERSPECTIVES
from costmodel.report import terminal
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Refused, catalogue
from costmodel.scenario.read import scalar

MANY_DRAWS = 20_000
"""From here on a run is timed before it begins."""
LONG = 10.0
"""Seconds from which a run says what it will take."""
TENTH = 0.1
"""Part of the work after which a line says so where stderr is no terminal."""


def whole_number(option: str) -> Callable[[object], int]:
    """A reader of whole numbers from 0 that names its option when it refuses."""

    def read(given: object) -> int:
        text = str(given)
        if re.fullmatch(r"\d{20,}", text, flags=re.ASCII):
            raise InputError.at(option, f'"{text[:40]}" is too large', "Write a smaller one.")
        if not re.fullmatch(r"\d+", text, flags=re.ASCII):
            raise InputError.at(option, f'"{text[:40]}" is not a whole number from 0', "Write it in digits.")
        return int(text)

    return read


def scenarios() -> Path:
    """The folder of scenarios: the one here where there is one, else the catalogue's."""
    here = Path("scenarios")
    return here if os.path.isdir(here) else catalogue()


def perspective_name(text: str) -> str:
    """A perspective by name."""
    if text not in PERSPECTIVES:
        raise InputError.at("--perspective", f'there is no perspective "{text[:40]}"', nearest(text, PERSPECTIVES))
    return text


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A model file, an overlay, or a name as panic.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Give a parameter another value, or a path another entry."),
]
Fix = Annotated[
    list[str] | None,
    typer.Option("--fix", metavar="NAME=VALUE", help="Hold a parameter at a value in every draw."),
]
Horizon = Annotated[str | None, typer.Option(metavar="DURATION", help='How far to look, such as "10 years".')]
OnePerspective = Annotated[
    str | None,
    typer.Option("--perspective", parser=perspective_name, metavar="NAME", help=", ".join(PERSPECTIVES)),
]
Draws = Annotated[
    int,
    typer.Option(parser=whole_number("--draws"), metavar="N", help="Simulations; 0 for the deterministic run."),
]
Seed = Annotated[int, typer.Option(parser=whole_number("--seed"), metavar="N", help="Start of the random numbers.")]
Sampled = Annotated[
    str,
    typer.Option(
        "--sampling",
        metavar="random|sobol",
        help="Pseudo-random, or a Sobol sequence, whose means settle sooner.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        parser=whole_number("--workers"), metavar="N", help="Blocks of draws run at a time; one per processor."
    ),
]
DrawsFrom = Annotated[
    Path | None,
    typer.Option("--draws-from", metavar="FILE.csv", help="Draws of parameters, a column each, in place of --draws."),
]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows to a CSV file too.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def drawn_from(file: Path | None, scenario: Scenario, draws: int) -> tuple[Scenario, int, dict[str, Any]]:
    """A scenario with what is to be said of a table of draws, how many there are, and how a run takes them.

    Without a table: what was given. Raises InputError for a table that does not fit the scenario.
    """
    from costmodel.report.draws_files import of_another

    if file is None:
        return scenario, draws, {}
    given = read_given(file, scenario)
    if said := of_another(file, scenario):
        scenario = replace(scenario, remarks=(*scenario.remarks, said), warnings=(said, *scenario.warnings))
    return scenario, len(next(iter(given.values()))), {"given": given}


def run_with_words(scenario: Scenario, draws: int, seed: int, **how: Any) -> costmodel.Result:
    """Run a scenario, saying so; of a long run also what it will take, and how far it is. how: as for `run`."""
    if draws >= MANY_DRAWS and (expected := effort(scenario, draws, seed, how.get("workers"))).seconds >= LONG:
        needs = f"{_in_time(expected.seconds)} and {expected.memory / 1e9:.1f} GB of memory"
        said = f"{draws:,} draws will take about {needs}. Ctrl-C stops them."
        terminal.console(stderr=True).print(said, soft_wrap=True)
        with terminal.progress(every=TENTH) as progress:
            return costmodel.run(scenario, draws=draws, seed=seed, progress=progress, **how)
    with busy(f"Running {draws:,} draws …"):
        return costmodel.run(scenario, draws=draws, seed=seed, **how)


def _in_time(seconds: float) -> str:
    """A time to wait, in the larger unit."""
    minutes = round(seconds / 60)
    return f"{minutes} minute{'s' * (minutes != 1)}" if minutes else f"{seconds:.0f} seconds"


def busy(words: str) -> Any:
    """Words on stderr while something runs; nothing where stderr is not a terminal."""
    return terminal.console(stderr=True).status(words)


def show(pieces: Any) -> None:
    """Print pieces of text and tables."""
    out = terminal.console()
    for piece in pieces:
        out.print(piece, soft_wrap=isinstance(piece, Text) and not out.is_terminal)


def give(page: Page, as_json: bool, csv: Path | None = None) -> None:
    """Print a page, as a program reads it or as people do; its rows into a CSV file too."""
    from costmodel.report import files, json_report, render

    if csv is not None:
        files.write_csv(csv, render.as_csv(page.rows))
    if as_json:
        print(json_report.text(render.document(page)))
    else:
        show(render.terminal(page))


def scenario_of(path: Path, set_: list[str] | None, fix: list[str] | None, horizon: str | None) -> Scenario:
    """The scenario with what the options change; every problem of the options at once."""
    problems: list[Problem] = []
    wanted = pairs("--set", set_, problems)
    held = pairs("--fix", fix, problems)
    if horizon is not None and "horizon" in wanted:
        problems.append(Problem("--horizon", "the horizon is set twice", "Keep --horizon."))
    for name in wanted.keys() & held.keys():
        problems.append(Problem(f"--fix {name}", f'"{name}" is given by --set too', "Keep one."))
    by_horizon = {} if horizon is None else {"horizon": horizon}
    try:
        scenario = costmodel.load(path)
    except Refused as refused:
        options = (("--set", set_), ("--fix", fix), ("--horizon", horizon))
        given = [option for option, values in options if values]
        remedy = "Leave it out: a locked scenario has no numbers."
        raise Refused(
            refused.locked, [*refused.asked, *(Problem(one, "there is nothing to change", remedy) for one in given)]
        ) from None
    for changes, by, hold in ((wanted | by_horizon, "--set", False), (held, "--fix", True)):
        try:
            scenario = scenario.changed(changes, by=by, fix=hold) if changes else scenario
        except InputError as error:
            problems += error.problems
    if problems:
        place = "--set horizon" if by_horizon else None
        raise InputError(*(replace(p, place="--horizon") if p.place == place else p for p in problems))
    if not by_horizon:
        return scenario
    named = (replace(c, by="--horizon") if c.path == "horizon" else c for c in scenario.changes)
    return replace(scenario, changes=tuple(named))


def pairs(option: str, texts: list[str] | None, problems: list[Problem]) -> dict[str, Any]:
    """`NAME=VALUE` texts as a mapping; a value is read as a scenario file would read it."""
    found: dict[str, Any] = {}
    for text in texts or []:
        name, equals, value = (part.strip() for part in text.partition("="))
        place = f"{option} {text}"
        if not (name and equals and value):
            problems.append(Problem(place, "this is not a name with a value", f"Write {option} NAME=VALUE."))
        elif name in found:
            problems.append(Problem(place, f'"{name}" is given twice', "Keep one."))
        else:
            found[name] = scalar(value)
    return found
