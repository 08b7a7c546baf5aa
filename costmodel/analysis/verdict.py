"""The verdict: whether a therapy repays its course, and what a year of good health costs. Two lines of one size.

    said = cm.verdict(result, perspective=None, horizon=None, strategy=None)

- `money`, `health`: the two lines, as every page shows them; the first never stands without the second.
- `beside`: sentences that stand under them: what the chance is given, how robust the word is, whether it needs money
  beyond the evidence, the price of a session at which the chance is 50 in 100, and no effect on other care.
- `words`: of `WORDS`, one where the draws can tell, more where they cannot; none where the word is withheld, which
  `withheld` then says in a few words, nor without draws, where `money` is an estimate at central values.
- `chance`, `error`: that the money is back at the horizon, as a share of draws, and its standard error; None without
  draws. `robust`: "no" or "yes" where each convention about money that is asked says the same; else "".
- `price`: money a session at which the chance is 50 in 100 (without draws: at which it breaks even); None where there
  is none. `needs_later_money`: whether the word is another without savings after the last observation.
- `frame`: the chance and the word under each convention about money; `page()`: all of it, for any medium.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.analysis.psa.comparison import NORMAL95, Comparison, error_of_chance
from costmodel.content import by_content
from costmodel.errors import made_by
from costmodel.model.money import THERAPY, therapy_window
from costmodel.page import NONE, Block, Column, Page, Paged, Paragraph, Table, of_run, page_of
from costmodel.result.frames import used_of
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.purse import ALL, OUTSIDE, a_year, purse
from costmodel.result.result import Result
from costmodel.result.sums import EXPECTED
from costmodel.result.table import cost_per_qaly, in_words
from costmodel.scenario.clock import MONTHS_A_YEAR
from costmodel.scenario.conventions import NO_EFFECT, NO_EFFECT_LABEL, affects_other_care, given_words
from costmodel.scenario.setting import COMPOSITE
from costmodel.words import in_100, lower_first, upper_first

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("no", "unlikely", "open", "likely", "yes")
"""By the chance that the money is back: below 10 in 100, below 35, to 65, to 90, above."""
LEADS = {
    "no": "does not repay", "unlikely": "unlikely to repay", "open": "open whether it repays",
    "likely": "likely to repay", "yes": "repays",
}  # fmt: skip
STOPS, PERSISTS = "stops", "persists"
"""Conventions about money by name: savings that stop at their last observation, and that never fade."""
SHOWN_KINDS = ("price", "form")
"""What a line says that its chance is given; the rest stands beside it."""
ERRORS = 2
"""Standard errors within which a chance is at a boundary."""
HALF = 0.5
YEARS_FROM = 2 * MONTHS_A_YEAR
"""Months from which a payback is told in whole years."""
WITH_A_RATIO = "costs more and improves health"
SAVES_AND_HARMS = "saves money and worsens health"
STILL_RUNS, NO_COURSE, ONE_DRAW = "therapy still runs", "no course", "one draw tells no chance"
BY_THE_DOSE_RULE, NAMED = "by the dose rule, not by evidence", "by a named scenario, not by evidence"
NOT_MODELLED = "no state has a utility"
COLUMNS = (
    Column("given", "given", "text", width=60),
    Column("chance", "chance of money back", words="chance_words", width=22),
    Column("words", "word", right=False, width=22),
)  # fmt: skip
SCHEMA = "costmodel/verdict/1"


def words_of(chance: float, error: float = 0.0) -> tuple[str, ...]:
    """The words of a chance; more than one where it is within two standard errors of a boundary."""
    first, last = (_place(chance + sign * ERRORS * error) for sign in (-1, 1))
    return WORDS[first : last + 1]


def _place(chance: float) -> int:
    """Where a chance stands among the words; what differs by rounding alone is on the boundary."""
    share = round(chance, 12)
    return sum((share >= 0.1, share >= 0.35, share > 0.65, share > 0.9))


@dataclass(frozen=True)
class Chance:
    """The chance that the money is back under one convention about money. error: standard. given: in words.

    kind: what the convention is about; "base" of the headline.
    """

    run: str
    label: str
    kind: str
    given: str
    share: float
    error: float

    @property
    def words(self) -> tuple[str, ...]:
        """Its words."""
        return words_of(self.share, self.error)


@by_content
@dataclass(frozen=True, repr=False)
class Verdict(Paged):
    """Two lines and what stands beside them, of one strategy, perspective and horizon (months)."""

    result: Result
    perspective: str
    strategy: str
    horizon: float
    money: str
    health: str
    beside: tuple[str, ...]
    words: tuple[str, ...]
    withheld: str
    chance: float | None
    error: float | None
    robust: str
    price: float | None
    needs_later_money: bool
    chances: tuple[Chance, ...]
    """The headline's, and those of the conventions about money."""

    @property
    def lines(self) -> tuple[str, str]:
        """Both, in their order."""
        return self.money, self.health

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each convention about money: run, kind, given, chance, error (standard), words."""
        import pandas as pd

        columns = ["run", "kind", "given", "chance", "error", "words", "chance_words"]
        rows = [
            (one.run, one.kind, one.given or "the base", one.share, one.error, " or ".join(one.words) or NONE,
             in_100(one.share))
            for one in self.chances
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @property
    def data(self) -> dict[str, Any]:
        """What a program reads of it."""
        names = ("money", "health", "beside", "words", "withheld", "chance", "error", "robust", "price", "strategy",
                 "perspective", "needs_later_money")  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"horizon_months": self.horizon}

    def blocks(self) -> Iterator[Block]:
        """The two lines, then what stands beside them."""
        yield from (Paragraph(line, strong=True) for line in self.lines)
        yield from map(Paragraph, self.beside)

    def page(self) -> Page:
        """The lines, what stands beside them, and the chance under each convention about money."""
        model, setting = self.result.scenario.model, self.result.setting
        label, first = (model.strategies[name].label for name in (self.strategy, self.result.comparator))
        about = (f"{label} against {lower_first(first)}, {setting.name(self.perspective)}, {in_words(self.horizon)}",)
        table = (Table(self.frame, COLUMNS, name="verdict"),) if self.chances else ()
        data = {"schema": SCHEMA, "settings": of_run(self.result, self.perspective), **self.data}
        return page_of(self.result, (*self.blocks(), *table), about, data, self.frame)


def verdict(
    result: Result, perspective: str | None = None, horizon: float | None = None, strategy: str | None = None
) -> Verdict:
    """The verdict on a strategy, the second by default, against the comparator.

    perspective: whose money; the setting's main one by default. horizon: months at which the money is counted, one of
    the result's; its last by default. Raises InputError for names and horizons that there are not.
    """
    made_by("result", result, Result, "costmodel.run")
    payer, s = result.setting.asked(perspective), result.compared(strategy)
    h = len(result.horizons) - 1 if horizon is None else result.at(horizon, place="horizon")
    of = Comparison(result, result.headline, h, s, payer)
    drawn = result.headline.name == EXPECTED
    withheld, (beyond, why) = _withheld(of, drawn), _beyond_evidence(of)
    no_chance = bool(withheld)
    withheld = withheld or beyond
    chances = () if no_chance or not drawn else tuple(_chances(of))
    words = chances[0].words if chances and not withheld else ()
    given = chances[0].given if chances else ""
    price = None if no_chance else _price(of)
    firm = len(words) == 1 and words[0] in (WORDS[0], WORDS[-1])
    robust, tested = _tested(of, chances, words[0]) if firm else (False, "")
    later = _without_later_money(of) if words else None
    needs = later is not None and later.words != words
    beside = [
        *([why] if why else ()),
        *([f"The chance is given: {given}."] if given else ()),
        *([f"{result.draws:,} draws cannot tell which word holds."] if len(words) > 1 else ()),
        *([tested] if tested else ()),
        *([_of_later_money(of, later)] if later and needs else ()),
        *([_of_price(of, price, drawn)] if not no_chance else ()),
        *(f"With {NO_EFFECT_LABEL}: {in_100(one.share)}." for one in chances if one.run == NO_EFFECT),
        *_of_other_ranges(of, drawn),
    ]
    return Verdict(
        result=result,
        perspective=payer,
        strategy=of.name,
        horizon=of.months,
        money=_money(of, withheld, words, chances),
        health=_health(of, drawn),
        beside=tuple(beside),
        words=words,
        withheld=withheld,
        chance=chances[0].share if chances else None,
        error=chances[0].error if chances else None,
        robust=words[0] if robust else "",
        price=price,
        needs_later_money=needs,
        chances=chances,
    )


# The first line


def _withheld(of: Comparison, drawn: bool) -> str:
    """Why there is neither a word nor a chance."""
    model, value = of.result.scenario.model, of.result.scenario.value
    therapy = model.strategies[of.name].therapy
    if therapy is None or not value(therapy.sessions) * value(therapy.attendance) * value(therapy.price):
        return NO_COURSE
    item = next(one for one in of.result.items if one.name == THERAPY)
    if of.result.setting.weight(of.perspective, item.paid_by, item.received_by) <= 0:
        return NO_COURSE
    if therapy_window(model, of.name)[1] * MONTHS_A_YEAR > of.months + NOTHING:
        return STILL_RUNS
    if of.payback() == NEVER and abs(of.expected(Comparison.saving)) <= NOTHING:
        return NO_COURSE
    return ONE_DRAW if drawn and of.result.draws == 1 else ""


def _beyond_evidence(of: Comparison) -> tuple[str, str]:
    """Why a word would not rest on evidence, in a few words and in a sentence; nothing where it would."""
    scenario = of.result.scenario
    if scenario.model.outside_verdicts:
        return NAMED, f"Outside every verdict: {lower_first(scenario.model.outside_verdicts)}"
    therapy = scenario.model.strategies[of.name].therapy
    held = scenario.value(therapy.sessions) * scenario.value(therapy.attendance) if therapy else math.inf
    for structure in scenario.structures:
        for effect in structure.model.strategies[of.name].effects.values():
            if effect.dose is not None and held < HALF * (studied := scenario.value(effect.dose.studied)) - NOTHING:
                said = f"No trial saw so few sessions: {held:.3g} are delivered, and {studied:.3g} were studied."
                return BY_THE_DOSE_RULE, said
    return "", ""


def _chances(of: Comparison) -> Iterator[Chance]:
    """The chance of the headline, and under each convention about money."""
    declared = of.result.scenario.model.money_alternatives
    for run in (of.run, *of.result.conventions.values()):
        one = declared.get(run.name)
        label = one.label if one else NO_EFFECT_LABEL if run.name == NO_EFFECT else ""
        kind = "base" if run is of.run else one.kind if one else NO_EFFECT
        found = replace(of, run=run).paid_back()
        yield Chance(run.name, label, kind, run.given, found.value, (found.error or 0.0) / NORMAL95)


def _money(of: Comparison, withheld: str, words: tuple[str, ...], chances: tuple[Chance, ...]) -> str:
    who, within = of.result.setting.payer(of.perspective), in_words(of.months)
    if withheld == NO_COURSE:
        return f"Money: {NO_COURSE} for {who} to repay"
    if withheld in (STILL_RUNS, ONE_DRAW):
        return f"Money: no word, {withheld}" + (f" at {within}" if withheld == STILL_RUNS else "")
    if withheld:
        return f"Money: no word, since any would be {withheld}" + (f" ({_said(of, chances)})" if chances else "")
    if not chances:
        paid = of.payback()
        found = f"{LEADS['no']} {who} within {within}" if paid == NEVER else f"{LEADS['yes']} {who} {_after(of)}"
        return f"Money: {found} at central values (an estimate, without a chance)"
    lead = " or ".join(LEADS[word] for word in words)
    when = _after(of) if words == ("yes",) and of.payback() != NEVER else f"within {within}"
    return f"Money: {lead} {who} {when} ({_said(of, chances)})"


def _after(of: Comparison) -> str:
    """When the expected curve has paid back."""
    months = of.payback()
    if months <= of.result.first_payment[of.strategy]:
        return "at once"
    rounded = round(months / MONTHS_A_YEAR) * MONTHS_A_YEAR if months >= YEARS_FROM else max(1, round(months))
    return f"after about {in_words(rounded)}"


def _said(of: Comparison, chances: tuple[Chance, ...]) -> str:
    """The headline's chance with the conventions that a line says, and the chance of each other form of the effect."""
    base = of.result.scenario.model.money_base
    given = given_words({kind: words for kind, words in base.items() if kind in SHOWN_KINDS})
    forms = [f"{one.label}: {in_100(one.share)}" for one in chances if one.kind == "form"]
    return "; ".join([", ".join(filter(None, (_count(chances[0].share), given))), *forms])


