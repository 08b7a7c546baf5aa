"""What studies found beside what the models predict: the table on a terminal, on screen and in docs/validation.md."""

import math
from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.validation import NO_MODEL, Judged, Validation
from costmodel.report.json_report import engine, plain
from costmodel.report.terminal import Piece, headed, listed
from costmodel.words import MINUS, money

SCHEMA = "costmodel/validation/1"
ROLES = {
    "fitted": "the model was made to agree",
    "input": "the figure, or what it is made of, is an input",
    "consistency": "shown, but no test",
    "predicted": "the only rows that score",
    "context": "no model can be asked, or nothing could be learnt from the answer",
}
"""The roles, and what they mean."""
HEADINGS = (
    "", "Target", "Population", "Role", "Observed", "Predicted", "95% interval", "Tolerance", "Greatest width",
    "Verdict",
)  # fmt: skip
TO_BE_CHECKED = " (to be checked)"
NONE = "–"
PLUS_MINUS = "± "
LEAST, MOST = {"Target": 22, "Verdict": 14}, {"Observed": 17, "95% interval": 17}
"""Characters of columns on a terminal."""


def headline(validation: Validation) -> str:
    """How many predictions hit, in a sentence."""
    scored, hits = validation.scored, validation.hits
    waiting = [row for row in validation.rows if row.target.role == "predicted" and row.figure is None]
    said = f"{len(hits)} of {len(scored)} predicted targets were hit"
    if missed := [row.name for row in scored if row not in hits]:
        said += f"; missed: {', '.join(missed)}"
    if waiting:
        said += f"; without a prediction: {', '.join(row.name for row in waiting)}"
    return said + "."


def cells(validation: Validation) -> list[tuple[str, ...]]:
    """The table's rows as text, under HEADINGS."""
    return [_cells(row) for row in validation.rows]


def remarks(validation: Validation) -> Iterator[str]:
    """Row by row: why it has its role, what each structure says, and what stands behind the verdict."""
    for row in validation.rows:
        said = [row.target.why]
        if row.readings:
            each = (f"{label} {_figure(one.value, row)}" for label, one in row.readings.items())
            said.append(f"By structure: {'; '.join(each)}")
        if row.remark:
            said.append(row.remark.rstrip("."))
        yield f"{row.name}: {'. '.join(one.rstrip('.') for one in said)}. ({', '.join(row.target.sources)})"


def terminal(validation: Validation) -> Iterator[Piece]:
    """What `costmodel validate` prints, piece by piece."""
    yield Text("What studies found, beside what the models predict", style="bold")
    yield from headed(headline(validation))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in (*HEADINGS[:2], *HEADINGS[3:7], "± and width", HEADINGS[9]):
        table.add_column(heading, min_width=LEAST.get(heading), max_width=MOST.get(heading))
    for line in cells(validation):
        allowed = line[7] if line[7] == NONE else f"{line[7].removeprefix(PLUS_MINUS)}, {line[8]}"
        table.add_row(*line[:2], *line[3:7], allowed, line[9])
    yield table
    yield from headed("Roles", listed(f"{role}: {meaning}" for role, meaning in ROLES.items()))
    yield from headed("Why", listed(remarks(validation)))
    yield Text("")
    yield Text(footing(validation), style="dim")


def markdown(validation: Validation) -> str:
    """The text of docs/validation.md."""
    lines = [
        "# What studies found, beside what the models predict",
        "",
        "Written by `costmodel validate --write docs/validation.md` from `scenarios/validation.yaml`, not by hand.",
        "",
        f"**{headline(validation)}**",
        "",
        "Roles, tolerances and greatest widths were committed before the comparison. Only *predicted* rows score. A",
        "hit is an expected value within the tolerance of what was observed, *and* a 95% interval no wider than the",
        "greatest width: a wide prediction cannot earn a hit. Every miss is explained in its population's README.",
        "",
        *(f"* *{role}*: {meaning}" for role, meaning in ROLES.items()),
        "",
        _line(HEADINGS),
        _line(["---"] * len(HEADINGS)),
        *(_line(line) for line in map(_linked, validation.rows)),
        "",
        "## Row by row",
        "",
        *(f"* {remark}" for remark in remarks(validation)),
        "",
        footing(validation),
    ]
    return "\n".join(lines) + "\n"


