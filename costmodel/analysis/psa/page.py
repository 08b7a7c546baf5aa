"""The page of the draws: sentences that can be read aloud, then the tables and charts behind them."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import pandas as pd

from costmodel.analysis.psa.decision import QUARTERS, Choice
from costmodel.analysis.psa.draws import PERCENTILES
from costmodel.analysis.psa.table import MONEY_ALONE, Answers, data_of
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
    reading_label,
    titled,
)
from costmodel.result.table import THE_SAME, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.words import chance, lower_first, upper_first

if TYPE_CHECKING:
    from costmodel.drawing import Chart

NAMED = 2
"""Groups of inputs and categories that are named."""
READ = (TEXT, SCREEN)
STRATEGY, TO_MONTH, OVER = (
    Column("strategy", "Strategy", only=(SHEET,), width=36),
    Column("to", "To month", "months", only=(SHEET,)),
    Column("over", "to", only=READ),
)
LOW, HIGH, SPAN = (
    Column("low", "Low (95%)", "money", only=(SHEET,)),
    Column("high", "High (95%)", "money", only=(SHEET,)),
    Column("span", "95% interval", only=READ),
)
WORST = Column("worst", "Worst tenth, mean", "money", "worst_words")
WHEN = (
    Column("who", "Payback, for whom", "text"), STRATEGY, TO_MONTH, Column("chance", "Chance of payback", "share"),
    Column("error", "Known to ± (95%)", "share"),
    *(Column(f"p{p}", f"{p} of 100 have it back by month", "months") for p in PERCENTILES),
)  # fmt: skip
STEPS = (
    Column("draws", "draws", "count"), Column("saving", "net saving", "money"), Column("error", "±", "money"),
    Column("chance", "chance of payback", "share"), Column("chance_error", "± of the chance", "share"),
)  # fmt: skip
FRONTIER = (
    "On the frontier stands the strategy with the highest expected net benefit, which need not be the one that is most "
    "often best. Expected loss: what choosing a strategy forgoes on average because it is not always the best."
)


# In sentences. Money is that of the group.


def sentences(found: Answers, strategy: str) -> dict[str, list[str]]:
    """The answer about a strategy, by heading."""
    return {
        "By when": by_when(found, strategy),
        "How much": [*how_much(found, strategy), in_the_plane(found, strategy)],
        "What a wrong decision loses": [
            wrong_decision(found, threshold) for threshold in (None, found.result.threshold)
        ],
        "How exact this is": how_exact(found, strategy),
        "Beside the run at central values": [against_central(found, strategy)],
    }  # fmt: skip


def by_when(found: Answers, strategy: str) -> list[str]:
    """Chance of payback within each horizon, and percentiles."""
    at: dict[str, Any] = {"perspective": found.perspective}
    who = upper_first(found.result.setting.payer(found.perspective))
    if found.pick("payback_sustained_months", strategy, **at)["words"] == THE_SAME:
        return [f"{who} pays the same on average: there is nothing to pay back."]
    first, *later = [
        f"within {in_words(end)} in {chance(found.pick('chance_payback', strategy, horizon=end, **at)['value'])}"
        for end in found.result.horizons
    ]
    text = f"{who} has its money back {first} simulations{''.join(f', {one}' for one in later)}."
    rows = {percent: found.pick(f"payback_p{percent:02d}", strategy, **at) for percent in PERCENTILES}
    if rows[PERCENTILES[0]]["value"] is None:
        return [text, f"Even the quickest 5 of 100 simulations do not have it back within {_horizon(found)}."]
    told: list[str] = []
    for percent, row in rows.items():
        told.append(f"the {percent}th {'' if told else 'has it back '}{row['words']}")
        if row["value"] is None:
            break
    return [text, f"Of 100 simulations, the quickest first, {', '.join(told)}."]


def how_much(found: Answers, strategy: str) -> list[str]:
    """Net saving with its intervals and worst tenth at each horizon, and peak funding."""
    setting, money = found.result.setting, found.result.setting.currency.money
    people = found.result.scenario.model.people
    at: dict[str, Any] = {"perspective": found.perspective}
    told = []
    for end in found.result.horizons:
        row = found.pick("net_saving", strategy, horizon=end, **at)
        worst = found.pick("net_saving_worst_tenth", strategy, horizon=end, **at)["value"]
        text = f"Net saving over {in_words(end)}, {people:,} people: {money(row['value'] * people)} on average"
        if row["low"] is not None:
            low, low_50, high_50, high = (money(row[key] * people) for key in ("low", "low_50", "high_50", "high"))
            text += (
                f"; half of the simulations lie between {low_50} and {high_50}, 95 of 100 between {low} and {high}; "
                f"the worst tenth comes to {money(worst * people)} on average"
            )
        told.append(f"{text}.")
    peak = found.pick("peak_funding", strategy, **at)["value"]
    worst = found.pick("peak_funding_worst_tenth", strategy, **at)["value"]
    told.append(
        f"At the deepest point {setting.payer(found.perspective)} is {money(peak * people)} out of pocket "
        f"on average, and {money(worst * people)} in the worst tenth."
    )
    return told


def in_the_plane(found: Answers, strategy: str) -> str:
    """Where the draws lie in the plane of health and cost."""
    rows = [
        found.pick(f"chance_{quarter}", strategy, perspective=found.perspective, discounted=True)
        for quarter in QUARTERS
    ]
    shares = sorted(((row["value"], row["words"]) for row in rows if row["value"]), reverse=True)
    parts = [f"{words}, in {chance(share)}" for share, words in shares]
    end = "" if len(parts) > 1 else " simulations"
    return f"Health and cost over {_horizon(found)}, discounted: {' simulations; '.join(parts)}{end}."


def wrong_decision(found: Answers, threshold: float | None) -> str:
    """Which strategy is best on average, how often, and what each choice loses."""
    currency, money = found.result.setting.currency, found.result.setting.currency.money
    people = found.result.scenario.model.people
    (choice,) = found.psa.choices(found.perspective, thresholds=[threshold])
    best, *others = sorted(range(len(choice.loss)), key=lambda s: (s != choice.chosen, s))
    labels = [lower_first(_label(found, name)) for name in found.result.strategies]
    losses = [money(loss * people) for loss in choice.loss]
    by = MONEY_ALONE if threshold is None else f"at {money(threshold)} per QALY"
    still = "Choosing it loses nothing" if losses[best] == currency.nothing else (
        f"Choosing it still loses {losses[best]} for {people:,} people on average, because it is not always the best"
    )  # fmt: skip
    return (
        f"{upper_first(by)} over {_horizon(found)}, {labels[best]} is the best choice on average, and in "
        f"{chance(float(choice.chance[best]))} simulations. {still}; "
        f"{', '.join(f'choosing {labels[s]} loses {losses[s]}' for s in others)}."
    )


def how_exact(found: Answers, strategy: str) -> list[str]:
    """The Monte-Carlo error of the headline, whether it is small enough, and what is not of all draws."""
    money = found.result.setting.currency.money
    psa, people = found.psa, found.result.scenario.model.people
    steps = psa.convergence(found.perspective, strategy)
    last, told = steps.last, []
    if last.saving_error is None or last.chance_error is None or steps.needed is None:
        told.append("One draw says nothing of how exact it is.")
    else:
        told.append(
            f"With {last.draws:,} draws the mean net saving over {_horizon(found)} is known to "
            f"±{money(last.saving_error * people)}, and the chance of payback to ±{_points(last.chance_error)} (95%)."
        )
        aim = f"the chance to ±{_points(steps.wanted_chance)}"
        if steps.wanted_saving:
            aim = f"the saving to ±{money(steps.wanted_saving * people)}, 2% of the cost of therapy, and {aim}"
        verdict = "That is enough" if steps.enough else f"It would take about {_round_up(steps.needed):,} draws"
        told.append(f"{verdict} to know {aim}.")
        if not steps.sure_of_sign:
            told.append("Whether money is saved on average these draws cannot tell.")
        if found.result.sampling == "sobol":
            told.append("The errors are those of as many pseudo-random draws; a Sobol sequence is mostly more exact.")
    if psa.kept < found.result.draws:
        told.append(
            f"Means and chances of payback are of all {found.result.draws:,} draws; intervals, percentiles, worst "
            f"tenths, choices, the plane and parties' peak funding are of the first {psa.kept:,}."
        )
    return told


def against_central(found: Answers, strategy: str) -> str:
    """Expected value beside the deterministic run, and where the difference comes from."""
    currency, money = found.result.setting.currency, found.result.setting.currency.money
    people, why = found.result.scenario.model.people, found.psa.against_central(found.perspective, strategy)
    where = f"over {_horizon(found)}"

    def moved(amount: float) -> str:
        if money(amount) == currency.nothing:
            return "nothing"
        return f"{money(abs(amount))} {'higher' if amount > 0 else 'lower'}"

    def largest(parts: Mapping[str, float], lead: str) -> str:
        """The largest parts by name; nothing where all are nothing."""
        large = [(name, part) for name, part in parts.items() if money(part * people) != currency.nothing]
        large.sort(key=lambda item: -abs(item[1]))
        named = ", ".join(f"{lower_first(name)} {money(part * people)}" for name, part in large[:NAMED])
        return f"{lead}{named}" if named else ""

    if money(why.difference * people) == currency.nothing:
        return f"The mean net saving {where} is that of the run at central values, {money(why.central * people)}."
    text = (
        f"The mean net saving {where} is {moved(why.difference * people)} than at central values "
        f"({money(why.expected * people)} against {money(why.central * people)}): "
        f"{moved(why.of_inputs * people)} because the means of the inputs' draws are not their central values"
        f"{largest(why.by_group, ', most in ')}; {moved(why.of_shape * people)} because the saving is no "
        f"straight line in the inputs. By category{largest(why.by_category, ': ')}."
    )
    if why.error is not None and abs(why.difference) <= why.error:
        text += f" The difference is within the Monte-Carlo error of the mean, ±{money(why.error * people)}."
    return text


def _horizon(found: Answers) -> str:
    return in_words(found.result.horizons[-1])


def _label(found: Answers, strategy: str) -> str:
    return found.result.scenario.model.strategies[strategy].label


def _points(share: float) -> str:
    size = f"{share * 100:.2g}"
    return f"{size} point{'' if size == '1' else 's'}"


def _round_up(number: int) -> int:
    """Two significant figures, upwards: a wanted number of draws is no measurement."""
    step = int(10 ** max(len(str(number)) - 2, 0))
    return -(-number // step) * step


# In tables and charts. Numbers are those of one person, in words of the group.


def page_of(found: Answers) -> Page:
    """Everything that is reported of an analysis."""
    result, model, setting = found.result, found.result.scenario.model, found.result.setting
    compared = [f"{_label(found, name)} against {_label(found, result.comparator)}" for name in found.strategies]
    blocks: list[Block] = []
    for name, words in zip(found.strategies, compared, strict=True):
        blocks += [Heading(words)] if len(compared) > 1 else []
        blocks += _of_strategy(found, name)
    blocks += _choices(found)
    about = (
        f"{' and '.join(compared)}, {setting.name(found.perspective)}: "
        f"{setting.prices} for {model.people:,} people, undiscounted unless said; a saving is positive."
    )
    frame = pd.DataFrame(found.rows).astype(object)
    return Page(
        titled(result.scenario), tuple(blocks), (about,), result.scenario, drawn_of(result), result.warnings,
        data_of(found), frame,
    )  # fmt: skip


def drawn(name: str, found: Answers, *more: Any) -> "Chart":
    """A chart of the draws by the name of its function: chances, plane, acceptability."""
    from costmodel.analysis.psa import charts

    return getattr(charts, name)(found.psa, found.perspective, *more)  # type: ignore[no-any-return]


def _of_strategy(found: Answers, strategy: str) -> Iterator[Block]:
    currency = found.result.setting.currency
    result, people, end = found.result, found.result.scenario.model.people, _horizon(found)
    for heading, told in sentences(found, strategy).items():
        yield Heading(heading)
        yield from map(Paragraph, told)
    yield Heading(f"Chance that the money is back for good by the end of each year, to {end}")
    yield from _by_year(found, strategy)
    yield Heading("When the money is back: of 100 simulations, the quickest first", (SHEET,))
    yield Table(pd.DataFrame(_when(found, strategy)), WHEN, name="when", only=(SHEET,))
    yield Heading("How much, and the worst tenth of the simulations")
    columns: tuple[Column, ...] = (
        Column("what", f"{people:,} people", "text", only=READ),
        Column("what", f"{currency.symbol} per person referred", only=(SHEET,)),
        STRATEGY, TO_MONTH, OVER, Column("value", "Mean", "money", "value_words"),
        Column("error", "Mean known to ± (95%)", "money", only=(SHEET,)),
        Column("span_50", "50% interval", only=READ), SPAN, LOW, HIGH,
        Column("low_50", "Low (50%)", "money", only=(SHEET,)), Column("high_50", "High (50%)", "money", only=(SHEET,)),
        WORST,
    )  # fmt: skip
    amounts = pd.DataFrame(_how_much(found, strategy))
    yield Table(amounts, columns, name="how_much", only=(SHEET,))
    yield Table(amounts[amounts["worst"].notna()], columns, name="how_much", only=READ)
    yield Heading(f"Each reading of the model, {end}")
    columns = (
        Column("reading", "Alternative", "text"), STRATEGY, TO_MONTH, OVER,
        Column("value", "Mean net saving", "money", "value_words"), SPAN, LOW, HIGH, WORST,
        Column("chance", "Chance of payback", "share", "chance_words"),
        Column("best", f"Best at {currency.money(result.threshold)} per QALY", "share", "best_words", READ),
    )  # fmt: skip
    media = (TEXT, SCREEN, SHEET) if len(found.psa.readings) > 1 else READ
    yield Table(pd.DataFrame(_readings(found, strategy)), columns, name="readings", only=media)
    yield Heading("With growing numbers of draws", READ)
    steps = pd.DataFrame(found.psa.convergence(found.perspective, strategy).steps)
    steps["saving"], steps["error"] = steps["saving"] * people, steps["saving_error"].astype(float) * people
    yield Table(steps, STEPS, name="convergence", only=READ)


def _by_year(found: Answers, strategy: str) -> Iterator[Block]:
    """A row a year, and the chart of it; perspectives with the same chances share a line."""
    setting = found.result.setting
    result = found.result
    curves = {name: found.psa.chances(name, strategy) for name in found.perspectives}
    curves["cash"] = found.psa.chances(found.perspective, strategy, view="cash")
    labels = {name: upper_first(setting.name(name)) for name in found.perspectives}
    labels["cash"] = f"Cash alone, {setting.name(found.perspective)}"
    years = [float(year) for year in curves["cash"].by_year()] or [result.horizons[-1] / MONTHS_A_YEAR]
    rows: list[dict[str, Any]] = []
    for year in years:
        at = {"strategy": _label(found, strategy), "year": year, "month": MONTHS_A_YEAR * year}
        rows.append(_in_words(found, at, {name: curve.at(MONTHS_A_YEAR * year) for name, curve in curves.items()}))
    alike: dict[tuple[float, ...], list[str]] = {}
    for name in curves:
        alike.setdefault(tuple(row[name] for row in rows), []).append(name)
    series = tuple((names[0], "; ".join(labels[name] for name in names)) for names in alike.values())
    paid = found.pick("chance_payback", strategy, perspective=found.perspective)["value"]
    alt = (
        f"Line chart of the table above. To the {setting.name(found.perspective)}, within "
        f"{_horizon(found)}: {_label(found, strategy)} in {chance(paid)} simulations."
    )
    chart = Drawn(
        "line", "year", series, "Chance that the money is back for good", "Share of simulations", "share",
        across="Years since referral", alt=alt,
    )  # fmt: skip
    columns = (
        Column("strategy", "Strategy", "text", only=(SHEET,)), Column("year", "By the end of year", "count"),
        Column("month", "By month", "months", only=(SHEET,)),
        *(Column(name, label, "share", f"{name}_words") for name, label in labels.items()),
    )  # fmt: skip
    yield Figure(partial(drawn, "chances", found, strategy), "chance_by_month", 380, chart)
    yield Table(pd.DataFrame(rows), columns, name="chance_by_year")


def _in_words(
    found: Answers,
    row: Mapping[str, Any],
    chances: Mapping[str, float],
    people: int = 1,
    amounts: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A row with some of its amounts, of the group, and more chances, as numbers and in words."""
    money = found.result.setting.currency.money
    told = {f"{name}_words": None if row[name] is None else money(row[name] * people) for name in amounts}
    return {**row, **told, **chances} | {f"{name}_words": chance(share) for name, share in chances.items()}


