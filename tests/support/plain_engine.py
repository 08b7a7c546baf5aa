"""A second implementation, deliberately plain: dense matrix exponentials and loops, one scenario at a time.

It reads the loaded model file and numbers, and shares no code with costmodel's engine, model or result:
every convention is taken from docs/format.md and written down here a second time.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.linalg import expm

NOT_WITHIN = math.inf
PARTIES_OF = {
    "nhs": {"nhs"},
    "nhs_pss": {"nhs", "social_care"},
    "public_sector": {"nhs", "social_care", "dwp", "hmrc", "justice"},
    "societal": {"nhs", "social_care", "dwp", "hmrc", "justice", "employer", "household", "other_households"},
}
VIEWS = ("value", "discounted", "cash")


@dataclass
class Variant:
    """One strategy under one alternative, undiscounted, per person referred."""

    people: list[np.ndarray] = field(default_factory=list)
    """In each living state and dead, at the start of each cycle and at the end."""
    person_years: list[np.ndarray] = field(default_factory=list)
    cost: dict[str, list[float]] = field(default_factory=dict)
    qaly: list[float] = field(default_factory=list)


@dataclass
class Flow:
    """A line of the ledger."""

    paid_by: str
    received_by: str
    cashable: float
    lag_cycles: int


class PlainModel:
    """Everything that follows from a scenario and one set of values.

    values: a number for every parameter that is not over_time, money in the setting's price year.
    """

    def __init__(self, scenario: Any, values: Mapping[str, float]) -> None:
        self.scenario, self.values, self.model = scenario, values, scenario.model
        self.step = int(self.model.cycle.split()[0])
        self.count = round(self.model.horizon.months / self.step)
        self.months = [k * self.step for k in range(self.count + 1)]
        self.deaths = self._background_deaths()
        self.exponentials: dict[bytes, np.ndarray] = {}
        self.variants = [
            [self._variant(name, structure.model) for structure in scenario.structures]
            for name in self.model.strategies
        ]
        self._close_gaps()
        for s, name in enumerate(self.model.strategies):
            for a, structure in enumerate(scenario.structures):
                n = max(1, len(self.model.strata))
                together = self.variants[0][a // n * n : a // n * n + n]
                self._cost_and_health(self.variants[s][a], self.variants[0][a], name, structure.model, together)
        self.apart = self.variants
        if self.model.strata:
            n = len(self.model.strata)
            self.variants = [[self._together(row[i : i + n]) for i in range(0, len(row), n)] for row in self.apart]

    def value(self, reference: str | int) -> float:
        return float(reference) if isinstance(reference, int) else float(self.values[reference])

    # Time

    def _wait(self, strategy: str) -> float:
        therapy = self.model.strategies[strategy].therapy
        return therapy.wait.months if therapy else 0.0

    def _month_of(self, moment: Any, strategy: str, model: Any) -> float:
        if moment.or_later is not None:
            alone = SimpleNamespace(anchor=moment.anchor, months=moment.months, or_later=None)
            return max(self._month_of(one, strategy, model) for one in (alone, moment.or_later))
        therapy = model.strategies[strategy].therapy
        if moment.anchor == "horizon":
            return model.horizon.months
        if moment.anchor == "referral" or (therapy is None and moment.anchor != "follow-up"):
            return moment.months
        if moment.anchor == "start of therapy":
            return moment.months + therapy.wait.months
        if moment.anchor == "end of therapy":
            return moment.months + therapy.wait.months + therapy.over.months
        return moment.months + self._wait(strategy) + model.follow_up.months

    def _inside(self, k: int, first: float, last: float) -> float:
        """Months of cycle k between two months."""
        return max(0.0, min(self.months[k + 1], last) - max(self.months[k], first))

    def _ends_of(self, effect: Any, strategy: str, model: Any) -> tuple[float, float]:
        """Months between which the effect does not fade."""
        begin = self._month_of(effect.from_, strategy, model)
        if effect.until is None:
            return begin, begin
        if "follow-up" in effect.until.text and model.beyond_follow_up == "effects persist":
            return begin, model.horizon.months
        return begin, self._month_of(effect.until, strategy, model)

    def _share_of_effect(self, k: int, effect: Any, strategy: str, model: Any) -> float:
        begin, end = self._ends_of(effect, strategy, model)
        total = self._inside(k, begin, end)
        reached, onset = 1.0, self._months(effect.onset)
        if onset:
            total = self._risen(k, begin, end, onset)
            reached = min((end - begin) / onset, 1.0)
        if effect.half_life is not None:
            speed = math.log(2) / self._months(effect.half_life)
            a, b = max(self.months[k], end), max(self.months[k + 1], end)
            total += reached * (math.exp(-speed * (a - end)) - math.exp(-speed * (b - end))) / speed
        return total / self.step

    def _months(self, time: Any) -> float:
        """Of a duration, or of a parameter; 0 where there is none."""
        if isinstance(time, str):
            return self.value(time) * (12 if self.model.parameters[time].unit.text == "years" else 1)
        return float(time.months) if time else 0.0

    def _risen(self, k: int, begin: float, end: float, onset: float) -> float:
        """Months of cycle k, each counted by how far the effect has grown: trapezoids between the kinks of its line."""
        kinks = [self.months[k], self.months[k + 1], begin, begin + onset, end]
        points = sorted({min(max(t, self.months[k]), self.months[k + 1]) for t in kinks})
        area = 0.0
        for a, b in itertools.pairwise(points):
            if begin <= (a + b) / 2 <= end:
                area += (b - a) * sum(min((t - begin) / onset, 1.0) for t in (a, b)) / 2
        return area

    def _strength(self, effect: Any, strategy: str) -> float:
        """What the effect is multiplied by on the log scale."""
        strength = 1.0
        if effect.dose is not None:
            therapy = self.model.strategies[strategy].therapy
            strength *= self._dose(self.value(therapy.sessions) * self.value(therapy.attendance), effect.dose)
        if effect.optimism is not None:
            strength *= 1.0 - self.value(effect.optimism)
        if effect.controlled_share is not None:
            strength *= self.value(effect.controlled_share)
        return strength

    def _dose(self, sessions: float, dose: Any) -> float:
        """Part of the effect that so many sessions bring about; more than were studied add nothing."""
        studied = self.value(dose.studied)
        sessions = min(sessions, studied)
        if dose.half_dose is not None:
            half = self.value(dose.half_dose)
            return sessions * (studied + half) / (studied * (sessions + half))
        if dose.flat_from is not None:
            return min(sessions / min(self.value(dose.flat_from), studied), 1.0)
        return (sessions / studied) ** self.value(dose.shape)

    def _shrunk(self, ratio: float, strength: float) -> float:
        return math.exp(strength * math.log(ratio)) if ratio > 0 else 0.0**strength

    # People

    def _background_deaths(self) -> list[float]:
        """Deaths a year in each cycle: survival of the mixed cohort at birthdays, log-linear between."""
        age, women = self.value(self.model.cohort.age), self.value(self.model.cohort.female)
        table = self.scenario.life_table
        alive = {"female": women, "male": 1 - women}
        dead_so_far = [(0.0, 0.0)]  # (years from referral, cumulative hazard)
        now = 0.0
        while now < self.model.horizon.months / 12 + 1:
            completed = math.floor(age + now + 1e-9)
            until = completed + 1 - age
            before = sum(alive.values())
            for sex in alive:
                rates = getattr(table, sex)
                alive[sex] *= math.exp(-rates[min(completed, len(rates) - 1)] * (until - now))
            dead_so_far.append((until, dead_so_far[-1][1] + math.log(before / sum(alive.values()))))
            now = until

        def cumulative(time: float) -> float:
            for (t0, h0), (t1, h1) in itertools.pairwise(dead_so_far):
                if time <= t1:
                    return h0 + (h1 - h0) * (time - t0) / (t1 - t0)
            raise AssertionError(time)

        at = [cumulative(month / 12) for month in self.months]
        return [(b - a) / (self.step / 12) for a, b in itertools.pairwise(at)]

    def _base_rate(self, k: int, reference: str | int, model: Any) -> float:
        record = model.parameters.get(reference)
        if record is None or record.over_time is None:
            return self.value(reference)
        starts = [(time.months, name) for time, name in record.over_time.items()]
        total = 0.0
        for i, (start, name) in enumerate(starts):
            end = starts[i + 1][0] if i + 1 < len(starts) else math.inf
            total += self._inside(k, start, end) / self.step * self.value(name)
        return total

    def _generator(self, k: int, strategy: str, model: Any) -> np.ndarray:
        """Rates a year among the living states and dead, rows origins, each summing to 0."""
        states = list(self.model.states)
        q = np.zeros((len(states) + 1, len(states) + 1))
        own = model.strategies[strategy].transitions
        for arrow, reference in model.transitions.items():
            origin, destination = arrow.split(" -> ")
            rate = self._base_rate(k, own.get(arrow, reference), model)
            usual = rate
            for effect in model.strategies[strategy].effects.values():
                if effect.transition != (origin, destination):
                    continue
                share = self._share_of_effect(k, effect, strategy, model)
                strength = self._strength(effect, strategy)
                if effect.hazard_ratio is not None:
                    rate += share * (usual * self._shrunk(self.value(effect.hazard_ratio), strength) - usual)
                else:
                    rate += share * strength * (self.value(effect.rate) - usual)
            q[states.index(origin), [*states, "dead"].index(destination)] += rate
        for i, state in enumerate(states):
            ratio = model.mortality.rate_ratios.get(state, model.mortality.rate_ratio)
            q[i, -1] += self.deaths[k] * self.value(ratio)
        np.fill_diagonal(q, q.diagonal() - q.sum(axis=1))
        return q

    def _exponential(self, q: np.ndarray) -> np.ndarray:
        """exp of [[Q, I], [0, 0]]·h: its blocks are exp(Qh) and the integral of exp(Qs) from 0 to h."""
        key = q.tobytes()
        if key not in self.exponentials:
            n = len(q)
            block = np.zeros((2 * n, 2 * n))
            block[:n, :n], block[:n, n:] = q, np.eye(n)
            self.exponentials[key] = expm(block * (self.step / 12))
        return self.exponentials[key]

    def _variant(self, strategy: str, model: Any) -> Variant:
        variant = Variant()
        own = model.strategies[strategy].cohort
        start = own.start if own else model.cohort.start
        now = np.array([self.value(start[s]) if s in start else 0.0 for s in model.states] + [0.0])
        variant.people.append(now)
        for k in range(self.count):
            block = self._exponential(self._generator(k, strategy, model))
            n = len(now)
            variant.person_years.append((now @ block[:n, n:])[:-1])
            now = now @ block[:n, :n]
            variant.people.append(now)
        return variant

    def _close_gaps(self) -> None:
        if self.model.beyond_follow_up != "gap closes":
            return
        for s, name in enumerate(self.model.strategies):
            stop = self._wait(name) + self.model.follow_up.months
            for a, variant in enumerate(self.variants[s]):
                usual = self.variants[0][a].person_years
                for k in range(self.count):
                    is_open = self._inside(k, 0.0, stop) / self.step
                    own = variant.person_years[k]
                    variant.person_years[k] = is_open * own + (1 - is_open) * usual[k]

    # Money and health

    def _cost_and_health(
        self, variant: Variant, comparator: Variant, strategy: str, model: Any, together: list[Variant]
    ) -> None:
        therapy = self.model.strategies[strategy].therapy
        sessions = [0.0] * self.count
        if therapy is not None:
            first, over = therapy.wait.months, therapy.over.months
            delivered = self.value(therapy.sessions) * self.value(therapy.attendance)
            for k in range(self.count):
                sessions[k] = delivered * self._inside(k, first, first + over) / over
                sessions[k] *= self.value(therapy.price)
                if self.months[k] <= first < self.months[k + 1]:
                    sessions[k] += self.value(therapy.set_up)
        variant.cost["therapy"] = sessions
        for name, item in model.costs.items():
            a_year = []
            for state in self.model.states:
                quantity = self.value(item.while_in.get(state, item.while_in.get("others", 0)))
                if item.causal_share is not None:
                    observed = self.value(item.while_in.get(item.gap_from, item.while_in.get("others", 0)))
                    share = self.value(item.causal_share)
                    quantity = (1 - share) * observed + share * quantity
                a_year.append(quantity * self.value(item.price))
            multiples = [self._multiple(k, name, strategy, model) for k in range(self.count)]
            used = [_dot(years, a_year) for years in variant.person_years]
            if self._people_use(item) and (on_channel := self._on_cost(name, item, strategy, model)):
                used = comparator.cost["cost " + name]
                each = range(self.count)
                multiples = [self._multiple_of_cost(k, on_channel, strategy, model, together) for k in each]
            variant.cost["cost " + name] = [x * y for x, y in zip(used, multiples, strict=True)]
            if therapy is not None:
                each, once = self.value(therapy.per_session.get(name, 0)), self.value(therapy.once.get(name, 0))
                for k in range(self.count):
                    held = delivered * self._inside(k, first, first + over) / over
                    starts = 1.0 if self.months[k] <= first < self.months[k + 1] else 0.0
                    variant.cost["cost " + name][k] += (held * each + starts * once) * self.value(item.price)
        years = [self._years_in_work(k, variant, strategy, model) for k in range(self.count)]
        for line, (_, _, money) in self._work().items():
            variant.cost[line] = [time * money for time in years]
        utilities = [self.value(model.utilities[state]) for state in self.model.states]
        for k in range(self.count):
            gained = _dot(variant.person_years[k], utilities)
            for harm in model.strategies[strategy].harms.values():
                first = self._month_of(harm.from_, strategy, model)
                time = self._inside(k, first, first + harm.lasting.months) / 12
                gained -= self.value(harm.share) * self.value(harm.utility_loss) * time
            variant.qaly.append(gained)

    def _multiple(self, k: int, item: str, strategy: str, model: Any) -> float:
        """By what effects on the item's quantity multiply it in a cycle; none is left where the gap is closed."""
        is_open, found = self._open(k, strategy), 1.0
        for effect in model.strategies[strategy].effects.values():
            if effect.quantity == item and effect.rate_ratio is not None:
                ratio = self._shrunk(self.value(effect.rate_ratio), self._strength(effect, strategy))
                found += is_open * self._share_of_effect(k, effect, strategy, model) * (ratio - 1.0)
        return found

    def _on_cost(self, item_name: str, item: Any, strategy: str, model: Any) -> list[Any]:
        """The strategy's effects on the cost of an item, or of its channel."""
        holds = {name: one.categories for name, one in self.scenario.setting.channels.items()}
        effects = model.strategies[strategy].effects.values()
        of_item = [one for one in effects if one.quantity == item_name and one.cost_ratio is not None]
        return of_item + [one for one in effects if any(item.category in holds[name] for name in one.channels or [])]

    def _multiple_of_cost(
        self, k: int, effects: list[Any], strategy: str, model: Any, together: list[Variant]
    ) -> float:
        """The mean over the months of a cycle of what multiplies the comparator's cost, each month at its middle.

        together: the comparator's people, of every stratum.
        """
        found = 1.0
        for effect in effects:
            begin, end = self._ends_of(effect, strategy, model)
            ratio, strength, each = self.value(effect.cost_ratio), self._strength(effect, strategy), []
            for month in range(self.step):
                now = self.months[k] + month + 0.5
                onset = self._months(effect.onset)
                grown = min(1.0, (min(now, end) - begin) / onset) if onset else 1.0
                if now < begin:
                    grown = 0.0
                elif now >= end:
                    half_life = self._months(effect.half_life)
                    grown *= 0.5 ** ((now - end) / half_life) if half_life else 0.0
                each.append(self._shrunk(ratio, strength * grown * self._open(k, strategy)))
            change = sum(each) / self.step - 1.0
            if effect.purse is not None and effect.purse.high is not None:
                a_year, most = self._purse(k, effect, together), self.value(effect.purse.high)
                change *= most / a_year if a_year > most else 1.0
            found *= 1.0 + change
        return found

    def _purse(self, k: int, effect: Any, together: list[Variant]) -> float:
        """What the channels of an effect cost the comparator's people a person-year, in a cycle."""
        shares = [self.value(one.share) for one in self.model.strata.values()] or [1.0]
        models = [structure.model for structure in self.scenario.structures]
        spent = lived = 0.0
        for share, usual in zip(shares, together, strict=True):
            lived += share * math.fsum(usual.person_years[k])
            for name, item in self.model.costs.items():
                held = any(item.category in self.scenario.setting.channels[one].categories for one in effect.channels)
                if held and any(self._people_use(model.costs[name]) for model in models):
                    spent += share * usual.cost["cost " + name][k]
        return spent / lived

    def _open(self, k: int, strategy: str) -> float:
        """Share of a cycle before the gap to the comparator closes."""
        if self.model.beyond_follow_up != "gap closes":
            return 1.0
        return self._inside(k, 0.0, self._wait(strategy) + self.model.follow_up.months) / self.step

    def _years_in_work(self, k: int, variant: Variant, strategy: str, model: Any) -> float:
        """Extra years in paid work in a cycle: of the people who are alive, as long as the gap is open."""
        extra = 0.0
        for effect in model.strategies[strategy].effects.values():
            if effect.jobs is not None:
                at_most = 1.0 - self.value(model.work.employed)
                people = self._strength(effect, strategy) * self.value(effect.jobs) / 100
                people = max(min(people, at_most), at_most - 1.0)
                extra += people * self._share_of_effect(k, effect, strategy, model)
        if self.model.beyond_follow_up == "gap closes":
            extra *= self._inside(k, 0.0, self._wait(strategy) + self.model.follow_up.months) / self.step
        return extra * math.fsum(variant.person_years[k])

    def _work(self) -> dict[str, tuple[str, str, float]]:
        """Payer, receiver and money a year of an extra job; a displaced job is the same job lost by somebody else."""
        work, found = self.model.work, {}
        for name, flow in work.flows.items() if work else ():
            money = 0.0
            for key, origin in work.origins.items():
                paid, no_longer = (self.value(m.get(key, m.get("others", 0))) for m in (flow.in_work, flow.out_of_work))
                money += self.value(origin.share) * (paid - no_longer)
            sides = [flow.paid_by, flow.received_by]
            theirs = sides if work.displaced is None else [self._other(party) for party in sides]
            lost = 0.0 if work.displaced is None else self.value(work.displaced.share) * money
            if theirs == sides:
                found["work " + name] = (*sides, money - lost)
            else:
                found |= {"work " + name: (*sides, money), "others " + name: (*theirs, -lost)}
        return found

    def _other(self, party: str) -> str:
        return self.model.work.displaced.others if party == self.model.work.displaced.household else party

    def _together(self, parts: list[Variant]) -> Variant:
        """Strata added up by their shares of the people."""
        shares = [self.value(stratum.share) for stratum in self.model.strata.values()]

        def mixed(columns: list[list[Any]]) -> list[Any]:
            return [sum(w * x for w, x in zip(shares, row, strict=True)) for row in zip(*columns, strict=True)]

        return Variant(
            mixed([part.people for part in parts]),
            mixed([part.person_years for part in parts]),
            {line: mixed([part.cost[line] for part in parts]) for line in parts[0].cost},
            mixed([part.qaly for part in parts]),
        )

    def _people_use(self, item: Any) -> bool:
        """Not sessions alone."""
        return any(reference != 0 for reference in item.while_in.values())

    def without_effect_on_other_care(self) -> None:
        """Beside therapy every strategy's people cost what the comparator's cost under the same alternative."""
        structures = [one.model for one in self.scenario.structures]
        unused = [n for n in self.model.costs if not any(self._people_use(one.costs[n]) for one in structures)]
        of_therapy = {"therapy", *(f"cost {name}" for name in unused)}
        for row in self.variants:
            for variant, usual in zip(row, self.variants[0], strict=True):
                variant.cost = {
                    line: cost if line in of_therapy else usual.cost[line] for line, cost in variant.cost.items()
                }

    def weights(self) -> list[float]:
        """Of the alternatives, and of the uses of money under each; strata are one cohort."""
        each = [
            [self.value(one.weight) for one in named.values()] or [1.0]
            for named in (self.model.alternatives, self.model.money_mixture)
        ]
        return [alternative * use for alternative, use in itertools.product(*each)]

    def flows(self, strategy: int = 1) -> dict[str, Flow]:
        """The ledger's lines; the sessions of a strategy are paid by its own payer."""
        named = list(self.model.strategies.values())
        own = named[strategy].therapy or next((s.therapy for s in named if s.therapy), None)
        ledger = {"therapy": Flow(own.paid_by if own else "nhs", "nobody", 1.0, 0)}
        for name, item in self.model.costs.items():
            lag = round(item.lag.months / self.step)
            ledger["cost " + name] = Flow(item.paid_by, item.received_by, self.value(item.cashable), lag)
        for line, (paid_by, received_by, _) in self._work().items():
            ledger[line] = Flow(paid_by, received_by, 1.0, 0)
        return ledger

    def discounted(self, flow: Sequence[float], rate: str | int) -> list[float]:
        """By year from referral, the first at 1."""
        return [x * self._worth(self.months[k] // 12, rate) for k, x in enumerate(flow)]

    def _worth(self, year: int, rate: str | int) -> float:
        """Of 1 in a year: year after year at the rate of that year."""
        record = self.model.parameters.get(rate)
        if record is None or record.over_time is None:
            return 1 / (1 + self.value(rate)) ** year
        begins = sorted((time.months / 12, name) for time, name in record.over_time.items())
        return math.prod(1 / (1 + self.value([name for begin, name in begins if begin <= y][-1])) for y in range(year))

    def total(self, flow: Sequence[float], horizon: float) -> float:
        """Up to a month; a cycle that straddles it counts by its part."""
        return math.fsum(x * self._inside(k, 0.0, horizon) / self.step for k, x in enumerate(flow))

    def net_flow(self, line: str, view: str, strategy: int, alternative: int) -> list[float]:
        """Cost of a strategy less the comparator's in each cycle, seen as value, discounted or cash."""
        own, usual = self.variants[strategy][alternative], self.variants[0][alternative]
        net = [a - b for a, b in zip(own.cost[line], usual.cost[line], strict=True)]
        if view == "discounted":
            return self.discounted(net, self.scenario.setting.discount.costs)
        if view == "value":
            return net
        flow = self.flows()[line]
        paid = [max(x, 0.0) for x in net]
        for k, x in enumerate(net):
            if x < 0 and k + flow.lag_cycles < self.count:
                paid[k + flow.lag_cycles] += flow.cashable * x
        return paid

    def curve(self, view: str, perspective: str, strategy: int, alternative: int) -> list[float]:
        """Cumulative net cost at `months`."""
        parties = PARTIES_OF[perspective]
        total = [0.0] * self.count
        for line, flow in self.flows(strategy).items():
            sign = (flow.paid_by in parties) - (flow.received_by in parties)
            if sign:
                for k, x in enumerate(self.net_flow(line, view, strategy, alternative)):
                    total[k] += sign * x
        curve = [0.0]
        for x in total:
            curve.append(curve[-1] + x)
        return curve

    def first_payment(self, strategy: int) -> float:
        return self._wait(list(self.model.strategies)[strategy])


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(float(x) * float(y) for x, y in zip(a, b, strict=True))