def _count(share: float) -> str:
    """A chance in words, with a decimal where the whole number would stand on the other side of a boundary."""
    return in_100(share) if _place(round(share, 2)) == _place(share) else f"{share * 100:.1f} in 100"


# What stands beside it


def _tested(of: Comparison, chances: tuple[Chance, ...], word: str) -> tuple[bool, str]:
    """Whether a no or a yes is robust, and that in a sentence.

    A no is asked of every price basis and form and of savings that persist, a yes of savings that stop: each changes
    the base alone. No effect on other care is outside this test.
    """
    if why := next(_no_robust_word(of), ""):
        return False, f"No robust word: {why}."
    lasting = PERSISTS if word == "no" else STOPS
    asked = [one for one in chances if one.kind in SHOWN_KINDS or one.run == lasting]
    if affects_other_care(of.result.scenario) and lasting not in (one.run for one in asked):
        how = "persist" if word == "no" else "stop at their last observation"
        return False, f"Not tried with savings that {how}, so not called robust."
    against = [f"{one.label} {in_100(one.share)}" for one in asked if one.words != (word,)]
    if against:
        return False, f"Not robust: {', '.join(against)}."
    if not asked:
        return True, "Robust: no other price basis, form or duration of savings is known here."
    bound = "under 10 in 100" if word == "no" else "over 90 in 100"
    return True, f"Robust: {bound} also {', '.join(one.label for one in asked)}."


