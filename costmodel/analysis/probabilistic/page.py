"""The page of the draws: sentences that can be read aloud, then the tables and charts behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from costmodel.analysis.probabilistic.answers import Answers
from costmodel.analysis.probabilistic.decision import Choice
from costmodel.analysis.probabilistic.rows import MONEY_ALONE
from costmodel.analysis.probabilistic.words import sentences
from costmodel.page import (
    SCREEN,
    SHEET,
    TEXT,
    Block,
    Column,
    Drawn,
    Figure,
    Heading,
    Page,
    Paragraph,
    Table,
    drawn_of,
    of_run,
    reading_label,
    titled,
)
from costmodel.perspectives import PARTY_NAMES, PERSPECTIVE_NAMES
from costmodel.result.table import in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance, interval, money, upper_first

if TYPE_CHECKING:
    from costmodel.charts import Chart

READ = (TEXT, SCREEN)
PERCENTILES = (5, 25, 50, 75, 95)
POINTS = 250
"""Draws of each alternative that a program is shown in the plane: the first."""
STRATEGY, TO_MONTH = (
    Column("strategy", "Strategy", only=(SHEET,), width=36),
    Column("to", "To month", "months", only=(SHEET,)),
)
WHEN = (
    Column("who", "Payback, for whom", "text"), STRATEGY, TO_MONTH, Column("chance", "Chance of payback", "share"),
    Column("error", "Known to ± (95%)", "share"),
    *(Column(f"p{p}", f"{p} of 100 have it back by month", "months") for p in PERCENTILES),
)  # fmt: skip
FRONTIER = (
    "On the frontier stands the strategy with the highest expected net benefit, which need not be the one that is most "
    "often best. Expected loss: what choosing a strategy forgoes on average because it is not always the best."
)


def page_of(found: Answers) -> Page:
    """Everything that is reported of an analysis."""
    result, model = found.result, found.result.scenario.model
    comparator = model.strategies[result.comparator].label
    compared = [f"{_label(found, name)} against {comparator}" for name in found.strategies]
    blocks: list[Block] = []
    for name, words in zip(found.strategies, compared, strict=True):
        blocks += [Heading(words)] if len(compared) > 1 else []
        blocks += _of_strategy(found, name)
    blocks += _choices(found)
    about = (
        f"{' and '.join(compared)}, {PERSPECTIVE_NAMES[found.perspective]}: £ of "
        f"{result.scenario.setting.price_year} for {model.people:,} people, undiscounted unless said; a saving is "
        "positive."
    )
    frame = pd.DataFrame(found.rows).astype(object)
    return Page(
        titled(result.scenario), tuple(blocks), (about,), result.scenario, drawn_of(result), result.warnings,
        _data(found), frame,
    )  # fmt: skip


def _label(found: Answers, strategy: str) -> str:
    return found.result.scenario.model.strategies[strategy].label


def drawn(name: str, found: Answers, *more: Any) -> "Chart":
    """A chart of the draws by the name of its function: chances, plane, acceptability."""
    from costmodel.analysis.probabilistic import charts

    return getattr(charts, name)(found.psa, found.perspective, *more)  # type: ignore[no-any-return]


def _of_strategy(found: Answers, strategy: str) -> Iterator[Block]:
    result, end = found.result, in_words(found.result.horizons[-1])
    for heading, said in sentences(found, strategy).items():
        yield Heading(heading)
        yield from map(Paragraph, said)
    yield Heading(f"Chance that the money is back for good by the end of each year, to {end}")
    yield from _by_year(found, strategy)
    yield Heading("When the money is back: of 100 simulations, the quickest first", (SHEET,))
    yield Table(pd.DataFrame(_when(found, strategy)), WHEN, name="when", only=(SHEET,))
    yield Heading("How much, and the worst tenth of the simulations")
    people = result.scenario.model.people
    columns: tuple[Column, ...] = (
        Column("what", f"{people:,} people", "text", only=READ), Column("what", "£ per person referred", only=(SHEET,)),
        STRATEGY, TO_MONTH, Column("over", "to", only=READ), Column("value", "Mean", "money", "value_words"),
        Column("error", "Mean known to ± (95%)", "money", only=(SHEET,)),
        Column("span_50", "50% interval", only=READ), Column("span", "95% interval", only=READ),
        Column("low", "Low (95%)", "money", only=(SHEET,)), Column("high", "High (95%)", "money", only=(SHEET,)),
        Column("low_50", "Low (50%)", "money", only=(SHEET,)), Column("high_50", "High (50%)", "money", only=(SHEET,)),
        Column("worst", "Worst tenth, mean", "money", "worst_words"),
    )  # fmt: skip
    amounts = pd.DataFrame(_how_much(found, strategy))
    yield Table(amounts, columns, name="how_much", only=(SHEET,))
    yield Table(amounts[amounts["main"]], columns, name="how_much", only=READ)
    yield Heading(f"Each reading of the model, {end}")
    best = f"best at {money(result.threshold)} per QALY"
    columns = (
        Column("reading", "Alternative", "text"), STRATEGY, TO_MONTH, Column("over", "to", only=READ),
        Column("value", "Mean net saving", "money", "value_words"), Column("span", "95% interval", only=READ),
        Column("low", "Low (95%)", "money", only=(SHEET,)), Column("high", "High (95%)", "money", only=(SHEET,)),
        Column("worst", "Worst tenth, mean", "money", "worst_words"),
        Column("chance", "Chance of payback", "share", "chance_words"),
        Column("best", upper_first(best), "share", "best_words", READ),
    )  # fmt: skip
    media = (TEXT, SCREEN, SHEET) if len(found.psa.readings) > 1 else READ
    yield Table(pd.DataFrame(_readings(found, strategy)), columns, name="readings", only=media)
    yield Heading("With growing numbers of draws", READ)
    columns = (
        Column("draws", "draws", "count"), Column("saving", "net saving", "money"), Column("error", "±", "money"),
        Column("chance", "chance of payback", "share"), Column("chance_error", "± of the chance", "share"),
    )  # fmt: skip
    steps = [
        {
            "draws": step.draws, "saving": step.saving * people, "chance": step.chance,
            "error": None if step.saving_error is None else step.saving_error * people,
            "chance_error": step.chance_error,
        }
        for step in found.psa.convergence(found.perspective, strategy).steps
    ]  # fmt: skip
    yield Table(pd.DataFrame(steps), columns, name="convergence", only=READ)


def _by_year(found: Answers, strategy: str) -> Iterator[Block]:
    """A row a year, and the chart of it; perspectives with the same chances share a line."""
    result = found.result
    curves = {name: found.psa.chances(name, strategy) for name in found.perspectives}
    curves["cash"] = found.psa.chances(found.perspective, strategy, view="cash")
    years = [float(year) for year in curves["cash"].by_year()] or [result.horizons[-1] / MONTHS_A_YEAR]
    rows: list[dict[str, Any]] = []
    for year in years:
        shares = {name: curve.at(MONTHS_A_YEAR * year) for name, curve in curves.items()}
        words = {f"{name}_words": chance(share) for name, share in shares.items()}
        rows.append(
            {"strategy": _label(found, strategy), "year": year, "month": MONTHS_A_YEAR * year, **shares, **words}
        )
    labels = {name: upper_first(PERSPECTIVE_NAMES[name]) for name in found.perspectives}
    labels["cash"] = f"Cash alone, {PERSPECTIVE_NAMES[found.perspective]}"
    alike: dict[tuple[float, ...], list[str]] = {}
    for name in curves:
        alike.setdefault(tuple(row[name] for row in rows), []).append(name)
    series = tuple((names[0], "; ".join(labels[name] for name in names)) for names in alike.values())
    paid = found.pick("chance_payback", strategy, perspective=found.perspective)["value"]
    said = (
        f"Line chart of the table above. To the {PERSPECTIVE_NAMES[found.perspective]}, within "
        f"{in_words(result.horizons[-1])}: {_label(found, strategy)} in {chance(paid)} simulations."
    )
    chart = Drawn(
        "line", "year", series, "Chance that the money is back for good", "Share of simulations", "share",
        across="Years since referral", alt=said,
    )  # fmt: skip
    columns = (
        Column("strategy", "Strategy", "text", only=(SHEET,)), Column("year", "By the end of year", "count"),
        Column("month", "By month", "months", only=(SHEET,)),
        *(Column(name, label, "share", f"{name}_words") for name, label in labels.items()),
    )  # fmt: skip
    yield Figure(partial(drawn, "chances", found, strategy), "chance_by_month", 380, chart)
    yield Table(pd.DataFrame(rows), columns, name="chance_by_year")


def _when(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    for end in found.result.horizons:
        for name in found.perspectives:
            row = found.pick("chance_payback", strategy, perspective=name, horizon=end)
            months = {
                f"p{p}": found.pick(f"payback_p{p:02d}", strategy, perspective=name, horizon=end)["value"]
                for p in PERCENTILES
            }
            yield {
                "who": upper_first(PERSPECTIVE_NAMES[name]), "strategy": _label(found, strategy), "to": end,
                "chance": row["value"], "error": row["error"], **months,
            }  # fmt: skip


def _how_much(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    """Net savings by perspective and party to each horizon, then peak funding."""
    accounts: list[tuple[str, dict[str, Any]]] = [
        *((upper_first(PERSPECTIVE_NAMES[name]), {"perspective": name}) for name in found.perspectives),
        *((f"{upper_first(PARTY_NAMES[party])}, own account", {"party": party}) for party in found.result.parties()),
    ]
    for end in found.result.horizons:
        for label, whose in accounts:
            more = whose | {"horizon": end}
            yield _answer(found, f"{label}: net saving", strategy, "net_saving", True, more)
            if "perspective" in whose:
                more |= {"discounted": True}
                yield _answer(found, f"{label}: net saving, discounted", strategy, "net_saving", False, more)
                more = whose | {"horizon": end}
                yield _answer(found, f"{label}: net saving in cash", strategy, "cash_net_saving", False, more)
    for label, whose in accounts:
        more = whose | {"horizon": found.result.horizons[-1]}
        yield _answer(found, f"{label}: peak funding", strategy, "peak_funding", True, more)


def _answer(
    found: Answers, what: str, strategy: str, outcome: str, main: bool, whose: Mapping[str, Any]
) -> dict[str, Any]:
    """A row of an outcome. main: whether its worst tenth is known, and it is read everywhere."""
    people, row = found.result.scenario.model.people, found.pick(outcome, strategy, **whose)
    worst = found.pick(f"{outcome}_worst_tenth", strategy, **whose)["value"] if main else None
    kept = {key: row[key] for key in ("value", "error", "low", "high", "low_50", "high_50")}
    return kept | {
        "what": what, "strategy": _label(found, strategy), "to": whose["horizon"], "main": main, "worst": worst,
        "over": in_words(whose["horizon"]), "value_words": money(row["value"] * people),
        "worst_words": None if worst is None else money(worst * people),
        "span": _span(row["low"], row["high"], people), "span_50": _span(row["low_50"], row["high_50"], people),
    }  # fmt: skip


def _span(low: float | None, high: float | None, people: int) -> str:
    return "–" if low is None or high is None else interval(low * people, high * people)


def _readings(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    whose = found.perspective
    for end in found.result.horizons:
        for run in found.psa.readings:
            at: dict[str, Any] = {"perspective": whose, "run": run, "horizon": end}
            row = _answer(found, "", strategy, "net_saving", True, at)
            paid = found.pick("chance_payback", strategy, **at)["value"]
            best = found.pick("chance_best", strategy, **at, threshold=found.result.threshold, discounted=True)["value"]
            yield row | {
                "reading": upper_first(reading_label(found.result, run)), "chance": paid, "chance_words": chance(paid),
                "best": best, "best_words": chance(best),
            }  # fmt: skip


def _choices(found: Answers) -> Iterator[Block]:
    """Net saving alone and the setting's thresholds, then the curve with its chart."""
    result, end = found.result, in_words(found.result.horizons[-1])
    labels = [_label(found, name) for name in result.strategies]
    columns = (
        Column("by", "Judged by", "text"), Column("threshold", "£ per QALY", "whole"),
        *(Column(f"chance_{s}", f"Chance best: {one}", "share", f"chance_{s}_words") for s, one in enumerate(labels)),
        Column("chosen", "On the frontier"), Column("frontier", "Chance that it is best", "share", only=(SHEET,)),
        *(Column(f"loss_{s}", f"Expected loss: {one}", "money", f"loss_{s}_words") for s, one in enumerate(labels)),
    )  # fmt: skip
    yield Heading(f"Choices over {end}: chance of being the best, and expected loss")
    yield Paragraph(FRONTIER)
    own = found.psa.choices(found.perspective, thresholds=(None, *found.psa.setting_thresholds))
    yield Table(pd.DataFrame([_choice(found, one, labels) for one in own]), columns, name="choices")
    for strategy in found.strategies:
        yield Figure(partial(drawn, "plane", found, strategy), f"plane_{strategy}", 380, only=(SCREEN,))
    said = sentences(found, found.strategies[0])["What a wrong decision loses"][-1]
    chart = Drawn(
        "line", "threshold", tuple((f"chance_{s}", label) for s, label in enumerate(labels)),
        "Chance of being the best choice, by what a QALY is worth", "Share of simulations", "share",
        across="£ per QALY", alt=f"Line chart of the table; the broad grey line is the frontier. {said}",
        broad="frontier",
    )  # fmt: skip
    yield Figure(partial(drawn, "acceptability", found), "acceptability", 380, chart)
    curve = [_choice(found, one, labels) for one in found.psa.choices(found.perspective)]
    yield Table(pd.DataFrame(curve), columns, name="acceptability", only=(SHEET, SCREEN))


