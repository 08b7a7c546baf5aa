"""Commands about the evidence: trials, published models, laws, every population on a page, what trials say together."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from costmodel.analysis.verification import DRAWS as VERIFIED
from costmodel.cli.options import (
    Draws,
    Fix,
    Json,
    Out,
    Perspective,
    Seed,
    Set,
    argument,
    busy,
    counter,
    duration,
    new_file,
    option,
    scenario_of,
    scenarios,
    show,
    whole_number,
    write_text,
)
from costmodel.cli.program import OUR_FAULT, command
from costmodel.errors import InputError
from costmodel.model.run import DRAWS, SEED
from costmodel.scenario.load import HEADLINE, Refused, because, kind_of, refusal
from costmodel.scenario.read import read_file
from costmodel.version import engine

WRITTEN = "Written by `costmodel validate --write docs/validation.md` from `scenarios/validation.yaml`, not by hand."


@command()
def calibrate(
    calibration: Annotated[Path, argument("CALIBRATION", "A calibration file.")],
    out: Out,
    fit: Annotated[list[str] | None, option("NAME", "Only this fit; may be repeated.")] = None,
    rows: Annotated[
        int | None, option("N", "Rows of each posterior, the most plausible first.", "--rows", read=whole_number)
    ] = None,
    plot: Annotated[
        Path | None, option("FILE.html", "Draw observed beside modelled as a page too.", "--plot", read=new_file)
    ] = None,
    seed: Seed = SEED,
) -> None:
    """Fit the free rates to what was observed, and write the posteriors."""
    from costmodel.analysis import calibration as analysis
    from costmodel.analysis.calibration.page import page_of
    from costmodel.report import render

    size = {} if rows is None else {"rows": rows}
    with counter() as progress:
        fits = analysis.calibrate(calibration, fits=fit, seed=seed, progress=progress, **size)
    written = analysis.write(fits)
    page = page_of(calibration.name, fits)
    if plot is not None:
        write_text(plot, render.html(page), "--plot")
        written.append(plot)
    out.give(page)
    if not out.as_json:
        for path in written:
            print(f"{path} written.")


@command()
def validate(
    out: Out,
    scenario: Annotated[Path | None, argument("[SCENARIO]", "If left out: every target of ./scenarios.")] = None,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    write: Annotated[
        Path | None, option("FILE.md", "Write the table of all targets to a file.", "--write", read=new_file)
    ] = None,
) -> None:
    """Lay what studies found beside what the models predict: all populations, or one that may be changed."""
    from costmodel.analysis.validation import validate as ask
    from costmodel.report import render

    if scenario is None and (set_ or fix):
        raise InputError.at("--set, --fix", "targets are asked of scenarios as shipped", "Name a SCENARIO.")
    if scenario is not None and write is not None:
        raise InputError.at("--write", "the file has the targets of every population", "Leave SCENARIO out.")
    loaded = None if scenario is None else scenario_of(scenario, set_, fix, None)
    with counter() as progress:
        found = ask(scenarios() if loaded is None else None, draws=draws, seed=seed, progress=progress, scenario=loaded)
    page, of_scenario = found.page(), {}
    if write is not None:
        write_text(write, render.markdown(replace(page, about=(WRITTEN,))), "--write")
    if loaded is not None:
        of_scenario = {"scenario": render.identity(loaded), "changes": render.changes(loaded.changes)}
    out.give(page, **of_scenario)


@command()
def replicate(
    case: Annotated[Path, argument("CASE.json", "A published model with its printed results.")], out: Out
) -> None:
    """Run a published model, and lay its printed results beside what comes out."""
    from costmodel.cases import replicate as run_case

    replication = run_case(case)
    out.give(replication.page())
    if not replication.holds:
        raise typer.Exit(OUR_FAULT)


@command()
def verify(
    scenario: Annotated[Path | None, argument("[SCENARIO]", "If left out: every scenario below ./scenarios.")] = None,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = VERIFIED,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Measure the laws that every run must obey; exit code 1 if one fails."""
    from costmodel.analysis import verification
    from costmodel.report import render

    found, locked = [], []
    for path in _shipped() if scenario is None else [scenario]:
        try:
            loaded = scenario_of(path, set_, fix, None)
        except Refused as refused:
            if scenario is not None:
                raise
            locked.append(refused.locked)
            continue
        with busy(f"Verifying {path.name} …"):
            found.append(verification.verify(loaded, draws=draws, seed=seed))
    pages = [one.page() for one in found]
    if as_json:
        read = [render.document(page) for page in pages]
        document = {
            "schema": "costmodel/verify/1",
            "engine": engine(),
            "settings": {"draws": draws, "seed": seed},
            "scenarios": [{**one, "checks": one.pop("rows")} for one in read],
            "locked": [{"scenario": render.identity(one), "refusal": refusal(one)} for one in locked],
        }
        print(render.text(document))
    elif scenario is not None:
        show(render.terminal(pages[0]))
    else:
        show(piece for page in pages for piece in (*render.terminal(replace(page, scenario=None)), Text("")))
        show(Text(f"{one.path.name}: {one.file.title}. {HEADLINE} {because(one)}") for one in locked)
        print(verification.count([check for one in found for check in one]))
    if any(one.failed for one in found):
        raise typer.Exit(OUR_FAULT)


