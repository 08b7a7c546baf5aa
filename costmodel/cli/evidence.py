"""Commands that hold the model against trials, published models and the laws that every run must obey."""

from pathlib import Path
from typing import Annotated

import typer

from costmodel.analysis.verification import DRAWS as VERIFIED
from costmodel.cli.options import Draws, Fix, Json, ScenarioFile, Seed, Set, busy, scenario_of, show, whole_number
from costmodel.cli.program import OUR_FAULT, app
from costmodel.errors import InputError
from costmodel.model.run import DRAWS, SEED
from costmodel.report import json_report, terminal
from costmodel.scenario.build import Scenario
from costmodel.scenario.kind import kind_of
from costmodel.scenario.locked import Locked, Refused
from costmodel.scenario.read import read_file

SCENARIOS = Path("scenarios")


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
        show(trial_table.fits(fits))
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

    loaded = scenario_of(scenario, set_, fix, None)
    with busy("Comparing with the trial …"):
        comparison = compare(loaded, draws=draws, seed=seed)
    if as_json:
        print(json_report.text(json_report.comparison(loaded, comparison)))
    else:
        show(trial_table.trial(comparison))


@app.command()
def replicate(
    case: Annotated[Path, typer.Argument(metavar="CASE.json", help="A published model with its printed results.")],
    as_json: Json = False,
) -> None:
    """Run a published model, and lay its printed results beside what comes out."""
    from costmodel.cases import replicate as run_case
    from costmodel.report import case_table

    replication = run_case(case)
    if as_json:
        print(json_report.text(case_table.document(replication)))
    else:
        show(case_table.replication(replication))
    if not replication.holds:
        raise typer.Exit(OUR_FAULT)


@app.command()
def verify(
    scenario: Annotated[
        Path | None, typer.Argument(metavar="[SCENARIO]", help="If left out: every scenario below ./scenarios.")
    ] = None,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = VERIFIED,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Measure the laws that every run must obey; exit code 1 if one fails."""
    from costmodel.analysis import verification
    from costmodel.report import verified

    loaded, locked = _loaded(scenario, set_, fix)
    found = []
    for one in loaded:
        with busy(f"Verifying {one.path.name} …"):
            found.append((one, verification.verify(one, draws=draws, seed=seed)))
    checks = [check for _, of_one in found for check in of_one]
    if as_json:
        print(json_report.text(verified.document(found, draws, seed, locked)))
    else:
        for one, of_one in found:
            show(verified.verified(one, of_one))
        show(piece for one in locked for piece in verified.locked(one))
        print(verified.count(checks))
    if any(check.state == "FAIL" for check in checks):
        raise typer.Exit(OUR_FAULT)


def _loaded(
    scenario: Path | None, set_: list[str] | None, fix: list[str] | None
) -> tuple[list[Scenario], list[Locked]]:
    """The scenario that is named; or all that are shipped, and those of them that are locked."""
    if scenario is not None:
        return [scenario_of(scenario, set_, fix, None)], []
    loaded, locked = [], []
    for path in _shipped():
        if kind_of(read_file(path).data) != "locked":
            loaded.append(scenario_of(path, set_, fix, None))
            continue
        try:
            scenario_of(path, None, None, None)
        except Refused as refused:
            locked.append(refused.locked)
    return loaded, locked


def _shipped() -> list[Path]:
    """The model files and overlays below ./scenarios; other files that stand there are left alone."""
    files = sorted(SCENARIOS.glob("*/*.yaml"))
    found = [path for path in files if kind_of(read_file(path).data) != "other"]
    if not found:
        raise InputError.at("SCENARIO", f"there is no scenario below {SCENARIOS}", "Name a model file or an overlay.")
    return found
