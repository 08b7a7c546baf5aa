"""Two to four scenarios side by side: what differs in them, what comes of each, and how far apart that is.

Scenarios of the same people are compared draw by draw: an input that both have has the same draws in both, so that an
interval of a difference holds what differs and not what both share. Alternatives that two weigh alike are taken
together; where they weigh them otherwise, each of one meets each of the other by their weights.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from costmodel.analysis.explain import Explanation, explain, name_of
from costmodel.analysis.explain_changes import between
from costmodel.analysis.psa.comparison import Array, Comparison
from costmodel.analysis.spectrum import session_price
from costmodel.analysis.verdict import verdict
from costmodel.content import by_content
from costmodel.errors import InputError, listed, made_by, number, one_of
from costmodel.inputs.draws import checked_seed
from costmodel.model.run import DRAWS, SEED, checked_draws, run_at
from costmodel.page import NONE, Block, Column, Figure, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.result.payback import NOTHING
from costmodel.result.sums import quantiles
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.words import amount, counted, in_100, percent, qalys, upper_first

if TYPE_CHECKING:
    from costmodel.drawing import Chart

LETTERS, ENDS = "ABCD", (0.025, 0.975)
MONEY, QALY, SHARE, MONTHS = "money", "QALY", "share", "months"


@dataclass(frozen=True)
class Side:
    """A scenario with what is read of its run. of: its comparison; pairs: whether it is of the first one's people."""

    letter: str
    name: str
    scenario: Scenario
    of: Comparison
    pairs: bool


@dataclass(frozen=True)
class Answer:
    """An outcome of a side with its 95% interval, and less that of the first where both are of the same people.

    Money is per person referred, net saving positive; a share that comes back is of the course.
    """

    letter: str
    name: str
    outcome: str
    perspective: str
    party: str
    horizon_months: float
    unit: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


@dataclass(frozen=True)
class Differing:
    """An input that is not the same in all: its label, its value in each by letter, paths of an overlay, source ids."""

    label: str
    values: tuple[str, ...]
    paths: tuple[str, ...]
    source: str


