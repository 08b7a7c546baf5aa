"""The page of fits: what was observed beside what each fit says, its parameters, and a chart without a network."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.stats import beta

from costmodel.analysis.calibration import Fit, Row
from costmodel.analysis.calibration.posterior import said
from costmodel.page import SCREEN, TEXT, Block, Column, Figure, Heading, Notes, Page, Table

if TYPE_CHECKING:
    from costmodel.drawing import Chart

LABEL = 44
"""Characters of a label on a line."""
ROW = 52
"""Pixels."""
APART = 0.16
"""Rows by which the bars of one observation lie apart."""
ROOM = 0.01
"""At both ends of the axis."""
TO_BE_CHECKED = " (to be checked)"
Ends = tuple[float, float]
OBSERVATIONS = (
    Column("name", "Row"), Column("observation", "Observation", "text", right=False), Column("group", "Group"),
    Column("observed", "Observed", "share"), Column("fitted", "Fitted", "share"), Column("after", "95% after"),
    Column("before", "95% before"), Column("others", "From the others"), Column("standing", ""),
)  # fmt: skip
SCORES = tuple(replace(one, style="rounded") if one.style == "share" else one for one in OBSERVATIONS)
PARAMETERS = (
    Column("name", "Parameter"), Column("best", "Most plausible", "rounded"), Column("after", "95% after"),
    Column("before", "95% before"), Column("left", "Width left"), Column("contraction", "Contraction"),
    Column("standing", ""),
)  # fmt: skip


def page_of(name: str, fits: Iterable[Fit]) -> Page:
    """Every fit of a calibration file, and how far fits of one structure differ. name: of the file."""
    everything = list(fits)
    blocks: list[Block] = []
    for fit in everything:
        blocks += [
            Heading(f"{fit.label} ({fit.name})"),
        ]
        if shares := [_observation(row) for row in fit.rows if not row.scatter]:
            blocks.append(Figure(partial(figure, fit), f"fit_{fit.name}", only=(SCREEN,)))
            blocks.append(Table(pd.DataFrame(shares), OBSERVATIONS, name=fit.name))
        if scores := [_observation(row) for row in fit.rows if row.scatter]:
            blocks.append(Table(pd.DataFrame(scores), SCORES, name=f"{fit.name}_scores"))
        blocks += [
            Heading("What was learnt", (TEXT,)),
            Table(pd.DataFrame(_parameters(fit)), PARAMETERS, name=f"{fit.name}_parameters"),
            Notes("How good the fit is", tuple(_remarks(fit))),
        ]
    for one, other in _pairs(everything):
        columns = (Column("what", "", "text"), Column("one", one.name), Column("other", other.name))
        blocks.append(Heading(f"{other.label} against {one.label}: how far the fits differ"))
        blocks.append(Table(pd.DataFrame(_differences(one, other)), columns, name=f"{one.name}_{other.name}"))
    data = {"schema": "costmodel/calibration/2", "file": name, "fits": [_fit(one) for one in everything]}
    return Page(f"Fits of {name}", tuple(blocks), data=data)


SAID = (
    "name", "label", "alternative", "best", "ties", "free", "held", "predicted_inside", "largest_miss",
    "largest_miss_of_scores", "log_likelihood", "saturated", "log_evidence", "design_effect", "searches", "agreeing",
    "draws", "effective_size", "effective_rows", "seed",
)  # fmt: skip
"""What is handed on of a fit as it is."""


def _fit(fit: Fit) -> dict[str, Any]:
    """A fit without the rows of its posterior, which stand in its file."""
    return {key: getattr(fit, key) for key in SAID} | {
        "output": fit.output.name,
        "parameters": [asdict(one) | {"contraction": one.contraction} for one in fit.learned],
        "observations": [asdict(row) for row in fit.rows],
        "rows": len(fit.values),
        "warnings": list(fit.warnings),
    }


def _observation(row: Row) -> dict[str, Any]:
    others = row.left_out
    standing = ("" if row.used else "not seen") if others is None else "" if others.inside else "outside"
    return {
        "name": row.name, "observation": row.label + (TO_BE_CHECKED if row.status == "recalled" else ""),
        "group": row.strategy, "observed": row.observed, "fitted": row.fitted, "after": _span(row, row.posterior),
        "before": _span(row, row.prior), "others": "" if others is None else _span(row, (others.low, others.high)),
        "standing": standing,
    }  # fmt: skip


def _span(row: Row, quantiles: Sequence[float]) -> str:
    low, high = (f"{end:.1f}" if row.scatter else f"{end:.0%}" for end in (quantiles[0], quantiles[-1]))
    return f"{low} to {high}"


def _parameters(fit: Fit) -> Iterator[dict[str, Any]]:
    for one in fit.learned:
        after, before = ("{:.3g} to {:.3g}".format(*ends[:: len(ends) - 1]) for ends in (one.posterior, one.prior))
        yield {
            "name": one.name, "best": fit.best[one.name], "after": after, "before": before, "left": f"{one.width:.0%}",
            "contraction": f"{one.contraction:.0%}", "standing": "set by the prior" if one.by_prior else "",
        }  # fmt: skip
    for name in fit.held:
        empty = dict.fromkeys(("after", "before", "left", "contraction"), "")
        yield {"name": name, "best": fit.best[name]} | empty | {"standing": "held"}


def _remarks(fit: Fit) -> Iterator[str]:
    yield from (f"WARNING: {warning}" for warning in fit.warnings)
    inside, asked = fit.predicted_inside
    if asked:
        yield f"{inside} of {asked} observations lie within the 95% band that the others predict for them"
    behind = fit.saturated - fit.log_likelihood
    misses = [
        f"{fit.largest_miss:.1f} percentage points among shares" if any(not row.scatter for row in fit.rows) else "",
        f"{fit.largest_miss_of_scores:.1f} points among scores" if any(row.scatter for row in fit.rows) else "",
    ]
    yield (
        f"largest miss of the most plausible point {' and '.join(filter(None, misses))}; log-likelihood "
        f"{fit.log_likelihood:.3f}, {behind:.3f} below a perfect fit; design effect {fit.design_effect:g}"
    )
    yield f"{fit.agreeing} of {fit.searches} searches from different starts ended at this point"
    yield (
        f"{fit.draws:,} draws are worth {fit.effective_size:,.0f} independent ones, and the {len(fit.values):,} rows "
        f"of {fit.output.name} {fit.effective_rows:,.0f}; seed {fit.seed}"
    )


def _pairs(fitted: list[Fit]) -> Iterator[tuple[Fit, Fit]]:
    """Fits of one structure: the one that saw most, and each other."""
    for alternative in dict.fromkeys(fit.alternative for fit in fitted):
        same = [fit for fit in fitted if fit.alternative == alternative]
        most = max(same, key=lambda fit: sum(row.used for row in fit.rows))
        yield from ((most, fit) for fit in same if fit is not most)


def _differences(one: Fit, other: Fit) -> Iterator[dict[str, str]]:
    for name in one.parameters:
        if name in other.parameters:
            yield {"what": name, "one": f"{one.best[name]:.4g}", "other": f"{other.best[name]:.4g}"}
    fitted = {row.name: row for row in other.rows}
    for row in one.rows:
        seen, first, second = (said(row.scatter, v) for v in (row.observed, row.fitted, fitted[row.name].fitted))
        yield {"what": f"{row.name}, {row.label}, {row.strategy} (observed {seen})", "one": first, "other": second}


def figure(fit: Fit) -> "Chart":
    """One row for each share of the file, those that the fit did not see among them. At least one is there."""
    from costmodel import drawing

    drawn, rows = drawing.empty(), [row for row in fit.rows if not row.scatter]
    wide, thin = {"width": 6}, {"color": drawing.ORANGE, "width": 3, "dash": "dot"}
    before: list[Ends | None] = [(row.prior[0], row.prior[-1]) for row in rows]
    after: list[Ends | None] = [(row.posterior[0], row.posterior[-1]) for row in rows]
    others = [(row.left_out.low, row.left_out.high) if row.left_out else None for row in rows]
    _bands(drawn, "Model before the fit (95%)", before, -APART, wide | {"color": drawing.LIGHT_GREY})
    _bands(drawn, "Model after the fit (95%)", after, 0, wide | {"color": drawing.BLUE})
    _bands(drawn, "What the other observations predict (95%)", others, APART, thin)
    errors = [sampling_interval(row.observed, row.n) for row in rows]
    drawn.add_scatter(
        x=[row.observed for row in rows],
        y=list(range(len(rows))),
        mode="markers",
        name="Observed, with its sampling error (95%)",
        marker={
            "color": drawing.VERMILION,
            "symbol": ["circle" if row.used else "circle-open" for row in rows],
            "size": 9,
        },
        error_x={
            "array": [ends[1] - row.observed for ends, row in zip(errors, rows, strict=True)],
            "arrayminus": [row.observed - ends[0] for ends, row in zip(errors, rows, strict=True)],
            "color": drawing.GREY,
            "thickness": 1.5,
        },
        customdata=[drawing.literal(_name(row)) for row in rows],
        hovertemplate="%{customdata}: %{x:.1%}<extra></extra>",
    )
    furthest = max(ends[1] for ends in (*before, *after, *others, *errors) if ends)
    title = _title(fit)
    alt = f"One row for each observation: its share, and bands of the model before and after the fit. {title}"
    made = drawing.chart(drawn, title, alt)
    drawn.update_layout(
        hovermode="closest", height=150 + ROW * len(rows), legend={"y": -70 / (ROW * len(rows)), "yanchor": "top"}
    )
    drawn.update_xaxes(title_text="Share of the living", tickformat=".0%", range=[-ROOM, furthest + ROOM])
    labels = [drawing.wrapped(_name(row), LABEL) for row in rows]
    drawn.update_yaxes(tickvals=list(range(len(rows))), ticktext=labels, autorange="reversed")
    return made


def sampling_interval(share: float, n: int) -> tuple[float, float]:
    """95% interval of a share among n people (Jeffreys), which holds the share itself."""
    low, high = beta.interval(0.95, n * share + 0.5, n * (1 - share) + 0.5)
    return min(float(low), share), max(float(high), share)


def _bands(figure: Any, name: str, bands: list[Ends | None], below: float, line: dict[str, object]) -> None:
    """A bar for each row that has a band, a little below the row itself."""
    x: list[float | None] = []
    y: list[float | None] = []
    for i, ends in enumerate(bands):
        if ends is not None:
            x += [*ends, None]
            y += [i + below, i + below, None]
    figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hovertemplate="%{x:.1%}")


def _name(row: Row) -> str:
    recalled = TO_BE_CHECKED if row.status == "recalled" else ""
    unseen = "" if row.used else " (not seen by this fit)"
    return f"{row.name} {row.label}, {row.strategy.replace('_', ' ')}{recalled}{unseen}"


def _title(fit: Fit) -> str:
    inside, asked = fit.predicted_inside
    if not asked:
        return f"{fit.label}: {len(fit.learned)} quantities fitted to one observation"
    return f"{fit.label}: {inside} of {asked} observations lie where the others predict them"
