"""Draws with their costs and effects as CSV files, in the columns that SAVI and BCEA read."""

import os
from functools import partial
from pathlib import Path

import pandas as pd

from costmodel.errors import InputError
from costmodel.perspectives import PERSPECTIVES
from costmodel.report.files import write_whole
from costmodel.report.saved import overlay_text, path_from, saved
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.faults import validate
from costmodel.scenario.read import parse_file
from costmodel.scenario.schema import OverlayFile

SCENARIO = "scenario.yaml"
"""Which scenario the draws are of, as a file that says where it belongs."""


def tables(result: Result) -> dict[str, pd.DataFrame]:
    """By file name: parameters (a column an uncertain input), costs by perspective and effects (a column a strategy).

    A row a draw, the same in all. Costs and QALYs are discounted, to the longest horizon, per person referred. Where
    there are alternatives each draw has one of them, chosen with their weights. Raises InputError without draws, or
    with more than are kept one by one.
    """
    drawn = result.by_draw()
    files = {"parameters.csv": "input", "effects.csv": "qaly"}
    files |= {f"costs_{perspective}.csv": f"cost_{perspective}" for perspective in PERSPECTIVES}
    return {file: pd.DataFrame(drawn.get(what)) for file, what in files.items()}


def write(result: Result, folder: Path) -> list[Path]:
    """Write the tables into a folder, which is made if it is new; numbers in full."""
    content = tables(result)
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise InputError.at(f"-o {folder}", "this is a file", "Name a folder.")
    if not os.path.isdir(folder.parent):
        raise InputError.at(f"-o {folder}", f'the folder "{folder.parent}" does not exist', "Make it first.")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        found = f"the folder cannot be made ({error.strerror})"
        raise InputError.at(f"-o {folder}", found, "Name another.") from error
    for name, table in content.items():
        write_whole(folder / name, partial(table.to_csv, index=False, lineterminator="\n"))
    scenario = result.scenario
    beside = path_from(folder / SCENARIO, (scenario.base or scenario).path)
    text = overlay_text(saved(scenario, scenario.model.label, beside))
    write_whole(folder / SCENARIO, lambda path: path.write_bytes(text))
    return [folder / name for name in (*content, SCENARIO)]


def of_another(draws: Path, scenario: Scenario) -> str:
    """What is to be said of draws that were made from another scenario; "" where nothing is known of theirs."""
    beside = draws.with_name(SCENARIO)
    if not os.path.isfile(beside):
        return ""
    file, _, _ = validate(OverlayFile, parse_file(beside))
    if file is None or file.base is None or file.base.changed_sha256 == scenario.sha256:
        return ""
    theirs = f"{file.base.population}/{file.base.file} with its changes, SHA-256 {file.base.changed_sha256[:12]}…"
    return f"{draws.name} was drawn from another scenario ({theirs}) than this ({scenario.sha256[:12]}…)."
