"""A page in each medium: terminal, Markdown, self-contained HTML, JSON and CSV.

A worksheet is in workbook/run_sheets, Streamlit in app/parts/show. Each is a walk over the blocks of `costmodel.page`,
so that a new analysis appears in all of them by its `page()`.
"""

import html as escaped
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from rich.table import Table as RichTable
from rich.text import Text

from costmodel.page import FILE, SCREEN, TEXT, Block, Figure, Heading, Notes, Page, Paragraph, Table, table_html
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Locked
from costmodel.scenario.overlay import Change
from costmodel.version import engine
from costmodel.words import cell

SCHEMA = "costmodel/page/1"
FIRST = 42
"""Characters that the first column of a table has on a terminal before it is broken."""
Piece = Text | RichTable
FROM_TRIALS = "From trials taken together"
CHECK = "To be checked (recalled, not yet verified)"


def _blocks(page: Page, medium: str) -> Iterator[Block]:
    """The blocks that a medium shows, and those that end every page: warnings, changes, and what is to be checked."""
    yield from page.for_(medium)
    yield Notes("Warnings", page.warnings)
    if page.scenario is not None:
        yield Notes("Changed", tuple(f"{one} (by {one.by})" for one in page.scenario.changes[page.told :]))
        yield Notes(FROM_TRIALS, page.scenario.origins)
        recalled = ", ".join(page.scenario.to_be_checked)
        yield Notes(CHECK, (recalled,) if recalled else ())


def terminal(page: Page) -> Iterator[Piece]:
    """A page in lines of text and tables; figures are what their tables say."""
    yield Text(page.title, style="bold")
    yield from map(Text, page.about)
    after: Block | None = None
    for block in _blocks(page, TEXT):
        match block:
            case Heading():
                yield from (Text(""), Text(block.text, style="bold"))
            case Paragraph():
                if not isinstance(after, Heading) and (not isinstance(after, Paragraph) or after.strong):
                    yield Text("")
                yield Text(block.text, style="bold" if block.strong else "")
            case Notes() if block.lines:
                lines = (Text(f" – {line}") for line in _lines(block))
                yield from (Text(""), Text(block.heading, style="bold"), *lines)
            case Table():
                yield _rich(block)
                if block.most is not None and (more := len(block.frame) - block.most) > 0:
                    yield Text(f"{more} more rows are in --json and --csv")
        after = block if not isinstance(block, Figure) else after
    if page.scenario is not None:
        yield Text("")
        yield Text(_origin(page), style="dim", overflow="fold")
    if page.again:
        yield Text(f"Again: {page.again}", style="dim", overflow="fold")


def _rich(block: Table) -> RichTable:
    table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    rows = block.cells(TEXT, block.most)
    for number, column in enumerate(block.shown(TEXT)):
        left = number == 0 or not column.right
        words = (column.label, *(row[0] for row in rows))
        width = None if number else min(max(map(len, words)), FIRST)  # held: the others give way, and none is cut
        table.add_column(column.label, justify="left" if left else "right", overflow="fold", width=width)
    for row in rows:
        table.add_row(*row)
    return table


def _lines(block: Notes) -> list[str]:
    return [", ".join(block.lines)] if block.names and block.lines else list(block.lines)


def _origin(page: Page) -> str:
    drawn = f"{page.drawn}; " if page.drawn else ""
    return f"{drawn}{engine()}; scenario SHA-256 {page.scenario.sha256 if page.scenario else ''}"


def markdown(page: Page) -> str:
    """A page as a Markdown file."""
    lines = [f"# {page.title}", ""]
    for line in page.about:
        lines += [line, ""]
    for block in _blocks(page, FILE):
        match block:
            case Heading():
                lines += [f"## {block.text}", ""]
            case Paragraph():
                lines += [f"**{block.text}**" if block.strong else block.text, ""]
            case Notes() if block.lines:
                lines += [f"## {block.heading}", "", *(f"* {line}" for line in _lines(block)), ""]
            case Table():
                columns = block.shown(FILE)
                rows = ([column.label for column in columns], ["---"] * len(columns), *block.cells(FILE))
                lines += [*(f"| {' | '.join(one.replace('|', '/') for one in row)} |" for row in rows), ""]
    if page.scenario is not None:
        lines += [_origin(page), ""]
    if page.again:
        lines += ["Again:", "", f"    {page.again}", ""]
    return "\n".join(lines)


