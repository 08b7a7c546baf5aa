"""The command that runs a grid of scenarios and values."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.options import Json, show, whole_number
from costmodel.cli.program import INTERRUPTED, OUR_FAULT, Left, app
from costmodel.errors import InputError
from costmodel.report import json_report, terminal
from costmodel.scenario.load import Refused


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
