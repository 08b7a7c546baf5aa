"""The answer in words: the verdict, who pays how much more or less by when, and what stands beside it.

Every sentence names horizon, payer and price basis. All figures are rows of `Result.table()`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from costmodel.analysis.beyond import FOLLOW_UP
from costmodel.analysis.verdict import Verdict, verdict
from costmodel.currency import Currency
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import THE_SAME, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR, instant, window
from costmodel.scenario.probabilities import convention
from costmodel.words import chance, lower_first, qalys, upper_first

NEXT = 1e-9
"""Years. What is nearer is the same instant."""


@dataclass(frozen=True)
class Figure:
    """A label, a value of a few characters, and what exactly it is."""

    label: str
    value: str
    help: str


@dataclass(frozen=True)
class Answer:
    """The answer in words: the verdict, the sentence on amounts, what always stands beside, and what is unusual."""

    verdict: Verdict
    headline: str
    beside: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        lines = (*self.verdict.lines, *self.verdict.beside, self.headline, *self.beside)
        return "\n".join((*lines, *(f"Warning: {text}" for text in self.warnings)))


def pick(
    result: Result, outcome: str, *, perspective: str = "", party: str = "all", category: str = "all",
    channel: str = "all", discounted: bool = False, horizon: float | None = None, run: str | None = None,
    strategy: str | None = None,
) -> pd.Series:  # fmt: skip
    """The one row of the table that answers a question. Raises LookupError if there is not exactly one."""
    at = result.horizons[0] if horizon is None else horizon
    name = run or result.headline.name
    asked = (
        outcome, perspective, party, category, channel, discounted, at, name, strategy or result.strategies[1]
    )  # fmt: skip
    found = result.answers(run).get(asked, ())
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows answer {outcome}, {perspective or party}, {category}")
    return pd.Series({key: math.nan if value is None else value for key, value in found[0].items()})


def payback(
    result: Result, perspective: str, strategy: str | None = None, cash: str = ""
) -> tuple[pd.Series, float | None]:
    """The row of sustained payback over the whole horizon, and its chance; None of a run without draws.

    cash: "cash_" for what is released in money.
    """
    at: dict[str, Any] = {"perspective": perspective, "strategy": strategy, "horizon": result.horizons[-1]}
    row = pick(result, f"{cash}payback_sustained_months", **at)
    if result.headline.name == DETERMINISTIC:
        return row, None
    return row, float(pick(result, f"chance_{cash}payback", **at).value)


def answer(result: Result, strategy: str | None = None, perspective: str | None = None) -> Answer:
    """The answer for one strategy against the comparator, for one payer."""
    name, perspective = strategy or result.strategies[1], result.setting.asked(perspective)
    said = verdict(result, perspective, strategy=name)
    return Answer(said, headline(result, name, perspective), tuple(beside(result, name, perspective)), result.warnings)


def headline(result: Result, strategy: str, perspective: str | None = None) -> str:
    """Group, horizon, and what the payer pays or saves by then and by the end."""
    perspective, currency = result.setting.asked(perspective), result.setting.currency
    model, people, who = result.scenario.model, result.scenario.model.people, result.setting.payer(perspective)
    last = result.horizons[-1]
    at: dict[str, Any] = {"perspective": perspective, "strategy": strategy}
    now, then = (pick(result, "net_saving", horizon=horizon, **at) for horizon in (result.horizons[0], last))
    text = (
        f"For {people:,} people over {observed(result)}, {lower_first(model.strategies[strategy].label)} "
        f"{_costs_or_saves(currency, now.value * people, who=f'{who} ')}{_between(now, people, currency)}"
    )
    if len(result.horizons) > 1:
        later = f"over {in_words(last)}, by extrapolation, it {_costs_or_saves(currency, then.value * people)}"
        text += f"; {later}{_between(then, people, currency)}"
    return f"{text}."


def cash_verdict(result: Result, perspective: str, strategy: str | None = None) -> str:
    """What is released in money, beside `verdict`, which says what it is worth."""
    setting = result.setting
    currency = setting.currency
    last, people = result.horizons[-1], result.scenario.model.people
    cash = pick(result, "cash_net_saving", perspective=perspective, horizon=last, strategy=strategy)
    paid, share = payback(result, perspective, strategy, "cash_")
    size = currency.money(abs(cash.value) * people)
    moved = "the same" if size == currency.nothing else f"{size} {'less' if cash.value > 0 else 'more'}"
    text = f"For {setting.payer(perspective)}: over {in_words(last)}, {moved} in cash for {people:,} people; "
    if paid.words == THE_SAME:
        return f"{text}there is nothing to pay back."
    text += f"cash back {paid.words}"
    if share is not None:
        text += f" on average, and in {chance(share)} simulations"
    return f"{text}. A bed-day avoided is not cash until a bed closes."


def figures(result: Result, perspective: str, strategy: str | None = None) -> tuple[Figure, ...]:
    """The few figures of the first screen, short enough never to be cut off: net result of two payers at the follow-up;
    payback and its chance for one perspective.
    """
    setting = result.setting
    paid, share = payback(result, perspective, strategy)
    always = [name for name in (result.setting.main, result.setting.second) if name]
    return (
        *(_net(result, name, strategy) for name in always),
        Figure(
            f"Money back, {setting.name(perspective)}",
            upper_first(paid.words),
            "Sustained payback of the expected curve: when the money saved has covered the cost and stays so "
            "to the horizon. Undiscounted.",
        ),
        Figure(
            f"Chance of saving in {in_words(result.horizons[-1])}",
            "…" if share is None else upper_first(chance(share)),
            f"Share of simulations in which {setting.payer(perspective)} has its money back by then.",
        ),
    )


def _net(result: Result, perspective: str, strategy: str | None) -> Figure:
    setting = result.setting
    currency = setting.currency
    people = result.scenario.model.people
    row = pick(result, "net_saving", perspective=perspective, strategy=strategy)
    saved = row.value * people
    value = f"{currency.short(abs(saved))} {'saved' if saved > 0 else 'more'}" if saved else "no change"
    between = "" if pd.isna(row.low) else f" (95% interval {currency.interval(row.low, row.high, exact=True)})"
    return Figure(
        f"{upper_first(setting.name(perspective))}, {in_words(result.horizons[0])}",
        upper_first(value),
        f"Net cost for {people:,} people, undiscounted. Net saving per person, exactly: {float(row.value)!r}{between}.",
    )


def beside(result: Result, strategy: str, perspective: str | None = None) -> list[str]:
    """What always stands beside the money."""
    setting, perspective = result.setting, result.setting.asked(perspective)
    model, people = result.scenario.model, result.scenario.model.people
    lines = [_health(result, strategy, perspective)] if model.health else []
    if perspective == setting.main and setting.second is not None:
        public = pick(result, "net_saving", perspective=setting.second, strategy=strategy)
        paid = _costs_or_saves(setting.currency, public.value * people, "pays")
        paid += _between(public, people, setting.currency)
        lines.append(f"{upper_first(setting.payer(setting.second))} as a whole {paid} over {observed(result)}.")
    lines += _household(result, strategy)
    basis = price_basis(result, strategy)
    lines.append(
        f"{f'Price basis: {basis}; prices' if basis else 'Prices'} of {result.scenario.setting.price_year}, "
        f"undiscounted{'; cost per QALY discounted' if model.health else ''}."
    )
    if model.in_probabilities:
        lines.append(f"Convention: {convention(model)}.")
    if len(model.strategies) > 2:
        first = model.strategies[result.comparator].label
        lines.append(
            f"Each of the other {len(model.strategies) - 1} strategies is compared with {first} here; each against "
            "the next best one stands in the incremental table."
        )
    if len(result.horizons) > 1:
        lines.append(
            f"Beyond {in_words(result.horizons[0])} nothing was observed ({_from_then_on(result, strategy)}): "
            "what is said of later years is extrapolation."
        )
    if result.headline.name == DETERMINISTIC:
        lines.append("This is the deterministic run: central values, no uncertainty.")
    check = result.scenario.to_be_checked
    if check:
        labels = [result.scenario.parameters[name].label for name in check]
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        many = "1 figure behind this was" if len(labels) == 1 else f"{len(labels)} figures behind this were"
        lines.append(f"To be checked: {many} recalled and not yet verified ({'; '.join(labels[:3])}{more}).")
    lines.append("Good care need not pay for itself; health gained is worth money too.")
    return lines


def _from_then_on(result: Result, strategy: str) -> str:
    """What becomes of a strategy's effects after the last observation, as their windows say."""
    model = result.scenario.model
    closes = model.beyond_follow_up == "gap closes"
    lasting: dict[str, set[str]] = {}
    ended: set[str] = set()
    for structure in result.scenario.structures:
        seen = instant(structure.model, strategy, FOLLOW_UP, "follow_up")
        for name, effect in structure.model.strategies[strategy].effects.items():
            end = window(structure.model, strategy, name, effect)[1]
            if effect.half_life is not None:
                lasting.setdefault("assumed to fade", set()).add(name)
            elif end >= model.horizon.months / MONTHS_A_YEAR - NEXT:
                lasting.setdefault("assumed to last to the horizon", set()).add(name)
            elif end > seen + NEXT:
                lasting.setdefault(f"assumed to last to month {end * MONTHS_A_YEAR:.3g}", set()).add(name)
            else:
                ended.add(name)
    if not lasting:
        return f"{'the gap closes at once' if closes else 'effects cease'} from then on"
    alone = len(lasting) == 1 and not ended
    said = [f"{'effects are' if alone else _number_of_effects(names)} {how}" for how, names in lasting.items()]
    said += [f"{_number_of_effects(ended)} over by then"] if ended else []
    return ", ".join(said) + (", and the gap closes at once" if closes else "")


