"""The page of the draws: sentences that can be read aloud, then the tables and charts behind them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from costmodel.analysis.psa.comparison import Comparison, highest, lowest
from costmodel.analysis.psa.draws import MONEY_ALONE, PERCENTILES, QUARTERS, Draws, asked_for, rows
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
    of_run,
    page_of,
    reading_label,
)
from costmodel.result.decision import Choice
from costmodel.result.payback import NEVER
from costmodel.result.table import THE_SAME, Row, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance, lower_first, upper_first

if TYPE_CHECKING:
    from costmodel.drawing import Chart

NAMED = 2
"""Groups of inputs and categories that are named."""
POINTS = 250
"""Draws of each alternative that a program is shown in the plane: the first."""
READ = (TEXT, SCREEN)
STRATEGY, TO_MONTH, OVER = (
    Column("strategy", "Strategy", only=(SHEET,), width=36),
    Column("to", "To month", "months", only=(SHEET,)),
    Column("over", "to", only=READ),
)
WHEN = (
    Column("who", "Payback, for whom", "text"), STRATEGY, TO_MONTH, Column("chance", "Chance of payback", "share"),
    Column("error", "Known to ± (95%)", "share"),
    *(Column(f"p{p}", f"{p} of 100 have it back by month", "months") for p in PERCENTILES),
)  # fmt: skip
AMOUNTS = {
    ("net_saving", False): "net saving", ("net_saving", True): "net saving, discounted",
    ("cash_net_saving", False): "net saving in cash", ("peak_funding", False): "peak funding",
}  # fmt: skip
FRONTIER = (
    "On the frontier stands the strategy with the highest expected net benefit, which need not be the one that is most "
    "often best. Expected loss: what choosing a strategy forgoes on average because it is not always the best."
)


# In sentences. Money is that of the group.


def sentences(psa: Draws, of: Comparison) -> dict[str, list[str]]:
    """The answer about a strategy, by heading."""
    return {
        "By when": by_when(psa, of),
        "How much": [*how_much(of), *([in_the_plane(psa, of)] if of.result.scenario.model.health else ())],
        "What a wrong decision loses": [wrong_decision(psa, of, at) for at in (None, psa.result.threshold)],
        "How exact this is": how_exact(psa, of),
        "Beside the run at central values": [against_central(psa, of)],
    }


def by_when(psa: Draws, of: Comparison) -> list[str]:
    """Chance of payback within each horizon, and percentiles."""
    who = upper_first(psa.result.setting.payer(of.perspective))
    if of.when(of.payback()) == THE_SAME:
        return [f"{who} pays the same on average: there is nothing to pay back."]
    first, *later = [
        f"within {in_words(one.months)} in {chance(one.paid_back().value)}" for one in _to_each_horizon(of)
    ]
    text = f"{who} has its money back {first} simulations{''.join(f', {one}' for one in later)}."
    months = psa.percentiles(*of.about)
    if months[PERCENTILES[0]] == NEVER:
        return [text, f"Even the quickest 5 of 100 simulations do not have it back within {in_words(of.months)}."]
    told: list[str] = []
    for percent, month in months.items():
        told.append(f"the {percent}th {'' if told else 'has it back '}{of.when(month)}")
        if month == NEVER:
            break
    return [text, f"Of 100 simulations, the quickest first, {', '.join(told)}."]


def how_much(of: Comparison) -> list[str]:
    """Net saving with its intervals and worst tenth at each horizon, and peak funding."""
    people, told = of.result.scenario.model.people, []
    for one in _to_each_horizon(of):
        saving, worst = one.spread(Comparison.saving), of.money(lowest(one.saving(), of.run.weights))
        text = f"Net saving over {in_words(one.months)}, {people:,} people: {of.money(saving.value)} on average"
        ends = (saving.low_50, saving.high_50, saving.low, saving.high)
        known = [of.money(end) for end in ends if end is not None]
        if known:
            text += (
                f"; half of the simulations lie between {known[0]} and {known[1]}, 95 of 100 between {known[2]} and "
                f"{known[3]}; the worst tenth comes to {worst} on average"
            )
        told.append(f"{text}.")
    peak, worst = of.money(of.expected(Comparison.peak)), of.money(highest(of.peak(), of.run.weights))
    payer = of.result.setting.payer(of.perspective)
    deepest = f"At the deepest point {payer} is {peak} out of pocket on average, and {worst} in the worst tenth."
    return [*told, deepest]


def in_the_plane(psa: Draws, of: Comparison) -> str:
    """Where the draws lie in the plane of health and cost."""
    shares = sorted(
        ((share, QUARTERS[name]) for name, share in psa.plane(*of.about).shares.items() if share), reverse=True
    )
    parts = [f"{words}, in {chance(share)}" for share, words in shares]
    end = "" if len(parts) > 1 else " simulations"
    return f"Health and cost over {in_words(of.months)}, discounted: {' simulations; '.join(parts)}{end}."


def wrong_decision(psa: Draws, of: Comparison, threshold: float | None) -> str:
    """Which strategy is best on average, how often, and what each choice loses."""
    currency = psa.result.setting.currency
    (choice,) = psa.choices(of.perspective, of.months, of.run.name, [threshold])
    best, *others = sorted(range(len(choice.loss)), key=lambda s: (s != choice.chosen, s))
    labels = [lower_first(one.label) for one in psa.result.scenario.model.strategies.values()]
    losses = [of.money(loss) for loss in choice.loss]
    by = MONEY_ALONE if threshold is None else f"at {currency.money(threshold)} per QALY"
    still = "Choosing it loses nothing" if losses[best] == currency.nothing else (
        f"Choosing it still loses {losses[best]} for {psa.result.scenario.model.people:,} people on average, because "
        "it is not always the best"
    )  # fmt: skip
    return (
        f"{upper_first(by)} over {in_words(of.months)}, {labels[best]} is the best choice on average, and in "
        f"{chance(float(choice.chance[best]))} simulations. {still}; "
        f"{', '.join(f'choosing {labels[s]} loses {losses[s]}' for s in others)}."
    )


def how_exact(psa: Draws, of: Comparison) -> list[str]:
    """The Monte-Carlo error of the headline, whether it is small enough, and what is not of all draws."""
    steps, result = psa.convergence(*of.about), psa.result
    last, told = steps.last, []
    if last.saving_error is None or last.chance_error is None or steps.needed is None:
        told.append("One draw says nothing of how exact it is.")
    else:
        told.append(
            f"With {last.draws:,} draws the mean net saving over {in_words(of.months)} is known to "
            f"±{of.money(last.saving_error)}, and the chance of payback to ±{_points(last.chance_error)} (95%)."
        )
        aim = f"the chance to ±{_points(steps.wanted_chance)}"
        if steps.wanted_saving:
            aim = f"the saving to ±{of.money(steps.wanted_saving)}, 2% of the cost of therapy, and {aim}"
        verdict = "That is enough" if steps.enough else f"It would take about {_round_up(steps.needed):,} draws"
        told.append(f"{verdict} to know {aim}.")
        if not steps.sure_of_sign:
            told.append("Whether money is saved on average these draws cannot tell.")
        if result.sampling == "sobol":
            told.append("The errors are those of as many pseudo-random draws; a Sobol sequence is mostly more exact.")
    if psa.kept < result.draws:
        told.append(
            f"Means and chances of payback are of all {result.draws:,} draws; intervals, percentiles, worst "
            f"tenths, choices, the plane and parties' peak funding are of the first {psa.kept:,}."
        )
    return told


def against_central(psa: Draws, of: Comparison) -> str:
    """Expected value beside the deterministic run, and where the difference comes from."""
    why, nothing = psa.against_central(*of.about), psa.result.setting.currency.nothing
    where = f"over {in_words(of.months)}"

    def moved(amount: float) -> str:
        size = of.money(abs(amount))
        return "nothing" if size == nothing else f"{size} {'higher' if amount > 0 else 'lower'}"

    def largest(parts: Mapping[str, float], lead: str) -> str:
        """The largest parts by name; nothing where all are nothing."""
        large = sorted(parts.items(), key=lambda item: -abs(item[1]))[:NAMED]
        named = [f"{lower_first(name)} {of.money(part)}" for name, part in large if of.money(part) != nothing]
        return f"{lead}{', '.join(named)}" if named else ""

    if moved(why.difference) == "nothing":
        return f"The mean net saving {where} is that of the run at central values, {of.money(why.central)}."
    text = (
        f"The mean net saving {where} is {moved(why.difference)} than at central values "
        f"({of.money(why.expected)} against {of.money(why.central)}): "
        f"{moved(why.of_inputs)} because the means of the inputs' draws are not their central values"
        f"{largest(why.by_group, ', most in ')}; {moved(why.of_shape)} because the saving is no "
        f"straight line in the inputs. By category{largest(why.by_category, ': ')}."
    )
    if why.error is not None and abs(why.difference) <= why.error:
        text += f" The difference is within the Monte-Carlo error of the mean, ±{of.money(why.error)}."
    return text


def _to_each_horizon(of: Comparison) -> list[Comparison]:
    return [of.to(h) for h in range(len(of.result.horizons))]


def _points(share: float) -> str:
    size = f"{share * 100:.2g}"
    return f"{size} point{'' if size == '1' else 's'}"


def _round_up(number: int) -> int:
    """Two significant figures, upwards: a wanted number of draws is no measurement."""
    step = int(10 ** max(len(str(number)) - 2, 0))
    return -(-number // step) * step


# In tables and charts. Numbers are those of one person, in words of the group.


def page(psa: Draws, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
    """Everything that is reported of an analysis; perspective, strategies: only these. Raises InputError."""
    result, setting = psa.result, psa.result.setting
    payers, named = asked_for(result, None if perspective is None else [perspective], strategies)
    of = [psa.comparison(perspective, name) for name in named]
    found = list(rows(psa, payers, named))
    blocks: list[Block] = []
    for one in of:
        blocks += [Heading(one.compared)] if len(named) > 1 else []
        blocks += _of_strategy(psa, one, payers, found)
    blocks += _choices(psa, of)
    about = (
        f"{' and '.join(one.compared for one in of)}, {setting.name(of[0].perspective)}: {setting.prices} for "
        f"{result.scenario.model.people:,} people, undiscounted unless said; a saving is positive."
    )
    return page_of(result, blocks, (about,), _data(psa, of, perspective), pd.DataFrame(found).astype(object))


def drawn(name: str, psa: Draws, *about: Any) -> "Chart":
    """A chart of the draws by the name of its function: chances, plane, acceptability."""
    from costmodel.analysis.psa import charts

    return getattr(charts, name)(psa, *about)  # type: ignore[no-any-return]


def _of_strategy(psa: Draws, of: Comparison, payers: list[str], found: list[Row]) -> Iterator[Block]:
    result, currency, people = psa.result, psa.result.setting.currency, psa.result.scenario.model.people
    end = in_words(of.months)
    for heading, told in sentences(psa, of).items():
        yield Heading(heading)
        yield from map(Paragraph, told)
    yield Heading(f"Chance that the money is back for good by the end of each year, to {end}")
    yield from _by_year(psa, of, payers)
    yield Heading("When the money is back: of 100 simulations, the quickest first", (SHEET,))
    yield Table(pd.DataFrame(_when(psa, of, payers)), WHEN, name="when", only=(SHEET,))
    yield Heading("How much, and the worst tenth of the simulations")
    money, interval = (partial(Column, style=style, people=people) for style in ("money", "interval"))
    low, high = money("low", "Low (95%)", only=(SHEET,)), money("high", "High (95%)", only=(SHEET,))
    span, worst = interval("low", "95% interval", to="high", only=READ), money("worst", "Worst tenth, mean")
    columns: tuple[Column, ...] = (
        Column("what", f"{people:,} people", "text", only=READ),
        Column("what", f"{currency.symbol} per person referred", only=(SHEET,)),
        STRATEGY, TO_MONTH, OVER, money("value", "Mean"), money("error", "Mean known to ± (95%)", only=(SHEET,)),
        interval("low_50", "50% interval", to="high_50", only=READ), span, low, high,
        money("low_50", "Low (50%)", only=(SHEET,)), money("high_50", "High (50%)", only=(SHEET,)), worst,
    )  # fmt: skip
    amounts = pd.DataFrame(_how_much(of, found))
    yield Table(amounts, columns, name="how_much", only=(SHEET,))
    yield Table(amounts[amounts["worst"].notna()], columns, name="how_much", only=READ)
    yield Heading(f"Each reading of the model, {end}")
    columns = (
        Column("reading", "Alternative", "text"), STRATEGY, TO_MONTH, OVER, money("value", "Mean net saving"), span,
        low, high, worst, Column("chance", "Chance of payback", "chance"),
        Column("best", f"Best at {currency.money(result.threshold)} per QALY", "chance", only=READ),
    )  # fmt: skip
    media = (TEXT, SCREEN, SHEET) if len(psa.readings) > 1 else READ
    yield Table(pd.DataFrame(_readings(psa, of)), columns, name="readings", only=media)
    yield Heading("With growing numbers of draws", READ)
    columns = (
        Column("draws", "draws", "count"), money("saving", "net saving"), money("saving_error", "±"),
        Column("chance", "chance of payback", "share"), Column("chance_error", "± of the chance", "share"),
    )  # fmt: skip
    yield Table(pd.DataFrame(psa.convergence(*of.about).steps), columns, name="convergence", only=READ)


def _by_year(psa: Draws, of: Comparison, payers: list[str]) -> Iterator[Block]:
    """A row a year, and the chart of it; perspectives with the same chances share a line."""
    setting, payer = psa.result.setting, of.perspective
    curves = {name: psa.chances(name, of.name) for name in payers}
    curves["cash"] = psa.chances(payer, of.name, view="cash")
    labels = {name: upper_first(setting.name(name)) for name in payers} | {"cash": f"Cash alone, {setting.name(payer)}"}
    years = [float(year) for year in curves["cash"].by_year()] or [of.months / MONTHS_A_YEAR]
    by_name = {name: tuple(curve.at(MONTHS_A_YEAR * year) for year in years) for name, curve in curves.items()}
    alike: dict[tuple[float, ...], list[str]] = {}
    for name, shares in by_name.items():
        alike.setdefault(shares, []).append(name)
    series = tuple((names[0], "; ".join(labels[name] for name in names)) for names in alike.values())
    alt = (
        f"Line chart of the table above. To the {setting.name(payer)}, within {in_words(of.months)}: "
        f"{of.label} in {chance(of.paid_back().value)} simulations."
    )
    chart = Drawn(
        "line", "year", series, "Chance that the money is back for good", "Share of simulations", "share",
        across="Years since referral", alt=alt,
    )  # fmt: skip
    columns = (
        Column("strategy", "Strategy", "text", only=(SHEET,)), Column("year", "By the end of year", "count"),
        Column("month", "By month", "months", only=(SHEET,)),
        *(Column(name, label, "chance") for name, label in labels.items()),
    )  # fmt: skip
    table = {"strategy": of.label, "year": years, "month": [MONTHS_A_YEAR * year for year in years]}
    yield Figure(partial(drawn, "chances", psa, payer, of.name), "chance_by_month", 380, chart)
    yield Table(pd.DataFrame(table | by_name), columns, name="chance_by_year")


def _at(of: Comparison) -> dict[str, Any]:
    """To where a row looks, and of which strategy."""
    return {"strategy": of.label, "to": of.months, "over": in_words(of.months)}


def _when(psa: Draws, of: Comparison, payers: list[str]) -> Iterator[dict[str, Any]]:
    for one, payer in product(_to_each_horizon(of), payers):
        at = replace(one, perspective=payer)
        paid, who = at.paid_back(), upper_first(psa.result.setting.name(payer))
        months = psa.percentiles(*at.about).items()
        told = {f"p{percent}": None if month == NEVER else month for percent, month in months}
        yield _at(one) | {"who": who, "chance": paid.value, "error": paid.error} | told


def _how_much(of: Comparison, found: list[Row]) -> Iterator[dict[str, Any]]:
    """Net savings by perspective and party to each horizon, then peak funding: rows of the one table."""
    setting = of.result.setting
    own = [row for row in found if (row["strategy"], row["run"]) == (of.name, of.run.name)]

    def key(row: Row) -> tuple[Any, ...]:
        return row["outcome"], row["discounted"], row["perspective"], row["party"], row["horizon_months"]

    worst = {key(row): row["value"] for row in own}
    amounts = [row for row in own if (row["outcome"], row["discounted"]) in AMOUNTS]
    amounts.sort(key=lambda row: (row["outcome"] == "peak_funding", row["horizon_months"], row["party"] != "all"))
    for row in amounts:
        who, party, end = row["perspective"], row["party"], row["horizon_months"]
        label = setting.name(who) if who else f"{setting.parties[party].name}, own account"
        what = f"{upper_first(label)}: {AMOUNTS[row['outcome'], row['discounted']]}"
        tenth = worst.get(key(row | {"outcome": f"{row['outcome']}_worst_tenth"}))
        yield row | _at(of.to(of.result.at(end))) | {"what": what, "worst": tenth}


def _readings(psa: Draws, of: Comparison) -> Iterator[dict[str, Any]]:
    for one, (name, run) in product(_to_each_horizon(of), psa.readings.items()):
        at = replace(one, run=run)
        (choice,) = psa.choices(at.perspective, at.months, name, [psa.result.threshold])
        yield _at(at) | asdict(at.spread(Comparison.saving)) | {
            "reading": upper_first(reading_label(psa.result, name)), "worst": lowest(at.saving(), run.weights),
            "chance": at.paid_back().value, "best": float(choice.chance[of.strategy]),
        }  # fmt: skip


def _choices(psa: Draws, of: list[Comparison]) -> Iterator[Block]:
    """Net saving alone and the setting's thresholds, then the curve with its chart."""
    result, currency, payer, end = psa.result, psa.result.setting.currency, of[0].perspective, in_words(of[0].months)
    labels = [one.label for one in result.scenario.model.strategies.values()]
    columns = (
        Column("by", "Judged by", "text"), Column("threshold", f"{currency.symbol} per QALY", "whole"),
        *(Column(f"chance_{s}", f"Chance best: {one}", "chance") for s, one in enumerate(labels)),
        Column("chosen", "On the frontier"), Column("frontier", "Chance that it is best", "share", only=(SHEET,)),
        *(Column(f"loss_{s}", f"Expected loss: {one}", "money", people=result.scenario.model.people)
          for s, one in enumerate(labels)),
    )  # fmt: skip

    def table(choices: Iterable[Choice]) -> pd.DataFrame:
        rows = []
        for one in choices:
            by = MONEY_ALONE if one.threshold is None else "net benefit"
            best = {"chosen": labels[one.chosen], "frontier": one.chance[one.chosen]}
            chances = {f"chance_{s}": share for s, share in enumerate(one.chance)}
            losses = {f"loss_{s}": loss for s, loss in enumerate(one.loss)}
            rows.append({"by": upper_first(by), "threshold": one.threshold} | best | chances | losses)
        return pd.DataFrame(rows)

    yield Heading(f"Choices over {end}: chance of being the best, and expected loss")
    yield Paragraph(FRONTIER)
    own = psa.choices(payer, thresholds=(None, *psa.setting_thresholds))
    yield Table(table(own), columns, name="choices")
    for one in of:
        yield Figure(partial(drawn, "plane", psa, payer, one.name), f"plane_{one.name}", 380, only=(SCREEN,))
    alt = (
        f"Line chart of the table; the broad grey line is the frontier. {wrong_decision(psa, of[0], result.threshold)}"
    )
    chart = Drawn(
        "line", "threshold", tuple((f"chance_{s}", label) for s, label in enumerate(labels)),
        "Chance of being the best choice, by what a QALY is worth", "Share of simulations", "share",
        across=f"{currency.symbol} per QALY", alt=alt, broad="frontier",
    )  # fmt: skip
    yield Figure(partial(drawn, "acceptability", psa, payer), "acceptability", 380, chart)
    yield Table(table(psa.choices(payer)), columns, name="acceptability", only=(SHEET, SCREEN))


