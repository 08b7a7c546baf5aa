"""The page of a run: verdict and answer in sentences, then tables by payer, category and party, of health and readings.

Money and health are those of the group. No arithmetic beyond its size.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from costmodel.analysis.incremental import incremental
from costmodel.analysis.psa.comparison import NORMAL95, Comparison
from costmodel.analysis.purse import purse
from costmodel.analysis.spectrum import use_of_services
from costmodel.analysis.verdict import LEADS, verdict, words_of
from costmodel.page import NONE, Block, Column, Heading, Page, Paragraph, Table, drawn_of, of_run, reading_label, titled
from costmodel.report.saved import command
from costmodel.report.sentence import answer, pick
from costmodel.result.payback import NEVER
from costmodel.result.result import Result
from costmodel.result.sums import EXPECTED
from costmodel.result.table import in_words
from costmodel.scenario.conventions import NO_EFFECT, NO_EFFECT_LABEL
from costmodel.words import chance, lower_first, percent, qalys, upper_first

RATIO_OF_COURSE = "costs more and improves health"
"""The finding with which a cost per QALY needs no further words."""
BY_PERSPECTIVE = (
    Column("who", "", "text"), Column("saving", "net saving", "money"), Column("interval", "95% interval"),
    Column("cash", "in cash", "money"), Column("payback", "payback"), Column("chance", "its chance"),
    Column("offset", "offset ratio"),
)  # fmt: skip


def page(result: Result, perspective: str | None = None) -> Page:
    """The answer for each strategy against the comparator. perspective: only this one's rows."""
    setting = result.setting
    shown = [perspective] if perspective else list(setting.perspectives)
    whose = result.setting.asked(perspective)
    blocks = [block for strategy in result.strategies[1:] for block in _of_strategy(result, strategy, shown)]
    if len(result.strategies) > 2:
        blocks.append(Heading(f"Each strategy against the next best one, {setting.name(whose)}"))
        blocks += incremental(result, whose).page().blocks
    table = result.table()
    kept = table[table.perspective.isin([perspective, ""])] if perspective else table
    verdicts = {name: verdict(result, whose, strategy=name).data for name in result.strategies[1:]}
    data = {"schema": "costmodel/result/1", "settings": of_run(result, perspective), "verdicts": verdicts}
    scenario = result.scenario
    again = command(result, perspective=perspective)
    about = (scenario.model.lacks,) if scenario.model.lacks else ()
    return Page(titled(scenario), tuple(blocks), about, scenario, drawn_of(result), result.warnings, data, kept, again)


def _of_strategy(result: Result, strategy: str, shown: list[str]) -> Iterator[Block]:
    words = answer(result, strategy, shown[0] if len(shown) == 1 else None)
    yield from words.verdict.blocks()
    yield Paragraph(words.headline)
    yield from map(Paragraph, words.beside)
    whose = result.setting.main if result.setting.main in shown else shown[0]
    for horizon in result.horizons:
        yield Heading(_title(result, strategy, horizon))
        rows = [_by_perspective(result, strategy, horizon, name) for name in shown]
        yield Table(pd.DataFrame(rows), BY_PERSPECTIVE, name=f"by_perspective_{horizon:g}")
        if horizon != result.horizons[0]:
            yield Paragraph(_extrapolated(result, perspective=whose, horizon=horizon, strategy=strategy))
    for horizon in result.horizons:
        yield from purse(result, whose).blocks(strategy, horizon, whose)
    yield Heading(f"Net saving by category, {in_words(result.horizons[0])}")
    payers = (Column(name, result.setting.name(name), "money") for name in shown)
    yield Table(_by_category(result, strategy, shown), (Column("category", "", "text"), *payers), name="by_category")
    yield Heading("Net saving by party")
    columns = [Column("party", "", "text")]
    for horizon in result.horizons:
        columns += [Column(f"saving_{horizon:g}", in_words(horizon), "money")]
        columns += [Column(f"interval_{horizon:g}", "95% interval")]
    yield Table(_by_party(result, strategy), tuple(columns), name="by_party")
    if result.scenario.model.health:
        yield Heading("Health and value for money, discounted")
        yield from _health(result, strategy, shown)
    yield from by_convention(result, strategy, shown)
    yield from for_whom(result, strategy, whose)
    yield Heading("Each reading of the model")
    yield _by_run(result, strategy, whose)


def _title(result: Result, strategy: str, horizon: float) -> str:
    model, setting = result.scenario.model, result.scenario.setting
    observed = "" if horizon == result.horizons[0] else " (extrapolation)"
    compared = f"{model.strategies[strategy].label} against {model.strategies[result.comparator].label}"
    return (
        f"{compared}, {in_words(horizon)}{observed}: {setting.prices} for {model.people:,} people, "
        "undiscounted; a saving is positive"
    )


