"""The answer in words: who pays how much more or less, by when, how surely, and what stands beside it.

Every sentence names horizon, payer and price basis. All figures come from `Result.table()`.
"""

from dataclasses import dataclass

import pandas as pd

from costmodel.perspectives import PERSPECTIVE_NAMES
from costmodel.report.words import chance, interval, lower_first, money, qalys
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import in_words
from costmodel.scenario.probabilities import convention
from costmodel.scenario.used import to_be_checked

SURE = 0.9
"""Under this chance the words "pays for itself" are never used bare."""


@dataclass(frozen=True)
class Answer:
    """The answer in words: the one sentence, what always stands beside it, and what is unusual."""

    headline: str
    beside: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((self.headline, *self.beside, *(f"Warning: {text}" for text in self.warnings)))


def pick(
    result: Result, outcome: str, *, perspective: str = "", party: str = "all", category: str = "all",
    discounted: bool = False, horizon: float | None = None, run: str | None = None, strategy: str | None = None,
) -> pd.Series:  # fmt: skip
    """The one row of the table that answers a question. Raises LookupError if there is not exactly one."""
    table = result.table()
    found = table[
        (table.outcome == outcome) & (table.perspective == perspective) & (table.party == party)
        & (table.category == category) & (table.discounted == discounted) & (table.comparator != "")
        & (table.horizon_months == (result.horizons[0] if horizon is None else horizon))
        & (table.run == (run or result.headline.name)) & (table.strategy == (strategy or result.strategies[1]))
    ]  # fmt: skip
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows answer {outcome}, {perspective or party}, {category}")
    return found.iloc[0]


def answer(result: Result, strategy: str | None = None) -> Answer:
    """The answer for one strategy against the comparator."""
    name = strategy or result.strategies[1]
    return Answer(headline(result, name), tuple(beside(result, name)), result.warnings)


def headline(result: Result, strategy: str) -> str:
    """Group, horizon, what the NHS and social care and the public sector pay or save, and the chance of payback."""
    model = result.scenario.model
    people = model.people
    pss = pick(result, "net_saving", perspective="nhs_pss", strategy=strategy)
    public = pick(result, "net_saving", perspective="public_sector", strategy=strategy)
    last = result.horizons[-1]
    label = model.strategies[strategy].label
    text = (
        f"For {people:,} people over {observed(result)}, {lower_first(label)} "
        f"{_costs_or_saves(pss.value * people, 'the NHS and social care')}"
        f"{_between(pss, people)}; the public sector as a whole {_more_or_less(public.value * people)}; "
    )
    if result.headline.name == DETERMINISTIC:
        found = pick(result, "payback_sustained_months", perspective="nhs_pss", horizon=last, strategy=strategy)
        return text + f"payback for the NHS and social care, at central values: {found.words}."
    share = pick(result, "chance_payback", perspective="nhs_pss", horizon=last, strategy=strategy).value
    return text + f"it pays the NHS and social care back within {in_words(last)} in {chance(share)} simulations."


def verdict(result: Result, perspective: str, strategy: str | None = None) -> str:
    """Whether it pays for itself, never said bare unless it is nearly sure."""
    name = strategy or result.strategies[1]
    last = result.horizons[-1]
    found = pick(result, "payback_sustained_months", perspective=perspective, horizon=last, strategy=name)
    payer = PERSPECTIVE_NAMES[perspective]
    if result.headline.name == DETERMINISTIC:
        return f"At central values, for the {payer}: {found.words}."
    share = pick(result, "chance_payback", perspective=perspective, horizon=last, strategy=name).value
    if share >= SURE and not pd.isna(found.value):
        return f"It pays for itself for the {payer}: {found.words}, in {chance(share)} simulations."
    within = in_words(last)
    return f"For the {payer}: on average {found.words}; money back within {within} in {chance(share)} simulations."


