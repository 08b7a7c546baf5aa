"""Money and health from activity: the ledger's items, therapy sessions, QALYs. For arrays and cells alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from costmodel.engine.formulas import (
    falls_within,
    overlap,
    rate_in_force,
    sessions_delivered,
    state_quantity,
    weighted,
    window_share,
    within_work,
)
from costmodel.model.rates import Look, Term, channel_terms
from costmodel.scenario.blocks import CostItem
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, Months, cycle_months, declared, instant
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.setting import NOBODY, Accounts

Quantity = Any

THERAPY = "therapy"
"""The ledger item of the sessions themselves."""
A_HUNDRED = 100.0
"""People of whom the unit of jobs counts how many are in paid work."""


@dataclass(frozen=True)
class Item:
    """A line of the ledger: what it is, who pays and who receives, and what a reduction releases in cash."""

    name: str
    label: str
    category: str
    paid_by: str
    received_by: str
    cashable: str | int
    lag_months: float


def items(model: ModelFile) -> list[Item]:
    """The ledger's items: therapy first, then the cost items in the order of the file, then what jobs move: money
    that is paid or stops at once.
    """
    therapies = [s.therapy for s in model.strategies.values() if s.therapy]
    payers = [t.paid_by for t in therapies] or [c.paid_by for c in model.costs.values() if c.paid_by != NOBODY]
    payer = payers[0] if payers else NOBODY
    ledger = [Item(THERAPY, "Therapy sessions", "therapy", payer, NOBODY, 1, 0.0)]
    for name, cost in model.costs.items():
        ledger.append(
            Item(
                name,
                cost.label,
                cost.category,
                cost.paid_by,
                cost.received_by,
                cost.cashable,
                cost.lag.months,
            )
        )
    for name, (label, category, paid_by, received_by) in (model.work.lines() if model.work else {}).items():
        ledger.append(Item(name, label, category, paid_by, received_by, 1, 0.0))
    return ledger


def held_in(scenario: Scenario, channels: Iterable[str]) -> list[str]:
    """Cost items in some channels that people use, and not sessions alone."""
    taken, held = of_sessions(structure.model for structure in scenario.structures), set(channels)
    costs = scenario.model.costs.items()
    return [name for name, item in costs if name not in taken and scenario.setting.channel_of(item.category) in held]


def of_sessions(models: Iterable[ModelFile]) -> list[str]:
    """Cost items that sessions alone use, under every structure."""
    each = list(models)
    return [name for name in each[0].costs if not any(model.costs[name].used for model in each)]


def jobs_at_full(model: ModelFile, term: Term, look: Look) -> Quantity:
    """Extra people in paid work, as a share of those alive, while an effect on jobs has its full size."""
    assert model.work is not None
    strength = 1.0 if term.weakened is None else term.weakened.strength(look)
    return within_work(look(term.size) * strength / A_HUNDRED, look(model.work.employed))


def years_in_work(
    terms: tuple[Term, ...], full: Sequence[Quantity], alive: Quantity, open_share: Quantity | None, begin: Quantity,
    end: Quantity, look: Look,
) -> Quantity:  # fmt: skip
    """Extra years in paid work in a cycle, per person referred.

    full: of each term, its extra people in work at full size. alive: person-years. open_share: as in `multiple`.
    """
    extra = weighted([term.share(begin, end, look) for term in terms], full) * alive
    return extra if open_share is None else extra * open_share


def cost_per_year(model: ModelFile, cost: CostItem, look: Look) -> list[Quantity]:
    """Money per person-year in each state: quantity × price, the gap between states shrunk to its causal part."""
    price = look(cost.price)
    quantities = [look(cost.quantity(state)) for state in model.states]
    if cost.causal_share is not None and cost.gap_from is not None:
        observed = look(cost.quantity(cost.gap_from))
        share = look(cost.causal_share)
        quantities = [state_quantity(observed, quantity, share) for quantity in quantities]
    return [quantity * price for quantity in quantities]


def multiple(
    terms: tuple[Term, ...], open_share: Quantity | None, begin: Quantity, end: Quantity, look: Look
) -> Quantity:
    """Multiple of a quantity in a cycle that effects on it make.

    open_share: share of the cycle before the gap to the comparator closes, which ends them; None where it does not.
    """
    shares = [term.share(begin, end, look) for term in terms]
    if open_share is not None:
        shares = [share * open_share for share in shares]
    return rate_in_force(1.0, [term.in_force(share, look) for term, share in zip(terms, shares, strict=True)])


def multiple_of_cost(
    model: ModelFile, terms: tuple[Term, ...], open_share: Quantity | None, begin: Quantity, end: Quantity,
    look: Look, purse: Callable[[tuple[str, ...]], Quantity],
) -> Quantity:  # fmt: skip
    """Multiple of the comparator's cost in a cycle that effects on its channel make; arguments as of `multiple`.

    purse: what channels cost the comparator's people in the cycle, a person-year.
    """
    months = max(round(cycle_months(model)), 1)
    found: Quantity = 1.0
    for term in terms:
        seen = purse(term.channels) if term.needs_purse else 0.0
        found = found * term.multiple(begin, end, months, 1.0 if open_share is None else open_share, look, seen)
    return found


def taken_to(
    model: ModelFile, accounts: Accounts, strategy: str, item: str, look: Look,
    purse: Callable[[tuple[str, ...]], Quantity],
) -> Quantity:  # fmt: skip
    """To what multiple the effects of a strategy take the comparator's cost of an item when they are whole.

    purse: what channels cost the comparator's people a person-year.
    """
    found: Quantity = 1.0
    for term in channel_terms(model, accounts, strategy, item):
        found = found * term.limited(term.whole(look), look, purse(term.channels) if term.needs_purse else 0.0)
    return found


def utilities(model: ModelFile, strategy: str) -> list[str | int]:
    """References to the utility of each state, a strategy's own where it has one."""
    own = model.strategies[strategy].utilities
    return [own.get(state, model.utilities[state]) for state in model.states]


