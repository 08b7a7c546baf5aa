"""What the first screen says of a result: two lines, the bars, four facts. For one strategy, payer and horizon."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from costmodel.analysis.psa.comparison import Comparison
from costmodel.analysis.purse import drawn, known, of_people, seen_in_words
from costmodel.analysis.sensitivity.break_even import solved
from costmodel.analysis.sensitivity.inputs import named
from costmodel.analysis.sensitivity.question import Question, target
from costmodel.analysis.spectrum import ANY, session_price, use_of_services
from costmodel.analysis.verdict import Verdict, verdict
from costmodel.errors import InputError
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.purse import ALL, NOT_EVEN_ALL, a_year, rows
from costmodel.result.result import Result, Run
from costmodel.result.sums import Array, Estimate
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import cycle_months
from costmodel.scenario.conventions import NO_EFFECT, NO_EFFECT_LABEL
from costmodel.words import in_100, percent

if TYPE_CHECKING:
    from costmodel.drawing import Chart

YEARS = (12.0, 24.0, 36.0, 60.0, 120.0)
"""Months over which savings may be counted, beside those of the evidence."""
_LENGTH = "Break-even length, {}"
SMALLEST = 0.005
"""A share below which it is no whole hundredth."""


@dataclass(frozen=True)
class Fact:
    """What would have to be true: a heading, a value, and what stands against it."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Screen:
    """Everything that the first screen says. estimate: whether it is of central values alone, without a chance. beside:
    the chance if there is no effect on other care, and that trials saw other people than these; nothing where neither
    is known. draw: the bars of the purse.
    """

    estimate: bool
    money: str
    health: str
    under: str
    beside: str
    draw: "Callable[[], Chart]"
    facts: tuple[Fact, ...]

    @property
    def chart(self) -> "Chart":
        """The bars of the purse."""
        return self.draw()


def months_offered(scenario: Scenario) -> tuple[float, ...]:
    """Months over which savings may be counted, rising: those of the evidence and whole years within the horizon."""
    model, cycle = scenario.model, cycle_months(scenario.model)
    fits = [one for one in YEARS if one <= model.horizon.months and abs(one / cycle - round(one / cycle)) < NOTHING]
    return tuple(sorted({*fits, model.follow_up.months, model.horizon.months}))


def screen(result: Result, strategy: str, perspective: str, months: float, people: int = 1) -> Screen:
    """Everything that the first screen says of a result but the break-even length, which takes longer than the rest.

    people: whose money the sentence under the verdict and the bars are.
    """
    of = _asked(result, strategy, perspective, months)
    found, lines = _purse(of), verdict(result, perspective, months, strategy)
    return Screen(
        estimate=not result.draws,
        money=lines.money,
        health=lines.health,
        under=_under(of, found, people),
        beside=_beside(of, lines),
        draw=partial(drawn, result, strategy, perspective, of.horizon, people),
        facts=(_price(of), Fact(_LENGTH.format(in_words(months)), "…", ""), _share(of, found), _care(of)),
    )


def with_length(said: Screen, length: Fact) -> Screen:
    """The same with the break-even length."""
    price, _, *rest = said.facts
    return replace(said, facts=(price, length, *rest))


def length(result: Result, strategy: str, perspective: str, months: float) -> Fact:
    """Sessions at which it repays, at central values; only where effects go by sessions is a length an answer."""
    return _length(_asked(result, strategy, perspective, months))


def _asked(result: Result, strategy: str, perspective: str, months: float) -> Comparison:
    return Comparison(result, result.headline, result.at(months), result.compared(strategy), perspective)


def same_money(result: Result, strategy: str, months: float) -> dict[str, str]:
    """Payers for whom the answer is that of a smaller one, by name, with the reason."""
    h, s, setting = result.at(months), result.compared(strategy), result.setting
    said, before = {}, None
    for name in setting.perspectives:
        saving = known(result, partial(_saving, result, h, s, name)).value
        if before is not None and abs(saving - before[1]) <= NOTHING:
            said[name] = f"beyond {setting.payer(before[0])}, nothing that {setting.payer(name)} pays changes here"
        before = name, saving
    return said


def inputs_of_purse(result: Result, strategy: str, perspective: str, months: float) -> tuple[str, ...]:
    """Parameters that set the purse: shares of the people who use more and less, then those of its largest parts, the
    largest first: what is used, else its price of a year.
    """
    h, scenario = result.at(months), result.scenario
    run, setting, free = result.headline.averaged, result.setting, set(scenario.used) & set(scenario.leaves)
    spent = {
        item.name: float(run.weights @ run.outcomes.cost[h, 0, i, 0].mean(axis=-1))
        for i, item in enumerate(result.items)
        if setting.channel_of(item.category) and setting.weight(perspective, item.paid_by, item.received_by) > 0
    }
    found = [one.share for one in scenario.model.strata.values() if one.share in free]
    for name in sorted(spent, key=lambda one: -spent[one]):
        cost = scenario.model.costs.get(name)
        if cost is None or spent[name] <= NOTHING:
            continue
        of_a_year = isinstance(cost.price, str) and scenario.parameters[cost.price].unit.text.endswith("per year")
        references = [cost.price] if of_a_year else [*cost.while_in.values(), cost.price]
        kept = [one for one in scenario.behind(references) if one in free]
        found += [one for one in kept[:1] if one not in found]
    return tuple(found)


def levers(scenario: Scenario, strategy: str) -> tuple[str, ...]:
    """Parameters of what a therapy does beyond health: the cost of other care, jobs, and how long both last."""
    free, found = set(scenario.leaves), dict[str, None]()
    for structure in scenario.structures:
        effects = structure.model.strategies[strategy].effects.values()
        for what in ("cost_ratio", "jobs", "half_life"):
            references = [getattr(effect, what, None) for effect in effects]
            behind = scenario.behind([one for one in references if isinstance(one, str)])
            found |= dict.fromkeys(name for name in behind if name in free and not scenario.parameters[name].constant)
    return tuple(found)