def _choice(found: Answers, choice: Choice, labels: list[str]) -> dict[str, Any]:
    people = found.result.scenario.model.people
    row: dict[str, Any] = {
        "by": upper_first(MONEY_ALONE if choice.threshold is None else "net benefit"), "threshold": choice.threshold,
        "chosen": labels[choice.chosen], "frontier": float(choice.chance[choice.chosen]),
    }  # fmt: skip
    for s in range(len(labels)):
        best, loss = float(choice.chance[s]), float(choice.loss[s])
        row |= {f"chance_{s}": best, f"chance_{s}_words": chance(best)}
        row |= {f"loss_{s}": loss, f"loss_{s}_words": money(loss * people)}
    return row


def _data(found: Answers) -> dict[str, Any]:
    """What a program reads beside the rows."""
    asked = found.perspective if len(found.perspectives) == 1 else None
    settings = of_run(found.result, asked) | {
        "strategies": list(found.strategies), "draws_one_by_one": found.psa.kept,
        "thresholds": list(found.psa.setting_thresholds),
    }  # fmt: skip
    return {
        "schema": "costmodel/psa/1",
        "settings": settings,
        "curves": {
            "chance_by_month": list(_chances(found)),
            "ceac": list(_acceptability(found)),
            "ce_plane": list(_plane(found)),
        },
        "convergence": list(_convergence(found)),
        "against_central": list(_against_central(found)),
    }