@by_content
@dataclass(frozen=True, repr=False)
class Compared(Paged):
    """Scenarios side by side. answers: outcome by outcome, the first scenario first. explained: what moves the net
    saving between two of them, None where that was not asked for. notes: what could not be compared, and why.
    """

    scenarios: tuple[Scenario, ...]
    names: tuple[str, ...]
    perspective: str
    strategies: tuple[str, ...]
    draws: int
    seed: int
    verdicts: tuple[str, ...]
    inputs: tuple[Differing, ...]
    answers: tuple[Answer, ...]
    explained: Explanation | None
    notes: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each outcome and scenario, at full precision."""
        return pd.DataFrame([asdict(one) for one in self.answers])

    def of(self, outcome: str, party: str = "all") -> list[Answer]:
        """The answers of an outcome for the payer that was asked for, by scenario."""
        found = [one for one in self.answers if one.outcome == outcome and one.party == party]
        return [one for one in found if one.perspective in (self.perspective, "all")]

    def sentences(self) -> Iterator[str]:
        """How far each is from the first."""
        setting = self.scenarios[0].setting
        first, *others = self.of("net_saving")
        money, payer, time = setting.currency.money, setting.payer(self.perspective), in_words(first.horizon_months)
        for one in [one for one in others if one.difference is not None]:
            if abs(one.difference or 0.0) <= NOTHING:
                yield f"{one.name} leaves {payer} where {first.name} does within {time}."
                continue
            way, sign = ("better", 1) if (one.difference or 0.0) > 0 else ("worse", -1)
            ends = sorted(sign * end for end in (one.difference_low, one.difference_high) if end is not None)
            span = f" ({setting.currency.interval(ends[0], ends[1])})" if ends else ""
            off = f"{money(abs(one.difference or 0.0))} a person {way} off than {first.name} within {time}{span}"
            yield f"{one.name} leaves {payer} {off}."

    def page(self) -> Page:
        """What differs, then what comes of each, then what moves it."""
        letters, setting = LETTERS[: len(self.names)], self.scenarios[0].setting
        called = tuple(zip(letters, self.names, strict=True))
        of = [Column(letter, f"{letter}: {name}", right=False) for letter, name in called]
        blocks: list[Block] = [Paragraph(line, strong=True) for line in self.sentences()]
        said = zip(self.names, self.verdicts, strict=True)
        blocks.append(Notes("Verdicts", tuple(f"{name}: {line}" for name, line in said)))
        if self.inputs:
            differs = [asdict(one) | dict(zip(letters, one.values, strict=True)) for one in self.inputs]
            named = (Column("label", "Input", "text"), *of, Column("source", "source", "text", right=False))
            blocks += [Heading("What differs"), Table(pd.DataFrame(differs), named, name="differs")]
        rows = list(self._rows())
        blocks += [Heading("What comes of it"), Figure(self.figure, "compared")]
        blocks.append(Table(pd.DataFrame(rows), (Column("what", "", "text"), *of), name="compared"))
        less = [f"less {letter}" for letter in letters[1:] if any(row.get(f"less {letter}") for row in rows)]
        apart = [row for row in rows if any(row.get(key) for key in less)]
        if apart:
            columns = [Column(key, f"{key[-1]} less {letters[0]}", right=False) for key in less]
            table = Table(pd.DataFrame(apart), (Column("what", "", "text"), *columns), name="apart")
            blocks += [Heading(f"How far from {self.names[0]}"), table]
        if self.explained is not None:
            ends = dict(zip(map(id, self.scenarios), self.names, strict=True))
            one, other = (ends[id(end)] for end in (self.explained.before, self.explained.after))
            blocks += [Heading("What moves it"), Paragraph(f"Here A is {one} and B is {other}.")]
            blocks += self.explained.page().blocks
        blocks.append(Notes("Not compared", self.notes))
        drawn = f"{self.draws:,} tries of the model (seed {self.seed}), the same for what two share"
        payer = upper_first(setting.name(self.perspective))
        about = (f"{payer}; {setting.prices} a person, undiscounted", drawn if self.draws else "Central values")
        data = {
            "schema": "costmodel/compare/1", "perspective": self.perspective, "draws": self.draws, "seed": self.seed,
            "scenarios": [
                {"letter": letter, "name": name, "population": one.path.resolve().parent.name, "file": one.path.name,
                 "sha256": one.sha256, "strategy": strategy}
                for (letter, name), one, strategy in zip(called, self.scenarios, self.strategies, strict=True)
            ],
            "inputs": [asdict(one) for one in self.inputs],
        }  # fmt: skip
        return Page("Scenarios compared", tuple(blocks), about, data=data, frame=self.frame,
                    in_currency=setting.currency)  # fmt: skip

    def _rows(self) -> Iterator[dict[str, str]]:
        """A row for each outcome in words, what is nothing in all left out."""
        setting = self.scenarios[0].setting
        for key in dict.fromkeys((one.outcome, one.perspective, one.party) for one in self.answers):
            outcome, perspective, party = key
            some = [one for one in self.answers if (one.outcome, one.perspective, one.party) == key]
            if (party != "all" or outcome == "qaly") and all(abs(one.value or 0.0) <= NOTHING for one in some):
                continue
            whose = f"{setting.parties[party].name}, own account" if party != "all" else ""
            whose = whose or (setting.name(perspective) if perspective != "all" else "")
            row = {"what": ", ".join(filter(None, (TITLES[outcome], whose)))}
            for one in some:
                row[one.letter] = one.words or self._said(one.unit, one.value, one.low, one.high)
                ends = (one.difference if one.unit != MONTHS else None, one.difference_low, one.difference_high)
                row[f"less {one.letter}"] = (
                    "the same" if ends[0] == 0 and not any(ends) else self._said(one.unit, *ends)
                )
            yield row

    def _said(self, unit: str, value: float | None, low: float | None, high: float | None) -> str:
        """A value with its interval in words; "" where there is none."""
        if value is None:
            return ""
        money = self.scenarios[0].setting.currency.money
        said: Callable[[float], str] = {MONEY: money, QALY: qalys}.get(unit, partial(percent, figures=2))
        return said(value) if low is None or high is None else f"{said(value)} ({said(low)} to {said(high)})"

    def figure(self) -> "Chart":
        """Net saving of each with its interval, on one axis."""
        from costmodel import drawing

        setting, found = self.scenarios[0].setting, self.of("net_saving")
        figure, names = drawing.empty(), [one.letter for one in found]
        values = [one.value or 0.0 for one in found]
        above = [0.0 if one.high is None else one.high - value for one, value in zip(found, values, strict=True)]
        below = [0.0 if one.low is None else value - one.low for one, value in zip(found, values, strict=True)]
        figure.add_scatter(
            x=values, y=names, mode="markers", marker={"color": drawing.BLUE, "size": 11}, hoverinfo="text",
            hovertext=[drawing.literal(self._told(one)) for one in found], showlegend=False,
            error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": drawing.BLUE,
                     "thickness": 1.6, "width": 5},
        )  # fmt: skip
        drawing.rows(figure, names, [drawing.wrapped(self._told(one), drawing.LABEL) for one in found])
        drawing.zero_line(figure, vertical=True)
        title = f"Net saving, {setting.name(self.perspective)}, a person"
        alt = drawing.literal(f"{title}. {'; '.join(map(self._told, found))}.")
        made = drawing.chart(figure, title, alt, self.frame)
        ends = [end for one in found for end in (one.value, one.low, one.high) if end is not None]
        figure.update_layout(hovermode="closest", **drawing.money_axis(setting.currency, "xaxis", min(ends), max(ends)))
        return made

    def _told(self, one: Answer) -> str:
        """A side's net saving in words."""
        return f"{one.letter}: {one.name}, {self._said(one.unit, one.value, one.low, one.high)}"