def net(result: Result, strategy: str, perspective: str, months: float) -> str:
    """What a person saves or costs net, in words of a few characters."""
    h, s = result.at(months), result.compared(strategy)
    saving = known(result, partial(_saving, result, h, s, perspective)).value
    return f"{'saves' if saving > 0 else 'costs'} {result.setting.currency.money(abs(saving))} net"


def _saving(result: Result, h: int, s: int, perspective: str, run: Run) -> Array:
    return -result.net_cost(run, h, s, perspective=perspective)


Found = dict[tuple[str, str], tuple[Estimate, str]]
"""Estimate and words by outcome and channel."""


def _purse(of: Comparison) -> Found:
    """The rows of the table about the purse, of this horizon, strategy and payer."""

    def row(outcome: str, estimate: Estimate, channel: str = ALL, unit: str = "money", words: str = "") -> Any:
        return (outcome, channel), (estimate, words)

    found: Any = rows(of.result, of.run, of.horizon, of.strategy, of.perspective, row)
    return dict(found)


def _under(of: Comparison, found: Found, people: int) -> str:
    """What it costs, what comes back, and what share would have to go, in at most 35 words."""

    def money(amount: float) -> str:
        return of.result.setting.currency.money(amount * people)

    course, back = of.mean(of.therapy()), of.mean(of.elsewhere())
    if course <= NOTHING:
        return "No session is paid for, so there is nothing to repay."
    needed, words = found["share_needed", ALL]
    spent = found["purse", ALL][0].value
    moved = f"{money(back)} comes back" if back >= 0 else f"{money(-back)} more is spent elsewhere"
    text = f"It costs {money(course)} {of_people(people)}; over {in_words(of.months)} {moved}."
    if spent <= NOTHING:
        return f"{text} Nothing else is spent on these people by this payer."
    if needed.value > 1:
        return f"{text} Even all of the {money(spent)} spent on these people without it would not repay the course."
    more = " Perhaps not even that would do." if words == NOT_EVEN_ALL else ""
    reached = found["share_achieved", ALL][0].value
    return (
        f"{text} To repay, {_share_of(needed.value)} of the {money(spent)} spent without it would have to go; "
        f"the evidence gives {_share_of(reached)}.{more}"
    )


def _beside(of: Comparison, lines: Verdict) -> str:
    """What no reader of the two lines should miss."""
    none = next((one for one in lines.chances if one.run == NO_EFFECT), None)
    model = of.result.scenario.model
    said = [model.lacks] if model.lacks else []
    said += lines.beside[:1] if model.outside_verdicts else []
    said += [f"With {NO_EFFECT_LABEL}: {in_100(none.share)}."] if none else []
    if (seen := a_year(of.result, of.strategy)) and seen.outside:
        said.append(seen_in_words(of.result, of.name))
    return " ".join(said)


def _share_of(share: float) -> str:
    """A share in whole hundredths; where it is more than all there is, that."""
    if share > 1:
        return "more than all of it"
    return "under 1%" if 0 < share < SMALLEST else percent(round(share, 2), 2)


def _price(of: Comparison) -> Fact:
    found, currency = session_price(of), of.result.setting.currency
    label = f"Break-even price, {in_words(of.months)}"
    now = f"priced at {currency.money(found.now)}"
    if found.value in (ANY, NEVER, -ANY):
        return Fact(label, "none: no session is paid for", "")
    if found.value <= 0:
        return Fact(label, "none, not even free", now)
    return Fact(label, f"{currency.money(found.value)} a session", now)


def _length(of: Comparison) -> Fact:
    label, result, scenario = _LENGTH.format(in_words(of.months)), of.result, of.result.scenario
    therapy = scenario.model.strategies[of.name].therapy
    if therapy is None or not isinstance(therapy.sessions, str):
        return Fact(label, "not to be moved here", "")
    try:
        one = named(scenario, therapy.sessions)
    except InputError:
        return Fact(label, "not to be moved here", "")
    if one.bill_only:
        return Fact(label, "no evidence on length", f"planned: {one.central:.3g} sessions")
    found = solved(target(Question(result, "net_saving", of.perspective, of.horizon, of.strategy), None), [one]).found[
        0
    ]
    note = f"planned: {one.central:.3g}; by the dose rule, not by evidence"
    roots = [root for root in found.roots if root.value >= 1]
    if not roots:
        return Fact(label, "any length" if found.met_now else "no length does", note)
    sides = {True: "or more", False: "or fewer", None: "exactly"}
    value = "; ".join(f"{root.value:.2g} sessions {sides[root.met_above]}" for root in roots[:2])
    return Fact(label, value, note)


def _share(of: Comparison, found: Found) -> Fact:
    needed, words = found["share_needed", ALL]
    label = f"Share that would have to go, {in_words(of.months)}"
    if needed.value == NEVER:
        return Fact(label, words, "")
    reached = found["share_achieved", ALL][0]
    ends = "" if reached.low is None else f" ({_share_of(reached.low)} to {_share_of(reached.high or 0.0)})"
    return Fact(label, _share_of(needed.value), f"the evidence gives {_share_of(reached.value)}{ends}")


def _care(of: Comparison) -> Fact:
    found, money = use_of_services(of), of.result.setting.currency.money
    value = "no sum of care" if found.value == NEVER else f"{money(found.value)} of care a year"
    return Fact(f"Repays in {in_words(of.months)} above", value, f"these people: {money(found.now)} a year")