def _no_robust_word(of: Comparison) -> Iterator[str]:
    """Why no word of these people is robust, whatever the chances are."""
    as_one = of.result.setting.channel_of(COMPOSITE) if COMPOSITE in of.result.setting.categories else None
    spent = {
        name: of.mean(part) for name, (part, _) in purse(
            of.result, of.run, of.horizon, of.strategy, perspective=of.perspective).items()
    }  # fmt: skip
    if as_one in spent and spent[as_one] > HALF * spent[ALL]:
        yield "most of what is spent on these people is known only as a total, which keeps one price"
    if (seen := a_year(of.result, of.strategy)) and seen.outside:
        yield f"what is spent on these people is {OUTSIDE}"


def _without_later_money(of: Comparison) -> Chance | None:
    """The chance without what other care saves after the last observation; None where the horizon is not beyond it."""
    if of.horizon == 0 or of.run.name != EXPECTED:
        return None
    left = of.to(0).elsewhere() - of.therapy()
    back = left >= -NOTHING
    error = error_of_chance(back, of.run.weights, of.result.draws) or 0.0
    return Chance(of.run.name, "", "", "", of.mean(back), error / NORMAL95)


def _of_later_money(of: Comparison, later: Chance) -> str:
    seen = in_words(of.result.horizons[0])
    return (
        f"The word needs money beyond the evidence: without what other care saves after {seen} it would be "
        f"“{' or '.join(LEADS[word] for word in later.words)}” ({in_100(later.share)})."
    )