def therapy_window(model: ModelFile, strategy: str, months: Months = declared) -> tuple[Quantity, Quantity]:
    """Years from referral to the first and the last session."""
    therapy = model.strategies[strategy].therapy
    assert therapy is not None
    wait = months(f"strategies.{strategy}.therapy.wait", therapy.wait.months)
    over = months(f"strategies.{strategy}.therapy.over", therapy.over.months)
    return wait / MONTHS_A_YEAR, (wait + over) / MONTHS_A_YEAR


def sessions(
    model: ModelFile,
    strategy: str,
    begin: Quantity,
    end: Quantity,
    window: tuple[Quantity, Quantity],
    look: Look,
) -> Quantity:
    """Sessions delivered in a cycle, per person referred."""
    therapy = model.strategies[strategy].therapy
    assert therapy is not None
    return sessions_delivered(begin, end, *window, look(therapy.sessions), look(therapy.attendance))


def therapy_cost(
    model: ModelFile,
    strategy: str,
    begin: Quantity,
    end: Quantity,
    window: tuple[Quantity, Quantity],
    held: Quantity,
    look: Look,
) -> Quantity:
    """Money for the sessions held in a cycle, and for the set-up in the cycle of the first session."""
    therapy = model.strategies[strategy].therapy
    assert therapy is not None
    cost = held * look(therapy.price)
    if therapy.set_up == 0:
        return cost
    return cost + look(therapy.set_up) * falls_within(window[0], begin, end)


def taken_by_sessions(
    model: ModelFile, strategy: str, begin: Quantity, end: Quantity, window: tuple[Quantity, Quantity],
    held: Quantity, look: Look, *, item: str,
) -> Quantity:  # fmt: skip
    """Money for what the sessions of a cycle, and the first of all, take of a cost item, per person referred."""
    therapy = model.strategies[strategy].therapy
    assert therapy is not None
    taken = held * look(therapy.per_session.get(item, 0))
    if item in therapy.once:
        taken = taken + look(therapy.once[item]) * falls_within(window[0], begin, end)
    return taken * look(model.costs[item].price)


def harm(
    model: ModelFile, strategy: str, begin: Quantity, end: Quantity, look: Look, months: Months = declared
) -> Quantity:
    """QALYs lost to harm in a cycle, per person who starts."""
    lost: Quantity = 0.0
    for name, harm in model.strategies[strategy].harms.items():
        path = f"strategies.{strategy}.harms.{name}"
        first = instant(model, strategy, harm.from_, f"{path}.from", months)
        last = first + months(f"{path}.lasting", harm.lasting.months) / MONTHS_A_YEAR
        lost = lost + look(harm.share) * look(harm.utility_loss) * overlap(begin, end, first, last)
    return lost


def share_open(
    model: ModelFile, strategy: str, begin: Quantity, end: Quantity, months: Months = declared
) -> Quantity | None:
    """Share of a cycle before the gap to the comparator closes; None where it is not closed."""
    if model.beyond_follow_up != "gap closes" or strategy == next(iter(model.strategies)):
        return None
    therapy = model.strategies[strategy].therapy
    wait = months(f"strategies.{strategy}.therapy.wait", therapy.wait.months) if therapy else 0.0
    stop = (wait + months("follow_up", model.follow_up.months)) / MONTHS_A_YEAR
    return window_share(begin, end, 0.0, stop)
