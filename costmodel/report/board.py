"""The board page: one answer on two sheets of paper. The first stands alone; the second says how sure it is, and what
is left out.

    found = board(result, perspective=None, horizon=None, strategy=None)

- `frame`: a row for each payer, money of the whole group: therapy, what comes back, net with its interval, payback,
  chance, cost per QALY. It is the table of the first sheet.
- `page()`: both sheets, for every medium; `figure()`: the purse of the payer that is asked for.
- `objection`: the convention about money under which the chance differs most, in a sentence.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.analysis.psa.comparison import Comparison, lowest
from costmodel.analysis.purse import drawn, seen_in_words
from costmodel.analysis.verdict import Chance, Verdict, verdict
from costmodel.analysis.voi import drawn_together, uncertain
from costmodel.content import by_content
from costmodel.errors import InputError, made_by
from costmodel.model.run import run_at, values_of
from costmodel.page import Block, Column, Figure, Heading, Notes, Page, Paged, Paragraph, Table, of_run, page_of
from costmodel.report.answer import RATIO_OF_COURSE
from costmodel.report.saved import command
from costmodel.report.screen import screen
from costmodel.report.sentence import pick, price_basis
from costmodel.result.information import share_between, share_explained
from costmodel.result.payback import NOTHING
from costmodel.result.purse import a_year
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.conventions import NO_EFFECT, NO_EFFECT_LABEL
from costmodel.scenario.load import base_file, load
from costmodel.words import counted, in_100, lower_first, percent, upper_first

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

SCHEMA = "costmodel/board/1"
CORNERS = ("cautious", "favourable")
"""Files beside a base whose results stand beside it."""
NO = "no"
"""Said of a payback that is not within the time of the page, which its question names."""
NOT_MODELLED = "not modelled"
COUNTED = " Counted, "
"""Begins the sentence with which a file says which way a thing that it leaves out would move the answer."""
MOST_DECIDING = 3
"""Inputs that are named as deciding."""
LEAST_SHARE = 0.01
"""Of the variance of net saving; what explains less is not named."""
PAYERS = (
    Column("who", "Whose money", "text", width=24), Column("therapy", "Therapy costs", "money"),
    Column("back", "Comes back", "money"), Column("net", "Net", "money"),
    Column("low", "95% interval", "interval", to="high", width=26),
    Column("payback_months", "Repays", "months", words="payback", width=20),
    Column("chance", "Chance", "chance", words="chance_words"),
    Column("cost_per_qaly", "Cost per QALY", "money", words="qaly", width=22),
)  # fmt: skip
"""The table of the first sheet. Below 0, net is a cost."""


@by_content
@dataclass(frozen=True, repr=False)
class Board(Paged):
    """The board page of one strategy, perspective and horizon of a result. Money is that of all who start, undiscounted
    but for cost per QALY.
    """

    of: Comparison
    verdict: Verdict

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each payer: perspective, who, therapy, back, net, low, high (of net), payback_months, payback,
        chance, chance_words, cost_per_qaly, qaly (in words); NaN where there is no number.
        """
        import pandas as pd

        return pd.DataFrame([_row(self.of, name) for name in self.of.result.setting.perspectives])

    @property
    def objection(self) -> str:
        """The convention about money under which the chance differs most from the headline's; "" without one."""
        base, *others = self.verdict.chances or (None,)
        if base is None or not others:
            return ""
        far = max(others, key=lambda one: abs(one.share - base.share))
        if in_100(far.share) == in_100(base.share):
            return f"No convention that was tried moves the chance of {in_100(base.share)}."
        return f"{_lead(far)}: {in_100(far.share)}, in the place of {in_100(base.share)}."

    def page(self) -> Page:
        """Both sheets."""
        of, result, model = self.of, self.of.result, self.of.result.scenario.model
        compared = lower_first(model.strategies[result.comparator].label)
        basis = price_basis(result, of.name)
        who = "1 person who starts" if model.people == 1 else f"{model.people:,} people who start"
        about = (
            *((model.lacks,) if model.lacks else ()),
            f"{of.label} instead of {compared}; {who}",
            f"{result.setting.prices}, undiscounted{f'; {basis}' if basis else ''}",
        )
        again = command(result, "report", of.perspective, "board.html", **self.asked)
        blocks = (*self.first(), *self._second())
        data = {"schema": SCHEMA, "settings": of_run(result, of.perspective), "objection": self.objection,
                **self.verdict.data}  # fmt: skip
        return self.ended(page_of(result, blocks, about, data, self.frame), again)

    def ended(self, page: Page, again: str) -> Page:
        """A page of this answer with its command, the warnings of this therapy, and what changed since its file."""
        base = self.of.result.scenario.base or self.of.result.scenario
        warnings = tuple(line for line in page.warnings if not line.startswith(self._others))
        return replace(page, again=again, told=len(base.changes), warnings=warnings)

    @property
    def _others(self) -> tuple[str, ...]:
        """How lines begin that are about another therapy."""
        named = self.of.result.scenario.model.strategies.items()
        return tuple(f"{one.label}: the " for name, one in named if name != self.of.name)

    @property
    def asked(self) -> dict[str, str | None]:
        """Options of the command that are not those of a run."""
        return {"strategy": self.of.name if self.of.strategy > 1 else None, "over": self._over}

    @property
    def _over(self) -> str | None:
        return None if self.of.months == self.of.result.horizons[-1] else in_words(self.of.months)

    def figure(self) -> "Chart":
        """What therapy costs, what is spent without it by channel, and what of that comes back."""
        of = self.of
        return drawn(of.result, of.name, of.perspective, of.horizon, of.result.scenario.model.people)

    def first(self) -> Iterator[Block]:
        """The sheet that stands alone."""
        of = self.of
        shown = screen(of.result, of.name, of.perspective, of.months, of.result.scenario.model.people)
        yield Heading(f"Does it repay {of.result.setting.payer(of.perspective)} within {in_words(of.months)}?")
        yield from (Paragraph(line, strong=True) for line in self.verdict.lines)
        yield Paragraph(shown.under)
        yield Figure(self.figure, "purse")
        yield Table(self.frame, PAYERS, name="payers")
        price, *_, care = shown.facts
        facts = (f"{one.label}: {one.value} ({one.note})." for one in (price, care) if one.note)
        yield Notes("What decides it", (*self._deciding(), *facts))
        yield Notes("What would be said against it", tuple(self._against()))

    def _second(self) -> Iterator[Block]:
        """How sure, and what is left out."""
        yield Heading("How sure", sheet=True)
        in_table = ("The chance is given", f"With {NO_EFFECT_LABEL}")
        yield from (Paragraph(line) for line in self.verdict.beside if not line.startswith(in_table))
        if len(rows := self.corners) > 1:
            import pandas as pd

            yield Heading("At both ends of the evidence")
            columns = (replace(PAYERS[0], label="Scenario"), *PAYERS[1:])
            yield Table(pd.DataFrame(rows), columns, name="corners")
        base, *others = self.verdict.chances or (None,)
        told = (f"{_lead(one)}: {in_100(one.share)}" for one in others)
        first = (f"Base, {base.given}: {in_100(base.share)}",) if base else ()
        yield Notes("The chance that it repays; each line changes the base in one thing", (*first, *told))
        yield Notes("How much", tuple(self._how_much()))
        yield from (Notes(f"Left out{way}", tuple(lines)) for way, lines in self._left_out().items())

    def _left_out(self) -> dict[str, list[str]]:
        """What is left out by the way in which it would move the answer, where its line says that; of this therapy."""
        found: dict[str, list[str]] = {}
        for line in self.of.result.scenario.left_out:
            if not line.startswith(self._others):
                text, mark, way = line.partition(COUNTED)
                found.setdefault(f"; counted, {way.rstrip('.')}" if mark else "", []).append(text)
        return found

    def _how_much(self) -> Iterator[str]:
        """What was observed, the worst tenth, the most that is out at once, and what of it is cash."""
        of, who = self.of, self.of.result.setting.payer(self.of.perspective)
        if of.horizon:
            seen = of.to(0)
            saving = seen.spread(Comparison.saving)
            ends = [of.money(end) for end in (saving.low, saving.high) if end is not None]
            between = f" ({' to '.join(ends)})" if ends else ""
            yield f"Over the {in_words(seen.months)} observed, net saving is {of.money(saving.value)}{between}."
        if of.result.draws > 1:
            worst = of.money(lowest(of.saving(), of.run.weights))
            yield f"In the worst tenth of all tries the net saving is {worst} on average."
        yield f"At the deepest point {who} is {of.money(of.expected(Comparison.peak))} out of pocket on average."
        cash = of.expected(partial(Comparison.saving, cash=True))
        yield f"In cash {who} pays {of.money(abs(cash))} {'less' if cash > 0 else 'more'} in this time."

    def _against(self) -> Iterator[str]:
        of, scenario = self.of, self.of.result.scenario
        if named := scenario.model.outside_verdicts:
            yield f"Outside every verdict: {lower_first(named)}"
        if self.objection:
            yield self.objection
        none = [f"{_lead(one)}: {in_100(one.share)}." for one in self.verdict.chances if one.run == NO_EFFECT]
        yield from (line for line in none if not self.objection.startswith(line[:-1]))
        if (seen := a_year(of.result, of.strategy)) and seen.outside:
            yield seen_in_words(of.result, of.name)
        if of.horizon:
            at: dict[str, Any] = {"perspective": of.perspective, "horizon": of.months, "strategy": of.name}
            share = pick(of.result, "share_extrapolated", **at).value
            fallen = "" if math.isnan(share) else f"; {percent(share, 2)} of what comes back falls there"
            yield f"Beyond {in_words(of.result.horizons[0])} nothing was observed{fallen}."
        if many := len(scenario.to_be_checked):
            yield f"{counted(many, 'figure')} behind this {'is' if many == 1 else 'are'} recalled and to be checked."

    def _deciding(self) -> Iterator[str]:
        """The inputs on which most of the uncertainty of net saving rests, each as a share of its variance."""
        of, scenario, draws = self.of, self.of.result.scenario, self.of.run.outcomes.draws
        if not of.result.draws or draws < MOST_DECIDING:
            return
        values, outcome, weights = values_of(of.result, draws), of.saving(), of.run.weights
        free = [name for name in uncertain(scenario, values) if name in set(scenario.used)]
        together = drawn_together(scenario, free)
        inside = {name for names in together.values() for name in names}
        every = [*together.values(), *((name,) for name in free if name not in inside)]
        inputs = {names: np.array([values[name] for name in names]) for names in every}
        found = [(share_explained(outcome, weights, one), _called(scenario, names)) for names, one in inputs.items()]
        if len(weights) > 1:
            found.append((share_between(outcome, weights), "Which reading of the evidence holds"))
        for share, label in sorted(found, reverse=True)[:MOST_DECIDING]:
            if share >= LEAST_SHARE:
                yield f"{label}: {percent(share, 2)} of the uncertainty."

    @property
    def corners(self) -> list[dict[str, Any]]:
        """Rows as those of payers, for this payer: cautious, base, favourable, and this scenario where it is none."""
        of, scenario = self.of, self.of.result.scenario
        home = (scenario.base or scenario).path.parent
        files = {name: home / f"{name}.yaml" for name in CORNERS}
        paths = {CORNERS[0]: files[CORNERS[0]], "base": base_file(home), CORNERS[1]: files[CORNERS[1]]}
        rows, own = [], False
        for name, path in paths.items():
            if not os.path.isfile(path):
                continue
            try:
                other = load(path)
                same = other.sha256 == scenario.sha256
                own |= same
                asked = of if same else _asked_of(other, of)
                rows.append(_row(asked, of.perspective, scenario.model.people) | {"who": upper_first(name)})
            except (InputError, LookupError):  # it cannot be read, or has no such therapy, payer or time
                continue
        return rows if own else [*rows, _row(of, of.perspective) | {"who": "This scenario"}]