def _price(of: Comparison) -> float | None:
    """The price of a session, held in every draw, at which the chance is 50 in 100; None where no session is paid.

    Net cost is linear in the price of its own sessions: each draw breaks even at its price less net cost ÷ sessions
    held, and the chance at a price is the share of draws that break even at no less. It needs no run.
    """
    result, therapy = of.result, of.result.scenario.model.strategies[of.name].therapy
    assert therapy is not None
    if result.behind is None:
        return None
    drawn = of.run.name == EXPECTED
    own, draws = (therapy.price, therapy.set_up), of.run.outcomes.draws
    values = result.behind.values(result, draws, names=own) if drawn else result.scenario.central
    item = [one.name for one in result.items].index(THERAPY)
    held = used_of(result, of.run, values, item, of.horizon, of.strategy)
    paid = float(therapy.price) if isinstance(therapy.price, int) else values[therapy.price]
    net = -of.saving()
    if not np.all(held > 0):
        return None
    even = np.asarray(paid - net / held, dtype=float)
    return result.quantiles(of.run, even, (HALF,))[0] if drawn else float(of.run.weights @ even.mean(axis=-1))


def _of_price(of: Comparison, price: float | None, drawn: bool) -> str:
    result = of.result
    therapy = result.scenario.model.strategies[of.name].therapy
    assert therapy is not None
    money = result.setting.currency.money
    now = money(result.scenario.value(therapy.price))
    what = "the chance is 50 in 100" if drawn else "it breaks even"
    if price is None:
        return f"At {now} a session; at which price {what} is not known here."
    if price <= 0:
        return f"Not even sessions that cost nothing would do: there is no price at which {what}."
    return f"{upper_first(what)} at {money(price)} a session; a session costs {now} here."


