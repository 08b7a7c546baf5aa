"""The command that serves the dashboard.

Apart because it alone knows the dashboard, whose packages need not be installed.
"""

from importlib.util import find_spec
from typing import Annotated

import typer

from costmodel.cli.options import whole_number
from costmodel.cli.program import app
from costmodel.errors import InputError

HIGHEST_PORT = 65535


@app.command()
def dashboard(
    port: Annotated[
        int | None,
        typer.Argument(parser=whole_number("PORT"), metavar="[PORT]", help="8501, or any free one, if left out."),
    ] = None,
) -> None:
    """Serve the dashboard to this machine and print its address."""
    if port is not None and not 1 <= port <= HIGHEST_PORT:
        raise InputError.at("PORT", f"there is no port {port}", f"Write a number from 1 to {HIGHEST_PORT}.")
    if find_spec("streamlit") is None:
        remedy = 'Install it with its extra: pip install "psychotherapy-costmodel[app]".'
        raise InputError.at("dashboard", "the dashboard needs the package streamlit", remedy)
    from costmodel.app.serve import serve

    serve(port)
