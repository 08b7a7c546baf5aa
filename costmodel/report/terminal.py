"""The answer on a terminal: the sentence, then compact tables. No arithmetic beyond the size of the group."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from costmodel.page import reading_label
from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report.columns import columns
from costmodel.report.json_report import engine
from costmodel.report.saved import command
from costmodel.report.sentence import MAIN, answer, pick
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.used import to_be_checked
from costmodel.words import chance, interval, money, qalys

WIDTH = 132
"""Columns of tables where the output is not a terminal; sentences are then not broken."""

RATIO_OF_COURSE = "costs more and improves health"
"""The finding with which a cost per QALY needs no further words."""

Piece = Text | Table


def console(*, stderr: bool = False) -> Console:
    """A console that shows text as it is: a scenario's words are never markup."""
    plain = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, width=WIDTH
    )  # fmt: skip


@contextmanager
def progress(every: float = 0.0) -> Iterator[Callable[[str, int, int], None]]:
    """A counter on stderr, called with what is worked at, how much of it is done and how much is wanted.

    every: part of the work after which a line is printed where stderr is no terminal; 0 for none.
    """
    out = console(stderr=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        lines: dict[str, int] = {}

        def show(what: str, done: int, wanted: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=wanted)
            if every and not out.is_terminal and (done - lines.get(what, 0) >= every * wanted or done == wanted):
                lines[what] = done
                out.print(f"{what}: {done:,} of {wanted:,}.")
            bars.update(tasks[what], completed=done)

        yield show


def report(result: Result, perspective: str | None = None, more: Iterable[Piece] = ()) -> Iterator[Piece]:
    """What `costmodel run` prints, piece by piece. perspective: only this one's rows. more: after the strategies."""
    shown = [perspective] if perspective else list(PERSPECTIVES)
    scenario = result.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    for strategy in result.strategies[1:]:
        words = answer(result, strategy, perspective or MAIN)
        yield from (Text(""), Text(words.headline, style="bold"), *map(Text, words.beside))
        for horizon in result.horizons:
            yield from headed(_title(result, strategy, horizon))
            yield _by_perspective(result, strategy, horizon, shown)
        yield from headed(f"Net saving by category, {in_words(result.horizons[0])}")
        yield _by_category(result, strategy, shown)
        yield from headed("Net saving by party")
        yield _by_party(result, strategy)
        yield from headed("Health and value for money, discounted")
        yield from _health(result, strategy, shown)
        yield from headed("Each reading of the model")
        yield _by_run(result, strategy, shown)
    yield from more
    yield from ending(result)
    yield Text(f"Again: {command(result, perspective=perspective)}", style="dim", overflow="fold")


def ending(result: Result) -> Iterator[Piece]:
    """Warnings, changes, what is to be checked, and how to do it again."""
    scenario = result.scenario
    yield from headed("Warnings", listed(result.warnings))
    yield from headed("Changed", listed(f"{change} (by {change.by})" for change in scenario.changes))
    yield from headed("To be checked (recalled, not yet verified)", listed(to_be_checked(scenario)))
    yield Text("")
    drawn = f"{result.draws:,} draws, seed {result.seed}" if result.draws else "no draws"
    drawn += ", Sobol sequence" if result.draws and result.sampling == "sobol" else ""
    yield Text(f"{drawn}; {engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


def headed(heading: str, lines: Iterable[Text] | None = None) -> Iterator[Text]:
    """A heading with its lines; nothing where there are no lines."""
    under = list(lines or ())
    if lines is None or under:
        yield from (Text(""), Text(heading, style="bold"), *under)


def listed(lines: Iterable[str]) -> Iterator[Text]:
    """Lines with dashes."""
    return (Text(f" – {line}") for line in lines)


def _title(result: Result, strategy: str, horizon: float) -> str:
    model, setting = result.scenario.model, result.scenario.setting
    observed = "" if horizon == result.horizons[0] else " (extrapolation)"
    compared = f"{model.strategies[strategy].label} against {model.strategies[result.comparator].label}"
    return (
        f"{compared}, {in_words(horizon)}{observed}: £ of {setting.price_year} for {model.people:,} people, "
        "undiscounted; a saving is positive"
    )


def _by_perspective(result: Result, strategy: str, horizon: float, shown: list[str]) -> Table:
    table = columns("", "net saving", "95% interval", "in cash", "payback", "its chance", "offset ratio")
    people = result.scenario.model.people
    for perspective in shown:
        at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "strategy": strategy}
        saving = pick(result, "net_saving", **at)
        offset = _maybe(result, "offset_ratio", **at)
        table.add_row(
            PERSPECTIVE_NAMES[perspective],
            money(saving.value * people),
            _interval(saving, people),
            money(pick(result, "cash_net_saving", **at).value * people),
            pick(result, "payback_sustained_months", **at).words,
            _chance(result, **at),
            "–" if offset is None else f"{offset.value:.3g}",
        )
    return table


def _by_category(result: Result, strategy: str, shown: list[str]) -> Table:
    table = columns("", *(PERSPECTIVE_NAMES[perspective] for perspective in shown))
    people = result.scenario.model.people
    for category in (*result.categories(), "all"):
        cells = [pick(result, "net_saving", perspective=p, category=category, strategy=strategy) for p in shown]
        name = "total" if category == "all" else category
        table.add_row(name, *(money(row.value * people) for row in cells))
    return table


def _by_party(result: Result, strategy: str) -> Table:
    table = columns("", *_headings(result))
    people = result.scenario.model.people
    for party in result.parties():
        cells = []
        for horizon in result.horizons:
            row = pick(result, "net_saving", party=party, horizon=horizon, strategy=strategy)
            cells += [money(row.value * people), _interval(row, people)]
        table.add_row(PARTY_NAMES[party], *cells)
    return table


def _headings(result: Result) -> list[str]:
    return [heading for horizon in result.horizons for heading in (in_words(horizon), "95% interval")]


def _health(result: Result, strategy: str, shown: list[str]) -> Iterator[Table]:
    people = result.scenario.model.people
    gained = columns(f"QALYs gained, {people:,} people", "", "95% interval")
    for horizon in result.horizons:
        gain = pick(result, "qaly", discounted=True, horizon=horizon, strategy=strategy)
        span = "–" if pd.isna(gain.low) else f"{qalys(gain.low * people)} to {qalys(gain.high * people)}"
        gained.add_row(in_words(horizon), qalys(gain.value * people), span)
    yield gained
    benefit = f"net monetary benefit at {money(result.threshold)} per QALY"
    ratios = columns("", "", "cost per QALY", benefit)
    for perspective in shown:
        for horizon in result.horizons:
            at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "strategy": strategy}
            ratio = pick(result, "cost_per_qaly", discounted=True, **at)
            ratios.add_row(
                PERSPECTIVE_NAMES[perspective],
                in_words(horizon),
                ratio.words if pd.isna(ratio.value) or ratio.words != RATIO_OF_COURSE else money(ratio.value),
                money(pick(result, "nmb", discounted=True, **at).value * people),
            )
    yield ratios


