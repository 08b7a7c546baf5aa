"""The answer on a terminal: the sentence, then compact tables. No arithmetic beyond the size of the group."""

from collections.abc import Iterator

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report.json_report import engine
from costmodel.report.sentence import answer, pick
from costmodel.report.words import chance, interval, money, qalys
from costmodel.result.result import DETERMINISTIC, EXPECTED, Result
from costmodel.result.table import in_words
from costmodel.scenario.used import to_be_checked

WIDTH = 110
"""Columns where the output is not a terminal."""


def console(*, stderr: bool = False) -> Console:
    """A console that shows text as it is: a scenario's words are never markup."""
    plain = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, width=WIDTH
    )  # fmt: skip


def report(result: Result, perspective: str | None = None) -> Iterator[RenderableType]:
    """What `costmodel run` prints, piece by piece. perspective: only this one's rows."""
    shown = [perspective] if perspective else list(PERSPECTIVES)
    scenario = result.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    for strategy in result.strategies[1:]:
        words = answer(result, strategy)
        yield Text("")
        yield Text(words.headline, style="bold")
        yield from (Text(line) for line in words.beside)
        for horizon in result.horizons:
            yield _block(_title(result, strategy, horizon), _by_perspective(result, strategy, horizon, shown))
        yield _block("Net saving by category", _by_category(result, strategy, shown))
        yield _block("Net saving by party", _by_party(result, strategy))
        yield _block("Health and value for money, discounted", _health(result, strategy, shown))
        yield _block("Each reading of the model", _by_run(result, strategy, shown))
    if result.warnings:
        yield _block("Warnings", _listed(result.warnings))
    if scenario.changes:
        yield _block("Changed", _listed(tuple(f"{change} (by {change.by})" for change in scenario.changes)))
    if recalled := to_be_checked(scenario):
        yield _block("To be checked (recalled, not yet verified)", Text(", ".join(recalled)))
    yield Text("")
    drawn = f"{result.draws:,} draws, seed {result.seed}" if result.draws else "no draws"
    yield Text(f"{drawn}; {engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


def _block(title: str, content: RenderableType) -> RenderableType:
    return Group(Text(""), Text(title, style="bold"), content)


def _listed(lines: tuple[str, ...]) -> RenderableType:
    return Group(*(Padding(Text(f"– {line}"), (0, 0, 0, 1)) for line in lines))


def _title(result: Result, strategy: str, horizon: float) -> str:
    model, setting = result.scenario.model, result.scenario.setting
    observed = "" if horizon == result.horizons[0] else " (extrapolation)"
    return (
        f"{model.strategies[strategy].label} against {model.strategies[result.comparator].label}, "
        f"{in_words(horizon)}{observed}: £ of {setting.price_year} for {model.people:,} people, undiscounted; "
        f"a saving is positive"
    )


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right", vertical="bottom")
    return table


def _by_perspective(result: Result, strategy: str, horizon: float, shown: list[str]) -> Table:
    table = _table("", "net saving", "95% interval", "net saving in cash", "payback", "chance of payback", "offset ratio")
    people = result.scenario.model.people
    for perspective in shown:
        at = {"perspective": perspective, "horizon": horizon, "strategy": strategy}
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
    table = _table(in_words(result.horizons[0]), *(PERSPECTIVE_NAMES[perspective] for perspective in shown))
    people = result.scenario.model.people
    for category in (*result.categories(), "all"):
        cells = [pick(result, "net_saving", perspective=p, category=category, strategy=strategy) for p in shown]
        name = "total" if category == "all" else category
        table.add_row(name, *(money(row.value * people) for row in cells))
    return table


def _by_party(result: Result, strategy: str) -> Table:
    table = _table("", *_headings(result))
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


def _health(result: Result, strategy: str, shown: list[str]) -> Table:
    table = _table("", *(in_words(horizon) for horizon in result.horizons))
    people = result.scenario.model.people

    def line(label: str, cells: list[str]) -> None:
        table.add_row(label, *cells)

    gains = [pick(result, "qaly", discounted=True, horizon=h, strategy=strategy) for h in result.horizons]
    line(f"QALYs gained, {people:,} people", [qalys(gain.value * people) for gain in gains])
    if not pd.isna(gains[0].low):
        spans = [f"{qalys(gain.low * people)} to {qalys(gain.high * people)}" for gain in gains]
        line("  95% interval", spans)
    for perspective in shown:
        ratios, benefits = [], []
        for horizon in result.horizons:
            at = {"perspective": perspective, "horizon": horizon, "strategy": strategy, "discounted": True}
            ratio = pick(result, "cost_per_qaly", **at)
            benefit = pick(result, "nmb", **at)
            ratios.append(ratio.words if pd.isna(ratio.value) else f"{money(ratio.value)} per QALY ({ratio.words})")
            benefits.append(f"{money(benefit.value * people)} {benefit.words}")
        line(f"Cost per QALY, {PERSPECTIVE_NAMES[perspective]}", ratios)
        line("  net monetary benefit", benefits)
    return table


def _by_run(result: Result, strategy: str, shown: list[str]) -> Table:
    perspective = "nhs_pss" if "nhs_pss" in shown else shown[0]
    payer, last = PERSPECTIVE_NAMES[perspective], in_words(result.horizons[-1])
    headings = [f"net saving, {payer}, {in_words(horizon)}" for horizon in result.horizons]
    table = _table("", *headings, f"payback within {last}", "chance", f"QALYs, {in_words(result.horizons[0])}")
    people = result.scenario.model.people
    for name in result.runs:
        at = {"run": name, "strategy": strategy}
        money_at = {**at, "perspective": perspective}
        savings = [pick(result, "net_saving", horizon=horizon, **money_at) for horizon in result.horizons]
        table.add_row(
            _run_label(result, name),
            *(money(saving.value * people) for saving in savings),
            pick(result, "payback_sustained_months", horizon=result.horizons[-1], **money_at).words,
            _chance(result, horizon=result.horizons[-1], **money_at),
            qalys(pick(result, "qaly", discounted=True, **at).value * people),
        )
    return table


def _run_label(result: Result, name: str) -> str:
    if name == EXPECTED:
        return f"Expected value of {result.draws:,} draws"
    if name == DETERMINISTIC:
        return "Deterministic: central values"
    index = [structure.name for structure in result.scenario.structures].index(name)
    return f"{result.scenario.structures[index].label} (weight {result.weights[index]:g})"


def _maybe(result: Result, outcome: str, **at: object) -> "pd.Series | None":
    """The row that answers, or None where the outcome has no meaning (no therapy cost, no draws)."""
    try:
        return pick(result, outcome, **at)
    except LookupError:
        return None


def _chance(result: Result, **at: object) -> str:
    row = _maybe(result, "chance_payback", **at)
    return "–" if row is None else chance(row.value)


def _interval(row: "pd.Series", people: int) -> str:
    if pd.isna(row.low):
        return "–"
    return interval(row.low * people, row.high * people)
