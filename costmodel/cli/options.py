"""Options that several commands share, what they make of a scenario, and how an answer is printed.

Commands that take the same options take them as one group: a dataclass whose fields are options. `program.command`
lays its fields open as options of the command.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.text import Text

import costmodel
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import check_folder, write_csv, write_whole
from costmodel.model.draws import read_given
from costmodel.model.run import DRAWS, SEED, effort
from costmodel.page import Page
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import on_the_clock
from costmodel.scenario.load import Refused, catalogue
from costmodel.scenario.read import scalar
from costmodel.scenario.setting import home
from costmodel.units import parse_duration

if TYPE_CHECKING:
    from costmodel.analysis.service_plan import ServicePlan

MANY_DRAWS = 20_000
"""From here on a run is timed before it begins."""
LONG = 10.0
"""Seconds from which a run says what it will take."""
TENTH = 0.1
"""Part of the work after which a line says so where stderr is no terminal."""
WIDTH = 132
"""Columns of tables where the output is not a terminal; sentences are then not broken."""


def console(*, stderr: bool = False) -> Console:
    """A console that shows text as it is: a scenario's words are never markup."""
    plain = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, width=WIDTH
    )  # fmt: skip


@contextmanager
def counter(every: float = 0.0) -> Iterator[Callable[[str, int, int], None]]:
    """A counter on stderr, called with what is worked at, how much of it is done and how much is wanted.

    every: part of the work after which a line is printed where stderr is no terminal; 0 for none.
    """
    out = console(stderr=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        lines: dict[str, int] = {}

        def show(what: str, done: int, wanted: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=wanted)
            if every and not out.is_terminal and (done - lines.get(what, 0) >= every * wanted or done == wanted):
                lines[what] = done
                out.print(f"{what}: {done:,} of {wanted:,}.")
            bars.update(tasks[what], completed=done)

        yield show


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


def number(option: str) -> Callable[[object], float]:
    """A reader of plain numbers that names its option when it refuses."""

    def read(given: object) -> float:
        text = str(given)
        if not re.fullmatch(r"[-+]?\d{1,15}(\.\d{1,15})?(e[-+]?\d{1,2})?", text, flags=re.ASCII):
            raise InputError.at(option, f'"{text[:40]}" is not a number', "Write it in digits, such as 0.8.")
        return float(text)

    return read


def new_file(option: str) -> Callable[[object], Path]:
    """A reader of names of files to write, which refuses one that cannot be before anything long is done."""

    def read(given: object) -> Path:
        check_folder(Path(str(given)), option)
        return Path(str(given))

    return read


def option(metavar: str, help: str, *names: str, read: Callable[[str], Callable[[object], Any]] | None = None) -> Any:
    """An option with a value. names: if not its parameter's. read: makes the reader of its value from its name."""
    return typer.Option(*names, parser=read and read(names[0]), metavar=metavar, help=help)


def argument(metavar: str, help: str) -> Any:
    """An argument of a command."""
    return typer.Argument(metavar=metavar, help=help)


def perspective_of(scenario: Scenario, name: str | None) -> str | None:
    """A perspective of the setting by name; None where none is given. Raises InputError with the nearest name."""
    known = scenario.setting.perspectives
    if name is not None and name not in known:
        raise InputError.at("--perspective", f'there is no perspective "{name[:40]}"', nearest(name, known))
    return name


def duration(scenario: Scenario | None, text: str) -> float:
    """Months of a duration that `--horizon` names, by a scenario's weeks of a year. Raises InputError."""
    try:
        return parse_duration(text).months if scenario is None else on_the_clock(scenario.model, text).months
    except ValueError as error:
        raise InputError.at("--horizon", str(error)) from error


ScenarioFile = Annotated[Path, argument("SCENARIO", "A model file, an overlay, or a name as panic.")]
Set = Annotated[
    list[str] | None, option("NAME=VALUE", "Give a parameter another value, or a path another entry.", "--set")
]
Fix = Annotated[list[str] | None, option("NAME=VALUE", "Hold a parameter at a value in every draw.", "--fix")]
Horizon = Annotated[str | None, option("DURATION", 'How far to look, such as "10 years".')]
_SHIPPED = ", ".join(home().perspectives)
Perspective = Annotated[
    str | None, option("NAME", f"Whose accounts, by a name of the setting; in England's {_SHIPPED}.", "--perspective")
]
Draws = Annotated[int, option("N", "Simulations; 0 for the deterministic run.", "--draws", read=whole_number)]
Seed = Annotated[int, option("N", "Start of the random numbers.", "--seed", read=whole_number)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Strategy = Annotated[str | None, option("NAME", "Which strategy; the second one if left out.", "--strategy")]


@dataclass(frozen=True)
class Changed:
    """A scenario, and what is changed in it."""

    scenario: ScenarioFile
    set_: Set = None
    fix: Fix = None
    horizon: Horizon = None

    def load(self) -> Scenario:
        """The scenario with what the options change. Raises InputError with every problem of them."""
        return scenario_of(self.scenario, self.set_, self.fix, self.horizon)


@dataclass(frozen=True)
class Drawn(Changed):
    """A scenario, and the draws of its parameters."""

    draws: Draws = DRAWS
    seed: Seed = SEED
    draws_from: Annotated[
        Path | None, option("FILE.csv", "Draws of parameters, a column each, in place of --draws.")
    ] = None
    workers: Annotated[
        int | None, option("N", "Blocks of draws run at a time; one per processor.", "--workers", read=whole_number)
    ] = None

    def with_draws(self, scenario: Scenario) -> tuple[Scenario, dict[str, Any]]:
        """The scenario with what is to be said of a table of draws; and how an analysis takes its draws.

        Raises InputError for a table that does not fit the scenario.
        """
        from costmodel.report.saved import of_another

        how: dict[str, Any] = {"draws": self.draws, "seed": self.seed, "workers": self.workers}
        if self.draws_from is None:
            return scenario, how
        given = read_given(self.draws_from, scenario)
        if said := of_another(self.draws_from, scenario):
            scenario = replace(scenario, remarks=(*scenario.remarks, said), warnings=(said, *scenario.warnings))
        return scenario, how | {"draws": len(next(iter(given.values()))), "given": given}


@dataclass(frozen=True)
class Run(Drawn):
    """A run of a scenario."""

    sampling: Annotated[
        str, option("random|sobol", "Pseudo-random, or a Sobol sequence, whose means settle sooner.")
    ] = "random"

    def run(self, scenario: Scenario | None = None, **more: Any) -> costmodel.Result:
        """Run it, saying so; of a long run also what it will take, and how far it is. more: as for `costmodel.run`."""
        scenario, how = self.with_draws(scenario or self.load())
        draws = how["draws"]
        how |= {"sampling": self.sampling} | more
        if draws >= MANY_DRAWS and (expected := effort(scenario, draws, self.seed, self.workers)).seconds >= LONG:
            needs = f"{_in_time(expected.seconds)} and {expected.memory / 1e9:.1f} GB of memory"
            said = f"{draws:,} draws will take about {needs}. Ctrl-C stops them."
            console(stderr=True).print(said, soft_wrap=True)
            with counter(every=TENTH) as progress:
                return costmodel.run(scenario, progress=progress, **how)
        with busy(f"Running {draws:,} draws …"):
            return costmodel.run(scenario, **how)


@dataclass(frozen=True)
class Asked:
    """A scenario, and for whom, of which strategy and when an outcome is asked."""

    scenario: ScenarioFile
    perspective: Perspective = None
    strategy: Annotated[str | None, option("NAME", "Which strategy; the second one if left out.")] = None
    horizon: Annotated[str | None, option("DURATION", "When the outcome is read; the follow-up if left out.")] = None
    discounted: Annotated[bool, typer.Option("--discounted", help="Discount the money of the outcome.")] = False
    set_: Set = None
    fix: Fix = None

    def load(self) -> tuple[Scenario, dict[str, Any]]:
        """The scenario, and what is asked of it. A horizon that it does not have becomes its horizon."""
        months = None
        loaded = scenario_of(self.scenario, self.set_, self.fix, None)
        if self.horizon is not None:
            months = duration(loaded, self.horizon)
            if months not in (loaded.model.follow_up.months, loaded.model.horizon.months):
                loaded = scenario_of(self.scenario, self.set_, self.fix, self.horizon)
        asked = {"perspective": perspective_of(loaded, self.perspective), "strategy": self.strategy, "horizon": months}
        return loaded, asked | {"discounted": self.discounted}


def _of_plan(name: str, help: str, whole: bool = False) -> Any:
    """An option with a number of a plan."""
    metavar, read = ("N", whole_number) if whole else ("NUMBER", number)
    return option(metavar, help, name, read=read)


@dataclass(frozen=True)
class Planned:
    """A service's plan. What is left out is the shipped default, which the answer names with its source."""

    starts: Annotated[float, _of_plan("--starts", "People who come a month, at the full rate.")]
    months: Annotated[int | None, _of_plan("--months", "For so many months; 12 if left out.", True)] = None
    ramp: Annotated[int | None, _of_plan("--ramp", "Months before the full rate; none if left out.", True)] = None
    waiting: Annotated[float | None, _of_plan("--waiting", "People who wait at the beginning.")] = None
    therapists: Annotated[float | None, _of_plan("--therapists", "Whole-time therapists; no limit if left out.")] = None
    sessions_a_week: Annotated[float | None, _of_plan("--sessions-a-week", "Contact hours of one in a week.")] = None
    weeks_a_year: Annotated[float | None, _of_plan("--weeks-a-year", "Working weeks of one in a year.")] = None
    hours_a_session: Annotated[float | None, _of_plan("--hours-a-session", "Therapist's hours of a session.")] = None
    missed: Annotated[float | None, _of_plan("--missed", "Share of slots that nobody comes to.")] = None
    set_up: Annotated[float | None, _of_plan("--set-up", "Money once, at the first start.")] = None
    training: Annotated[float | None, _of_plan("--training", "The same, for training.")] = None
    supervision: Annotated[float | None, _of_plan("--supervision", "Money a year.")] = None
    room: Annotated[float | None, _of_plan("--room", "The same, for rooms.")] = None
    ward_nights: Annotated[float | None, _of_plan("--ward-nights", "Nights a year that close a ward; 0: none.")] = None
    growth: Annotated[float | None, _of_plan("--growth", "Growth of prices a year; 0 if left out: real.")] = None
    years: Annotated[int | None, _of_plan("--years", "Financial years planned; 5 if left out.", True)] = None
    first_month: Annotated[int | None, _of_plan("--first-month", "Month of the first start; 4: April.", True)] = None
    first_year: Annotated[int | None, _of_plan("--first-year", "Year of the first start, to name years.", True)] = None
    year_begins: Annotated[
        int | None, _of_plan("--year-begins", "Month in which a financial year begins; 4 if left out.", True)
    ] = None

    def read(self) -> "ServicePlan":
        """The plan. Raises InputError with every problem, by the names of the options."""
        from costmodel.analysis.service_plan import plan_of

        return plan_of(vars(self), named=lambda name: f"--{name.replace('_', '-')}")


@dataclass(frozen=True)
class Out:
    """The form of an answer."""

    as_json: Json = False
    csv: Annotated[Path | None, option("FILE", "Write the rows to a CSV file too.", "--csv", read=new_file)] = None

    def give(self, page: Page, **more: Any) -> None:
        """Print a page, as `tell` does; its rows into a CSV file too."""
        from costmodel.report import render

        if self.csv is not None:
            write_csv(self.csv, render.as_csv(page.rows))
        tell(self.as_json, page, **more)


def tell(as_json: bool, page: Page, **more: Any) -> None:
    """Print a page, as a program reads it or as people do. more: what its document has beside."""
    from costmodel.report import render

    if as_json:
        print(render.text(render.document(page) | more))
    else:
        show(render.terminal(page))


def show(pieces: Any) -> None:
    """Print pieces of text and tables."""
    out = console()
    for piece in pieces:
        out.print(piece, soft_wrap=isinstance(piece, Text) and not out.is_terminal)


def write_text(path: Path, text: str, option: str) -> None:
    """Write a file whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, "utf-8"), option)


def busy(words: str) -> Any:
    """Words on stderr while something runs; nothing where stderr is not a terminal."""
    return console(stderr=True).status(words)


def _in_time(seconds: float) -> str:
    """A time to wait, in the larger unit."""
    minutes = round(seconds / 60)
    return f"{minutes} minute{'s' * (minutes != 1)}" if minutes else f"{seconds:.0f} seconds"


def scenarios() -> Path:
    """The folder of scenarios: the one here where there is one, else the catalogue's."""
    here = Path("scenarios")
    return here if os.path.isdir(here) else catalogue()


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


def pairs(
    option: str, texts: list[str] | None, problems: list[Problem], shape: str = "VALUE",
    read: Callable[[str], Any] = scalar,
) -> dict[str, Any]:  # fmt: skip
    """`NAME=VALUE` texts as a mapping; a value is read as a scenario file would read it, unless `read` does."""
    found: dict[str, Any] = {}
    for text in texts or []:
        name, equals, value = (part.strip() for part in text.partition("="))
        place = f"{option} {text}"
        if not (name and equals and value):
            problems.append(Problem(place, "this is not a name with a value", f"Write {option} NAME={shape}."))
        elif name in found:
            problems.append(Problem(place, f'"{name}" is given twice', "Keep one."))
        else:
            found[name] = read(value)
    return found
