"""What the sentences of the analyses claim, each claim worked out again from the result that they speak of.

The claims, by analysis (those about a result itself are in `tests.support.claims`):

* psa: payer; chance of payback by each horizon; percentiles of payback; mean, 50% and 95% intervals and worst tenth of
  the saving at each horizon; the deepest point and its worst tenth; the quarters of the plane; the best choice, how
  often, and what each choice loses; the Monte-Carlo errors, whether they are enough and how many draws would be; the
  mean beside the run at central values, the direction of the difference, its two parts and its largest categories
* beyond: payer; the saving on other care, what of it comes after the follow-up, as a share; under each stop the net
  saving, payback and its chance; which stop is the scenario's own
* tornado: the outcome at both ends of the widest bar, from runs with that one number changed; that it is the widest;
  the outcome of the deterministic run; which inputs have no range, are fitted together or turn
* break-even: whether it is met now; that it is met, and no better, at each value that is named; how many there are
* spectrum: the time, the payer, price and use at which the saving is nothing, those now, their intervals' order; the
  main threat and the saving there, from a run with that one number changed; the saving of each alternative

A sentence that matches none of the forms here is a fault.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import costmodel as cm
from costmodel.analysis.psa.page import sentences
from costmodel.analysis.sensitivity import BreakEvens, Tornado
from costmodel.analysis.spectrum import Line, Spectrum
from tests.support.claims import NOTHING, PAYERS, POUNDS, SHORT, Claims, close, number, time_in_words

ENDS = (0.025, 0.25, 0.75, 0.975)
OUTSIDE = 0.0005
"""Chance of a value below the 99.9% range of what is drawn."""
TENTH, NORMAL95 = 0.1, 1.959963984540054
WAY = rf"(?:nothing|{POUNDS} (?:higher|lower))"


def near(said: str, true: float) -> bool:
    """Whether an amount of money is that, or nothing where that is nothing."""
    return close(number(said), true) or (number(said) == 0 and abs(true) < 0.0051)


def alike(said: float, true: float, least: float) -> bool:
    """Whether a number of whatever unit is that to three figures; least: what is always rounded."""
    return abs(said - true) <= max(0.0051 * abs(true), least)


def moved(said: str) -> float:
    """ "£5 higher", "£5 lower" or "nothing"."""
    return 0.0 if said == "nothing" else number(said) * (1 if said.endswith("higher") else -1)


def mean_of_worst(values: np.ndarray, each: np.ndarray) -> float:
    """Mean of the lowest tenth of draws by their weights."""
    order = np.argsort(values)
    left, total = TENTH, 0.0
    for place in order:
        part = min(left, each[place])
        total, left = total + part * values[place], left - part
        if left <= 1e-15:
            break
    return float(total / TENTH)


@dataclass(frozen=True)
class Analysed(Claims):
    """The sentences of the analyses about one strategy of a result, and what is true of it."""

    @property
    def s(self) -> int:
        """Its place among the strategies."""
        return self.result.strategies.index(self.strategy)

    @property
    def each(self) -> np.ndarray:
        """The weight of each alternative and draw, in one row."""
        draws = self.result.headline.outcomes.draws
        return np.repeat(self.result.weights / draws, draws)

    def saving(self, horizon: int, **more: Any) -> np.ndarray:
        """Net saving of the group in each alternative and draw, in one row."""
        cost = self.result.net_cost(self.result.headline, horizon, self.s, perspective=self.perspective, **more)
        return np.asarray(-cost.ravel() * self.people)

    def quantile(self, values: np.ndarray, at: float) -> tuple[float, float]:
        """Of draws with weights: where the share of draws is met to the letter, the two next to it."""
        kept = self.each > 0
        ends = (at - 1e-9, at + 1e-9)
        low, high = np.quantile(values[kept], ends, weights=self.each[kept], method="inverted_cdf")
        return float(low), float(high)

    def analysed(self) -> dict[str, list[str]]:
        """Everything that is said of the draws, by kind."""
        psa = cm.psa(self.result)
        kinds = ("by_when", "how_much", "decision", "exact", "central")
        said = dict(zip(kinds, sentences(psa, psa.comparison(self.perspective, self.strategy)).values(), strict=True))
        said["beyond"] = self.beyond.sentences(self.perspective, self.strategy)
        return said

    @property
    def beyond(self) -> Any:
        """What lies beyond the evidence, found once."""
        kept = vars(self.result).setdefault("_beyond", {})
        return kept.get("") or kept.setdefault("", cm.beyond(self.result, workers=1))

    # what is said of the draws

    def _by_when(self, text: str, place: int) -> Iterator[str]:
        horizons, last = self.result.horizons, time_in_words(self.result.horizons[-1])
        who = PAYERS[self.perspective]
        months = self.result.paybacks(
            self.result.headline, len(horizons) - 1, self.s, self.perspective
        ).ravel()  # fmt: skip
        nothing = f"{who[0].upper()}{who[1:]} pays the same on average: there is nothing to pay back."
        if self._same() or text == nothing:
            yield from self._is("whether there is nothing to pay back", text == nothing, self._same())
        elif place == 0:
            parts = re.findall(r"within ([^,]+?) in (none|all|fewer than 1|more than 99|\d+) of 100", text)
            start = f"{who[0].upper()}{who[1:]} has its money back within "
            yield from self._is("the payer", text.startswith(start), True)
            yield from self._is("the horizons", [time for time, _ in parts], [time_in_words(one) for one in horizons])
            for (_, share), end in zip(parts, horizons, strict=False):
                yield from self._chance(share, self.row("chance_payback", horizon_months=end).value)
        elif text.startswith("Even the quickest"):
            yield from self._is("the time", text, f"Even the quickest 5 of 100 simulations do not have it back within "
                                f"{last}.")  # fmt: skip
            if np.isfinite(self.quantile(months, 0.05)).all():
                yield f"the quickest have it back after {self.quantile(months, 0.05)}"
        else:
            parts = re.findall(r"the (\d+)th (?:has it back )?(at once|(?:not within|after) [\d,]+ \w+)", text)
            yield from self._is("the form", len(parts) > 0 and text.count(" the ") == 1 + len(parts), True)
            for percent, words in parts:
                true = [
                    f"not within {last}" if not np.isfinite(month)
                    else "at once" if month <= self.result.first_payment[self.s] else f"after {time_in_words(month)}"
                    for month in self.quantile(months, float(percent) / 100)
                ]  # fmt: skip
                if words not in true:
                    yield f"the {percent}th {words}, and it is {true}"

    def _how_much(self, text: str, _: int) -> Iterator[str]:
        if text.startswith("Health and cost"):
            yield from self._plane(text)
            return
        if deepest := re.fullmatch(
            rf"At the deepest point ({'|'.join(PAYERS.values())}) is ({POUNDS}) out of pocket on average, and "
            rf"({POUNDS}) in the worst tenth\.",
            text,
        ):
            p = list(PAYERS).index(self.perspective)
            peak = self.result.headline.outcomes.peak[0, p, self.s].ravel() * self.people
            yield from self._is("the payer", deepest[1], PAYERS[self.perspective])
            for said, true in ((deepest[2], peak @ self.each), (deepest[3], -mean_of_worst(-peak, self.each))):
                if not near(said, true):
                    yield f"{said} out of pocket, and it is {true}"
            return
        found = re.fullmatch(
            rf"Net saving over ([^,]+), ([\d,]+) people: ({POUNDS}) on average; half of the simulations lie between "
            rf"({POUNDS}) and ({POUNDS}), 95 of 100 between ({POUNDS}) and ({POUNDS}); the worst tenth comes to "
            rf"({POUNDS}) on average\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        horizons = [time_in_words(one) for one in self.result.horizons]
        if found[1] not in horizons:
            yield f"there is no horizon of {found[1]}"
            return
        yield from self._is("the group", number(found[2]), self.people)
        values = self.saving(horizons.index(found[1]))
        low, low_50, high_50, high = (self.quantile(values, at) for at in ENDS)
        true = [[values @ self.each], low_50, high_50, low, high, [mean_of_worst(values, self.each)]]
        for said, right in zip(found.groups()[2:], true, strict=True):
            if not any(near(said, one) for one in right):
                yield f"{said}, and it is {right}"

    def _plane(self, text: str) -> Iterator[str]:
        cost = -self.saving(len(self.result.horizons) - 1, discounted=True) / self.people
        gain = self.result.qaly_gain(self.result.headline, len(self.result.horizons) - 1, self.s).ravel()
        better, worse, saves, dear = gain > 1e-6, gain < -1e-6, cost < -1e-6, cost > 1e-6
        shares = {
            "more health, and money is saved": better & saves, "more health, and it costs more": better & dear,
            "less health, and money is saved": worse & saves, "less health, and it costs more": worse & dear,
        }  # fmt: skip
        true = {words: float(self.each @ part) for words, part in shares.items()}
        true["no difference in health or in cost"] = 1 - sum(true.values())
        body = re.fullmatch(r"Health and cost over (.+?), discounted: (.+)\.", text)
        if not body:
            yield "the form is unknown"
            return
        yield from self._is("the horizon", body[1], time_in_words(self.result.horizons[-1]))
        said = dict(re.findall(r"([a-z][a-z ,]+?), in (none|all|fewer than 1|more than 99|\d+) of 100", body[2]))
        yield from self._is("the quarters", set(said), {words for words, share in true.items() if share > 1e-9})
        for words, share in said.items():
            yield from self._chance(share, round(true.get(words, math.nan), 12))

    def _decision(self, text: str, _: int) -> Iterator[str]:
        found = re.match(
            rf"(?:By net saving alone|Judged by net saving alone|At (?P<at>{POUNDS}) per QALY) over (?P<over>.+?), "
            r"(?P<best>.+?) is the best choice on average, and in "
            r"(?P<share>none|all|fewer than 1|more than 99|\d+) of 100 simulations\. "
            rf"Choosing it (?:loses nothing|still loses (?P<own>{POUNDS}) for (?P<people>[\d,]+) people on average, "
            r"because it is not always the best); (?P<others>.+)\.$",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the horizon", found["over"], time_in_words(self.result.horizons[-1]))
        if found["people"]:
            yield from self._is("the group", number(found["people"]), self.people)
        result, last, run = self.result, len(self.result.horizons) - 1, self.result.headline
        threshold = number(found["at"]) if found["at"] else 0.0
        if found["at"] and near(found["at"], result.threshold):  # by the value itself
            threshold = result.threshold
        benefit = []
        for s in range(len(result.strategies)):
            money = -result.net_cost(run, last, s, perspective=self.perspective, discounted=bool(found["at"])).ravel()
            worth = threshold * result.qaly_gain(run, last, s).ravel() if found["at"] else 0.0
            benefit.append(money + worth)
        benefits = np.stack(benefit)
        highest, means = benefits.max(axis=0), benefits @ self.each
        winners = benefits >= highest - 1e-6
        chances = (winners / winners.sum(axis=0)) @ self.each
        losses = {
            strategy.label.lower(): float((highest - benefits[s]) @ self.each) * self.people
            for s, strategy in enumerate(result.scenario.model.strategies.values())
        }
        labels = list(losses)
        best = found["best"].lower()
        if best not in labels or means[labels.index(best)] < means.max() - 1e-6:
            yield f"{best} is not the best: {dict(zip(labels, means, strict=True))}"
            return
        yield from self._chance(found["share"], round(float(chances[labels.index(best)]), 12))
        if not near(found["own"] or "£0", losses[best]):
            yield f"{found['own']} is lost, and it is {losses[best]}"
        rest = found["others"].lower()
        for label, loss in losses.items():
            if label == best:
                continue
            said = re.search(rf"choosing {re.escape(label)} loses ({POUNDS})", rest)
            if not said or not near(said[1], loss):
                yield f"choosing {label} loses {loss}"
        yield from self._is("how many others", rest.count("choosing "), len(labels) - 1)

    def _errors(self) -> tuple[float, float]:
        """Half the 95% intervals of the mean saving of the group and of the chance of payback."""
        shape = (len(self.result.weights), -1)
        n = self.result.draws
        last = len(self.result.horizons) - 1
        paid = np.isfinite(self.result.paybacks(self.result.headline, last, self.s, self.perspective))
        by_draw = [self.result.weights @ one.reshape(shape) for one in (self.saving(last), paid.astype(float))]
        saving, chance = (NORMAL95 * float(np.std(one, ddof=1)) / math.sqrt(n) for one in by_draw)
        return saving, max(chance, 1 - 0.05 ** (1 / n))

    def _exact(self, text: str, place: int) -> Iterator[str]:
        saving, chance = self._errors()
        mean = self.row("net_saving", last=True).value * self.people
        share = self.row("chance_payback", last=True).value
        therapy = self.row("net_saving", last=True, category="therapy", perspective="societal").value * self.people
        if place == 0:
            found = re.fullmatch(
                rf"With ([\d,]+) draws the mean net saving over (.+?) is known to ±({POUNDS}), and the chance of "
                r"payback to ±([\d.e+-]+) points? \(95%\)\.",
                text,
            )
            if not found:
                yield "the form is unknown"
                return
            yield from self._is("the draws", number(found[1]), self.result.draws)
            yield from self._is("the horizon", found[2], time_in_words(self.result.horizons[-1]))
            if not near(found[3], saving):
                yield f"±{found[3]}, and it is {saving}"
            if abs(float(found[4]) - chance * 100) > 0.05 * chance * 100 + 1e-9:
                yield f"±{found[4]} points, and it is {chance * 100}"
            return
        ratio = chance / 0.01
        ratio = math.sqrt(ratio) if share in (0, 1) else ratio
        if therapy:
            ratio = max(ratio, saving / (0.02 * abs(therapy)))
        needed = self.result.draws * ratio**2
        if more := re.match(r"It would take about ([\d,]+) draws to know (.+)\.$", text):
            said = number(more[1])
            if not needed * (1 - 1e-9) <= said <= needed * 1.11 + 1 or needed <= self.result.draws:
                yield f"{said} draws, and it is {needed}"
        elif enough := re.match(r"That is enough to know (.+)\.$", text):
            if needed > self.result.draws * (1 + 1e-9):
                yield f"enough, and {needed} would be"
            more = enough
        elif text == "Whether money is saved on average these draws cannot tell.":
            if abs(mean) > saving * (1 + 1e-9):
                yield f"the draws can tell: {mean} ± {saving}"
            return
        else:
            yield "the form is unknown"
            return
        aim = re.search(rf"the saving to ±({POUNDS}), 2% of the cost of therapy", text)
        yield from self._is("whether therapy costs", aim is not None, bool(therapy))
        if aim and not near(aim[1], 0.02 * abs(therapy)):
            yield f"±{aim[1]}, and it is {0.02 * abs(therapy)}"
        yield from self._is("the chance that is wanted", "the chance to ±1 point" in text, True)

    def _central(self, text: str, _: int) -> Iterator[str]:
        mean = self.row("net_saving", last=True).value * self.people
        central = self.row("net_saving", last=True, run="deterministic").value * self.people
        time = time_in_words(self.result.horizons[-1])
        if same := re.fullmatch(
            rf"The mean net saving over (.+?) is that of the run at central values, ({POUNDS})\.", text
        ):
            yield from self._is("the horizon", same[1], time)
            if not near(same[2], central) or abs(mean - central) > 0.0051:
                yield f"the mean is {mean}, and {central} at central values"
            return
        found = re.fullmatch(
            rf"The mean net saving over (?P<over>.+?) is (?P<way>{WAY}) than at central values "
            rf"\((?P<mean>{POUNDS}) against (?P<central>{POUNDS})\): (?P<inputs>{WAY}) because the means of the "
            rf"inputs' draws are not their central values(?:, most in .+?)?; (?P<shape>{WAY}) because the saving "
            r"is no straight line in the inputs\. By category(?:: (?P<categories>.+?))?\."
            rf"(?P<error> The difference is within the Monte-Carlo error of the mean, ±(?P<size>{POUNDS})\.)?",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the horizon", found["over"], time)
        for said, true in (
            (moved(found["way"]), mean - central), (number(found["mean"]), mean), (number(found["central"]), central)
        ):  # fmt: skip
            if not close(said, true):
                yield f"{said}, and it is {true}"
        sum_of_parts = moved(found["inputs"]) + moved(found["shape"])
        room = 0.006 * max(abs(moved(found["inputs"])), abs(moved(found["shape"])), abs(mean - central)) + 1.5
        if abs(sum_of_parts - (mean - central)) > room:
            yield f"the parts come to {sum_of_parts}, and the whole to {mean - central}"
        categories = sorted(self.result.categories())
        apart = {
            one: (self.row("net_saving", last=True, category=one).value
                  - self.row("net_saving", last=True, category=one, run="deterministic").value) * self.people
            for one in categories
        }  # fmt: skip
        named = re.findall(rf"([a-z ]+?) ({POUNDS})(?:, |$)", found["categories"] or "")
        for name, said in named:
            if not near(said, apart.get(name.strip(), math.nan)):
                yield f"{name} {said}, and it is {apart.get(name.strip())}"
        least = min((abs(apart.get(name.strip(), 0.0)) for name, _ in named), default=0.0)
        others = [abs(value) for name, value in apart.items() if name not in {one.strip() for one, _ in named}]
        if max(others, default=0.0) > max(least, 0.0051) * (1 + 1e-9):
            yield f"the largest are not named: {apart}"
        error = self._errors()[0]
        yield from self._is("within the error", found["error"] is not None, abs(mean - central) <= error)
        if found["size"] and not near(found["size"], error):
            yield f"±{found['size']}, and it is {error}"

    # what lies beyond the evidence

    def _beyond(self, text: str, place: int = 0) -> Iterator[str]:
        if text.startswith("Beyond "):
            yield from super()._beyond(text)
            return
        beyond, horizon = self.beyond, time_in_words(self.result.horizons[-1])
        total, after = self._rest()
        who = SHORT[self.perspective]
        if place == 0:
            who = who[0].upper() + who[1:]
            if not text.startswith(f"{who}: "):
                yield f"the payer is {who}"
            found = re.fullmatch(
                rf"[^:]+: of ({POUNDS}) saved on other care over (.+?) for ([\d,]+) people, ({POUNDS}) comes after the "
                r"(.+) of follow-up: (?:(none|all|[−-]?\d+%) of the saving falls after the last observation"
                r"(; before it, other care costs more)?)\.",
                text,
            )
            if not found:
                ends = re.search(r"nothing lies beyond the evidence: the horizon ends (with|before) observation", text)
                nothing = ends is not None
                no_saving = re.search(
                    r"there is no saving: over (.+), other care costs (?:(more)|the same)\.$", text
                )  # fmt: skip
                if not (nothing or no_saving or "cannot be said" in text):
                    yield "the form is unknown"
                model = self.result.scenario.model
                therapy = model.strategies[self.strategy].therapy
                observed = model.follow_up.months + (therapy.wait.months if therapy else 0.0)
                spare = observed - self.result.horizons[-1]
                if ends and (spare < -1e-6 or (ends[1] == "with") is not (spare < 1e-6)):
                    yield "the horizon is longer than the follow-up, or ends otherwise"
                if no_saving:
                    yield from self._is("the horizon", no_saving[1], horizon)
                    if total > 1e-6 * self.people or (no_saving[2] is None and total < -1e-6 * self.people):
                        yield f"no saving, and it is {total}"
                return
            yield from self._is("the horizon", found[2], horizon)
            yield from self._is("the group", number(found[3]), self.people)
            yield from self._is("the time", found[5], self.result.scenario.model.follow_up.text)
            if not near(found[1], total) or not near(found[4], after):
                yield f"{found[1]} and {found[4]}, and they are {total} and {after}"
            share = after / total
            words = "none" if after < 1e-6 * self.people else "all" if share > 1 else f"{share:.0%}"
            if words[-1] != "%" or found[6][-1] != "%" or abs(number(found[6][:-1]) - 100 * share) > 0.5 + 1e-6:
                yield from self._is("the share", found[6], words)
            yield from self._is("whether care costs more before", found[7] is not None, share > 1)
            return
        stops = {
            "the gap closes at once": "gap closes",
            "effects cease": "effects cease",
            "effects persist": "effects persist",
        }
        found = re.fullmatch(
            rf"If (?P<stop>.+?) after the follow-up(?P<own> \(as the scenario says\))?: (?:(?P<same>it costs "
            rf"the same, and there is nothing to pay back)\.|net saving (?P<much>{POUNDS}) on average, money back "
            r"(?P<paid>.+), and in (?P<share>none|all|fewer than 1|more than 99|\d+) of 100 simulations\.)",
            text,
        )
        if found:
            stop = stops[found["stop"]]
            said = Claims(beyond.results[stop], self.strategy, self.perspective)
            row = said.row("net_saving", last=True)
            yield from self._is(
                "the scenario's own", found["own"] is not None, stop == self.result.scenario.model.beyond_follow_up
            )
            if found["same"]:
                yield from said._payback(NOTHING)
                return
            if not near(found["much"], row.value * self.people):
                yield f"{found['much']} under {stop}, and it is {row.value * self.people}"
            yield from said._payback(found["paid"])
            yield from self._chance(found["share"], said.row("chance_payback", last=True).value)
        elif lets := re.fullmatch(r"The scenario itself lets (.+) last longer, whatever is said of the others\.", text):
            models = [structure.model for structure in self.result.scenario.structures]
            effects = {name for model in models for name in model.strategies[self.strategy].effects}
            yield from self._is("effects that are not there", set(lets[1].split(", ")) - effects, set())
        elif refused := re.match(r"That (.+?) cannot be asked here: ", text):
            yield from self._is("whether it was refused", stops.get(refused[1]) in beyond.refused, True)
        else:
            yield "the form is unknown"

    def _rest(self) -> tuple[float, float]:
        """Saving of the group on all but therapy, to the horizon and after the last observation."""
        therapy = self.result.scenario.model.strategies[self.strategy].therapy
        until = self.result.scenario.model.follow_up.months + (therapy.wait.months if therapy else 0.0)
        cost = self.result.headline.outcomes.mean_cost @ self.result.weights
        difference = cost[:, :, self.s] - cost[:, :, 0]
        within = {"nhs": ("nhs",), "nhs_pss": ("nhs", "social_care")}.get(self.perspective)
        sign = [
            0 if item.category == "therapy" else self._sign(item.paid_by, item.received_by, within)
            for item in self.result.items
        ]
        by_cycle = -(difference @ np.array(sign)) * self.people
        return float(by_cycle.sum()), float(by_cycle[self.result.edges[:-1] * 12 >= until - 1e-6].sum())

    def _sign(self, payer: str, receiver: str, within: tuple[str, ...] | None) -> int:
        """Whether a perspective bears (1) or gains (−1) what one party pays another."""
        society = ("nhs", "social_care", "dwp", "hmrc", "justice", "employer", "household", "other_households")
        public = ("nhs", "social_care", "dwp", "hmrc", "justice")
        inside = within or (public if self.perspective == "public_sector" else society)
        return (payer in inside) - (receiver in inside)


def claimed_of_one_input(scenario: cm.Scenario, name: str, value: float, factor: float) -> cm.Scenario:
    """The scenario with one number as an analysis has tried it, outside its range too; factor: of its price year.

    Without conventions about money, of which an analysis of one input says nothing.
    """
    try:
        return scenario.changed({name: value / factor}, whole=False)
    except cm.InputError:
        leaf = replace(scenario.leaves[name], central=value / factor)
        return replace(scenario, leaves={**scenario.leaves, name: leaf})


def false_of_tornado(found: Tornado, text: str | None = None) -> Iterator[str]:
    """Faults of a tornado of net saving, each with its sentence; text: in the place of its takeaway."""
    question = found.question
    strategy = question.template.strategies[question.strategy]
    if not found.bars:
        return
    bar = found.bars[0]
    text = text or found.takeaway
    told = re.fullmatch(
        rf"“(.+)”(?: \(by the bill alone\))? moves the (.+?) most: (?P<low>{POUNDS}) at .+, (?P<high>{POUNDS}) at .+; "
        rf"(?P<now>{POUNDS}) in the deterministic run\.",
        text,
    )
    if not told:
        yield f"the form is unknown | {text}"
        return
    if told[1] != bar.input.label:
        yield f"the widest is {bar.input.label} | {text}"
    cases = {"now": question.scenario}
    for end in ("low", "high"):
        value = getattr(bar.input.spread, end)
        cases[end] = claimed_of_one_input(question.scenario, bar.input.name, value, bar.input.price_factor)
    saved = {end: saving_of(one, strategy, question.perspective, question.months) for end, one in cases.items()}
    for end, true in saved.items():
        if not close(number(told[end]), true) and abs(number(told[end]) - true) > 0.51:
            yield f"{told[end]} ({end}), and it is {true} | {text}"
    for other in found.bars[1:]:
        ends = [end.value for end in (other.at_low, other.at_high) if end.value is not None]
        if max(ends, default=0.0) - min(ends, default=0.0) > bar.width * (1 + 1e-9):
            yield f"{other.input.label} moves it more | {text}"
    for note in found._notes():
        inside = {bar.input.name: bar for bar in found.bars}
        names = note.rpartition(": ")[2].split(", ")
        if note.startswith("not monotone"):
            false = [one for one in names if inside[one].monotone]
        elif note.startswith("fitted together"):
            false = [one for one in names if not inside[one].input.fitted]
        elif note.startswith("no range is declared for"):
            names = note.removeprefix("no range is declared for ").partition(":")[0].split(", ")
            false = [one for one in names if question.scenario.parameters[one].range is not None]
        else:
            continue
        yield from (f"{one} is not so | {note}" for one in false)


def saving_of(scenario: cm.Scenario, strategy: str, perspective: str, months: float) -> float:
    """Net saving a person of the deterministic run, which no convention about money moves."""
    result = cm.run(replace(scenario, conventions={}), draws=0, workers=1, strata=False)
    cost = result.net_cost(result.headline, result.at(months), result.compared(strategy), perspective=perspective)
    return -float(result.weights @ cost[:, 0])


def false_of_break_even(found: BreakEvens, text: str | None = None) -> Iterator[str]:
    """Faults of break-even values of the net saving: at each value that is named it is nothing."""
    question, text = found.target.question, text or found.takeaway
    strategy = question.template.strategies[question.strategy]
    now = saving_of(question.scenario, strategy, question.perspective, question.months)
    if (" is met at the values in use" in text) != (now >= found.target.value - 1e-6):
        yield f"{now} now | {text}"
    able = [one for one in found.found if one.roots]
    if ", only a value outside" in text or "; only a value outside" in text:
        for one in able:
            ends = question.scenario.parameters[one.input.name].range
            held = [
                root.value / one.input.price_factor
                for root in one.roots
                if root.percentile is None or OUTSIDE < root.percentile < 1 - OUTSIDE
            ]
            if ends and any(ends[0] <= value <= ends[1] for value in held):
                yield f"{one.input.label} meets it within its range of {ends} | {text}"
    if ("no value of" in text) != (not able):
        yield f"{len(able)} inputs have one | {text}"
    inside = [
        one for one in able
        if any(not root.place.startswith(("outside", "no uncertainty")) for root in one.roots)
    ]  # fmt: skip
    named = [one for one in (inside or able) if f"“{one.input.label}”" in text]
    more = re.search(r" and (\d+) more\.$", text)
    if len(named) + int(more[1] if more else 0) != len(inside or able):
        yield f"{len(inside or able)} inputs | {text}"
    for one in named:
        within = [root for root in one.roots if not root.place.startswith(("outside", "no uncertainty"))]
        root = [*within, *one.roots][0]
        words = text.partition(f"“{one.input.label}”")[2].removeprefix(" (by the bill alone)")
        told = re.match(r" at ([−£\d.,e+-]+)(%?)[^,;]*, not ([−£\d.,e+-]+)(%?)", words)
        said = [number(told[at]) / (100 if told[at + 1] else 1) for at in (1, 3)] if told else []
        penny = 0.0051 if "£" in words else 0.0
        if not told or not (alike(said[0], root.value, penny) and alike(said[1], one.input.central, penny)):
            yield f"{root.value}, not {one.input.central} | {text}"
        changed = claimed_of_one_input(question.scenario, one.input.name, root.value, one.input.price_factor)
        worth = saving_of(changed, strategy, question.perspective, question.months)
        if abs(worth - found.target.value) > 0.01 + 1e-4 * abs(now):
            yield f"{worth} at {root.value} of {one.input.label} | {text}"


def said_of_spectrum(lines: list[Line]) -> list[str]:
    """What is said of a population on the page of all, below the map, whose sentences have tests of their own."""
    found = Spectrum(tuple(lines), ())
    of_map = found.map.page().sentences if found.map else []
    return [text for text in found.page().sentences if text not in of_map]


def false_of_spectrum(lines: list[Line], said: list[str] | None = None) -> Iterator[str]:
    """Faults of it."""
    for text in said_of_spectrum(lines) if said is None else said:
        yield from (f"{fault} | {text}" for fault in _of_spectrum(text, lines))


def _of_spectrum(text: str, lines: list[Line]) -> Iterator[str]:
    result = lines[0].result
    model = result.scenario.model
    by_label = {line.label: line for line in lines if line.perspective == "nhs"}
    if text.startswith("Against "):
        found = re.match(
            r"Against (.+), over the (.+) of the evidence; payback within (.+?); £ of (\S+) a person\.", text
        )
        true = (
            model.strategies[result.comparator].label.lower(), model.follow_up.text,
            time_in_words(result.horizons[-1]), result.scenario.setting.price_year,
        )  # fmt: skip
        if not found or found.groups() != true:
            yield f"{true} is true"
        return
    found = re.match(
        rf"(?P<label>.+) repays (?P<who>{'|'.join(PAYERS.values())}) within (?P<time>.+?) at a session price of "
        rf"(?P<price>nothing, not even £0|any amount|{POUNDS}) "
        rf"\((?:(?P<low>none|any amount|{POUNDS}) to (?P<high>none|any amount|{POUNDS}); )?"
        rf"now (?P<now>{POUNDS})\); or where other care costs it (?P<use>no level|{POUNDS} a year) "
        rf"\((?:(?P<least>no level|{POUNDS}) to (?P<most>no level|{POUNDS}); )?now (?P<spent>{POUNDS})(?: a year)?\)\. "
        r"Main threat: (?P<threat>.+)\.$",
        text,
    )
    if not found:
        yield from _apart(text, by_label)
        return
    line = by_label[found["label"]]
    claims = Analysed(result, line.name, line.perspective)
    if PAYERS[line.perspective] != found["who"] or model.follow_up.text != found["time"]:
        yield f"{line.perspective}, {model.follow_up.text}"
    saving = claims.row("net_saving").value
    therapy = -claims.row("net_saving", category="therapy").value
    price, now = found["price"], number(found["now"])
    at = [item.name for item in result.items].index("therapy")
    sold = float(result.headline.outcomes.cost[0, 0, at, claims.s].mean(axis=-1) @ result.weights)
    sold = sold / now if now else 0.0
    if price.startswith("£") and sold > 0.01:
        worth = saving + sold * (now - number(price))
        roundings = sum(max(0.5, 0.005 * one) for one in (number(price), now))
        if abs(worth) > sold * roundings * (1 + 1e-6):
            yield f"at {price} the saving is {worth}"
    elif price == "any amount" and (sold > 0.01 or saving < -0.01):
        yield f"{sold} sessions are paid for, and the saving is {saving}"
    elif price.startswith("nothing") and saving + sold * now > max(sold, 0.01):
        yield f"no price, and at £0 the saving is {saving + sold * now}"
    if (saving > 0.01 and price.startswith("nothing")) or (
        price.startswith("£") and abs(number(price) - now) > 1 and sold > 0.01 and (number(price) > now) != (saving > 0)
    ):
        yield f"{price} a session, now {now}, and it saves {saving}"
    offset = saving + therapy
    if found["use"].startswith("£") != (offset > 1e-6):
        yield f"{found['use']}, and other care falls by {offset}"
    elif offset > 1e-6:
        true = therapy / offset * line.record["use_of_services_threshold_now"]
        if not close(number(found["use"].removesuffix(" a year")), true) and abs(true) > 0.01:
            yield f"{found['use']}, and it is {true}"
    years = result.horizons[0] / 12
    usual = result.total_cost(result.headline, 0, 0, line.perspective, discounted=False)
    spent = float(result.weights @ usual.mean(axis=-1)) / years
    if model.strategies[result.comparator].therapy is None and not close(number(found["spent"]), spent):
        yield f"{found['spent']} is spent now, and it is {spent}"
    if line.threat is None or found["threat"] == "none":
        if (line.threat is None) != (found["threat"] == "none"):
            yield "the main threat"
        return
    worst = re.search(rf"^(.+): ({POUNDS}) at ", found["threat"])
    bar = line.threat
    ends = {
        value: saving_of(
            claimed_of_one_input(result.scenario, bar.input.name, value, bar.input.price_factor),
            line.name, line.perspective, result.horizons[0],
        )
        for value in (bar.input.spread.low, bar.input.spread.high)
    }  # fmt: skip
    if not worst or worst[1] != bar.input.label or not close(number(worst[2]), min(ends.values())):
        yield f"{bar.input.label}: {ends}"


def _apart(text: str, by_label: dict[str, Line]) -> Iterator[str]:
    label = next((one for one in sorted(by_label, key=len, reverse=True) if text.startswith(f"{one}, ")), None)
    if label is None:
        yield "the form is unknown"
        return
    result, strategy = by_label[label].result, by_label[label].name
    for alternative in result.scenario.readings if len(result.weights) > 1 else ():
        claims = Claims(result, strategy, "nhs_pss")
        said = re.search(rf"{re.escape(alternative.label)} \(weight [\d.]+\): ({POUNDS}) \(", text)
        if not said or not close(number(said[1]), claims.row("net_saving", run=alternative.name).value):
            yield f"{alternative.label}: {claims.row('net_saving', run=alternative.name).value}"
    for name, stratum in result.strata.items():
        own = Claims(stratum, strategy, "nhs_pss").row("net_saving").value
        if not any(close(number(said), own) for said in re.findall(rf"\): ({POUNDS}) \(", text)):
            yield f"{name}: {own}"