def health_is_modelled(of: Comparison) -> bool:
    """Whether any state has a utility: else nothing is said of QALYs."""
    return bool(np.any(of.run.averaged.outcomes.qaly))


def _asked_of(scenario: Scenario, like: Comparison) -> Comparison:
    """The same question of another scenario. Raises InputError where it has no such strategy, payer or time."""
    bare = replace(scenario, conventions={})
    result = run_at(bare, (like.months,), like.result.draws, like.result.seed, alone=True)
    payer = result.setting.asked(like.perspective)
    return Comparison(result, result.headline, result.at(like.months), result.compared(like.name), payer)


def _lead(one: Chance) -> str:
    """What a chance is given beside the base, as a sentence begins."""
    return upper_first(f"with {one.label}" if one.run == NO_EFFECT else one.label)


def _called(scenario: Scenario, members: tuple[str, ...]) -> str:
    """What inputs that are known together are called: the first, and how many more."""
    label = scenario.parameters[members[0]].label
    return f"{label}, and {len(members) - 1} drawn with it" if len(members) > 1 else label


def _row(of: Comparison, perspective: str, people: int | None = None) -> dict[str, Any]:
    """A payer's answer for the group, as the table of the result has it."""
    result, many = of.result, people or of.result.scenario.model.people

    def found(outcome: str, **more: Any) -> Any:
        return pick(result, outcome, perspective=perspective, horizon=of.months, strategy=of.name, **more)

    net, paid, ratio = found("net_saving"), found("payback_sustained_months"), found("cost_per_qaly", discounted=True)
    therapy = -float(found("net_saving", category="therapy").value) * many + 0.0
    try:
        chance = float(found("chance_payback").value)
    except LookupError:  # without draws, or without a course to repay
        chance = math.nan
    value, back = float(net.value) * many, float(net.value) * many + therapy
    costs = ratio.words == RATIO_OF_COURSE and not math.isnan(ratio.value)
    said = result.setting.currency.money(ratio.value) if costs else ratio.words
    return {
        "perspective": perspective, "who": upper_first(result.setting.name(perspective)), "therapy": therapy,
        "back": back if abs(back) > NOTHING * many else 0.0, "net": value, "low": net.low * many,
        "high": net.high * many, "payback_months": paid.value,
        "payback": NO if paid.words.startswith("not within") else paid.words, "chance": chance,
        "chance_words": None if math.isnan(chance) else in_100(chance),
        "cost_per_qaly": float(ratio.value) if costs else math.nan,
        "qaly": said if health_is_modelled(of) else NOT_MODELLED,
    }  # fmt: skip


def board(
    result: Result, perspective: str | None = None, horizon: float | None = None, strategy: str | None = None
) -> Board:
    """The board page of a result.

    perspective: whose verdict and chart; the setting's main one by default. horizon: months over which money is
    counted, one of the result's; its last by default. strategy: the second by default. Raises InputError for names and
    horizons that there are not.
    """
    made_by("result", result, Result, "costmodel.run")
    said = verdict(result, perspective, horizon, strategy)
    s, h = result.compared(said.strategy), result.at(said.horizon, place="horizon")
    return Board(Comparison(result, result.headline, h, s, said.perspective), said)
