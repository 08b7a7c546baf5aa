"""Every population on one page, in a terminal and as JSON: lines of the same columns for each strategy and payer."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.spectrum import Line, Spectrum
from costmodel.analysis.thresholds import Threshold
from costmodel.page import reading_label
from costmodel.perspectives import PERSPECTIVE_NAMES, payer
from costmodel.report import json_report, refused
from costmodel.report.sentence import observed
from costmodel.report.terminal import Piece, listed
from costmodel.result.payback import NEVER
from costmodel.result.table import in_words, payback_words
from costmodel.scenario.locked import HEADLINE
from costmodel.scenario.used import to_be_checked
from costmodel.words import amount, chance, interval, money, qalys

SCHEMA = "costmodel/spectrum/1"
HEADINGS = ("", "for", "net saving", "95% interval", "paid back", "its chance", "QALYs", "disagrees with")


def document(found: Spectrum) -> dict[str, Any]:
    """Everything that `costmodel spectrum --json` prints."""
    first = found.lines[0].result if found.lines else None
    return {
        "schema": SCHEMA,
        "engine": json_report.engine(),
        "settings": {"draws": first.draws if first else 0, "seed": first.seed if first else None},
        "rows": [record(line) for line in found.lines],
        "scenarios": {
            name: json_report.identity(lines[0].result.scenario) | {"to_be_checked": recalled(lines[0])}
            for name, lines in by_population(found)
        },
        "refused": [{"population": name, **refused.refusal(one)} for name, one in found.locked],
    }


def record(line: Line) -> dict[str, Any]:
    """A line with full precision; None where an answer is words."""
    scenario = line.result.scenario
    return {
        "population": line.population,
        "strategy": line.strategy,
        "comparator": line.result.comparator,
        "perspective": line.perspective,
        "horizon_months": line.result.horizons[0],
        "payback_horizon_months": line.result.horizons[-1],
        "price_year": scenario.setting.price_year,
        "run": line.result.headline.name,
        "net_saving": line.saving.value,
        "net_saving_low": line.saving.low,
        "net_saving_high": line.saving.high,
        "chance_payback": line.chance,
        "payback_sustained_months": json_report.plain(line.payback),
        **_threshold("session_price", line.price),
        **_threshold("use_of_services", line.use),
        "qaly": line.health.value,
        "qaly_low": line.health.low,
        "qaly_high": line.health.high,
        "main_threat": None if line.threat is None else line.threat.input.name,
        "main_threat_words": threat(line),
        "apart": {name: one.value for name, one in line.apart.items()},
        "to_be_checked": bool(recalled(line)),
        "targets_asked": None if line.asked is None else list(line.asked),
        "disagrees_with": list(line.missed),
    }


def flat(line: Line) -> dict[str, Any]:
    """A line for a CSV: alternatives and strata in words."""
    apart = "; ".join(f"{name} {one.value:.2f}" for name, one in line.apart.items())
    asked = None if line.asked is None else " ".join(line.asked)
    return record(line) | {"apart": apart, "targets_asked": asked, "disagrees_with": " ".join(line.missed)}


def _threshold(name: str, found: Threshold) -> dict[str, Any]:
    values = {"": found.value, "_low": found.low, "_high": found.high, "_now": found.now}
    return {f"{name}_threshold{key}": json_report.plain(value) for key, value in values.items()}


def recalled(line: Line) -> list[str]:
    """Recalled figures behind a line."""
    return to_be_checked(line.result.scenario)


def by_population(found: Spectrum) -> Iterator[tuple[str, list[Line]]]:
    """The lines of each population."""
    for name, lines in groupby(found.lines, key=lambda line: line.population):
        yield name, list(lines)


def pieces(found: Spectrum) -> Iterator[Piece]:
    """What `costmodel spectrum` prints, piece by piece."""
    for name, lines in by_population(found):
        result = lines[0].result
        model, setting = result.scenario.model, result.scenario.setting
        yield Text(f"{name}: {model.title}", style="bold")
        usual = model.strategies[result.comparator].label
        marked = " To be checked: recalled figures stand behind these." if recalled(lines[0]) else ""
        yield Text(
            f"Against {usual.lower()}, over {observed(result)}; payback within "
            f"{in_words(result.horizons[-1])}; £ of {setting.price_year} a person.{marked}"
        )
        yield _table(lines)
        yield from listed(_where_the_line_runs(lines))
        yield from listed(_apart(lines))
        yield Text("")
    for name, locked in found.locked:
        yield Text(f"{name}: {locked.file.title}", style="bold")
        yield Text(HEADLINE, style="bold red")
        yield Text(f"Why: {refused.because(locked)}")
        yield Text("")


def _table(lines: list[Line]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for strategy, of_strategy in groupby(lines, key=lambda line: line.strategy):
        said = _alike(list(of_strategy))
        for number, (payers, answers) in enumerate(said):
            known = "every payer" if len(said) == 1 and len(payers) > 1 else ", ".join(payers)
            table.add_row("" if number else _label_of(lines[0], strategy), known, *answers)
    return table


def _alike(lines: list[Line]) -> list[tuple[list[str], tuple[str, ...]]]:
    """Perspectives of a strategy to which the same is said, with what is said to them; in their order."""
    found: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        found.setdefault(cells(line), []).append(PERSPECTIVE_NAMES[line.perspective])
    return [(payers, answers) for answers, payers in found.items()]


def _label_of(line: Line, strategy: str) -> str:
    return line.result.scenario.model.strategies[strategy].label


def _label(line: Line) -> str:
    return _label_of(line, line.strategy)


def cells(line: Line) -> tuple[str, ...]:
    """A line in words, without its strategy and payer."""
    first = line.result.first_payment[line.result.strategies.index(line.strategy)]
    return (
        money(line.saving.value),
        interval(line.saving.low, line.saving.high) or "–",
        payback_words(line.payback, line.result.horizons[-1], first, _saved(line)),
        "–" if line.chance is None else chance(line.chance),
        qalys(line.health.value),
        disagreement(line),
    )


def disagreement(line: Line) -> str:
    """The findings that the model was to predict and missed; where there are none, whether anything was asked of it."""
    if line.missed or line.asked is None:
        return " ".join(line.missed) or "–"
    return f"none of {len(line.asked)} asked" if line.asked else "nothing asked"


def _where_the_line_runs(lines: list[Line]) -> Iterator[str]:
    """Both thresholds and the main threat of each strategy, for the NHS or the first perspective asked for."""
    chosen = "nhs" if any(line.perspective == "nhs" for line in lines) else lines[0].perspective
    for line in lines:
        if line.perspective == chosen:
            within = line.result.scenario.model.follow_up.text
            yield (
                f"{_label(line)} repays {payer(chosen)} within {within} at a session price of "
                f"{price(line.price)}; or where other care costs it {use(line.use)}. Main threat: {threat(line)}."
            )


def price(found: Threshold) -> str:
    """Up to which price, with its interval, beside the price in use."""
    if found.value < 0:
        return f"nothing, not even £0 (now {money(found.now)})"
    ends = "" if found.low is None or found.high is None else f"{_price(found.low)} to {_price(found.high)}; "
    return f"{money(found.value)} ({ends}now {money(found.now)})"


def _price(value: float) -> str:
    return "none" if value < 0 else money(value)


def use(found: Threshold) -> str:
    """From which spending on other care a year, with its interval, beside what is spent."""
    if found.value == NEVER:
        return f"no level (now {money(found.now)} a year)"
    ends = "" if found.low is None or found.high is None else f"{_use(found.low)} to {_use(found.high)}; "
    return f"{money(found.value)} a year ({ends}now {money(found.now)})"


def _use(value: float) -> str:
    return "no level" if value == NEVER else money(value)


def threat(line: Line) -> str:
    """The input that lowers the saving most, the value at which it does, and the saving there."""
    bar = line.threat
    if bar is None:
        return "none"
    low = bar.at_low.value is not None and bar.at_low.value == bar.least
    value = bar.input.spread.low if low else bar.input.spread.high
    worst = bar.least if bar.least is not None else 0.0
    bill = ", by the bill alone" if bar.input.bill_only else ""
    return f"{bar.input.label}: {money(worst)} at {amount(value, bar.input.unit)}{bill}"


def _apart(lines: list[Line]) -> Iterator[str]:
    """Alternatives and strata, for the NHS and social care or the first perspective asked for."""
    shown = {line.perspective for line in lines}
    chosen = "nhs_pss" if "nhs_pss" in shown else lines[0].perspective
    for line in lines:
        if line.perspective == chosen and line.apart:
            said = "; ".join(
                f"{reading_label(line.result, name)}: {money(one.value)} ({interval(one.low, one.high) or 'one run'})"
                for name, one in line.apart.items()
            )
            yield f"{_label(line)}, {PERSPECTIVE_NAMES[chosen]}: {said}"


def _saved(line: Line) -> float:
    """Net saving to the last horizon."""
    result = line.result
    last, s = len(result.horizons) - 1, result.strategies.index(line.strategy)
    net = result.net_cost(result.headline, last, s, perspective=line.perspective)
    return result.estimate(result.headline, -net).value