TITLES = {
    "net_saving": "Net saving", "offset_ratio": "Share of the course that comes back", "qaly": "QALYs gained",
    "session_price_threshold": "Price of a session at which it breaks even", "chance_payback": "Chance of money back",
    "payback_sustained_months": "Money is back",
}  # fmt: skip


def compare(
    scenarios: Sequence[Scenario], names: Sequence[str] | None = None, perspective: str | None = None,
    strategy: str | None = None, horizon: float | None = None, draws: int = DRAWS, seed: int = SEED,
    explained: str | None = None,
) -> Compared:  # fmt: skip
    """Lay two to four scenarios side by side.

    names: what they are called, population and label by default. perspective: the setting's main one by default.
    strategy: against the comparator; the second of each by default. horizon: months, each one's own follow-up by
    default. draws: with 0 central values alone. explained: the letters of two as they stand, such as AC, between which
    the net saving is explained change by change. Raises InputError for fewer than two or more than four, for names that
    there are not, and for another currency than the first one's.
    """
    given = listed("scenarios", scenarios)
    for one in given:
        made_by("scenarios", one, Scenario, "costmodel.load")
    if not 2 <= len(given) <= len(LETTERS):
        raise InputError.at("compare", f"{counted(len(given), 'scenario')} cannot be compared", "Compare two to four.")
    draws, seed, first = checked_draws(draws), checked_seed(seed), given[0]
    payer = first.setting.asked(perspective)
    called = tuple(map(name_of, given)) if names is None else tuple(map(str, listed("names", names)))
    if len(called) != len(given):
        raise InputError.at("names", f"{len(called)} names for {len(given)} scenarios", "Give one to each.")
    sides = []
    for letter, name, one in zip(LETTERS, called, given, strict=False):
        if _accounts(one) != _accounts(first):
            found = f"{name} has other money or other payers than {called[0]}"
            raise InputError.at("compare", found, "Compare scenarios of one country.")
        sides.append(_side(letter, name, one, (payer, strategy, horizon, draws, seed), first))
    other = f"of other people than {called[0]}, or read at another time, so outcomes alone"
    notes = [f"{side.name}: {other}." for side in sides if not side.pairs]
    inputs, more = _differing(sides)
    answers = [answer for outcome in _outcomes(sides) for answer in outcome]
    return Compared(
        tuple(given), called, payer, tuple(side.of.name for side in sides), draws, seed,
        tuple(map(_verdict, sides)), tuple(inputs), tuple(answers),
        _explained(explained, sides, payer, strategy, horizon, seed), (*notes, *more),
    )  # fmt: skip


def _side(letter: str, name: str, one: Scenario, asked: tuple[Any, ...], first: Scenario) -> Side:
    payer, strategy, horizon, draws, seed = asked
    most, months = one.model.horizon.months, float(one.model.follow_up.months)
    if horizon is not None:
        months = number("horizon", horizon, 1, most, wrong="no month of every scenario")
    result = run_at(one, [months], draws, seed, alone=True, views=0)
    of = Comparison(result, result.headline, result.at(months), result.compared(strategy), payer)
    start = first.model.follow_up.months if horizon is None else months
    return Side(letter, name, one, of, _of_the_same(first, one) and months == start)