def _number_of_effects(names: set[str]) -> str:
    return "1 effect is" if len(names) == 1 else f"{len(names)} effects are"


def price_basis(result: Result, strategy: str) -> str | None:
    """What a session of a strategy is priced at, and whose figure that is; None where it has no sessions."""
    money = result.setting.currency.money
    scenario = result.scenario
    therapy = scenario.model.strategies[strategy].therapy
    if therapy is None:
        return None
    name = scenario.model.price_basis or therapy.price
    if isinstance(name, int):
        return f"{money(name, exact=True)} a session"
    record = scenario.parameters[name]
    price = f"{money(scenario.central[name], exact=True)} a session"
    option = record.operands[0] if record.one_of else name
    for one in (name, option):
        if (by := scenario.moved_by(one)) is not None:
            return f"{price} ({whose(by)})"
    label = scenario.parameters[option].label
    behind = {
        f"with {whose(by)} of “{lower_first(scenario.parameters[part].label)}”": None
        for part in scenario.behind([option])
        if (by := scenario.moved_by(part)) is not None
    }
    return f"{price} ({', '.join((lower_first(label), *behind))})"


def whose(by: str) -> str:
    """Who a moved figure comes from: not the source that the record names."""
    own = by == "you" or by.startswith("--")
    return "your own figure" if own else f"the figure of “{by}”"


