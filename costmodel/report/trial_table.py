"""The trial beside the model, and the fits behind it, on a terminal."""

from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from costmodel.analysis.calibration import Fit
from costmodel.analysis.trial import Compared, Comparison
from costmodel.report.terminal import Piece, headed, listed
from costmodel.words import MINUS, money

ROLES = {
    "fitted": "Fitted: the model was made to agree, so agreement says nothing",
    "not fitted here": "Not seen by this fit, though fitted elsewhere",
    "predicted": "Predicted: the only rows that test the model",
    "consistency": "Consistency: the price of the therapy is an input, so this is no test",
    "context": "Context: nothing is compared",
}
"""The roles of rows in the order of printing, with what they mean."""
TO_BE_CHECKED = " (to be checked)"


def trial(comparison: Comparison) -> Iterator[Piece]:
    """What `costmodel validate` prints, piece by piece."""
    yield Text(f"{comparison.title}: the trial beside the model", style="bold")
    for role, meaning in ROLES.items():
        if rows := [row for row in comparison.rows if row.role == role]:
            yield from headed(meaning)
            yield _rows(rows, comparison)
    fitted = [row for row in comparison.rows if row.role == "fitted" and row.miss is not None]
    yield from headed("Largest miss of a fitted row", listed(_largest_misses(fitted, comparison)))
    notes = dict.fromkeys(f"{row.name}: {row.note}" for row in comparison.rows if row.note)
    yield from headed("Notes", listed(notes))
    if comparison.ceilings:
        title = f"Ceiling within {comparison.follow_up}, £ of {comparison.price_year} per person, undiscounted"
        yield from headed(title)
        yield _ceilings(comparison)
        yield from listed(
            f"{comparison.readings[one.reading]}, prices {one.prices}: {one.words}" for one in comparison.ceilings
        )
    yield Text("")
    yield Text(
        f"{comparison.draws:,} draws, seed {comparison.seed}. Best: the best-fitting row. Mean and interval: "
        f"over the draws. Undiscounted; money in £ of {comparison.price_year}.",
        style="dim",
    )


def fits(fitted: Iterable[Fit]) -> Iterator[Piece]:
    """What `costmodel calibrate` prints, piece by piece."""
    everything = list(fitted)
    for fit in everything:
        yield from headed(f"{fit.label} ({fit.name})")
        yield _observations(fit)
        yield Text("")
        yield _parameters(fit)
        yield from listed(_remarks(fit))
    for one, other in _pairs(everything):
        yield from headed(f"{other.label} against {one.label}: how far the fits differ")
        yield _differences(one, other)


def _rows(rows: list[Compared], comparison: Comparison) -> Table:
    table = _table("Observation", "Observed", "Reading", "Best", "Mean", "95% interval", "")
    last = None
    for row in rows:
        new, last = (row.name, row.prices) != last, (row.name, row.prices)
        recalled = TO_BE_CHECKED if row.status == "recalled" else ""
        group = row.strategy if row.against is None else f"{row.strategy} less {row.against}"
        prices = f", prices {row.prices}" if row.role == "consistency" else ""
        figures = ["", "", ""]
        if row.model is not None:
            low, high = (_figure(x, row.unit) for x in (row.model.low, row.model.high))
            figures = [
                _figure(row.model.best, row.unit),
                _figure(row.model.mean, row.unit),
                f"{low} to {high}",
            ]
        table.add_row(
            f"{row.name} {row.label}{recalled}, {group}{prices}" if new else "",
            _figure(row.observed, row.unit) if new else "",
            comparison.readings.get(row.reading, row.reading),
            *figures,
            row.verdict or ("" if row.miss is None else f"{_signed(row.miss)} points"),
        )
    return table


def _largest_misses(rows: list[Compared], comparison: Comparison) -> Iterator[str]:
    for reading, label in comparison.readings.items():
        misses = [row for row in rows if row.reading == reading and row.miss is not None]
        if misses:
            worst = max(misses, key=lambda row: abs(row.miss or 0.0))
            where = f"{worst.name}, {worst.label}, {worst.strategy}"
            yield f"{label}: {_signed(worst.miss or 0.0)} points ({where})"


def _ceilings(comparison: Comparison) -> Table:
    table = _table(
        "Reading", "Prices", "Years of remission gained", "of them complete", "A depressed year", "Ceiling",
        "complete only", "Therapy",
    )  # fmt: skip
    for one in comparison.ceilings:
        table.add_row(
            comparison.readings[one.reading],
            one.prices,
            *(f"{q.mean:.2f} ({q.low:.2f} to {q.high:.2f})" for q in (one.remission_years, one.complete_years)),
            *(
                f"{money(q.mean)} ({money(q.low)} to {money(q.high)})"
                for q in (one.year_ill, one.ceiling, one.ceiling_complete, one.therapy)
            ),
        )
    return table


def _observations(fit: Fit) -> Table:
    table = _table(
        "Row", "Observation", "Group", "Observed", "Fitted", "95% after", "95% before", "From the others", ""
    )
    for row in fit.rows:
        seen = "" if row.used else "not seen"
        recalled = TO_BE_CHECKED if row.status == "recalled" else ""
        shares = (f"{row.observed:.1%}", f"{row.fitted:.1%}", _span(row.posterior), _span(row.prior))
        others = ""
        if row.left_out:
            others = f"{row.left_out.low:.0%} to {row.left_out.high:.0%}"
            seen = "" if row.left_out.inside else "outside"
        table.add_row(row.name, row.label + recalled, row.strategy, *shares, others, seen)
    return table


def _span(quantiles: tuple[float, ...]) -> str:
    return f"{quantiles[0]:.0%} to {quantiles[-1]:.0%}"


def _parameters(fit: Fit) -> Table:
    table = _table("Parameter", "Most plausible", "95% after", "95% before", "Width left", "")
    for one in fit.learned:
        after, before = ("{:.3g} to {:.3g}".format(*ends[:: len(ends) - 1]) for ends in (one.posterior, one.prior))
        table.add_row(one.name, f"{fit.best[one.name]:.4g}", after, before, f"{one.width:.0%}", "")
    for name in fit.held:
        table.add_row(name, f"{fit.best[name]:.4g}", "", "", "", "held")
    return table


def _remarks(fit: Fit) -> Iterator[str]:
    yield from (f"WARNING: {warning}" for warning in fit.warnings)
    inside, asked = fit.predicted_inside
    if asked:
        yield f"{inside} of {asked} observations lie within the 95% band that the others predict for them"
    behind = fit.saturated - fit.log_likelihood
    yield (
        f"largest miss of the most plausible point {fit.largest_miss:.1f} points; log-likelihood "
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


def _differences(one: Fit, other: Fit) -> Table:
    table = _table("", one.name, other.name)
    for name in one.parameters:
        if name in other.parameters:
            table.add_row(name, f"{one.best[name]:.4g}", f"{other.best[name]:.4g}")
    fitted = {row.name: row for row in other.rows}
    for row in one.rows:
        shares = (f"{row.fitted:.1%}", f"{fitted[row.name].fitted:.1%}")
        table.add_row(f"{row.name}, {row.label}, {row.strategy} (observed {row.observed:.1%})", *shares)
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _signed(points: float) -> str:
    return f"{MINUS if points < 0 else '+'}{abs(points):.1f}"


def _figure(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}".replace("-", MINUS)
    if unit == "GBP":
        return money(value)
    return f"{value:.3g}".replace("-", MINUS)