def _by_run(result: Result, strategy: str, shown: list[str]) -> Table:
    perspective = "nhs_pss" if "nhs_pss" in shown else shown[0]
    last = in_words(result.horizons[-1])
    headings = [f"saves in {in_words(horizon)}" for horizon in result.horizons]
    health = f"QALYs, {in_words(result.horizons[0])}"
    table = columns(PERSPECTIVE_NAMES[perspective], *headings, f"payback within {last}", "its chance", health)
    people = result.scenario.model.people
    for name in (*result.runs, *result.strata):
        at: dict[str, Any] = {"run": name, "strategy": strategy}
        money_at: dict[str, Any] = {**at, "perspective": perspective}
        savings = [pick(result, "net_saving", horizon=horizon, **money_at) for horizon in result.horizons]
        table.add_row(
            reading_label(result, name),
            *(money(saving.value * people) for saving in savings),
            pick(result, "payback_sustained_months", horizon=result.horizons[-1], **money_at).words,
            _chance(result, horizon=result.horizons[-1], **money_at),
            qalys(pick(result, "qaly", discounted=True, **at).value * people),
        )
    return table


def _maybe(result: Result, outcome: str, **at: Any) -> "pd.Series | None":
    """The row that answers, or None where the outcome has no meaning (no therapy cost, no draws)."""
    try:
        return pick(result, outcome, **at)
    except LookupError:
        return None


def _chance(result: Result, **at: Any) -> str:
    row = _maybe(result, "chance_payback", **at)
    return "–" if row is None else chance(row.value)


def _interval(row: "pd.Series", people: int) -> str:
    if pd.isna(row.low):
        return "–"
    return interval(row.low * people, row.high * people)