def beside(result: Result, strategy: str) -> list[str]:
    """What always stands beside the money."""
    model, people = result.scenario.model, result.scenario.model.people
    gain = pick(result, "qaly", discounted=True, strategy=strategy)
    ratio = pick(result, "cost_per_qaly", perspective="nhs_pss", discounted=True, strategy=strategy)
    cost = ratio.words if pd.isna(ratio.value) else f"{money(ratio.value)} per QALY ({ratio.words})"
    lines = [
        f"Health: {qalys(gain.value * people)} for {people:,} people{_between_qalys(gain, people)}; "
        f"{cost}, NHS and social care."
    ]
    lines.append(_household(result, strategy))
    basis = price_basis(result, strategy)
    lines.append(
        f"{f'Price basis: {basis}; prices' if basis else 'Prices'} of {result.scenario.setting.price_year}, "
        "undiscounted; cost per QALY discounted."
    )
    if model.in_probabilities:
        lines.append(f"Convention: {convention(model)}.")
    if len(result.horizons) > 1:
        lines.append(
            f"Beyond {in_words(result.horizons[0])} nothing was observed ({model.beyond_follow_up} from then on): "
            "what is said of later years is extrapolation."
        )
    if result.headline.name == DETERMINISTIC:
        lines.append("This is the deterministic run: central values, no uncertainty.")
    check = to_be_checked(result.scenario)
    if check:
        labels = [result.scenario.parameters[name].label for name in check]
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        many = "1 figure behind this was" if len(labels) == 1 else f"{len(labels)} figures behind this were"
        lines.append(f"To be checked: {many} recalled and not yet verified ({'; '.join(labels[:3])}{more}).")
    lines.append("Good care need not pay for itself; health gained is worth money too.")
    return lines


def price_basis(result: Result, strategy: str) -> str | None:
    """What a session of a strategy is priced at, and why; None where it has no sessions."""
    scenario = result.scenario
    therapy = scenario.model.strategies[strategy].therapy
    if therapy is None:
        return None
    name = scenario.model.price_basis or therapy.price
    if isinstance(name, int):
        return f"{money(name, exact=True)} a session"
    record = scenario.parameters[name]
    price = money(scenario.central[name], exact=True)
    behind = scenario.parameters[record.operands[0]].label if record.one_of else record.label
    return f"{price} a session ({lower_first(behind)})"


def _household(result: Result, strategy: str) -> str:
    people = result.scenario.model.people
    if "household" not in set(result.parties()):
        return "The household's income: not in this model."
    change = pick(result, "net_saving", party="household", strategy=strategy)
    if money(change.value * people) == "£0" and money(change.low or 0) == money(change.high or 0) == "£0":
        return "The household's income, lost work and unpaid care: no change (as observed, or assumed)."
    direction = "better" if change.value > 0 else "worse"
    return f"The household is {money(abs(change.value) * people)} {direction} off{_between(change, people)}."


def observed(result: Result) -> str:
    """How long was observed, whether by one trial, by several or by none."""
    return f"the {result.scenario.model.follow_up.text} of the evidence"


def _costs_or_saves(saving: float, who: str) -> str:
    if money(saving) == "£0":
        return f"costs {who} the same"
    return f"saves {who} {money(saving)}" if saving > 0 else f"costs {who} {money(-saving)} more"


def _more_or_less(saving: float) -> str:
    if money(saving) == "£0":
        return "pays the same"
    return f"saves {money(saving)}" if saving > 0 else f"pays {money(-saving)} more"


def _between(row: pd.Series, people: int) -> str:
    if row.low is None or pd.isna(row.low):
        return ""
    low, high = sorted((abs(row.low * people), abs(row.high * people)))
    if row.low * row.high >= 0:
        return f" (95% interval {interval(low, high)})"
    return f" (95% interval from {money(-row.low * people)} more to {money(row.high * people)} less)"


def _between_qalys(row: pd.Series, people: int) -> str:
    if row.low is None or pd.isna(row.low):
        return ""
    return f" (95% interval {qalys(row.low * people)} to {qalys(row.high * people)})"