def _shipped() -> list[Path]:
    """The model files and overlays below the folder of scenarios; other files that stand there are left alone."""
    folder = scenarios()
    files = sorted(folder.glob("*/*.yaml"))
    found = [path for path in files if kind_of(read_file(path).data) != "other"]
    if not found:
        raise InputError.at("SCENARIO", f"there is no scenario below {folder}", "Name a model file or an overlay.")
    return found


@command()
def spectrum(
    out: Out,
    folder: Annotated[
        Path | None, argument("[FOLDER]", "Where the populations' folders are; ./scenarios or the package's own.")
    ] = None,
    perspective: Perspective = None,
    horizon: Annotated[str | None, option("DURATION", "When all are read; each one's follow-up if left out.")] = None,
    price: Annotated[
        str | None, option("NAME", "Price sessions on this basis where it is known; as each file has it.", "--price")
    ] = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
) -> None:
    """Lay every population on one page: where it pays, how surely, and where the line runs."""
    from costmodel.analysis import spectrum as analysis

    folder = scenarios() if folder is None else folder
    paths = analysis.populations(folder)
    if not paths:
        raise InputError.at("FOLDER", f"there is no population below {folder}", "Name a folder with NAME/model.yaml.")
    wanted, months = (perspective,) if perspective else None, None if horizon is None else duration(None, horizon)
    with busy("Running every population …") as status:
        found = analysis.spectrum(
            paths,
            wanted,
            horizon=months,
            price=price,
            draws=draws,
            seed=seed,
            said=lambda name: status.update(f"Running {name} …"),
        )
    out.give(found.page())


@command()
def claims(
    out: Out,
    claim: Annotated[str | None, typer.Argument(metavar="[CLAIM]", help="As K001; a list of all if left out.")] = None,
    file: Annotated[
        Path | None, option("FILE.yaml", "A file of claims; the shipped one if left out.", "--file")
    ] = None,
) -> None:
    """Say what comes back of a course by each claim's own numbers, and by what controlled evidence has instead."""
    from costmodel.analysis import claims as analysis

    found = analysis.claims(file)
    out.give((found if claim is None else found.claim(claim)).page())


@command()
def synthesise(
    out: Out,
    file: Annotated[Path | None, argument("FILE", "A synthesis file; the shipped one if left out.")] = None,
    position: Annotated[
        str | None, option("NAME", "Of the dial: which evidence counts; as the file has it if left out.")
    ] = None,
    therapy: Annotated[str | None, option("CLASS", "The class whose mean is the average trial.")] = None,
    without: Annotated[list[str] | None, option("TRIAL", "Leave a trial out; may be given again.")] = None,
    onset_of: Annotated[
        str | None, option("NAME", "The position whose time until the full effect is taken; its own if left out.")
    ] = None,
    draws: Annotated[
        Path | None, option("FILE.csv", "Write draws that a scenario reads with joint.", "--draws", read=new_file)
    ] = None,
    seed: Annotated[
        int | None, option("N", "Start of the draws; as the file has it if left out.", "--seed", read=whole_number)
    ] = None,
) -> None:
    """Say what trials say together of therapy's effect on the cost of all other health care."""
    from costmodel import synthesis

    with busy("Fitting …"):
        found = synthesis.synthesise(file, position, therapy, without or (), onset_of)
        if draws is not None:
            found.write_draws(draws, seed=seed)
        page = found.page()
    out.give(page)
    if draws is not None and not out.as_json:
        print(f"{draws} written.")
