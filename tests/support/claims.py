"""What the sentences about a result claim, each claim worked out again from the table and the scenario alone.

The claims, by sentence:

* lines: the word of the chance that the money is back, that chance, the payer, the horizon and what is counted, or why
  there is no word; the price of a year of health or the quarter it lies in, its place in the range, the chance below it
* verdict, which stands beside the lines: what the chance is given, other words and conventions, money after the last
  observation, the price of a session at which half of the draws are back
* headline: people; the time of the evidence; the therapy's name; the payer that was asked for; more, less or the same,
  how much and its interval, over that time and over the horizon
* beside: health gained and its interval; cost per QALY, or the quarter it lies in; the payer; what the public sector
  pays and its interval; the household; the price of a session and whose figure it is; the price year; the horizon of
  what was observed and what becomes of the effects; central values or draws; how many figures are to be checked
* cash: how much, payback and its chance
* charts: payback of the curve; what comes back of what is spent, "all", "most" and "the largest part" of it, from
  where; who pays and saves; the net cost under the lowest and the highest structure
* figures: net result of two payers, payback, chance
* changes: old and new values, and that none is hidden behind a word

A sentence that matches none of the forms here is a fault: nothing is claimed unseen.
"""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pandas as pd
import plotly.graph_objects as go

import costmodel as cm
from costmodel.report import charts
from costmodel.report.sentence import answer, cash_verdict, figures
from costmodel.result.table import ANSWERED
from tests.support.pounds import PERSPECTIVES

POUNDS = r"−?£[\d,]+(?:\.\d+)?"
WAYS = " more| less| worse| better"
INTERVAL = (
    rf"(?: \(95% interval (?P<ends{{0}}>from {POUNDS}(?:{WAYS})? to {POUNDS}(?:{WAYS})?"
    rf"|{POUNDS} to {POUNDS})\))?"
)
WHO = r"the NHS and social care|the NHS|the public sector|society"
SHARE = r"(?P<share>none|all|fewer than 1|more than 99|\d+) of 100 simulations"
IN_100 = SHARE.replace(" of 100 simulations", " in 100")
LEADS = {
    "does not repay": 0.0, "unlikely to repay": 0.1, "open whether it repays": 0.35, "likely to repay": 0.65,
    "repays": 0.9,
}  # fmt: skip
"""Words of a verdict, and the chance above which each stands."""
NOTHING = "the same: nothing to pay back"
PAYBACK = rf"(?P<payback>{NOTHING}|at once|after [\d,]+ (?:months?|years?)|not within [\d,]+ (?:months?|years?))"
LAST_WORD = "Good care need not pay for itself; health gained is worth money too."
PAYERS = {
    "nhs": "the NHS",
    "nhs_pss": "the NHS and social care",
    "public_sector": "the public sector",
    "societal": "society",
}
SHORT = {"nhs": "NHS", "nhs_pss": "NHS and social care", "public_sector": "public sector", "societal": "society"}
SAME = 0.01
"""Pounds a person that may be called nothing."""


def number(text: str) -> float:
    """An amount as it is written."""
    sign = -1 if "−" in text else 1
    if re.fullmatch(r"−?[\d.]+e[+-]\d+", text):
        return sign * float(text.removeprefix("−"))
    scale = {"k": 1e3, "m": 1e6, "bn": 1e9}.get(re.sub(r"[^a-z]", "", text), 1.0)
    return sign * scale * float(re.sub(r"[^\d.]", "", text).rstrip("."))


def close(said: float, true: float, *, whole: bool = True) -> bool:
    """Whether a rounded figure is the true one: three significant figures, pounds from ten on whole (whole)."""
    if true == 0 or said == 0:
        return abs(said - true) <= 0.005
    half = 0.5 * 10.0 ** (math.floor(math.log10(abs(true))) - 2)
    if whole:
        half = max(half, 0.5 if abs(true) >= 9.995 else 0.005)
    return abs(said - true) <= half * (1 + 1e-6)


def time_in_words(months: float) -> str:
    """Years where they are whole, else months."""
    years = months / 12
    if months >= 12 and abs(years - round(years)) < 1e-9:
        return f"{round(years)} year" + "s" * (round(years) != 1)
    return f"{months:.0f} month" + "s" * (round(months) != 1)


