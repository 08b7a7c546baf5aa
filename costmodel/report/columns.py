"""A table of columns for the terminal: the first to the left, the others to the right."""

from rich.table import Table


def columns(*headings: str) -> Table:
    """An empty table with headings."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right")
    return table