def _accounts(one: Scenario) -> tuple[Any, ...]:
    """The money and the payers of a scenario."""
    return one.setting.currency.code, list(one.setting.perspectives), list(one.setting.parties)


def _of_the_same(one: Scenario, other: Scenario) -> bool:
    """Whether two are of the same people: one population, whole or the same part, in one kind of model."""
    (a, b) = ((each.path.resolve().parent, each.part, each.model.model) for each in (one, other))
    return a == b


def _verdict(side: Side) -> str:
    """The first line of the verdict, without its heading."""
    return verdict(side.of.result, side.of.perspective, side.of.months, side.of.name).money.removeprefix("Money: ")


def _outcomes(sides: Sequence[Side]) -> Iterator[list[Answer]]:
    """Each outcome with the answers of all sides."""
    setting, payer = sides[0].scenario.setting, sides[0].of.perspective
    for name in setting.perspectives:
        yield [_drawn(side, sides[0], "net_saving", MONEY, Comparison.saving, perspective=name) for side in sides]
    for party in setting.parties:
        own = partial(Comparison.saving, party=party)
        yield [_drawn(side, sides[0], "net_saving", MONEY, own, party=party) for side in sides]
    yield [_drawn(side, sides[0], "offset_ratio", SHARE, _back, perspective=payer) for side in sides]
    yield [_drawn(side, sides[0], "qaly", QALY, Comparison.gain) for side in sides]
    prices = [session_price(side.of) for side in sides]
    yield [
        _told(side, sides[0], "session_price_threshold", MONEY, (one.value, prices[0].value), (one.low, one.high),
              words="" if 0 <= one.value < math.inf else "none" if one.value < 0 else "any")
        for side, one in zip(sides, prices, strict=True)
    ]  # fmt: skip
    whens = [side.of.payback() for side in sides]
    months = ("payback_sustained_months", MONTHS)
    yield [_told(s, sides[0], *months, (at, whens[0]), words=s.of.when(at)) for s, at in zip(sides, whens, strict=True)]
    shares = [side.of.paid_back().value for side in sides] if sides[0].of.result.draws else []
    yield [
        _told(side, sides[0], "chance_payback", SHARE, (share, shares[0]), words=in_100(share))
        for side, share in zip(sides, shares, strict=False)
    ]


def _back(of: Comparison) -> Array:
    """The share of a course that comes back, in each draw; 0 without a course."""
    course = of.therapy()
    return np.divide(of.elsewhere(), course, out=np.zeros_like(course), where=course > NOTHING)


def _told(
    side: Side, first: Side, outcome: str, unit: str, values: tuple[float, float],
    ends: tuple[float | None, float | None] = (None, None), words: str = "",
) -> Answer:  # fmt: skip
    """An answer without draws of its own. values: of this side and of the first."""
    value, start = (one if math.isfinite(one) else None for one in values)
    low, high = (None if end is None or not math.isfinite(end) else end for end in ends)
    apart = value - start if side is not first and side.pairs and value is not None and start is not None else None
    return Answer(side.letter, side.name, outcome, side.of.perspective, "all", side.of.months, unit, value, low, high,
                  words, apart)  # fmt: skip


def _drawn(
    side: Side, first: Side, outcome: str, unit: str, measure: Callable[[Comparison], Array], *,
    perspective: str = "all", party: str = "all",
) -> Answer:  # fmt: skip
    """An answer from draws, and how far it is from the first one's, draw by draw."""
    of, start = (one.of if perspective == "all" else replace(one.of, perspective=perspective) for one in (side, first))
    values = [_value(one, measure) for one in (of, start)]
    made = Answer(side.letter, side.name, outcome, perspective, party, of.months, unit, values[0], None, None,
                  "" if values[0] is not None else NONE)  # fmt: skip
    if drawn := of.result.draws > 1 and values[0] is not None:
        low, high = of.result.quantiles(of.run, measure(of), ENDS)
        made = replace(made, low=low + 0.0, high=high + 0.0)
    if side is first or not side.pairs or values[0] is None or values[1] is None:
        return made
    ends = paired(of, start, measure) if drawn else (None, None)
    return replace(made, difference=values[0] - values[1] + 0.0, difference_low=ends[0], difference_high=ends[1])


