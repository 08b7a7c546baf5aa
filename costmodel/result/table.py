"""The one table: every answer of a result as rows with the same columns.

Columns: strategy, comparator, perspective, party, category, channel, outcome, value, unit, low, high, price_year,
discounted, horizon_months, draws, run, words. Money is per person referred; a positive net saving is
money saved; `value` is None where the answer is words ("not within 10 years", "costs more and does harm").
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from costmodel.engine.formulas import NOTHING, settled
from costmodel.result import purse
from costmodel.result.payback import NEVER
from costmodel.result.sums import DETERMINISTIC, Estimate, Run, Sums
from costmodel.result.sums import in_words as in_words

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

ANSWERED = ("outcome", "perspective", "party", "category", "channel", "discounted", "horizon_months", "run", "strategy")
"""Columns that say which question a row answers."""
THE_SAME = "the same: nothing to pay back"
NO_SAVING = "other care saves nothing"
OF_DRAWS = ("share_needed",)
"""Outcomes whose words are found among draws, and not at their mean."""
SMALLEST_QALY = 1e-4
"""QALYs. Below this a difference is nothing (under an hour of full health) and no ratio is formed."""


def rows(result: Sums) -> Iterator[Row]:
    """All rows: runs, horizons, strategies, perspectives, outcomes."""
    for name in names(result):
        yield from _rows_of(result, name)


def names(result: Sums) -> tuple[str, ...]:
    """What the column `run` of the table holds: readings, conventions about money, strata."""
    return (*result.runs, *result.conventions, *result.strata)


def _rows_of(result: Sums, name: str) -> Iterator[Row]:
    if name in result.strata:
        stratum = result.strata[name]
        for row in _of_run(stratum, stratum.headline):
            yield row | {"run": name}
        return
    run = result.run(name)
    if run.means is None:
        yield from _of_run(result, run)
        return
    for row, mean in zip(_of_run(result, run), _of_run(result, run.averaged), strict=True):
        words = row["words"] if row["outcome"] in OF_DRAWS else mean["words"]
        yield row | {"value": mean["value"], "words": words}


def compared(result: Sums, name: str, made: "pd.DataFrame | None" = None) -> dict[tuple[object, ...], list[Row]]:
    """Rows of one of `names` that compare with the comparator, by ANSWERED: one each if no question is asked twice.

    made: the whole table, where there is one.
    """
    found: dict[tuple[object, ...], list[Row]] = {}
    of_it: Iterable[Any] = _rows_of(result, name) if made is None else made[made.run == name].to_dict("records")
    for row in of_it:
        if row["comparator"]:
            found.setdefault(tuple(row[name] for name in ANSWERED), []).append(row)
    return found


def answers(result: Sums, h: int, s: int, perspective: str) -> Iterator[Row]:
    """Rows of the headline on one strategy at one horizon, as they are asked for: those of a perspective first."""
    run = result.headline.averaged
    yield from _of_perspective(result, run, h, s, perspective)
    yield from _against_comparator(result, run, h, s)
    yield from _of_strategy(result, run, h, s)


def _of_run(result: Sums, run: Run) -> Iterator[Row]:
    for h in range(len(result.horizons)):
        for s in range(len(result.strategies)):
            yield from _of_strategy(result, run, h, s)
            if s:
                yield from _against_comparator(result, run, h, s)


def _of_strategy(result: Sums, run: Run, h: int, s: int) -> Iterator[Row]:
    row = partial(row_of, result, run, h, s, compared=False)
    for perspective, discounted in product(result.scenario.setting.perspectives, (False, True)):
        cost = result.estimate(run, result.total_cost(run, h, s, perspective, discounted))
        yield row("cost", cost, perspective=perspective, discounted=discounted)
    for discounted in (False, True):
        qaly = result.estimate(run, run.outcomes.qaly[h, int(discounted), s])
        yield row("qaly", qaly, unit="QALY", discounted=discounted)


def _against_comparator(result: Sums, run: Run, h: int, s: int) -> Iterator[Row]:
    row = partial(row_of, result, run, h, s)
    for discounted in (False, True):
        gain = result.estimate(run, result.qaly_gain(run, h, s, discounted))
        yield row("qaly", gain, unit="QALY", discounted=discounted)
    for party, discounted in product(result.parties(), (False, True)):
        saving = result.estimate(run, -result.net_cost(run, h, s, party=party, discounted=discounted))
        yield row("net_saving", saving, party=party, discounted=discounted)
    for perspective in result.scenario.setting.perspectives:
        yield from _of_perspective(result, run, h, s, perspective)


def _of_perspective(result: Sums, run: Run, h: int, s: int, perspective: str) -> Iterator[Row]:
    row = partial(row_of, result, run, h, s, perspective=perspective)
    saving = {d: -result.net_cost(run, h, s, perspective=perspective, discounted=d) for d in (False, True)}
    for discounted, values in saving.items():
        yield row("net_saving", result.estimate(run, values), discounted=discounted)
        for category in result.categories():
            part = -result.net_cost(run, h, s, perspective=perspective, category=category, discounted=discounted)
            yield row("net_saving", result.estimate(run, part), category=category, discounted=discounted)
    cash = -result.net_cost(run, h, s, perspective=perspective, cash=True)
    yield row("cash_net_saving", result.estimate(run, cash))
    views = {"value": saving[False], "discounted": saving[True], "cash": cash}
    saved = {view: result.estimate(run, values).value for view, values in views.items()}

    for outcome, view, sustained in (
        ("payback_sustained_months", "value", True),
        ("payback_first_touch_months", "value", False),
        ("payback_sustained_months", "discounted", True),
        ("cash_payback_sustained_months", "cash", True),
    ):
        months = result.curve_payback(s, perspective, h, view=view, run=run, sustained=sustained)
        low = high = None
        if run.outcomes.draws > 1 and sustained:
            draws = result.paybacks(run, h, s, perspective, view)
            low, high = (None if q == NEVER else q for q in result.quantiles(run, draws, (0.025, 0.975)))
        yield row(
            outcome,
            Estimate(months, low, high),
            unit="months",
            discounted=view == "discounted",
            words=payback_words(months, result.horizons[h], result.first_payment[s], saved[view]),
        )
    if result.draws and run.name != DETERMINISTIC:
        for outcome, view in (("chance_payback", "value"), ("chance_cash_payback", "cash")):
            share = Estimate(result.chance_of_payback(run, h, s, perspective, view))
            yield row(outcome, share, unit="share", words=f"given: {run.given}" if run.given else "")
    peak = run.outcomes.peak[0, result.scenario.setting.index(perspective), s]
    if h == len(result.horizons) - 1:
        yield row("peak_funding", result.estimate(run, peak))
    yield from _ratios(result, run, h, s, perspective, row)
    yield from _extrapolated(result, run, h, s, perspective, row)
    yield from purse.rows(result, run, h, s, perspective, row)


NO_HEALTH = "health is not modelled"


def _ratios(result: Sums, run: Run, h: int, s: int, perspective: str, row: Any) -> Iterator[Row]:
    therapy = result.net_cost(run, h, s, perspective=perspective, category="therapy")
    rest = settled(result.net_cost(run, h, s, perspective=perspective) - therapy)
    spent, returned = float(run.weights @ therapy.mean(axis=-1)), -float(run.weights @ rest.mean(axis=-1))
    if (share := offset_ratio(spent, returned)) is not None:
        yield row("offset_ratio", Estimate(share), unit="ratio")
    cost = result.net_cost(run, h, s, perspective=perspective, discounted=True)
    gain = result.qaly_gain(run, h, s, True)
    more_cost = float(run.weights @ cost.mean(axis=-1))
    more_health = float(run.weights @ gain.mean(axis=-1))
    currency = result.scenario.setting.currency
    value, words = cost_per_qaly(more_cost, more_health, currency.units)
    words = words if result.scenario.model.health else NO_HEALTH
    yield row("cost_per_qaly", Estimate(value), unit="money per QALY", discounted=True, words=words)
    benefit = result.estimate(run, gain * result.threshold - cost)
    words = f"at {currency.written(f'{result.threshold:,.0f}')} per QALY"
    yield row("nmb", benefit, discounted=True, words=words)


def _extrapolated(result: Sums, run: Run, h: int, s: int, perspective: str, row: Any) -> Iterator[Row]:
    """Of a horizon beyond the follow-up: the net saving that falls after it, and its share of what other care saves."""
    if h == 0:
        return
    whole = partial(result.net_cost, run, strategy=s, perspective=perspective)
    (saving, other), (saving_by_then, other_by_then) = (
        (-net, therapy - net)
        for net, therapy in ((whole(horizon=at), whole(horizon=at, category="therapy")) for at in (h, 0))
    )
    yield row("net_saving_extrapolated", result.estimate(run, settled(saving - saving_by_then)))
    all_of_it, later = (float(run.weights @ part.mean(axis=-1)) for part in (other, settled(other - other_by_then)))
    share, words = (later / all_of_it + 0.0, "") if all_of_it > NOTHING else (NEVER, NO_SAVING)
    yield row("share_extrapolated", Estimate(share), unit="share", words=words)


def offset_ratio(spent: float, returned: float) -> float | None:
    """Savings ÷ therapy cost; None where no therapy is paid for."""
    return returned / spent + 0.0 if spent > NOTHING else None


def cost_per_qaly(more_cost: float, more_health: float, units: str) -> tuple[float, str]:
    """Incremental cost ÷ incremental QALYs, or NEVER with the finding in words where no ratio has a meaning.

    units: of money, in words, of many.
    """
    same = abs(more_cost) <= NOTHING
    if abs(more_health) < SMALLEST_QALY:
        if same:
            return NEVER, "no difference in cost or health"
        return NEVER, "costs more for the same health" if more_cost > 0 else "saves money for the same health"
    if same:
        better = more_health > 0
        return (
            NEVER,
            f"{'dominant' if better else 'dominated'}: costs the same and {'improves' if better else 'worsens'} health",
        )
    if more_health > 0 and more_cost <= 0:
        return NEVER, "dominant: saves money and improves health"
    if more_health < 0 and more_cost >= 0:
        return NEVER, "dominated: costs more and worsens health"
    if more_health < 0:
        return more_cost / more_health, f"saves money and worsens health: {units} saved per QALY lost"
    return more_cost / more_health, "costs more and improves health"


def payback_words(months: float, horizon_months: float, first_payment: float, saving: float = -NEVER) -> str:
    """The finding in words: at once, after so long, not within the horizon, or that there is nothing to pay back.

    saving: net, to the horizon.
    """
    if months == NEVER and abs(saving) <= NOTHING and first_payment < horizon_months:
        return THE_SAME
    if months == NEVER:
        return f"not within {in_words(horizon_months)}"
    if months <= first_payment:
        return "at once"
    return f"after {in_words(months)}"


def row_of(
    result: Sums, run: Run, h: int, s: int, outcome: str, estimate: Estimate, *,
    perspective: str = "", party: str = "all", category: str = "all", channel: str = "all", unit: str = "money",
    discounted: bool = False, words: str = "", compared: bool = True, draws: int | None = None,
) -> Row:  # fmt: skip
    """A row of the table. h, s: indices of horizon and strategy. draws: behind the value; all by default.

    unit: `money` is the setting's currency.
    """
    setting, money = result.scenario.setting, unit.startswith("money")
    return {
        "strategy": result.strategies[s],
        "comparator": result.comparator if compared else "",
        "perspective": perspective,
        "party": party,
        "category": category,
        "channel": channel,
        "outcome": outcome,
        "value": None if estimate.value == NEVER else estimate.value,
        "unit": unit.replace("money", setting.currency.code) if money else unit,
        "low": estimate.low,
        "high": estimate.high,
        "price_year": setting.price_year if money else "",
        "discounted": discounted,
        "horizon_months": result.horizons[h],
        "draws": 0 if run.name == DETERMINISTIC else result.draws if draws is None else draws,
        "run": run.name,
        "words": words,
    }
