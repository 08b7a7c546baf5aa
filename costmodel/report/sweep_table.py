"""A sweep in words: what would be run, and what was.

Apart because the command waits for Parquet only where a sweep is asked for.
"""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from costmodel.analysis.sweep import Plan, Swept
from costmodel.analysis.sweep.directory import manifest
from costmodel.report.terminal import Piece, headed, listed


def document(found: Plan | Swept) -> dict[str, Any]:
    """What `costmodel sweep --json` prints: the manifest, of a dry run with the state "dry run"."""
    if isinstance(found, Swept):
        return found.manifest | {"damaged": list(found.damaged)} | ({"lost": list(found.lost)} if found.lost else {})
    return manifest(found) | {"state": "dry run"}


def planned(plan: Plan) -> Iterator[Piece]:
    """Every cell that would be run."""
    grid, cells = plan.grid, len(plan.cells)
    yield Text(
        f"{counted(cells, 'cell')} × {counted(grid.draws, 'draw')}, in {counted(plan.parts, 'part')} of up to "
        f"{counted(grid.cells_a_part, 'cell')}. Seed {grid.seed}.",
        style="bold",
    )
    yield Text("Nothing was run or written.")
    yield Text("")
    rows = [("cell", "id", "scenario", *grid.values)]
    for cell in plan.cells:
        rows.append((str(cell.index), cell.id, f"{cell.file} ({cell.label})", *map(_shown, cell.values.values())))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells_of = [first.rjust(widths[0]), *(text.ljust(width) for text, width in zip(rest, widths[1:], strict=True))]
        lines.append("  ".join(cells_of).rstrip())
    yield Text("\n".join(lines))


def report(swept: Swept) -> Iterator[Piece]:
    """What `costmodel sweep` prints when every cell has been run."""
    found = swept.manifest
    yield Text(
        f"{counted(found['number_of_cells'], 'cell')} × {counted(found['draws'], 'draw')}: "
        f"{counted(swept.rows, 'row')} in {swept.parts}.",
        style="bold",
    )
    if swept.kept:
        yield Text(f"{counted(swept.kept, 'part')} of {found['number_of_parts']:,} stood there already.")
    yield from headed("Damaged, and made again", listed(swept.damaged))
    yield from headed("Workers", listed(swept.lost))
    if swept.refused:
        one = "Its row has" if swept.refused == 1 else "Their rows have"
        yield Text(
            f'{counted(swept.refused, "cell")} could not be run. {one} the outcome "refused", and words that say why.'
        )
    yield Text(f'Read it: pandas.read_parquet("{swept.parts}")')


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"