def _by_perspective(result: Result, strategy: str, horizon: float, perspective: str) -> dict[str, Any]:
    at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "strategy": strategy}
    return {
        "who": result.setting.name(perspective), "saving": _of_group(result, "net_saving", **at),
        "interval": _interval(result, **at), "cash": _of_group(result, "cash_net_saving", **at),
        "payback": pick(result, "payback_sustained_months", **at).words,
        "chance": _words(result, "chance_payback", chance, **at),
        "offset": _words(result, "offset_ratio", "{:.3g}".format, **at),
    }  # fmt: skip


def _extrapolated(result: Result, perspective: str, **at: Any) -> str:
    """How much of a net saving falls after the last observation."""
    saving = result.setting.currency.money(_of_group(result, "net_saving_extrapolated", perspective=perspective, **at))
    share = pick(result, "share_extrapolated", perspective=perspective, **at)
    part = share.words if pd.isna(share.value) else f"{percent(share.value, 2)} of what other care saves falls there"
    after = f"After {in_words(result.horizons[0])}, where observation ends"
    return f"{after}: {saving} of net saving ({result.setting.name(perspective)}); {part}."


def _by_category(result: Result, strategy: str, shown: list[str]) -> pd.DataFrame:
    rows = []
    for category in (*result.categories(), "all"):
        at: dict[str, Any] = {"category": category, "strategy": strategy}
        savings = {name: _of_group(result, "net_saving", perspective=name, **at) for name in shown}
        rows.append({"category": "total" if category == "all" else category} | savings)
    return pd.DataFrame(rows)


def _by_party(result: Result, strategy: str) -> pd.DataFrame:
    rows = []
    for party in result.parties():
        row: dict[str, Any] = {"party": result.setting.parties[party].name}
        for horizon in result.horizons:
            at: dict[str, Any] = {"party": party, "horizon": horizon, "strategy": strategy}
            row[f"saving_{horizon:g}"] = _of_group(result, "net_saving", **at)
            row[f"interval_{horizon:g}"] = _interval(result, **at)
        rows.append(row)
    return pd.DataFrame(rows)


def _health(result: Result, strategy: str, shown: list[str]) -> Iterator[Table]:
    setting = result.setting
    money = setting.currency.money
    people, gained, ratios = result.scenario.model.people, [], []
    for horizon in result.horizons:
        gain = pick(result, "qaly", discounted=True, horizon=horizon, strategy=strategy)
        span = NONE if pd.isna(gain.low) else f"{qalys(gain.low * people)} to {qalys(gain.high * people)}"
        gained.append({"until": in_words(horizon), "gain": qalys(gain.value * people), "span": span})
    columns = (Column("until", f"QALYs gained, {people:,} people", "text"), Column("gain", ""))
    yield Table(pd.DataFrame(gained), (*columns, Column("span", "95% interval")), name="health")
    for perspective in shown:
        for horizon in result.horizons:
            at: dict[str, Any] = {"perspective": perspective, "horizon": horizon, "strategy": strategy}
            ratio = pick(result, "cost_per_qaly", discounted=True, **at)
            in_pounds = not pd.isna(ratio.value) and ratio.words == RATIO_OF_COURSE
            ratios.append({
                "who": setting.name(perspective), "until": in_words(horizon),
                "ratio": money(ratio.value) if in_pounds else ratio.words,
                "benefit": _of_group(result, "nmb", discounted=True, **at),
            })  # fmt: skip
    benefit = f"net monetary benefit at {money(result.threshold)} per QALY"
    columns = (Column("who", "", "text"), Column("until", ""))
    more = (Column("ratio", "cost per QALY"), Column("benefit", benefit, "money"))
    yield Table(pd.DataFrame(ratios), (*columns, *more), name="value_for_money")


def by_convention(result: Result, strategy: str, shown: list[str]) -> Iterator[Block]:
    """The same people priced by each convention about money, for the main payers: side by side, never averaged."""
    setting, headline = result.setting, result.headline
    if not result.conventions:
        return
    yield Heading("By convention about money: each changes the base in one thing; side by side, never averaged")
    for perspective in [name for name in shown if name in (setting.main, setting.second)] or shown[:1]:
        columns, rows = [Column("convention", setting.name(perspective), "text")], []
        for horizon in result.horizons:
            until = in_words(horizon)
            columns += [Column(f"saving_{horizon:g}", f"saves in {until}", "money", width=18)]
            columns += [Column(f"interval_{horizon:g}", f"95% interval, {until}", width=28)]
            columns += [Column(f"chance_{horizon:g}", f"chance of money back within {until}", width=22)]
        for name in (headline.name, *result.conventions):
            row: dict[str, Any] = {"convention": _of_convention(result, name)}
            for horizon in result.horizons:
                at: dict[str, Any] = {"run": name, "strategy": strategy, "perspective": perspective, "horizon": horizon}
                row[f"saving_{horizon:g}"] = _of_group(result, "net_saving", **at)
                row[f"interval_{horizon:g}"] = _interval(result, **at)
                row[f"chance_{horizon:g}"] = _words(result, "chance_payback", chance, **at)
            rows.append(row)
        yield Table(pd.DataFrame(rows), tuple(columns), name=f"by_convention_{perspective}")


