"""The command that lays every population on one page."""

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.options import Draws, Json, OnePerspective, Seed, busy, give, scenarios
from costmodel.cli.program import app
from costmodel.errors import InputError
from costmodel.model.run import DRAWS, SEED
from costmodel.perspectives import PERSPECTIVES
from costmodel.report import files


@app.command()
def spectrum(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]", help="Where the populations' folders are; ./scenarios or the package's own."
        ),
    ] = None,
    perspective: OnePerspective = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    as_json: Json = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows to a CSV file too.")] = None,
) -> None:
    """Lay every population on one page: what each therapy saves whom, how surely, and where the line runs."""
    from costmodel.analysis import spectrum as analysis

    if csv is not None:
        files.check_folder(csv, "--csv")
    folder = scenarios() if folder is None else folder
    paths = analysis.populations(folder)
    if not paths:
        raise InputError.at("FOLDER", f"there is no population below {folder}", "Name a folder with NAME/model.yaml.")
    wanted = (perspective,) if perspective else tuple(PERSPECTIVES)
    with busy("Running every population …") as status:

        def said(name: str) -> None:
            if hasattr(status, "update"):
                status.update(f"Running {name} …")

        found = analysis.spectrum(paths, wanted, draws=draws, seed=seed, said=said)
    give(found.page(), as_json, csv)