def _when(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    for end, name in product(found.result.horizons, found.perspectives):
        at: dict[str, Any] = {"perspective": name, "horizon": end}
        row = found.pick("chance_payback", strategy, **at)
        months = {f"p{p}": found.pick(f"payback_p{p:02d}", strategy, **at)["value"] for p in PERCENTILES}
        who = {"who": upper_first(found.result.setting.name(name)), "strategy": _label(found, strategy), "to": end}
        yield who | {"chance": row["value"], "error": row["error"]} | months


def _how_much(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    """Net savings by perspective and party to each horizon, then peak funding."""
    setting = found.result.setting
    accounts: list[tuple[str, dict[str, Any]]] = [
        *((upper_first(setting.name(name)), {"perspective": name}) for name in found.perspectives),
        *(
            (f"{upper_first(setting.parties[party].name)}, own account", {"party": party})
            for party in found.result.parties()
        ),
    ]
    for end, (label, whose) in product(found.result.horizons, accounts):
        at = whose | {"horizon": end}
        yield _amount(found, f"{label}: net saving", strategy, "net_saving", at)
        if "perspective" in whose:
            later = at | {"discounted": True}
            yield _amount(found, f"{label}: net saving, discounted", strategy, "net_saving", later, tenth=False)
            yield _amount(found, f"{label}: net saving in cash", strategy, "cash_net_saving", at, tenth=False)
    for label, whose in accounts:
        at = whose | {"horizon": found.result.horizons[-1]}
        yield _amount(found, f"{label}: peak funding", strategy, "peak_funding", at)


def _amount(
    found: Answers, what: str, strategy: str, outcome: str, at: Mapping[str, Any], tenth: bool = True
) -> dict[str, Any]:
    """A row of an outcome. tenth: whether its worst tenth is known, and it is read everywhere."""
    people, row = found.result.scenario.model.people, found.pick(outcome, strategy, **at)
    interval = found.result.setting.currency.interval
    spans = {
        name: "–" if row[low] is None else interval(row[low] * people, row[high] * people)
        for name, low, high in (("span", "low", "high"), ("span_50", "low_50", "high_50"))
    }
    known = {key: row[key] for key in ("value", "error", "low", "high", "low_50", "high_50")} | spans | {
        "what": what, "strategy": _label(found, strategy), "to": at["horizon"], "over": in_words(at["horizon"]),
        "worst": found.pick(f"{outcome}_worst_tenth", strategy, **at)["value"] if tenth else None,
    }  # fmt: skip
    return _in_words(found, known, {}, people, ("value", "worst"))


def _readings(found: Answers, strategy: str) -> Iterator[dict[str, Any]]:
    for end, run in product(found.result.horizons, found.psa.readings):
        at: dict[str, Any] = {"perspective": found.perspective, "run": run, "horizon": end}
        best = found.pick("chance_best", strategy, **at, threshold=found.result.threshold, discounted=True)["value"]
        paid = found.pick("chance_payback", strategy, **at)["value"]
        row = {"reading": upper_first(reading_label(found.result, run))}
        yield row | _in_words(found, _amount(found, "", strategy, "net_saving", at), {"chance": paid, "best": best})


def _choices(found: Answers) -> Iterator[Block]:
    """Net saving alone and the setting's thresholds, then the curve with its chart."""
    currency = found.result.setting.currency
    labels = [_label(found, name) for name in found.result.strategies]
    columns = (
        Column("by", "Judged by", "text"), Column("threshold", f"{currency.symbol} per QALY", "whole"),
        *(Column(f"chance_{s}", f"Chance best: {one}", "share", f"chance_{s}_words") for s, one in enumerate(labels)),
        Column("chosen", "On the frontier"), Column("frontier", "Chance that it is best", "share", only=(SHEET,)),
        *(Column(f"loss_{s}", f"Expected loss: {one}", "money", f"loss_{s}_words") for s, one in enumerate(labels)),
    )  # fmt: skip
    yield Heading(f"Choices over {_horizon(found)}: chance of being the best, and expected loss")
    yield Paragraph(FRONTIER)
    own = found.psa.choices(found.perspective, thresholds=(None, *found.psa.setting_thresholds))
    yield Table(pd.DataFrame([_choice(found, one, labels) for one in own]), columns, name="choices")
    for strategy in found.strategies:
        yield Figure(partial(drawn, "plane", found, strategy), f"plane_{strategy}", 380, only=(SCREEN,))
    alt = wrong_decision(found, found.result.threshold)
    chart = Drawn(
        "line", "threshold", tuple((f"chance_{s}", label) for s, label in enumerate(labels)),
        "Chance of being the best choice, by what a QALY is worth", "Share of simulations", "share",
        across=f"{currency.symbol} per QALY",
        alt=f"Line chart of the table; the broad grey line is the frontier. {alt}",
        broad="frontier",
    )  # fmt: skip
    yield Figure(partial(drawn, "acceptability", found), "acceptability", 380, chart)
    curve = [_choice(found, one, labels) for one in found.psa.choices(found.perspective)]
    yield Table(pd.DataFrame(curve), columns, name="acceptability", only=(SHEET, SCREEN))


def _choice(found: Answers, choice: Choice, labels: list[str]) -> dict[str, Any]:
    row = {
        "by": upper_first(MONEY_ALONE if choice.threshold is None else "net benefit"), "threshold": choice.threshold,
        "chosen": labels[choice.chosen], "frontier": float(choice.chance[choice.chosen]),
    } | {f"loss_{s}": float(loss) for s, loss in enumerate(choice.loss)}  # fmt: skip
    chances = {f"chance_{s}": float(share) for s, share in enumerate(choice.chance)}
    losses = tuple(f"loss_{s}" for s in range(len(labels)))
    return _in_words(found, row, chances, found.result.scenario.model.people, losses)
