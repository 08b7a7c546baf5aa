"""The command line. docs/cli.md is its contract: what is printed, in which form, with which exit code."""

import json
import re
import sys
import traceback
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text
from typer.core import TyperGroup

import costmodel
from costmodel.errors import InputError, Problem, nearest
from costmodel.model.run import DRAWS, SEED
from costmodel.perspectives import PERSPECTIVES
from costmodel.report import files, json_report, terminal
from costmodel.scenario.build import Scenario
from costmodel.scenario.read import scalar
from costmodel.scenario.schema import json_schema

OUR_FAULT, WRONG_INPUT, INTERRUPTED = 1, 2, 130
DEBUG = "--debug"
UsageError: Any = typer.BadParameter.__base__


class Commands(TyperGroup):
    """The commands, with one way out for everything that goes wrong."""

    def main(self, args: Sequence[str] | None = None, *unused: Any, **extra: Any) -> Any:
        """Run a command and leave with its exit code. `--debug` is understood anywhere."""
        given = list(sys.argv[1:] if args is None else args)
        debug = DEBUG in given
        extra["standalone_mode"] = False
        try:
            code = super().main([word for word in given if word != DEBUG], **extra)
        except InputError as error:
            code = _refuse(*map(str, error.problems))
        except UsageError as error:
            code = _refuse(error.format_message())
        except KeyboardInterrupt:
            code = INTERRUPTED
        except Exception as error:
            code = _our_fault(error, debug)
        if code == INTERRUPTED:
            _say("Interrupted. Nothing was written.")
        sys.exit(code if isinstance(code, int) else 0)


def _say(*lines: str) -> None:
    """Lines to stderr, exactly as they are."""
    for line in lines:
        print(line, file=sys.stderr)


def _refuse(*lines: str) -> int:
    _say(*lines)
    return WRONG_INPUT


def _our_fault(error: Exception, debug: bool) -> int:
    """Say that the program failed, with a code that is the same for the same fault."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    reference = zlib.crc32(f"{type(error).__name__} {Path(last.filename).name} {last.name}".encode())
    _say(
        f"Something went wrong inside costmodel, not in your input (reference E-{reference:08x}).",
        f"Nothing was written. Run the command again with {DEBUG} to see the details, and send them on.",
    )
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    return OUR_FAULT


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does a talking therapy pay for itself? For whom, by when, how surely.",
)


def main() -> None:
    """The entry point of the `costmodel` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


def whole_number(option: str) -> Callable[[object], int]:
    """A reader of whole numbers from 0 that names its option when it refuses."""

    def read(given: object) -> int:
        text = str(given)
        if not re.fullmatch(r"\d{1,19}", text, flags=re.ASCII):
            raise InputError.at(option, f'"{text[:40]}" is not a whole number from 0', "Write it in digits.")
        return int(text)

    return read


def perspective_name(text: str) -> str:
    """A perspective by name."""
    if text not in PERSPECTIVES:
        raise InputError.at("--perspective", f'there is no perspective "{text[:40]}"', nearest(text, PERSPECTIVES))
    return text


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A model file or an overlay.")]
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
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(json_report.engine())
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Print details of a failure of the program.")] = False,
) -> None:
    """Does a talking therapy pay for itself? For whom, by when, how surely."""


@app.command()
def check(
    scenario: ScenarioFile, set_: Set = None, fix: Fix = None, horizon: Horizon = None, as_json: Json = False
) -> None:
    """Load a scenario and list what it holds, or every problem in it."""
    from costmodel.report.checked import checked, document

    loaded = _scenario(scenario, set_, fix, horizon)
    if as_json:
        print(json_report.text(document(loaded)))
    else:
        _show(checked(loaded))


@app.command()
def run(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    as_json: Json = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows to a CSV file too.")] = None,
    workbook: Annotated[
        Path | None, typer.Option("--workbook", metavar="FILE.xlsx", help="Write the workbook too, as report does.")
    ] = None,
) -> None:
    """Run a scenario and print the answer."""
    if workbook is not None:
        _check_workbook(workbook, "--workbook")
    result = _run(_scenario(scenario, set_, fix, horizon), draws, seed)
    if csv is not None:
        content = files.as_csv(result, perspective)
        files.write_whole(csv, lambda path: path.write_text(content, "utf-8"), "--csv")
    if as_json:
        print(json_report.text(json_report.document(result, perspective)))
    else:
        _show(terminal.report(result, perspective))
    if workbook is not None:
        _write_workbook(result, workbook, "--workbook")