def _household(result: Result, strategy: str) -> Iterator[str]:
    """What becomes of the account of the people who are ill, where the setting has such a party."""
    people, party, currency = result.scenario.model.people, result.setting.household, result.setting.currency
    if party is None:
        return
    who = upper_first(result.setting.parties[party].within)
    if party not in set(result.parties()):
        yield f"{who}'s income: not in this model."
        return
    change = pick(result, "net_saving", party=party, strategy=strategy)
    if {currency.money(one or 0) for one in (change.value * people, change.low, change.high)} == {currency.nothing}:
        yield f"{who}'s income, lost work and unpaid care: no change (as observed, or assumed)."
        return
    direction = "better" if change.value > 0 else "worse"
    between = _between(change, people, currency, "better", "worse")
    yield f"{who} is {currency.money(abs(change.value) * people)} {direction} off{between} over {observed(result)}."


def observed(result: Result) -> str:
    """How long was observed, whether by one trial, by several or by none."""
    return f"the {result.scenario.model.follow_up.text} of the evidence"


def _costs_or_saves(currency: Currency, saving: float, verb: str = "costs", who: str = "") -> str:
    money = currency.money
    if money(saving) == currency.nothing:
        return f"{verb} {who}the same"
    return f"saves {who}{money(saving)}" if saving > 0 else f"{verb} {who}{money(-saving)} more"


def _between(row: pd.Series, people: int, currency: Currency, less: str = "less", more: str = "more") -> str:
    """The 95% interval of a saving, read in the direction that was just named, where both ends have it."""
    if pd.isna(row.low):
        return ""
    if min(row.low, row.value) >= 0 or max(row.high, row.value) <= 0:
        low, high = sorted((abs(row.low * people), abs(row.high * people)))
        return f" (95% interval {currency.interval(low, high)})"
    ends = (_end(currency, end * people, less, more) for end in (row.low, row.high))
    return f" (95% interval from {' to '.join(ends)})"


def _end(currency: Currency, saving: float, less: str, more: str) -> str:
    size = currency.money(abs(saving))
    return size if size == currency.nothing else f"{size} {less if saving > 0 else more}"


def _health(result: Result, strategy: str, perspective: str) -> str:
    """QALYs gained by the group over the horizon of the evidence, and what one costs a payer."""
    setting, people = result.setting, result.scenario.model.people
    gain = pick(result, "qaly", discounted=True, strategy=strategy)
    ratio = pick(result, "cost_per_qaly", perspective=perspective, discounted=True, strategy=strategy)
    cost = ratio.words if pd.isna(ratio.value) else f"{setting.currency.money(ratio.value)} per QALY ({ratio.words})"
    return (
        f"Health: {qalys(gain.value * people)} for {people:,} people{_between_qalys(gain, people)} "
        f"over {observed(result)}; {cost}, {setting.name(perspective)}."
    )


def _between_qalys(row: pd.Series, people: int) -> str:
    if pd.isna(row.low):
        return ""
    return f" (95% interval {qalys(row.low * people)} to {qalys(row.high * people)})"
