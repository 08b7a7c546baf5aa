"""The few figures of the first screen, and the second verdict: short enough never to be cut off."""

from dataclasses import dataclass

import pandas as pd

from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES, payer
from costmodel.report.sentence import pick
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import THE_SAME, in_words
from costmodel.words import chance, interval, money, short_money, upper_first

ALWAYS = ("nhs_pss", "public_sector")
"""The perspectives whose net result is always shown."""


@dataclass(frozen=True)
class Figure:
    """A label, a value of a few characters, and what exactly it is."""

    label: str
    value: str
    help: str


def figures(result: Result, perspective: str, strategy: str | None = None) -> tuple[Figure, ...]:
    """Net result of two payers at the follow-up; payback and its chance for one perspective.

    strategy: the first after the comparator if left out, here and below.
    """
    last, who = result.horizons[-1], PERSPECTIVE_NAMES[perspective]
    paid = pick(result, "payback_sustained_months", perspective=perspective, horizon=last, strategy=strategy)
    share = "…"
    if result.headline.name != DETERMINISTIC:
        share = chance(pick(result, "chance_payback", perspective=perspective, horizon=last, strategy=strategy).value)
    return (
        *(_net(result, payer, strategy) for payer in ALWAYS),
        Figure(
            f"Money back, {who}",
            upper_first(paid.words),
            "Sustained payback of the expected curve: when the money saved has covered the cost and stays so "
            "to the horizon. Undiscounted.",
        ),
        Figure(
            f"Chance of saving in {in_words(last)}",
            upper_first(share),
            f"Share of simulations in which {payer(perspective)} has its money back by then.",
        ),
    )


def exact(result: Result, strategy: str | None = None) -> pd.DataFrame:
    """Net saving at the follow-up by perspective, £ per person: digit for digit what `table` holds."""
    rows = []
    for perspective in PERSPECTIVES:
        row = pick(result, "net_saving", perspective=perspective, strategy=strategy)
        ends = ["" if end is None or pd.isna(end) else repr(float(end)) for end in (row.low, row.high)]
        rows.append(
            {
                "perspective": PERSPECTIVE_NAMES[perspective],
                "net saving, £ per person": repr(float(row.value)),
                "95% low": ends[0],
                "95% high": ends[1],
            }
        )
    return pd.DataFrame(rows)


def cash_verdict(result: Result, perspective: str, strategy: str | None = None) -> str:
    """What is released in money, beside `sentence.verdict`, which says what it is worth."""
    last, people = result.horizons[-1], result.scenario.model.people
    cash = pick(result, "cash_net_saving", perspective=perspective, horizon=last, strategy=strategy)
    paid = pick(result, "cash_payback_sustained_months", perspective=perspective, horizon=last, strategy=strategy)
    size = money(abs(cash.value) * people)
    moved = "the same" if size == "£0" else f"{size} {'less' if cash.value > 0 else 'more'}"
    text = f"For {payer(perspective)}: over {in_words(last)}, {moved} in cash for {people:,} people; "
    if paid.words == THE_SAME:
        return f"{text}there is nothing to pay back."
    text += f"cash back {paid.words}"
    if result.headline.name != DETERMINISTIC:
        share = pick(result, "chance_cash_payback", perspective=perspective, horizon=last, strategy=strategy).value
        text += f" on average, and in {chance(share)} simulations"
    return f"{text}. A bed-day avoided is not cash until a bed closes."


def _net(result: Result, perspective: str, strategy: str | None) -> Figure:
    people = result.scenario.model.people
    row = pick(result, "net_saving", perspective=perspective, strategy=strategy)
    if row.value * people == 0:
        value = "no change"
    else:
        value = f"{short_money(abs(row.value) * people)} {'saved' if row.value > 0 else 'more'}"
    between = "" if pd.isna(row.low) else f" (95% interval {interval(row.low, row.high, exact=True)})"
    return Figure(
        f"{upper_first(PERSPECTIVE_NAMES[perspective])}, {in_words(result.horizons[0])}",
        upper_first(value),
        f"Net cost for {people:,} people, undiscounted. Net saving per person, exactly: {float(row.value)!r}{between}.",
    )