@app.command()
def report(
    scenario: ScenarioFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help="The workbook to write.")],
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
) -> None:
    """Run a scenario and write the workbook that recomputes it."""
    _check_workbook(output, "-o")
    _write_workbook(_run(_scenario(scenario, set_, fix, horizon), draws, seed), output, "-o")
    print(f"{output} written.")


def _check_workbook(path: Path, option: str) -> None:
    if path.suffix.lower() != ".xlsx":
        raise InputError.at(f"{option} {path}", "a workbook's name ends in .xlsx", f"Did you mean {path.stem}.xlsx?")
    files.check_folder(path, option)


def _write_workbook(result: costmodel.Result, path: Path, option: str) -> None:
    from costmodel.report import workbook

    with _busy("Writing the workbook …"):
        workbook.write(result, path, option)


@app.command("import")
def import_(
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK.xlsx", help="A workbook with values of your own.")],
    scenario: ScenarioFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.yaml", help="The overlay to write.")],
    label: Annotated[str, typer.Option(metavar="NAME", help="The overlay's word in menus.")] = "imported",
    as_json: Json = False,
) -> None:
    """Write the values typed into a workbook as an overlay of its scenario."""
    from costmodel.report import imported

    brought = imported.bring(workbook, scenario, output, label)
    if as_json:
        print(json_report.text(imported.document(brought)))
    else:
        _show(imported.pieces(brought))


@app.command()
def calibrate(
    calibration: Annotated[Path, typer.Argument(metavar="CALIBRATION", help="A calibration file.")],
    fit: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this fit; may be repeated.")] = None,
    rows: Annotated[
        int | None,
        typer.Option(parser=whole_number("--rows"), metavar="N", help="Rows of each posterior, the best fit first."),
    ] = None,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Fit the free rates to what was observed, and write the posteriors."""
    from costmodel.analysis import calibration as analysis
    from costmodel.report import trial_table

    size = {} if rows is None else {"rows": rows}
    with terminal.progress() as progress:
        fits = analysis.calibrate(calibration, fits=fit, seed=seed, progress=progress, **size)
    written = analysis.write(fits)
    if as_json:
        print(json_report.text(json_report.fits(calibration, fits)))
    else:
        _show(trial_table.fits(fits))
        for path in written:
            print(f"{path} written.")


@app.command()
def validate(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Print the trial beside the model, and the most that remission could save."""
    from costmodel.analysis.trial import compare
    from costmodel.report import trial_table

    loaded = _scenario(scenario, set_, fix, None)
    with _busy("Comparing with the trial …"):
        comparison = compare(loaded, draws=draws, seed=seed)
    if as_json:
        print(json_report.text(json_report.comparison(loaded, comparison)))
    else:
        _show(trial_table.trial(comparison))


@app.command()
def schema(
    kind: Annotated[
        Literal["model", "setting", "overlay", "sources"],
        typer.Option(help="Which file the schema describes."),
    ] = "model",
) -> None:
    """Print the JSON schema of a scenario's files, for editors."""
    print(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))


def _run(scenario: Scenario, draws: int, seed: int) -> costmodel.Result:
    with _busy(f"Running {draws:,} draws …"):
        return costmodel.run(scenario, draws=draws, seed=seed)


def _busy(words: str) -> Any:
    """Words on stderr while something runs; nothing where stderr is not a terminal."""
    return terminal.console(stderr=True).status(words)


def _show(pieces: Any) -> None:
    out = terminal.console()
    for piece in pieces:
        out.print(piece, soft_wrap=isinstance(piece, Text) and not out.is_terminal)


def _scenario(path: Path, set_: list[str] | None, fix: list[str] | None, horizon: str | None) -> Scenario:
    """The scenario with what the options change; every problem of the options at once."""
    problems: list[Problem] = []
    wanted = _pairs("--set", set_, problems)
    held = _pairs("--fix", fix, problems)
    if horizon is not None and "horizon" in wanted:
        problems.append(Problem("--horizon", "the horizon is set twice", "Keep --horizon."))
    by_horizon = {} if horizon is None else {"horizon": horizon}
    scenario = costmodel.load(path)
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


def _pairs(option: str, texts: list[str] | None, problems: list[Problem]) -> dict[str, Any]:
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