def _value(of: Comparison, measure: Callable[[Comparison], Array]) -> float | None:
    """An expected value: that of a share is a ratio of expected values; None without a course, or a model of health."""
    if measure is Comparison.gain and not np.any(of.run.averaged.outcomes.qaly):
        return None
    if measure is not _back:
        return of.expected(measure)
    course = of.expected(Comparison.therapy)
    return of.expected(Comparison.elsewhere) / course + 0.0 if course > NOTHING else None


def paired(of: Comparison, start: Comparison, measure: Callable[[Comparison], Array]) -> tuple[float, float]:
    """The 95% interval of the difference of an answer, on common draws; both with as many draws."""
    one, other = measure(of), measure(start)
    alike = list(of.result.scenario.model.weighted) == list(start.result.scenario.model.weighted)
    weights, apart = of.run.weights, one - other if one.shape == other.shape else one
    if not alike or not np.array_equal(weights, start.run.weights):
        weights, apart = np.outer(weights, start.run.weights).ravel(), one[:, None] - other[None]
    low, high = quantiles(apart.reshape(len(weights), -1), weights, ENDS)
    return low + 0.0, high + 0.0


def _differing(sides: Sequence[Side]) -> tuple[list[Differing], list[str]]:
    """Inputs that are not the same in all of the first one's people, and why some cannot be laid side by side."""
    found: dict[tuple[str, ...], tuple[str, dict[str, str], str]] = {}
    notes = []
    for side in [side for side in sides[1:] if side.pairs]:
        try:
            changes = between(sides[0].scenario, side.scenario).differences
        except InputError as error:
            notes.append(f"{side.name}: {error.problems[0].found}.")
            continue
        for one in changes:
            pair = (sides[0].scenario, side.scenario)
            old, _, new = one.words.partition(" → ") if one.words.count(" → ") == 1 else (NONE, "", one.words)
            label = _plain(one.label, side.scenario)
            ids = _sources(pair, (*one.paths, *one.brings, old, new))
            _, values, _ = found.setdefault(one.paths, (label, {}, ids))
            values.setdefault(LETTERS[0], _number(old, pair[0]))
            values[side.letter] = _number(new or one.words, pair[1])
    inputs = [
        Differing(
            label, tuple(values.get(s.letter, values[LETTERS[0]] if s.pairs else "") for s in sides), paths, source
        )
        for paths, (label, values, source) in found.items()
    ]
    return inputs, notes


def _plain(label: str, scenario: Scenario) -> str:
    """A path within a strategy in words: its label, and what is said there."""
    first, *rest = label.split(".")
    if first != "strategies" or len(rest) < 2 or rest[0] not in scenario.model.strategies:
        return label
    words = ", ".join(one.replace("_", " ") for one in rest[1:] if one not in ("effects", "therapy"))
    return f"{scenario.model.strategies[rest[0]].label}: {words}"


def _number(text: str, scenario: Scenario) -> str:
    """The value of a parameter that is named, else the text."""
    record = scenario.parameters.get(text)
    return text if record is None or text not in scenario.central else amount(scenario.central[text], record.unit)


def _sources(scenarios: Sequence[Scenario], paths: Sequence[str]) -> str:
    """The source ids of the parameters at some paths, in any of the scenarios."""
    names = [path.split(".")[1] if path.startswith("parameters.") else path for path in paths]
    there = [one.parameters[name] for name in names for one in scenarios if name in one.parameters]
    there += [
        one.parameters[record.one_of[record.use]] for one in scenarios for record in there
        if record.one_of and record.use in record.one_of and record.one_of[record.use] in one.parameters
    ]  # fmt: skip
    return ", ".join(dict.fromkeys(source for record in there for source in record.sources))


def _explained(
    asked: str | None, sides: Sequence[Side], payer: str, strategy: str | None, horizon: float | None,
    seed: int,
) -> Explanation | None:  # fmt: skip
    """What moves the net saving between two sides, at central values. Raises InputError for letters that are not."""
    if asked is None:
        return None
    pairs = {a.letter + b.letter: (a, b) for a in sides for b in sides if a is not b}
    one, other = pairs[one_of("explained", asked, pairs, why="These are the pairs of letters.")]
    if not _of_the_same(one.scenario, other.scenario):
        found = f"{other.name} is of other people than {one.name}"
        raise InputError.at("explained", found, "Name two of the same people.")
    a, b = one.scenario, other.scenario
    return explain(a, b, perspective=payer, strategy=strategy, horizon=horizon, draws=0, seed=seed)
