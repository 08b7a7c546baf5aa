"""Two independent spreadsheet programs that recalculate a workbook: LibreOffice and formualizer."""

import re
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
    return _values(path)


def _values(path: Path, sheet: str | None = None) -> Cells:
    book = openpyxl.load_workbook(path, data_only=True, read_only=True)
    return {
        (name, cell.row, cell.column): cell.value
        for name in ([sheet] if sheet else book.sheetnames)
        for row in book[name].iter_rows()
        for cell in row
        if cell.value is not None
    }


def by_libreoffice(paths: Sequence[Path], folder: Path, sheet: str | None = None) -> list[Cells]:
    """Recalculate workbooks in LibreOffice, forced to by a profile of its own; `sheet`: the one to read."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    assert soffice, "LibreOffice is needed to recalculate workbooks; ./test installs it"
    profile, out = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    command = [soffice, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=500)
    return [_values(out / path.name, sheet) for path in paths]


def shown_by_libreoffice(path: Path, folder: Path) -> list[str]:
    """Every cell of a workbook's first sheet as LibreOffice shows it, row by row."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    assert soffice, "LibreOffice is needed to show workbooks; ./test installs it"
    command = [soffice, "--headless", "--norestore", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--convert-to", "html", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=500)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", (folder / f"{path.stem}.html").read_text("utf-8"))
    return [re.sub("<[^>]*>", "", cell) for cell in cells]


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


def edited(path: Path, edits: Sequence[Mapping[tuple[str, int, int], float]], folder: Path) -> list[Path]:
    """Copies of a workbook, each with some cells set and every stored value gone."""
    book = openpyxl.load_workbook(path)
    copies = []
    for number, one in enumerate(edits):
        cells = {key: book[key[0]].cell(key[1], key[2]) for key in one}
        before = {key: cell.value for key, cell in cells.items()}
        for key, value in one.items():
            cells[key].value = value
        copies.append(folder / f"{number}.xlsx")
        book.save(copies[-1])
        for key, value in before.items():
            cells[key].value = value
    return copies


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