# The second line


def _health(of: Comparison, drawn: bool) -> str:
    """Money for a year of good health, of expected values, and where that stands in the setting's range."""
    if not np.any(of.run.averaged.outcomes.qaly):
        return f"Health: not modelled here, because {NOT_MODELLED}"
    ratio, finding = _ratio(of)
    money, ranges, within = of.result.setting.currency.money, _ranges(of), f"within {in_words(of.months)}"
    if finding == WITH_A_RATIO:
        text = f"{money(ratio)} a year of good health {within}"
        text += f", {_where(of, ratio, *ranges[0])}" if ranges else ""
    elif finding.startswith(SAVES_AND_HARMS):
        text = f"{SAVES_AND_HARMS}, {money(ratio)} for each year of good health lost {within}"
    else:
        return f"Health: {finding.split(': ')[-1]} {within}{_below(of, ranges[0][1], drawn) if ranges else ''}"
    return f"Health: {text}{_below(of, ranges[0][1], drawn) if ranges else ''}"


def _ratio(of: Comparison) -> tuple[float, str]:
    averaged = replace(of, run=of.run.averaged)
    cost, gain = averaged.mean(-averaged.saving(discounted=True)), averaged.mean(averaged.gain())
    return cost_per_qaly(cost, gain, of.result.setting.currency.units)


def _ranges(of: Comparison) -> list[tuple[str, float, float]]:
    """The setting's ranges of the value of a QALY: name, which one whose ends were changed loses, lower, upper end."""
    scenario = of.result.scenario
    moved = {change.path.split(".")[1] for change in scenario.changes if change.path.startswith("parameters.")}
    return [
        ("a range" if {one.low, one.high} & moved else one.within, scenario.value(one.low), scenario.value(one.high))
        for one in of.result.setting.qaly_ranges
    ]


def _where(of: Comparison, ratio: float, name: str, low: float, high: float) -> str:
    """Below, in or above a range, whose ends belong to it."""
    money = of.result.setting.currency.money
    side = "below" if ratio < low else "above" if ratio > high else "in"
    return f"{side} {name} of {money(low)} to {money(high)}"


def _below(of: Comparison, threshold: float, drawn: bool) -> str:
    """The chance that health costs less than a threshold: that net benefit there is above 0."""
    if not drawn:
        return " (an estimate, without a chance)"
    benefit = of.gain() * threshold + of.saving(discounted=True)
    share = of.mean(benefit > NOTHING)
    return f" ({in_100(share)} below {of.result.setting.currency.money(threshold)})"


def _of_other_ranges(of: Comparison, drawn: bool) -> Iterator[str]:
    ratio, finding = _ratio(of)
    if finding == WITH_A_RATIO and np.any(of.run.averaged.outcomes.qaly):
        for name, low, high in _ranges(of)[1:]:
            yield f"Health is {_where(of, ratio, name, low, high)}{_below(of, low, drawn) if drawn else ''}."