def _places(found: Answers) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What is asked of the analysis for each strategy, horizon and reading, and how a curve names it."""
    for strategy in found.strategies:
        for end in found.result.horizons:
            for run in found.psa.readings:
                asked = {"strategy": strategy, "perspective": found.perspective, "run": run}
                yield asked | {"horizon": end}, asked | {"horizon_months": end}


def _chances(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        for view, outcome in (("value", "chance_payback"), ("cash", "chance_cash_payback")):
            by_month = found.psa.chances(**at, view=view)
            months, chances = by_month.months.tolist(), by_month.chances.tolist()
            yield named | {"outcome": outcome, "draws": by_month.draws, "months": months, "chances": chances}


def _acceptability(found: Answers) -> Iterator[dict[str, Any]]:
    result = found.result
    for end in result.horizons:
        for run in found.psa.readings:
            choices = found.psa.choices(found.perspective, end, run)
            by_strategy = {
                what: {
                    name: [float(getattr(choice, what)[s]) for choice in choices]
                    for s, name in enumerate(result.strategies)
                }
                for what in ("chance", "expected", "loss")
            }
            yield {
                "perspective": found.perspective,
                "horizon_months": end,
                "run": run,
                "draws": found.psa.kept,
                "thresholds": [choice.threshold for choice in choices],
                "chance_best": by_strategy["chance"],
                "expected_net_benefit": by_strategy["expected"],
                "expected_loss": by_strategy["loss"],
                "frontier": [result.strategies[choice.chosen] for choice in choices],
            }


def _plane(found: Answers) -> Iterator[dict[str, Any]]:
    result = found.result
    for strategy in found.strategies:
        for end in result.horizons:
            plane = found.psa.plane(found.perspective, strategy, end)
            for a, structure in enumerate(result.scenario.readings):
                yield {
                    "strategy": strategy,
                    "perspective": found.perspective,
                    "horizon_months": end,
                    "alternative": structure.name,
                    "weight": float(result.weights[a]),
                    "qalys": plane.qalys[a, :POINTS].tolist(),
                    "costs": plane.cost[a, :POINTS].tolist(),
                }


def _convergence(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        steps = found.psa.convergence(**at)
        yield named | asdict(steps) | {
            "needed": steps.needed, "enough": steps.enough, "sure_of_sign": steps.sure_of_sign,
        }  # fmt: skip


def _against_central(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        apart = found.psa.against_central(**at)
        parts = {"difference": apart.difference, "of_inputs": apart.of_inputs, "of_shape": apart.of_shape}
        yield named | asdict(apart) | parts