def _of_convention(result: Result, name: str) -> str:
    """What a convention changes; the base's words, where it has any, of the headline."""
    if name in (declared := result.scenario.model.money_alternatives):
        return upper_first(declared[name].label)
    if name == NO_EFFECT:
        return upper_first(NO_EFFECT_LABEL)
    return f"Base: {result.headline.given}" if result.headline.given else "Base"


def for_whom(result: Result, strategy: str, perspective: str) -> Iterator[Block]:
    """Each part of the people alone and everybody by their shares: what is saved, the verdict, what care costs them.

    Beside it the cost of care a year above which the course repays within the last horizon. Nothing without strata.
    """
    if not result.strata:
        return
    first, last = in_words(result.horizons[0]), in_words(result.horizons[-1])
    money, rows = result.setting.currency.money, []
    at: dict[str, Any] = {"perspective": perspective, "strategy": strategy}
    withheld = verdict(result, **at).withheld
    for name, one in (*result.strata.items(), ("", result)):
        of = Comparison(one, one.headline, len(one.horizons) - 1, one.compared(strategy), perspective)
        above, back = use_of_services(of), of.paid_back() if one.headline.name == EXPECTED else None
        word = pick(one, "payback_sustained_months", horizon=of.months, **at).words
        if back:
            said = words_of(back.value, (back.error or 0.0) / NORMAL95)
            word = f"no word, {withheld}" if withheld else " or ".join(LEADS[one] for one in said)
        rows.append({
            "who": f"{result.scenario.model.strata[name].label}, alone" if name else _all_by_shares(result),
            "saving": _of_group(one, "net_saving", **at), "interval": _interval(one, **at), "word": word,
            "chance": chance(back.value) if back else NONE,
            "now": money(above.now), "above": NONE if above.value == NEVER else money(above.value),
        })  # fmt: skip
    yield Heading("For whom: each part of the people alone, and everybody by their shares")
    columns = (
        Column("who", result.setting.name(perspective), "text"), Column("saving", f"net saving, {first}", "money"),
        Column("interval", "95% interval", width=28), Column("word", f"within {last}", right=False, width=24),
        Column("chance", "its chance"), Column("now", "other care, a year"),
        Column("above", "repays above, a year"),
    )  # fmt: skip
    yield Table(pd.DataFrame(rows), columns, name="for_whom")
    yield Paragraph(
        f"It repays above a cost of other care if all that is used, and what therapy takes of it, moves alike; {last}."
    )


def _all_by_shares(result: Result) -> str:
    shares = (
        f"{result.scenario.value(one.share):.0%} {lower_first(one.label.split(':')[0])}"
        for one in result.scenario.model.strata.values()
    )
    return f"Everybody: {', '.join(shares)}"


def _by_run(result: Result, strategy: str, perspective: str) -> Table:
    rows = []
    for name in (*result.runs, *result.strata):
        at: dict[str, Any] = {"run": name, "strategy": strategy}
        last = {**at, "perspective": perspective, "horizon": result.horizons[-1]}
        savings = {f"saving_{h:g}": _of_group(result, "net_saving", **{**last, "horizon": h}) for h in result.horizons}
        rows.append({
            "reading": reading_label(result, name), **savings,
            "chance": _words(result, "chance_payback", chance, **last),
            "payback": pick(result, "payback_sustained_months", **last).words,
            "health": qalys(_of_group(result, "qaly", discounted=True, **at)) if result.scenario.model.health else NONE,
        })  # fmt: skip
    columns = (
        Column("reading", result.setting.name(perspective), "text"),
        *(Column(f"saving_{horizon:g}", f"saves in {in_words(horizon)}", "money") for horizon in result.horizons),
        Column("payback", f"payback within {in_words(result.horizons[-1])}"), Column("chance", "its chance"),
        Column("health", f"QALYs, {in_words(result.horizons[0])}"),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, name="readings")


def _of_group(result: Result, outcome: str, **at: Any) -> float:
    """An answer for the whole group."""
    return float(pick(result, outcome, **at).value) * result.scenario.model.people


def _words(result: Result, outcome: str, words: Callable[[float], str], **at: Any) -> str:
    """An answer in words; a dash where the outcome has no meaning (no therapy cost, no draws)."""
    try:
        return words(pick(result, outcome, **at).value)
    except LookupError:
        return NONE


def _interval(result: Result, **at: Any) -> str:
    """The 95% interval of the group's net saving."""
    row, people = pick(result, "net_saving", **at), result.scenario.model.people
    return NONE if pd.isna(row.low) else result.setting.currency.interval(row.low * people, row.high * people)