# For a program


def _data(psa: Draws, of: list[Comparison], perspective: str | None) -> dict[str, Any]:
    """What a program reads beside the rows: the run, curves, and how exact it is, of one perspective."""
    result, payer = psa.result, of[0].perspective
    settings = of_run(result, perspective) | {
        "strategies": [one.name for one in of], "draws_one_by_one": psa.kept,
        "thresholds": list(psa.setting_thresholds),
    }  # fmt: skip
    by_month, convergence, apart, ceac, points = [], [], [], [], []
    for one in (at for each in of for at in _to_each_horizon(each)):
        plane, about = psa.plane(*one.about), {"perspective": payer, "strategy": one.name, "horizon_months": one.months}
        for a, structure in enumerate(result.scenario.readings):
            weighed = {"alternative": structure.name, "weight": float(result.weights[a])}
            points.append(about | weighed | {"qalys": plane.qalys[a, :POINTS], "costs": plane.cost[a, :POINTS]})
        for run in psa.readings:
            named, asked = about | {"run": run}, (*one.about[:3], run)
            for view, outcome in (("value", "chance_payback"), ("cash", "chance_cash_payback")):
                by_month.append(named | {"outcome": outcome} | asdict(psa.chances(*asked, view=view)))
            steps, why = psa.convergence(*asked), psa.against_central(*asked)
            more = {"needed": steps.needed, "enough": steps.enough, "sure_of_sign": steps.sure_of_sign}
            convergence.append(named | asdict(steps) | more)
            parts = {"difference": why.difference, "of_inputs": why.of_inputs, "of_shape": why.of_shape}
            apart.append(named | asdict(why) | parts)
    for end, run in product(result.horizons, psa.readings):
        choices = psa.choices(payer, end, run)
        about = {"perspective": payer, "horizon_months": end, "run": run, "draws": psa.kept}
        known = {"chance_best": "chance", "expected_net_benefit": "expected", "expected_loss": "loss"}
        for name, what in known.items():
            each = np.array([getattr(choice, what) for choice in choices]).T
            about[name] = dict(zip(result.strategies, each, strict=True))
        frontier = [result.strategies[choice.chosen] for choice in choices]
        ceac.append(about | {"thresholds": [choice.threshold for choice in choices], "frontier": frontier})
    curves = {"chance_by_month": by_month, "ceac": ceac, "ce_plane": points}
    return {
        "schema": "costmodel/psa/1", "settings": settings, "curves": curves, "convergence": convergence,
        "against_central": apart,
    }  # fmt: skip