def document(validation: Validation) -> dict[str, Any]:
    """Everything that `costmodel validate --json` prints."""
    return {
        "schema": SCHEMA,
        "engine": engine(),
        "settings": {"draws": validation.draws, "seed": validation.seed},
        **targets(validation),
    }


def targets(validation: Validation) -> dict[str, Any]:
    """The rows and the score, as JSON can hold them."""
    return {
        "score": {
            "predicted": len([row for row in validation.rows if row.target.role == "predicted"]),
            "answered": len(validation.scored),
            "hit": len(validation.hits),
        },
        "targets": [_plain(record) for record in validation.records()],
        "notes": [headline(validation)],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else plain(value)


def _cells(row: Judged) -> tuple[str, ...]:
    target = row.target
    recalled = TO_BE_CHECKED if target.status == "recalled" else ""
    asked = target.population + (
        "" if target.scenario == "model.yaml" else f", {target.scenario.removesuffix('.yaml')}"
    )
    if target.stratum:
        asked += f", {target.stratum}"
    predicted = interval = NONE
    if row.figure is not None:
        predicted = _figure(row.figure.value, row)
        interval = f"{_figure(row.figure.low, row)} to {_figure(row.figure.high, row)}"
    return (
        row.name,
        target.label + recalled,
        asked,
        target.role,
        _observed(row),
        predicted,
        interval,
        NONE if row.tolerance is None else f"{PLUS_MINUS}{_size(row.tolerance, row)}",
        NONE if row.width is None else _size(row.width, row),
        row.verdict or NONE,
    )


def _linked(row: Judged) -> tuple[str, ...]:
    """The cells with a link from the population to its README, where it has one."""
    line = list(_cells(row))
    if row.verdict != NO_MODEL:
        home = row.target.population
        line[2] = line[2].replace(home, f"[{home}](../scenarios/{home}/README.md)", 1)
    return tuple(line)


def _line(line: Any) -> str:
    return f"| {' | '.join(one.replace('|', '/') for one in line)} |"


def _observed(row: Judged) -> str:
    between = ""
    if row.low is not None and row.high is not None:
        between = f"{_figure(row.low, row)} to {_figure(row.high, row)}"
    if row.observed is None:
        return between
    return _figure(row.observed, row) + (f" ({between})" if between else "")


def _figure(value: float, row: Judged) -> str:
    if not math.isfinite(value):
        return "beyond the horizon" if row.target.outcome == "payback month" else "no limit"
    return f"{MINUS}{_size(-value, row)}" if value < 0 else _size(value, row)


def _size(value: float, row: Judged) -> str:
    kind = row.unit.split()[0]
    if kind == "GBP":
        return money(value)
    if kind == "share":
        return f"{value:.1%}"
    if kind == "QALY":
        return f"{value:.3f}"
    return f"{value:,.0f} {row.unit}" if value >= 1_000 else f"{value:.4g} {row.unit}"


def footing(validation: Validation) -> str:
    """With what the figures were worked out."""
    years = sorted({row.price_year for row in validation.rows if row.figure and row.price_year and "GBP" in row.unit})
    prices = f" Money in £ of {', '.join(years)}." if years else ""
    return (
        f"{validation.draws:,} draws, seed {validation.seed}. Per person referred, undiscounted.{prices} Where there "
        "are several structures, the weighted mixture. Of a payback, the median and the months by which 2.5% and 97.5% "
        "of simulations have paid back; of a chance, the interval reaches from one structure to the other."
    )
