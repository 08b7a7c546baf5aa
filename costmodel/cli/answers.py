"""Commands that load a scenario, answer, and write or read the workbook."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

import costmodel
from costmodel.analysis.incremental import incremental as steps
from costmodel.cli import publication
from costmodel.cli.options import (
    Csv,
    Draws,
    DrawsFrom,
    Fix,
    Horizon,
    Json,
    OnePerspective,
    Sampled,
    ScenarioFile,
    Seed,
    Set,
    Workers,
    busy,
    drawn_from,
    give,
    run_with_words,
    scenario_of,
    show,
)
from costmodel.cli.program import app
from costmodel.errors import InputError
from costmodel.model.run import DRAWS, SEED
from costmodel.report import files, json_report
from costmodel.report.sentence import MAIN
from costmodel.scenario.load import Refused
from costmodel.scenario.schema import json_schema


@app.command()
def check(
    scenario: Annotated[
        Path | None,
        typer.Argument(metavar="SCENARIO", help="A model file or an overlay; --publish without it: every population."),
    ] = None,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    publish: Annotated[bool, typer.Option("--publish", help="Refuse also what is not fit to be published.")] = False,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE.md", help="With --publish: write what every answer rests on."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Load a scenario and list what it holds, or every problem in it; of a locked one, why it is."""
    if publish or write is not None:
        publication.publish(scenario, bool(set_ or fix or horizon), publish, write, as_json)
        return
    if scenario is None:
        raise InputError.at("SCENARIO", "no scenario is named", "Name one, or add --publish to check every population.")
    _check(scenario, set_, fix, horizon, as_json)


def _check(scenario: Path, set_: list[str] | None, fix: list[str] | None, horizon: str | None, as_json: bool) -> None:
    from costmodel.model.run import check_draws
    from costmodel.report import refused
    from costmodel.report.checked import checked, document

    try:
        loaded = scenario_of(scenario, set_, fix, horizon)
    except Refused as refusal:
        if refusal.asked:
            raise
        if as_json:
            print(json_report.text(refused.check_document(refusal.locked)))
        else:
            show(refused.checked(refusal.locked))
        return
    check_draws(loaded)
    if as_json:
        print(json_report.text(document(loaded)))
    else:
        show(checked(loaded))


@app.command()
def run(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
    workers: Workers = None,
    as_json: Json = False,
    csv: Csv = None,
    workbook: Annotated[
        Path | None, typer.Option("--workbook", metavar="FILE.xlsx", help="Write the workbook too, as report does.")
    ] = None,
) -> None:
    """Run a scenario and print the answer."""
    from costmodel.report.answer import page

    if workbook is not None:
        _check_workbook(workbook, "--workbook")
    loaded, draws, given = drawn_from(draws_from, scenario_of(scenario, set_, fix, horizon), draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, workers=workers, **given)
    give(page(result, perspective), as_json, csv)
    if workbook is not None:
        _write_workbook(result, workbook, "--workbook")


@app.command()
def incremental(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
    workers: Workers = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Compare each strategy with the next best one: who is dominated, and what each step along the frontier costs."""
    if csv is not None:
        files.check_folder(csv, "--csv")
    loaded, draws, given = drawn_from(draws_from, scenario_of(scenario, set_, fix, horizon), draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, workers=workers, strata=False, **given)
    give(steps(result, perspective or MAIN).page(), as_json, csv)


@app.command()
def report(
    scenario: ScenarioFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help="The workbook to write.")],
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
) -> None:
    """Run a scenario and write the workbook that recomputes it."""
    _check_workbook(output, "-o")
    loaded, draws, given = drawn_from(draws_from, scenario_of(scenario, set_, fix, horizon), draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, **given)
    _write_workbook(result, output, "-o")
    print(f"{output} written.")


def _check_workbook(path: Path, option: str) -> None:
    from costmodel.report.workbook import named_as_workbook

    files.check_folder(named_as_workbook(path, option), option)


def _write_workbook(result: costmodel.Result, path: Path, option: str) -> None:
    from costmodel.report import workbook

    with busy("Writing the workbook …"):
        workbook.write(result, path, option)


@app.command()
def draws(
    scenario: ScenarioFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="The folder to write; made if new.")],
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
) -> None:
    """Write the draws with their costs and effects, in columns as SAVI and BCEA read them."""
    from costmodel.report import draws_files

    loaded, draws, given = drawn_from(draws_from, scenario_of(scenario, set_, fix, horizon), draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, **given)
    for path in draws_files.write(result, output):
        print(f"{path} written.")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A workbook with values of your own, or a file of saved changes.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.yaml", help="The overlay to write.")],
    scenario: Annotated[
        Path | None, typer.Argument(metavar="SCENARIO", help="What the file belongs to, where it does not say itself.")
    ] = None,
    chosen: Annotated[Path | None, typer.Option("--scenario", metavar="SCENARIO", help="The same.")] = None,
    label: Annotated[str, typer.Option(metavar="NAME", help="The overlay's word in menus.")] = "imported",
    as_json: Json = False,
) -> None:
    """Write the values typed into a workbook, or saved changes, as an overlay of their scenario."""
    from costmodel.report import imported

    if scenario is not None and chosen is not None:
        raise InputError.at("--scenario", "the scenario is named twice", "Keep one.")
    brought = imported.bring(file, scenario or chosen, output, label)
    if as_json:
        print(json_report.text(imported.document(brought)))
    else:
        show(imported.pieces(brought))


@app.command()
def schema(
    kind: Annotated[
        Literal["model", "setting", "overlay", "sources", "locked"],
        typer.Option(help="Which file the schema describes."),
    ] = "model",
) -> None:
    """Print the JSON schema of a scenario's files, for editors."""
    print(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))
