"""The command that says what trials say together."""

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.options import Json, busy, give
from costmodel.cli.program import app
from costmodel.cli.sensitivity import Csv


@app.command()
def synthesise(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A synthesis file; the shipped one if left out.")
    ] = None,
    position: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the dial: which evidence counts; as the file has it if left out."),
    ] = None,
    therapy: Annotated[
        str | None, typer.Option(metavar="CLASS", help="The class whose mean is the average trial.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="TRIAL", help="Leave a trial out; may be given again.")
    ] = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Say what trials say together of therapy's effect on the cost of all other health care."""
    from costmodel import synthesis

    with busy("Fitting …"):
        page = synthesis.synthesise(file, position, therapy, without or ()).page()
    give(page, as_json, csv)
