"""Beyond the evidence: how much of a saving nobody has observed, and what is left if effects end with observation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from costmodel.analysis.psa.monte_carlo import Spread, averaged, spread
from costmodel.analysis.psa.table import paid_back, row
from costmodel.content import by_content
from costmodel.errors import InputError, made_by, one_of, some_of
from costmodel.model.run import checked_workers, run_as
from costmodel.page import Block, Column, Heading, Page, Paged, Paragraph, Table, drawn_of, of_run, titled
from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES, weight
from costmodel.result.outcomes import cycles_to
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.result.table import THE_SAME, Row, in_words, payback_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, inside_a_cycle, instant, window
from costmodel.scenario.fields import Instant
from costmodel.words import chance, lower_first, money, upper_first

STOPS = {
    "gap closes": "The gap closes at once",
    "effects cease": "Effects cease",
    "effects persist": "Effects persist",
}
"""What may happen after the last observation, from the most to the least cautious."""
FOLLOW_UP = Instant("follow-up", 0.0, "follow-up")


@dataclass(frozen=True)
class Unobserved:
    """Savings on everything but the therapy, GBP per person: to the horizon, and of that after the last observation.

    after: NEVER where the follow-up ends inside a cycle, because no sum ends there. share: None where there is no
    saving to share out, or no sum. words: the finding.
    """

    total: float
    after: float
    share: float | None
    words: str


@dataclass(frozen=True)
class Verdict:
    """Net saving and payback to the horizon if effects end in one way. chance: None in the deterministic run."""

    saving: Spread
    months: float
    chance: float | None


@by_content
@dataclass(frozen=True, repr=False)
class Beyond(Paged):
    """A result under each way in which effects may end, with the same draws.

    results: by a key of STOPS, the scenario's own among them; that one alone where nothing lies beyond the evidence.
    refused: why a way cannot be had. lasting: effects that last beyond the last observation even where effects cease,
    because the scenario says until when, by strategy and name.
    """

    result: Result
    results: Mapping[str, Result]
    refused: Mapping[str, str]
    lasting: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the horizon ends with observation."""
        return not any(_lies_beyond(self.result, strategy) for strategy in self.result.strategies[1:])

    def unobserved(
        self, perspective: str = "nhs_pss", strategy: str | None = None, run: str | None = None
    ) -> Unobserved:
        """How much of the saving falls after the last observation, as the scenario stands."""
        one_of("perspective", perspective, PERSPECTIVES)
        name = self.result.strategies[self.result.compared(strategy)]
        return _unobserved(self.result, self.result.run(run), name, perspective)

    def verdict(
        self, stop: str, perspective: str = "nhs_pss", strategy: str | None = None, run: str | None = None
    ) -> Verdict:
        """Net saving, undiscounted, and sustained payback to the horizon under a stop."""
        if isinstance(stop, str) and stop in self.refused:
            raise InputError.at("stop", f'"{stop}" cannot be had here', f"{self.refused[stop].rstrip('.')}.")
        result = self.results[one_of("stop", stop, self.results)]
        one_of("perspective", perspective, PERSPECTIVES)
        reading, s, last = result.run(run), result.compared(strategy), _last(result)
        saving = spread(result, reading, lambda of: -result.net_cost(of, last, s, perspective=perspective))
        months = result.curve_payback(s, perspective, last, run=reading)
        drawn = reading.name != DETERMINISTIC
        return Verdict(saving, months, result.chance_of_payback(reading, last, s, perspective) if drawn else None)

    def sentences(self, perspective: str = "nhs_pss", strategy: str | None = None) -> list[str]:
        """How much of the saving nobody has observed, and the verdict under each stop."""
        result, part = self.result, self.unobserved(perspective, strategy)
        name, who = result.strategies[result.compared(strategy)], upper_first(PERSPECTIVE_NAMES[perspective])
        people, end = result.scenario.model.people, in_words(result.horizons[-1])
        said = [f"{who}: {part.words}."]
        if part.share is not None:
            saved, later = money(part.total * people), money(part.after * people)
            said[0] = (
                f"{who}: of {saved} saved on other care over {end} for {people:,} people, {later} comes after the "
                f"{result.scenario.model.follow_up.text} of follow-up: {part.words}."
            )
        if self.nothing:
            return said
        for stop in self.results:
            own = " (as the scenario says)" if self.results[stop] is result else ""
            row = self._verdict(stop, perspective, name)
            known = f"net saving {row['saving_words']} at central values, money back {row['payback']}"
            if row["payback"] == THE_SAME:
                known = "it costs the same, and there is nothing to pay back"
            elif row["chance"] is not None:
                known = f"net saving {row['saving_words']} on average, money back {row['payback']}, and in "
                known += f"{row['chance_words']} simulations"
            said.append(f"If {lower_first(STOPS[stop])} after the follow-up{own}: {known}.")
        said += [f"That {lower_first(STOPS[stop])} cannot be asked here: {why}." for stop, why in self.refused.items()]
        if lasting := [one.partition(": ")[2] for one in self.lasting if one.startswith(f"{name}: ")]:
            said.append(f"The scenario itself lets {', '.join(lasting)} last longer, whatever is said of the others.")
        return said

    def _verdict(self, stop: str, perspective: str, strategy: str, run: str | None = None) -> dict[str, Any]:
        """A verdict in numbers for one person and in words for the group."""
        result, found = self.results[stop], self.verdict(stop, perspective, strategy, run)
        first = result.first_payment[result.strategies.index(strategy)]
        people = result.scenario.model.people
        return {
            "stop": stop, "who": PERSPECTIVE_NAMES[perspective], "saving": found.saving.value, "chance": found.chance,
            "saving_words": money(found.saving.value * people),
            "payback": payback_words(found.months, result.horizons[-1], first, found.saving.value),
            "chance_words": "" if found.chance is None else chance(found.chance),
        }  # fmt: skip

    def _section(self, perspective: str, perspectives: Collection[str], strategy: str) -> list[Block]:
        """Sentences about one payer, and the verdicts for all that were asked for."""
        import pandas as pd

        blocks: list[Block] = [Heading("Beyond the evidence")]
        blocks += [Paragraph(text) for text in self.sentences(perspective, strategy)]
        if self.nothing:
            return blocks
        drawn = self.result.headline.name != DETERMINISTIC
        rows = []
        for name in perspectives:
            for stop in self.results:
                central = self._verdict(stop, name, strategy, DETERMINISTIC)
                row = self._verdict(stop, name, strategy, self.result.headline.name)
                rows.append(row | {f"central_{key}": value for key, value in central.items()})
        headline = (
            Column("saving", "net saving", "money", "saving_words"), Column("payback", "payback"),
            Column("chance", "its chance", "share", "chance_words"),
        ) if drawn else ()  # fmt: skip
        columns = (
            Column("who", "", "text"), Column("stop", "", right=False), *headline,
            Column("central_saving", "at central values", "money", "central_saving_words"),
            Column("central_payback", "payback then"),
        )  # fmt: skip
        return [*blocks, Table(pd.DataFrame(rows), columns, name="beyond")]

    def page(self, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
        """What nobody has observed, and the verdict under each stop; perspective, strategies: only these."""
        import pandas as pd

        result, model = self.result, self.result.scenario.model
        others = result.strategies[1:]
        perspectives = list(PERSPECTIVES) if perspective is None else [one_of("perspective", perspective, PERSPECTIVES)]
        wanted = others if strategies is None else some_of("strategy", strategies, others)
        main = "nhs_pss" if perspective is None else perspectives[0]
        blocks: list[Block] = []
        for name in (one for one in others if one in wanted):
            if len(others) > 1:
                blocks.append(Heading(_compared(result, name)))
            blocks += self._section(main, perspectives, name)
        about = (
            f"{' and '.join(_compared(result, name) for name in others if name in wanted)}: £ of "
            f"{result.scenario.setting.price_year} for {model.people:,} people over {in_words(result.horizons[-1])}, "
            "undiscounted; a saving is positive."
        )
        data = {
            "schema": "costmodel/beyond/1", "settings": of_run(result, perspective), "refused": dict(self.refused),
            "lasting": list(self.lasting),
        }  # fmt: skip
        frame = pd.DataFrame(rows(self, perspectives, strategies)).astype(object)
        return Page(
            titled(result.scenario), tuple(blocks), (about,), result.scenario, drawn_of(result), result.warnings, data,
            frame,
        )  # fmt: skip


def _compared(result: Result, strategy: str) -> str:
    strategies = result.scenario.model.strategies
    return f"{strategies[strategy].label} against {strategies[result.comparator].label}"


def beyond(result: Result, *, workers: int | None = None) -> Beyond:
    """Run the scenario of a result again under the other ways in which effects may end, with the same draws.

    workers: as in `run`.
    """
    made_by("result", result, Result, "costmodel.run")
    checked_workers(workers)
    declared = result.scenario.model.beyond_follow_up
    found = Beyond(result, {declared: result}, {}, ())
    if found.nothing:
        return found
    results: dict[str, Result] = {}
    refused: dict[str, str] = {}
    for stop in STOPS:
        try:
            scenario = result.scenario.changed({"beyond_follow_up": stop}, by="beyond")
        except InputError as error:
            refused[stop] = "; ".join(problem.found for problem in error.problems)
            continue
        results[stop] = result if stop == declared else run_as(result, scenario, workers=workers)
    ceasing = results.get("effects cease", result).scenario
    return Beyond(result, results, refused, tuple(dict.fromkeys(lasting(ceasing))))


def _last(result: Result) -> int:
    return len(result.horizons) - 1


def _observed_until(scenario: Scenario, strategy: str) -> float:
    """Years from referral to the last observation of those who had a strategy."""
    model = scenario.model
    return float(instant(model, strategy, FOLLOW_UP, "follow_up"))


def _lies_beyond(result: Result, strategy: str) -> bool:
    return _observed_until(result.scenario, strategy) < float(result.edges[-1]) - 1e-9


def lasting(scenario: Scenario) -> Iterator[str]:
    """Effects that the file itself lets last beyond the last observation, whatever is said of the others."""
    for structure in made_by("scenario", scenario, Scenario, "costmodel.load").structures:
        ceasing = structure.model.model_copy(update={"beyond_follow_up": "effects cease"})
        for name, strategy in ceasing.strategies.items():
            observed = _observed_until(scenario, name)
            for effect_name, effect in strategy.effects.items():
                _, last = window(ceasing, name, effect_name, effect)
                if effect.half_life is not None or last > observed + 1e-9:
                    yield f"{name}: {effect_name}"


def _unobserved(result: Result, run: Run, strategy: str, perspective: str) -> Unobserved:
    s, last = result.strategies.index(strategy), _last(result)
    of, horizon = averaged(run), in_words(result.horizons[-1])
    therapy = result.net_cost(of, last, s, perspective=perspective, category="therapy")
    rest = result.net_cost(of, last, s, perspective=perspective) - therapy
    total = -float(run.weights @ rest.mean(axis=-1)) + 0.0
    if not _lies_beyond(result, strategy):
        return Unobserved(total, 0.0, None, "nothing lies beyond the evidence: the horizon ends with observation")
    months = _observed_until(result.scenario, strategy) * MONTHS_A_YEAR
    if inside := inside_a_cycle(result.scenario.model, months):
        words = f"what falls after the follow-up cannot be said: month {months:.6g} is within a cycle: {inside}"
        return Unobserved(total, NEVER, None, words)
    observed = cycles_to(result.edges, _observed_until(result.scenario, strategy))
    signs = [
        0 if item.category == "therapy" else weight(perspective, item.paid_by, item.received_by)
        for item in result.items
    ]
    cost = run.outcomes.mean_cost @ run.weights
    after = -float((cost[observed:, :, s] - cost[observed:, :, 0]).sum(axis=0) @ np.array(signs)) + 0.0
    if total < NOTHING:
        costs = "costs the same" if total > -NOTHING else "costs more"
        return Unobserved(total, after, None, f"there is no saving: over {horizon}, other care {costs}")
    share = after / total
    if after < NOTHING:
        words = "none of the saving falls after the last observation"
    elif share > 1:
        words = "all of the saving falls after the last observation; before it, other care costs more"
    else:
        words = f"{share:.0%} of the saving falls after the last observation"
    return Unobserved(total, after, share, words)


def rows(
    found: Beyond, perspectives: Collection[str] = tuple(PERSPECTIVES), strategies: Collection[str] | None = None
) -> Iterator[Row]:
    """Net saving and payback to the horizon under each stop, then what nobody has observed; in every reading."""
    others = made_by("found", found, Beyond, "costmodel.beyond").result.strategies[1:]
    perspectives = some_of("perspective", perspectives, PERSPECTIVES)
    wanted = others if strategies is None else some_of("strategy", strategies, others)
    for strategy, perspective in product((name for name in others if name in wanted), perspectives):
        s, last = found.result.strategies.index(strategy), _last(found.result)
        for stop, result in found.results.items():
            for name, run in result.runs.items():
                one, say = found.verdict(stop, perspective, strategy, name), partial(row, result, run, last, s)
                words = payback_words(one.months, result.horizons[last], result.first_payment[s], one.saving.value)
                months: dict[str, Any] = {"unit": "months", "words": words}
                yield say("net_saving", one.saving, perspective=perspective)
                yield say("payback_sustained_months", Spread(one.months), perspective=perspective, **months)
                if one.chance is not None:
                    paid = paid_back(result, run, last, s, perspective)
                    yield say("chance_payback", paid, perspective=perspective, unit="share")
        for name, run in found.result.runs.items():
            part, say = found.unobserved(perspective, strategy, name), partial(row, found.result, run, last, s)
            whose: dict[str, Any] = {"perspective": perspective, "words": part.words}
            share = Spread(NEVER if part.share is None else part.share)
            yield say("saving_after_follow_up", Spread(part.after), **whose)
            yield say("share_of_saving_after_follow_up", share, unit="share", **whose)