STYLE = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "th,td{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid #ddd}"
)
NOTES = "<div class=notes>"
"""Notes that follow on one another stand in one block, which sheets of paper set in two columns."""
SHEETS = (
    "@page{size:A4;margin:11mm 14mm 10mm}"
    "body.sheets{font:8.6pt/1.25 Arial,'Liberation Sans',sans-serif;color:#212b32;width:182mm;max-width:none;padding:0}"
    ".sheets h1{font-size:13pt;margin:0;border-bottom:2px solid #005eb8;padding-bottom:1.5mm}"
    ".sheets h2{font-size:10pt;margin:2.2mm 0 .6mm;break-after:avoid}.sheets h2.sheet{font-size:13pt;break-before:page}"
    ".sheets p{margin:.8mm 0}.sheets .strong{font-size:12.5pt;line-height:1.25}"
    ".sheets ul{margin:0;padding-left:4mm}.sheets table{width:100%;margin:1mm 0;font-size:8pt}"
    ".sheets th,.sheets td{padding:.4mm 0 .4mm 1.6mm;vertical-align:top;text-align:right;white-space:nowrap}"
    ".sheets .words{white-space:normal}.sheets th:first-child,.sheets td:first-child{padding-left:0;text-align:left}"
    ".sheets tr,.sheets li,.sheets div{break-inside:avoid}.sheets small{overflow-wrap:anywhere}"
    ".sheets .notes{columns:2;column-gap:6mm;break-inside:auto}.sheets section{break-inside:avoid}"
    ".sheets section h2{margin-top:0}.sheets section{padding-top:2mm}"
    ".sheets small{font-size:7.5pt}.sheets div{margin:1mm 0 0}"
    "@media print{body.sheets{margin:0}.modebar{display:none!important}}"
    "@media screen and (max-width:190mm){body.sheets{width:auto;margin:3mm}.sheets .notes{columns:1}"
    ".sheets .words{min-width:5em}}"
    "@media screen{.sheets table{display:block;overflow-x:auto}}"
)
"""Of pages that are printed on sheets of A4, and look on a screen as on paper."""


def html(page: Page) -> str:
    """A page as HTML that needs no network: the drawing library is in it where there is a figure."""
    say = escaped.escape
    parts = [f"<h1>{say(page.title)}</h1>", *(f"<p>{say(line)}</p>" for line in page.about)]
    figures, sheets = 0, False
    for block in _blocks(page, SCREEN):
        match block:
            case Heading():
                parts.append(f"<h2{' class=sheet' * block.sheet}>{say(block.text)}</h2>")
                sheets = sheets or block.sheet
            case Paragraph():
                strong = f"<p class=strong><b>{say(block.text)}</b></p>"
                parts.append(strong if block.strong else f"<p>{say(block.text)}</p>")
            case Notes() if block.lines:
                items = "".join(f"<li>{say(line)}</li>" for line in block.lines)
                notes = f"<section><h2>{say(block.heading)}</h2><ul>{items}</ul></section>"
                parts[-1:] = [parts[-1] + notes] if parts[-1].startswith(NOTES) else [parts[-1], NOTES + notes]
            case Table():
                parts.append(table_html(block))
            case Figure():
                chart = block.draw()
                inside = {"full_html": False, "include_plotlyjs": not figures, "div_id": f"figure-{figures}"}
                drawn = chart.figure.to_html(**inside)
                parts.append(f'<div role="img" aria-label="{say(chart.alt, quote=True)}">{drawn}</div>')
                figures += 1
    parts = [part + "</div>" * part.startswith(NOTES) for part in parts]
    parts += [] if page.scenario is None else [f"<p><small>{say(_origin(page))}</small></p>"]
    parts += [f"<p><small>Again: <code>{say(page.again)}</code></small></p>"] if page.again else []
    head = f'<meta charset="utf-8"><title>{say(page.title)}</title><style>{STYLE}{SHEETS * sheets}</style>'
    body = f"<body{' class=sheets' * sheets}>{''.join(parts)}</body>"
    return f'<!doctype html><html lang="en"><head>{head}</head>{body}</html>\n'


def document(page: Page) -> dict[str, Any]:
    """A page as a program reads it: what was asked, the rows at full precision, and the sentences as notes."""
    scenario = page.scenario
    said: dict[str, Any] = {"schema": SCHEMA}
    said |= {"title": page.title} if scenario is None else {"scenario": identity(scenario)}
    said |= {"engine": engine()} | {key: _plain(value) for key, value in page.data.items()}
    notes = page.sentences + list(scenario.origins if scenario is not None else ())
    if scenario is not None and (recalled := scenario.to_be_checked):
        notes.append(f"to be checked: {', '.join(recalled)}")
    said |= {"rows": records(page.rows), "warnings": list(page.warnings), "notes": notes}
    return said if scenario is None else said | {"changes": changes(scenario.changes)}


def identity(one: Scenario | Locked) -> dict[str, str]:
    """Which scenario it is, and of which stratum alone where it is of one. The file is named without its folder."""
    words = one.file if isinstance(one, Locked) else one.model
    part = {} if isinstance(one, Locked) or not one.part else {"stratum": one.part}
    return {"title": words.title, "label": words.label, "sha256": one.sha256, "file": one.path.name, **part}


def changes(made: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes of overlays and options, oldest first."""
    return [{"path": c.path, "old": c.old, "new": c.new, "by": c.by} for c in made]


def text(content: dict[str, Any]) -> str:
    """JSON as it is printed: numbers as Python writes them, so that reading them back gives the same bits."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Records of a table, missing values as None."""
    columns = [str(name) for name in frame.columns]
    return [
        {name: None if value is pd.NA else _plain(value) for name, value in zip(columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it, and all that is in it: NumPy scalars as Python's own, infinite numbers as None."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_csv(frame: pd.DataFrame) -> str:
    """The rows as CSV: numbers in full, missing ones empty, lists in words, nothing that a spreadsheet would run."""
    rows = [{key: cell(_flat(value)) for key, value in row.items()} for row in records(frame)]
    return pd.DataFrame(rows, columns=frame.columns, dtype=object).to_csv(index=False, lineterminator="\n")


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        return "; ".join(f"{key} {one:.2f}" if isinstance(one, float) else f"{key} {one}" for key, one in value.items())
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
