"""Two independent spreadsheet programs that recalculate a workbook: LibreOffice and formualizer."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import formualizer
import openpyxl

CANARY = "Recalculation canary"

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""

Cells = dict[tuple[str, int, int], object]
"""Values by sheet, row and column (from 1)."""


@lru_cache(maxsize=8)
def formulas(path: Path) -> dict[tuple[str, int, int], str]:
    """Every formula of a workbook."""
    book = openpyxl.load_workbook(path)
    return {
        (sheet.title, cell.row, cell.column): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("=")
    }


@lru_cache(maxsize=8)
def stored(path: Path) -> Cells:
    """The stored value of every cell."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.row, cell.column): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def by_libreoffice(paths: Sequence[Path], folder: Path) -> list[Cells]:
    """Recalculate workbooks in LibreOffice, forced to by a profile of its own."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    assert soffice, "LibreOffice is needed to recalculate workbooks; ./test installs it"
    profile, out = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    command = [soffice, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=500)
    return [stored.__wrapped__(out / path.name) for path in paths]


def by_formualizer(
    path: Path,
    edits: Mapping[tuple[str, int, int], float] | None = None,
    only: Iterable[tuple[str, int, int]] | None = None,
) -> Cells:
    """Recalculate a workbook, with some cells set first, in formualizer; `only`: the cells to read."""
    book = formualizer.load_workbook(str(path))
    for (sheet, row, column), value in (edits or {}).items():
        book.set_value(sheet, row, column, float(value))
    book.evaluate_all()
    return {key: book.get_value(*key) for key in (formulas(path) if only is None else only)}


def edited(path: Path, edits: Mapping[tuple[str, int, int], float], to: Path) -> Path:
    """A copy of a workbook with some cells set and every stored value gone."""
    book = openpyxl.load_workbook(path)
    for (sheet, row, column), value in edits.items():
        book[sheet].cell(row, column).value = value
    book.save(to)
    return to


def disagreements(path: Path, recalculated: Cells, tolerance: float = 1e-9) -> list[str]:
    """Formula cells whose stored value is not what the other program computes; the canary is left out."""
    before = stored(path)
    canary = {key[:2] for key, value in before.items() if str(value).startswith(CANARY)}
    wrong = []
    for key, formula in formulas(path).items():
        if key[:2] in canary:
            continue
        ours, theirs = before.get(key), recalculated.get(key)
        if isinstance(ours, int | float) and isinstance(theirs, int | float):
            same = abs(ours - theirs) <= tolerance * max(1.0, abs(ours))
        else:
            same = ours == theirs
        if not same:
            wrong.append(f"{key[0]} row {key[1]} column {key[2]}: {formula[:80]} stored {ours}, computed {theirs}")
    return wrong


def was_recalculated(cells: Cells, path: Path) -> bool:
    """Whether the canary, stored as 0, now shows 1."""
    where = next(key for key, value in stored(path).items() if str(value).startswith(CANARY))
    return cells.get((where[0], where[1], 2)) == 1