class Untouched:
    """Takes whatever is asked of a figure, and draws nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        self.layout = self.data = ()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@contextmanager
def untouched_figures() -> Iterator[None]:
    """Charts say their titles and are not drawn, which takes ten times as long; titles are made of tables alone."""
    with mock.patch.object(go, "Figure", Untouched), mock.patch.object(go, "Waterfall", Untouched):
        yield


@dataclass(frozen=True)
class Claims:
    """The sentences about one strategy of a result for one payer, and what is true of it."""

    result: cm.Result
    strategy: str
    perspective: str

    @property
    def people(self) -> int:
        return self.result.scenario.model.people

    @property
    def drawn(self) -> bool:
        return self.result.draws > 0

    def row(self, outcome: str, *, last: bool = False, **where: Any) -> Any:
        """The row of the table that answers; no question is answered twice."""
        wanted = {
            "outcome": outcome, "perspective": self.perspective, "party": "all", "category": "all", "channel": "all",
            "discounted": False, "strategy": self.strategy,
            "horizon_months": self.result.horizons[-1 if last else 0],
            "run": "expected" if self.drawn else "deterministic",
        } | where  # fmt: skip
        (row,) = self.result.answers(wanted["run"])[tuple(wanted[key] for key in ANSWERED)]
        return pd.Series({key: math.nan if value is None else value for key, value in row.items()})

    def sentences(self, *, charts_too: bool = True) -> dict[str, list[str]]:
        """Everything that is said, by kind. charts_too: what is written over charts, which take longest to make."""
        said = answer(self.result, self.strategy, self.perspective)
        at = (self.result, self.perspective, self.strategy)
        with untouched_figures():
            drawn = {} if not charts_too else {
                "curve": [charts.cumulative(*at).title],
                "bridge": [charts.bridge(*at).title],
                "parties": [charts.parties(self.result, self.strategy).title],
                "structures": [charts.structures(*at).title] if len(self.result.weights) > 1 else [],
            }  # fmt: skip
        return {
            "lines": list(said.verdict.lines),
            "verdict": list(said.verdict.beside),
            "headline": [said.headline],
            "beside": list(said.beside),
            "cash": [cash_verdict(*at)],
            "figures": [f"{one.label}: {one.value}" for one in figures(*at)],
            "changes": [str(change) for change in self.result.scenario.changes],
            **drawn,
        }

    def faults(self, sentences: dict[str, list[str]] | None = None) -> list[str]:
        """Each claim that is not true, with its sentence."""
        said = self.sentences() if sentences is None else sentences
        return [
            f"{kind}: {fault} | {text}"
            for kind, texts in said.items()
            for number_, text in enumerate(texts)
            for fault in getattr(self, f"_{kind}")(text, number_)
        ]

    # what is true of a phrase

    def _moved(self, words: str, true: float, ends: str | None, row: Any) -> Iterator[str]:
        """ "£5 more", "£5 less", "£5" (saved) or "the same", with the interval in its direction."""
        if "the same" in words:
            said, true_ = 0.0, 0.0 if abs(true) <= SAME * self.people else true
            if true_:
                yield f"“the same”, and it is {true:,.2f}"
        else:
            amount = re.search(POUNDS, words)
            said = number(amount[0]) if amount else math.nan
            said = -said if " more" in words or words.startswith("pays") else said
            if not close(said, true):
                yield f"{said:,.2f} is said, and it is {true:,.2f}"
        yield from self._ends(ends, said, row)

    def _ends(self, ends: str | None, said: float, row: Any) -> Iterator[str]:
        if pd.isna(row.low):
            if ends:
                yield "an interval of what has none"
            return
        low, high = sorted((row.low * self.people, row.high * self.people))
        if not ends:
            yield "the interval is missing"
            return
        parts = re.findall(rf"({POUNDS})({WAYS})?", ends)
        signs = [
            -1 if way in (" more", " worse") else 1 if way or ends.startswith("from") else math.copysign(1, said)
            for _, way in parts
        ]
        found = sorted(sign * number(amount) for sign, (amount, _) in zip(signs, parts, strict=True))
        if not (close(found[0], low) and close(found[1], high)):
            yield f"the interval is {low:,.2f} to {high:,.2f}, and {found} is said"

    def _chance(self, said: str, share: float) -> Iterator[str]:
        words = {"none"} if share == 0 else {"all"} if share == 1 else {"fewer than 1"} if share < 0.01 else (
            {"more than 99"} if share > 0.99 else {f"{share * 100 + tie:.0f}" for tie in (-1e-9, 1e-9)}
        )  # fmt: skip
        if said not in words:
            yield f"{said} of 100, and it is {share:.4f}"

    def _same(self, outcome: str = "net_saving") -> bool:
        """Whether nothing is paid and nothing saved to the horizon, and payback is never reached."""
        payback = outcome.replace("net_saving", "payback_sustained_months")
        return pd.isna(self.row(payback, last=True).value) and abs(self.row(outcome, last=True).value) <= 1e-6

    def _payback(self, words: str, outcome: str = "payback_sustained_months") -> Iterator[str]:
        months, horizon = self.row(outcome, last=True).value, self.result.horizons[-1]
        same = self._same(outcome.replace("payback_sustained_months", "net_saving"))
        if same or words == NOTHING:
            yield from self._is("whether there is nothing to pay back", words == NOTHING, same)
            return
        first = self.result.scenario.model.strategies[self.strategy].therapy
        begins = first.wait.months if first else 0.0
        true = f"not within {time_in_words(horizon)}" if pd.isna(months) else f"after {time_in_words(months)}"
        if words == "at once":
            if pd.isna(months) or months > begins + 1:
                yield f"at once, and it is {months} months"
        elif words != true:
            yield f"{words}, and it is {true}"

    def _is(self, what: str, said: object, true: object) -> Iterator[str]:
        if said != true:
            yield f"{what} is {true!r}, and {said!r} is said"

    # the sentences

    def _headline(self, text: str, _: int = 0) -> Iterator[str]:
        direction = rf"(?:saves (?:{WHO}) {POUNDS}|costs (?:{WHO}) (?:{POUNDS} more|the same))"
        later = rf"(?:saves {POUNDS}|costs (?:{POUNDS} more|the same))"
        found = re.fullmatch(
            rf"For (?P<people>[\d,]+) people over the (?P<time>[^,]+) of the evidence, (?P<therapy>.+?) "
            rf"(?P<now>{direction}){INTERVAL.format(1)}(?:; over (?P<over>[^,]+), by extrapolation, it "
            rf"(?P<then>{later}){INTERVAL.format(2)})?\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        model, horizons = self.result.scenario.model, self.result.horizons
        yield from self._is("the group", number(found["people"]), self.people)
        yield from self._is("the time", found["time"], model.follow_up.text)
        yield from self._is("the therapy", found["therapy"].lower(), model.strategies[self.strategy].label.lower())
        who = re.match(rf"(?:saves|costs) ({WHO})(?= £| the same)", found["now"])
        yield from self._is("the payer", who and who[1], PAYERS[self.perspective])
        row = self.row("net_saving")
        yield from self._moved(found["now"], row.value * self.people, found["ends1"], row)
        yield from self._is("a later time", found["over"], time_in_words(horizons[-1]) if len(horizons) > 1 else None)
        if found["over"]:
            row = self.row("net_saving", last=True)
            yield from self._moved(found["then"], row.value * self.people, found["ends2"], row)

    def _given(self, *kinds: str) -> str:
        """The words of the base's conventions, in the order of their kinds."""
        base = self.result.scenario.model.money_base
        return ", ".join(base[kind] for kind in kinds or ("reading", "price", "form", "dial") if kind in base)

    def _course(self) -> str:
        """Why no word is said: what of the course there is not yet, or not at all."""
        scenario, therapy = self.result.scenario, self.result.scenario.model.strategies[self.strategy].therapy
        paid = therapy and math.prod(map(scenario.value, (therapy.sessions, therapy.attendance, therapy.price)))
        if not paid or therapy is None or therapy.paid_by not in PERSPECTIVES[self.perspective]:
            return "no course"
        if therapy.wait.months + therapy.over.months > self.result.horizons[-1] + 1e-9:
            return "therapy still runs"
        return "no course" if self._same() else ""

    def _lines(self, text: str, place: int) -> Iterator[str]:
        yield from (self._line_on_health if place else self._line_on_money)(text)

    def _line_on_money(self, text: str) -> Iterator[str]:
        within, who = time_in_words(self.result.horizons[-1]), PAYERS[self.perspective]
        none = {"no course": f"Money: no course for {who} to repay",
                "therapy still runs": f"Money: no word, therapy still runs at {within}"}  # fmt: skip
        if why := self._course():
            yield from self._is("the line", text, none[why])
            return
        months = self.row("payback_sustained_months", last=True).value
        lead = "|".join(LEADS)
        found = re.fullmatch(
            rf"Money: (?:(?P<lead>(?:{lead})(?: or (?:{lead}))*) (?P<who>{WHO}) "
            r"(?P<when>at once|within [^(]+?|after about [^(]+?)"
            r"|(?P<no>no word, since any would be by (?:the dose rule|a named scenario), not by evidence))"
            r"(?: \((?:(?P<share>none|all|fewer than 1|more than 99|[\d.]+) in 100(?:, (?P<given>[^;]+))?(?:; .+)?)\)"
            r"| (?P<central>at central values \(an estimate, without a chance\)))?",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("whether draws are spoken of", found["share"] is not None, self.drawn)
        if found["no"] is None:
            yield from self._is("the payer", found["who"], who)
        if self.drawn:
            share = self.row("chance_payback", last=True).value
            if "." not in found["share"]:
                yield from self._chance(found["share"], share)
            yield from self._is("what is counted", found["given"] or "", self._given("price", "form"))
            if found["no"] is None:
                yield from self._words(found["lead"].split(" or "), share)
        elif found["no"] is None:
            yield from self._is("the word", found["lead"], "does not repay" if pd.isna(months) else "repays")
        if found["no"] is None and found["when"].startswith("within"):
            yield from self._is("the horizon", found["when"], f"within {within}")
        elif found["no"] is None and found["when"] != "at once":
            said, unit = re.findall(r"(\d+) (month|year)", found["when"])[0]
            near = abs(float(said) * (12 if unit == "year" else 1) - months) <= (6.0 if unit == "year" else 0.5) + 1e-9
            yield from self._is("whether that is when the money is back", near or months < 1, True)

    def _words(self, said: list[str], share: float) -> Iterator[str]:
        """Each word's range of chances is within two standard errors of the chance, and no other's is."""
        draws = self.result.draws
        margin = 2 * max(math.sqrt(share * (1 - share) / max(draws - 1, 1)), (1 - 0.05 ** (1 / draws)) / 1.96)
        margin = margin if len(self.result.weights) == 1 else math.inf
        ends = [*LEADS.values(), 1.0]
        for place, (word, low) in enumerate(LEADS.items()):
            if word in said and not low - margin - 1e-9 <= share <= ends[place + 1] + margin + 1e-9:
                yield f"{word}, and the chance is {share}"
            if word not in said and low + 1e-9 < share < ends[place + 1] - 1e-9:
                yield f"not {word}, and the chance is {share}"

    def _line_on_health(self, text: str) -> Iterator[str]:
        if text == "Health: not modelled here, because no state has a utility":
            yield from self._is("whether health is modelled", self.result.scenario.model.health, False)
            return
        row = self.row("cost_per_qaly", last=True, discounted=True)
        within = f"within {time_in_words(self.result.horizons[-1])}"
        found = re.fullmatch(
            rf"Health: (?:(?P<ratio>{POUNDS}) a year of good health {within}"
            rf"(?:, (?P<side>below|in|above) (?P<range>NICE's range|a range) of (?P<low>{POUNDS})"
            rf" to (?P<high>{POUNDS}))?"
            rf"|saves money and worsens health, (?P<lost>{POUNDS}) for each year of good health lost {within}"
            rf"|(?P<words>[a-z ]+?) {within})"
            rf"(?P<told> \((?:{IN_100} below (?P<under>{POUNDS})|an estimate, without a chance)\))?",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        ranges = bool(self.result.setting.qaly_ranges)
        least, most = math.nan, math.nan
        for one in self.result.setting.qaly_ranges[:1]:
            least, most = self.result.scenario.value(one.low), self.result.scenario.value(one.high)
        own = (least, most) != (20_000, 30_000)
        if found["side"]:
            yield from self._is("whose range it is", found["range"], "a range" if own else "NICE's range")
            ends = number(found["low"]), number(found["high"])
            yield from self._is("the ends of the range", all(map(close, ends, (least, most))), True)
        if found["under"]:
            yield from self._is("what the chance is below", close(number(found["under"]), least), True)
        yield from self._is("whether a range is known", found["told"] is not None, ranges)
        yield from self._is("whether draws are spoken of", found["share"] is not None, self.drawn and ranges)
        if found["ratio"]:
            if not close(number(found["ratio"]), row.value):
                yield f"the price of health is {row.value}"
            side = "below" if row.value < least else "above" if row.value > most else "in"
            yield from self._is("the side of the range", found["side"], side if ranges else None)
            yield from self._is("the quarter", row.words, "costs more and improves health")
        elif found["lost"]:
            if not close(number(found["lost"]), row.value):
                yield f"what is saved for a year of health is {row.value}"
        else:
            yield from self._is("the quarter", found["words"], row.words.split(": ")[-1])
        if found["share"]:
            s, result = self.result.strategies.index(self.strategy), self.result
            h = len(result.horizons) - 1
            cost = result.net_cost(result.headline, h, s, perspective=self.perspective, discounted=True)
            below = result.qaly_gain(result.headline, h, s) * least - cost > 1e-6
            yield from self._chance(found["share"], float(result.weights @ below.mean(axis=-1)))

    def _verdict(self, text: str, _: int = 0) -> Iterator[str]:
        if text == f"The chance is given: {self._given()}.":
            return
        if found := re.fullmatch(r"([\d,]+) draws cannot tell which word holds\.", text):
            yield from self._is("how many draws", number(found[1]), float(self.result.draws))
        elif found := re.fullmatch(rf"With no effect on other care: {IN_100}\.", text):
            share = self.row("chance_payback", last=True, run="no_effect_on_other_care").value
            yield from self._chance(found["share"], share)
        elif found := re.fullmatch(
            rf"(?:The chance is 50 in 100|It breaks even) at (?P<even>{POUNDS}) a session; a session costs "
            rf"(?P<now>{POUNDS}) here\.", text
        ):  # fmt: skip
            therapy = self.result.scenario.model.strategies[self.strategy].therapy
            assert therapy is not None
            now, even = self.result.scenario.value(therapy.price), number(found["even"])
            if not close(number(found["now"]), now):
                yield f"a session costs {now}"
            share = self.row("chance_payback", last=True).value if self.drawn else 0.5
            if (share > 0.5 and even < now * 0.8) or (share < 0.5 and even > now * 1.25):
                yield f"half of the draws are back at {even}, and {share} are at {now}"
        elif not text.startswith((
            "No trial saw so few sessions: ", "Outside every verdict: ", "Robust: ", "Not robust: ", "No robust word: ",
            "Not tried with savings that ", "The word needs money beyond the evidence: ", "Health is ",
            "Not even sessions that cost nothing would do", "At ",
        )):  # fmt: skip
            yield "the form is unknown"

    def _beside(self, text: str, place: int) -> Iterator[str]:
        kinds = {
            "Health: ": self._health, "The public sector as a whole ": self._public, "The household": self._household,
            "Price": self._price, "Beyond ": self._beyond, "This is the deterministic": self._deterministic,
            "To be checked: ": self._recalled, "Each of the other ": self._compared, LAST_WORD: lambda _: iter(()),
        }  # fmt: skip
        check = next((one for start, one in kinds.items() if text.startswith(start)), None)
        if check is None:
            yield "the form is unknown"
        else:
            yield from check(text)

    def _compared(self, text: str) -> Iterator[str]:
        strategies = self.result.scenario.model.strategies
        found = re.match(r"Each of the other (\d+) strategies is compared with (.+) here; each against the next", text)
        if not found or len(strategies) < 3:
            yield "the form is unknown"
        elif (int(found[1]), found[2]) != (len(strategies) - 1, next(iter(strategies.values())).label):
            yield "the comparator, or how many strategies stand against it"

    def _health(self, text: str) -> Iterator[str]:
        gained = r"[+−][\d.e+,-]+ QALYs"
        found = re.fullmatch(
            rf"Health: (?P<gain>{gained}) for (?P<people>[\d,]+) people"
            rf"(?: \(95% interval (?P<low>{gained}) to (?P<high>{gained})\))?"
            r" over the (?P<time>[^;]+) of the evidence; "
            rf"(?:(?P<ratio>{POUNDS}) per QALY \((?P<why>[^)]+)\)|(?P<words>[^,]+)), (?P<who>.+)\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        row = self.row("qaly", perspective="", discounted=True)
        yield from self._is("the time", found["time"], self.result.scenario.model.follow_up.text)
        yield from self._is("the group", number(found["people"]), self.people)
        yield from self._is("the payer", found["who"], SHORT[self.perspective])
        for said, true in ((found["gain"], row.value), (found["low"], row.low), (found["high"], row.high)):
            yield from self._is("an interval of health", said is None, pd.isna(true))
            health = float(said[:-6].replace("−", "-").replace(",", "")) if said else 0.0
            if said and not pd.isna(true) and not close(health, true * self.people, whole=False):
                yield f"health {said}, and it is {true * self.people}"
        cost, gain = -self.row("net_saving", discounted=True).value, row.value
        words = found["why"] or found["words"]
        for phrase, true in {
            "costs more": cost > -SAME, "saves money": cost < SAME,
            "improves health": gain > 0, "worsens health": gain < 0,
            "for the same health": abs(gain) < 1e-3, "no difference": abs(cost) < SAME and abs(gain) < 1e-3,
        }.items():  # fmt: skip
            if phrase in words and not true:
                yield f"{phrase}, and cost is {cost}, gain {gain}"
        if found["ratio"] and not close(number(found["ratio"]), cost / gain):
            yield f"{found['ratio']} per QALY, and it is {cost / gain}"

    def _public(self, text: str) -> Iterator[str]:
        found = re.fullmatch(
            rf"The public sector as a whole (?P<now>saves {POUNDS}|pays (?:{POUNDS} more|the same))"
            rf"{INTERVAL.format(1)} "
            r"over the (?P<time>.+) of the evidence\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        row = self.row("net_saving", perspective="public_sector")
        yield from self._is("the time", found["time"], self.result.scenario.model.follow_up.text)
        yield from self._moved(found["now"], row.value * self.people, found["ends1"], row)

    def _household(self, text: str) -> Iterator[str]:
        if "household" not in self.result.parties():
            yield from self._is("the household", text, "The household's income: not in this model.")
            return
        row = self.row("net_saving", perspective="", party="household")
        worth = row.value * self.people
        if "no change" in text:
            largest = (
                max(abs(x) for x in (row.value, row.low, row.high) if not pd.isna(x)) if self.drawn else abs(row.value)
            )
            if largest > SAME:
                yield f"no change, and it is {largest}"
            return
        found = re.fullmatch(
            rf"The household is (?P<much>{POUNDS}) (?P<way>better|worse) off{INTERVAL.format(1)}"
            r" over the (?P<time>.+) of the evidence\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the time", found["time"], self.result.scenario.model.follow_up.text)
        said = number(found["much"]) * (1 if found["way"] == "better" else -1)
        if not close(said, worth):
            yield f"the household {said}, and it is {worth}"
        yield from self._ends(found["ends1"], said, row)

    def _price(self, text: str) -> Iterator[str]:
        scenario = self.result.scenario
        therapy = scenario.model.strategies[self.strategy].therapy
        found = re.fullmatch(
            rf"(?:Price basis: (?P<price>{POUNDS}) a session(?: \((?P<basis>.+)\))?; prices|Prices) of (?P<year>\S+), "
            f"undiscounted{'; cost per QALY discounted' if self.result.scenario.model.health else ''}.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the price year", found["year"], scenario.setting.price_year)
        yield from self._is("whether sessions have a price", found["price"] is not None, therapy is not None)
        name = therapy and (scenario.model.price_basis or therapy.price)
        if not isinstance(name, str) or not found["price"]:
            return
        if abs(number(found["price"]) - scenario.central[name]) > 0.0051:
            yield f"{found['price']} a session, and it is {scenario.central[name]}"
        record = scenario.parameters[name]
        option = record.one_of[record.use] if record.one_of and record.use else name
        own = {name, option}
        moved = {change.path.split(".")[1]: change for change in scenario.changes if self._of_centre(change.path)}
        resourced = {change.path.split(".")[1] for change in scenario.changes if change.path.endswith(".source")}
        by = [moved[one].by for one in own & moved.keys() if moved[one].new is not None and one not in resourced]
        label = scenario.parameters[option].label
        if by:
            true = "your own figure" if by[0] == "you" else f"the figure of “{by[0]}”"
            yield from self._is("whose price it is", found["basis"], true)
        elif not str(found["basis"]).lower().startswith(label.lower()):
            yield f"the price is that of {label!r}"

    @staticmethod
    def _of_centre(path: str) -> bool:
        keys = path.split(".")
        return len(keys) == 3 and keys[0] == "parameters" and keys[2] in ("value", "fixed")

    def _beyond(self, text: str) -> Iterator[str]:
        found = re.fullmatch(
            r"Beyond (?P<time>.+?) nothing was observed \((?P<then>.+)\): "
            r"what is said of later years is extrapolation\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the time observed", found["time"], time_in_words(self.result.horizons[0]))
        model, over, lasting = self.result.scenario.model, set[str](), dict[str, set[str]]()
        for structure in self.result.scenario.structures:
            strategy = structure.model.strategies[self.strategy]
            wait = strategy.therapy.wait.months if strategy.therapy else 0.0
            end_of_therapy = wait + (strategy.therapy.over.months if strategy.therapy else 0.0)
            anchors = {
                "referral": 0.0, "start of therapy": wait, "end of therapy": end_of_therapy,
                "follow-up": wait + model.follow_up.months, "horizon": model.horizon.months,
            }  # fmt: skip
            for name, effect in strategy.effects.items():
                moments = [one for one in (effect.until, effect.until and effect.until.or_later) if one]
                ends = [0.0]
                for one in moments:
                    persists = one.anchor == "follow-up" and model.beyond_follow_up == "effects persist"
                    if persists or one.anchor == "horizon":
                        ends.append(anchors["horizon"])
                    else:
                        ends.append(anchors[one.anchor] + one.months)
                end = max(ends)
                if effect.half_life:
                    lasting.setdefault("fade", set()).add(name)
                elif end >= model.horizon.months - 1e-6:
                    lasting.setdefault("last to the horizon", set()).add(name)
                elif end > anchors["follow-up"] + 1e-6:
                    lasting.setdefault(f"last to month {end:.3g}", set()).add(name)
                else:
                    over.add(name)
        then = found["then"]
        if not lasting:
            ceasing = "the gap closes at once" if model.beyond_follow_up == "gap closes" else "effects cease"
            yield from self._is("what becomes of effects", then, f"{ceasing} from then on")
            return
        for how, names in lasting.items():
            sizes = {f"{len(names)} effect{'s are' if len(names) > 1 else ' is'} assumed to {how}"}
            sizes |= {f"effects are assumed to {how}"} if len(lasting) == 1 and not over else set()
            if not any(size in then for size in sizes):
                yield f"{len(names)} effects {how}"
        yield from self._is("whether effects are over", "over by then" in then, bool(over))
        yield from self._is("whether effects cease", "cease" in then, False)
        yield from self._is("whether the gap closes", "gap closes" in then, model.beyond_follow_up == "gap closes")

    def _deterministic(self, text: str) -> Iterator[str]:
        if self.drawn:
            yield "draws were made"

    def _recalled(self, text: str) -> Iterator[str]:

        found = re.match(r"To be checked: (\d+) figures? behind this (?:was|were) recalled", text)
        scenario = self.result.scenario
        recalled = [
            name
            for name in scenario.used
            if scenario.parameters[name].status == "recalled"
            or any(scenario.sources[source].status == "recalled" for source in scenario.parameters[name].sources)
        ]
        yield from self._is("how many are recalled", int(found[1]) if found else 0, len(recalled))

    def _cash(self, text: str, _: int = 0) -> Iterator[str]:
        found = re.fullmatch(
            rf"For (?P<who>{WHO}): over (?P<over>[^,]+), (?P<much>{POUNDS} (?:more|less)|the same) "
            rf"in cash for (?P<people>[\d,]+) people; (?:(?P<nothing>there is nothing to pay back)\.|cash back "
            rf"{PAYBACK}(?: on average, and in {SHARE})?\. A bed-day avoided is not cash until a bed closes\.)",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        row = self.row("cash_net_saving", last=True)
        yield from self._is("the payer", found["who"], PAYERS[self.perspective])
        yield from self._is("the group", number(found["people"]), self.people)
        yield from self._is("the horizon", found["over"], time_in_words(self.result.horizons[-1]))
        said = 0.0 if found["much"] == "the same" else number(found["much"])
        said = -said if found["much"].endswith("more") else said
        if not close(said, row.value * self.people) or (said == 0 and found["much"] != "the same"):
            yield f"{found['much']} in cash, and it is {row.value * self.people}"
        yield from self._payback(NOTHING if found["nothing"] else found["payback"], "cash_payback_sustained_months")
        if found["share"]:
            yield from self._chance(found["share"], self.row("chance_cash_payback", last=True).value)

    def _curve(self, text: str, _: int = 0) -> Iterator[str]:
        found = re.fullmatch(
            rf"(?P<basis>On average|At central values), (?P<who>{WHO}) "
            r"(?:has its money back (?P<after>after .+)|does not get its money back within "
            r"(?P<never>.+)|(?P<nothing>pays the same, and there is nothing to pay back)"
            r"|(?P<always>never spends more than it saves))\.",
            text,
        )
        if not found:
            yield "the form is unknown"
            return
        yield from self._is("the basis", found["basis"], "On average" if self.drawn else "At central values")
        yield from self._is("the payer", found["who"], PAYERS[self.perspective])
        words = (
            NOTHING
            if found["nothing"]
            else "at once"
            if found["always"]
            else found["after"] or f"not within {found['never']}"
        )
        yield from self._payback(words)

    def _bridge(self, text: str, _: int = 0) -> Iterator[str]:
        time, rest = text.removeprefix("Over ").split(", ", 1)
        yield from self._is("the time", time, time_in_words(self.result.horizons[0]))
        categories = self.result.categories()
        cost = {one: -self.row("net_saving", category=one).value * self.people for one in sorted(categories)}
        therapy = cost.pop("therapy", 0.0)
        net, falls = sum(cost.values()), {one: -value for one, value in cost.items() if value < 0}
        spent = re.match(
            rf"therapy costs (?P<who>{WHO}) (?:(?P<nothing>nothing)|(?P<much>{POUNDS})(?P<less> less)?)", rest
        )
        back = re.match(
            rf"(?P<back>{POUNDS})(?P<of> of the |, more than the )(?P<much>{POUNDS}) spent on therapy comes back", rest
        )
        if spent:
            yield from self._is("the payer", spent["who"], PAYERS[self.perspective])
            if spent["much"] and not close(number(spent["much"]) * (-1 if spent["less"] else 1), therapy):
                yield f"therapy {spent['much']}, and it is {therapy}"
            if spent["nothing"] and abs(therapy) > 0.5:
                yield f"therapy costs nothing, and it is {therapy}"
            care = re.search(rf"care used costs (?:(?P<much>{POUNDS}) (?P<way>more|less)|the same)\.$", rest)
            if care and not care["much"] and abs(net) > 0.5:
                yield f"care costs the same, and it is {net}"
            if care and care["much"] and not close(number(care["much"]) * (1 if care["way"] == "more" else -1), net):
                yield f"care {care['much']} {care['way']}, and it is {net}"
            if "nothing comes back" in rest and abs(net) > 0.5:
                yield f"nothing comes back, and it is {-net}"
            if not care and "nothing comes back" not in rest:
                yield "the form is unknown"
            return
        if not back:
            yield "the form is unknown"
            return
        if not close(number(back["back"]), -net) or not close(number(back["much"]), therapy):
            yield f"{back[0]}, and it is {-net} of {therapy}"
        yield from self._is("more than was spent", back["of"].startswith(","), -net > therapy)
        source = re.search(rf"(?:(all)|(most) of it|the (largest) part, ({POUNDS}),) from ([a-z ]+?)(?:,|\.)", rest)
        if not source:
            yield "the form is unknown"
            return
        kind, where = source[1] or source[2] or source[3], source[5]
        share = falls.get(where, 0.0) / sum(falls.values())
        if falls.get(where, 0.0) < max(falls.values()) * (1 - 1e-9):
            yield f"{where} is not the largest"
        least = {"all": 1 - 1e-9, "most": 0.5, "largest": 0.0}[kind]
        if share <= least - 1e-12 or (kind == "most" and share <= 0.5):
            yield f"{kind} from {where}, and it is {share:.0%}"
        if source[4] and not close(number(source[4]), falls.get(where, 0.0)):
            yield f"{source[4]} from {where}, and it is {falls.get(where, 0.0)}"
        rises = sum(value for value in cost.values() if value > 0)
        other = re.search(rf": ({POUNDS}) less on care, .+ and ({POUNDS}) more on other care\.", rest)
        yield from self._is("whether other care rises", other is not None, rises >= 0.5)
        if other and not (close(number(other[1]), sum(falls.values())) and close(number(other[2]), rises)):
            yield f"{other[0]}, and it is {sum(falls.values())} and {rises}"

    def _parties(self, text: str, _: int = 0) -> Iterator[str]:
        names = {
            "the NHS": "nhs", "social care": "social_care", "DWP": "dwp", "HMRC": "hmrc", "justice": "justice",
            "employers": "employer", "the household": "household", "the rest of society": "other_households",
        }  # fmt: skip
        years = re.search(r" over (\d+) years| in the year", text)
        if not years or float(years[1] or 1) * 12 != self.result.horizons[-1]:
            return  # years that the horizon cuts are not in the table
        for name, way, much in re.findall(rf"([A-Za-z ]+?) (saves|pays) ({POUNDS})", text):
            party = names[next(one for one in names if one.lower() == name.strip().lower())]
            worth = self.row("net_saving", last=True, perspective="", party=party).value * self.people
            if not close(number(much) * (1 if way == "saves" else -1), worth):
                yield f"{name} {way} {much}, and it is {worth}"
        same = re.search(r"nothing changes for (.+)\.", text)
        for name in same[1].split(" and ") if same else ():
            worth = self.row("net_saving", last=True, perspective="", party=names[name]).value * self.people
            if abs(worth) > 0.5:
                yield f"nothing changes for {name}, and it is {worth}"
        if "obody pays or saves anything" in text:
            for party in sorted(self.result.parties()):
                worth = self.row("net_saving", last=True, perspective="", party=party).value * self.people
                if abs(worth) > 0.5:
                    yield f"nobody pays or saves, and {party} {worth}"

    def _structures(self, text: str, _: int = 0) -> Iterator[str]:
        if PAYERS[self.perspective] not in text:
            yield f"the payer is {PAYERS[self.perspective]}"
        yield from self._is("the horizon", text[5 : text.index(",")], time_in_words(self.result.horizons[-1]))
        labels = {one.label: name for name, one in self.result.scenario.model.weighted.items()}
        under = re.findall(rf"({POUNDS}) (?:under either structure|if “([^”]+)”)", text)
        under += [(m[1], m[2]) for m in [re.search(rf"and ({POUNDS}) if “([^”]+)”", text)] if m]
        if not under and (whole := re.fullmatch(rf"Over [^,]+, the net cost to (?:{WHO}) is ({POUNDS})\.", text)):
            cost = -self.row("net_saving", last=True).value * self.people
            if not close(number(whole[1]), cost):
                yield f"{whole[1]}, and it is {cost}"
        elif not under:
            yield "the form is unknown"
        for much, label in under:
            for name in [labels[label]] if label else labels.values():
                cost = -self.row("net_saving", last=True, run=name).value * self.people
                if not close(number(much), cost):
                    yield f"{much} under {name}, and it is {cost}"

    def _figures(self, text: str, place: int) -> Iterator[str]:
        label, value = text.split(": ", 1)
        horizons = self.result.horizons
        if place < 2:
            payer = ("nhs_pss", "public_sector")[place]
            yield from self._is("the label", label.lower(), f"{SHORT[payer]}, {time_in_words(horizons[0])}".lower())
            worth = self.row("net_saving", perspective=payer).value * self.people
            if value == "No change":
                if abs(worth) > SAME * self.people:
                    yield f"no change, and it is {worth}"
                return
            much, way = value.split(" ")
            said = number(much) * (1 if way == "saved" else -1)
            if not close(said, worth) and abs(said - worth) > 0.5:  # a metric is in whole pounds
                yield f"{value}, and it is {worth}"
        elif place == 2:
            yield from self._is("the payer", label, f"Money back, {SHORT[self.perspective]}")
            yield from self._payback(value[:1].lower() + value[1:])
        else:
            yield from self._is("the label", label, f"Chance of saving in {time_in_words(horizons[-1])}")
            if self.drawn:
                share = self.row("chance_payback", last=True).value
                yield from self._chance(value.lower().removesuffix(" of 100"), share)

    def _changes(self, text: str, place: int) -> Iterator[str]:
        change = self.result.scenario.changes[place]
        if "an entry" in text or "a new entry" in text:
            yield "an entry is hidden"
        for value in (change.old, change.new):
            if isinstance(value, int | float | str) and not isinstance(value, bool):
                words = f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())
                if words not in text:
                    yield f"{value!r} is not listed"
        if change.path not in text:
            yield "the path is not named"
