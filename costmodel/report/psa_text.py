"""What `costmodel psa` prints: sentences to be read aloud, then the tables behind them."""

import math
from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.page import reading_label
from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES
from costmodel.report import render
from costmodel.report.columns import columns
from costmodel.report.psa_answers import Answers
from costmodel.report.psa_words import sentences
from costmodel.report.terminal import Piece, ending, headed
from costmodel.result.table import in_words
from costmodel.words import chance, interval, money

MOST_YEARS = 10
"""Columns of the chances by year."""


def report(found: Answers) -> Iterator[Piece]:
    """Everything, piece by piece."""
    result, model = found.result, found.result.scenario.model
    yield Text(f"{model.title} ({model.label})", style="bold")
    for strategy in found.strategies:
        compared = f"{model.strategies[strategy].label} against {model.strategies[result.comparator].label}"
        yield Text(
            f"{compared}, {PERSPECTIVE_NAMES[found.perspective]}: £ of {result.scenario.setting.price_year} for "
            f"{model.people:,} people, undiscounted unless said; a saving is positive."
        )
        for heading, said in sentences(found, strategy).items():
            yield from headed(heading, map(Text, said))
        yield from headed("Chance that the money is back for good, of 100 simulations")
        yield _by_year(found, strategy)
        for horizon in result.horizons:
            yield from headed(f"Net saving over {in_words(horizon)}")
            yield _savings(found, strategy, horizon)
        yield from headed(f"Peak funding to {in_words(result.horizons[-1])}")
        yield _peaks(found, strategy)
        yield from headed(f"Choices over {in_words(result.horizons[-1])}: chance of being the best, and expected loss")
        yield _choices(found)
        yield from headed(f"Each reading of the model, {in_words(result.horizons[-1])}")
        yield _readings(found, strategy)
        yield from headed("With growing numbers of draws")
        yield _convergence(found, strategy)
        if found.beyond is not None:
            yield from render.pieces(found.beyond.section(found.perspective, found.perspectives, strategy))
    yield from ending(result)


def _by_year(found: Answers, strategy: str) -> Table:
    chances = {name: found.psa.chances(name, strategy).by_year() for name in found.perspectives}
    years = list(next(iter(chances.values())))
    step = math.ceil(len(years) / MOST_YEARS)
    shown = [year for year in years if year % step == 0 or year == years[-1]]
    table = columns("by the end of year", *(str(year) for year in shown))
    for name, by_year in chances.items():
        table.add_row(PERSPECTIVE_NAMES[name], *(chance(by_year[year]).removesuffix(" of 100") for year in shown))
    return table


def _savings(found: Answers, strategy: str, horizon: float) -> Table:
    """By perspective, then by party."""
    table = columns("", "mean", "50% interval", "95% interval", "worst tenth")
    people = found.result.scenario.model.people
    for label, whose in _accounts(found):
        row = found.pick("net_saving", strategy, horizon=horizon, **whose)
        worst = found.pick("net_saving_worst_tenth", strategy, horizon=horizon, **whose)
        spans = [_span(row[low], row[high], people) for low, high in (("low_50", "high_50"), ("low", "high"))]
        table.add_row(label, money(row["value"] * people), *spans, money(worst["value"] * people))
    return table


def _peaks(found: Answers, strategy: str) -> Table:
    table = columns("", "mean", "95% interval", "worst tenth")
    people = found.result.scenario.model.people
    for label, whose in _accounts(found):
        row = found.pick("peak_funding", strategy, **whose)
        worst = found.pick("peak_funding_worst_tenth", strategy, **whose)
        span = _span(row["low"], row["high"], people)
        table.add_row(label, money(row["value"] * people), span, money(worst["value"] * people))
    return table


def _accounts(found: Answers) -> Iterator[tuple[str, dict[str, Any]]]:
    """Perspectives, then parties: how they are called, and how their rows are found."""
    for perspective in found.perspectives:
        yield PERSPECTIVE_NAMES[perspective], {"perspective": perspective}
    for party in found.result.parties():
        yield f"  of which {PARTY_NAMES[party]}", {"party": party}


def _span(low: float | None, high: float | None, people: int) -> str:
    return "–" if low is None or high is None else interval(low * people, high * people)


def _choices(found: Answers) -> Table:
    result, people = found.result, found.result.scenario.model.people
    labels = [result.scenario.model.strategies[name].label for name in result.strategies]
    table = columns("", *(heading for label in labels for heading in (label, "loses")))
    for threshold in (None, *found.psa.setting_thresholds):
        cells = ["by net saving alone" if threshold is None else f"at {money(threshold)} per QALY"]
        at: dict[str, Any] = {
            "perspective": found.perspective, "threshold": threshold, "discounted": threshold is not None,
        }  # fmt: skip
        for name in result.strategies:
            best, loss = (found.pick(outcome, name, **at) for outcome in ("chance_best", "expected_loss"))
            mark = " *" if best["words"].startswith("best") else ""
            cells += [chance(best["value"]) + mark, money(loss["value"] * people)]
        table.add_row(*cells)
    table.caption = "* the best on average"
    table.caption_justify = "left"
    return table


def _readings(found: Answers, strategy: str) -> Table:
    result, people = found.result, found.result.scenario.model.people
    at_threshold: dict[str, Any] = {"perspective": found.perspective, "threshold": result.threshold, "discounted": True}
    table = columns(
        "", "net saving", "95% interval", "worst tenth", "payback, its chance",
        f"best at {money(result.threshold)} per QALY",
    )  # fmt: skip
    for run in found.psa.readings:
        at: dict[str, Any] = {"perspective": found.perspective, "run": run}
        row = found.pick("net_saving", strategy, **at)
        table.add_row(
            reading_label(result, run),
            money(row["value"] * people),
            _span(row["low"], row["high"], people),
            money(found.pick("net_saving_worst_tenth", strategy, **at)["value"] * people),
            chance(found.pick("chance_payback", strategy, **at)["value"]),
            chance(found.pick("chance_best", strategy, run=run, **at_threshold)["value"]),
        )
    return table


def _convergence(found: Answers, strategy: str) -> Table:
    table, people = columns("draws", "net saving", "±", "chance of payback, %", "±"), found.result.scenario.model.people
    for step in found.psa.convergence(found.perspective, strategy).steps:
        errors = (
            "–" if step.saving_error is None else money(step.saving_error * people),
            "–" if step.chance_error is None else f"{step.chance_error * 100:.2g}",
        )
        mean = money(step.saving * people)
        table.add_row(f"{step.draws:,}", mean, errors[0], f"{step.chance * 100:.3g}", errors[1])
    return table
