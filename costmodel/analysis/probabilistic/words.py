"""What the draws say, in sentences that can be read aloud. Money is that of the group."""

from collections.abc import Mapping
from typing import Any

from costmodel.analysis.probabilistic.answers import Answers
from costmodel.analysis.probabilistic.plane import QUARTERS
from costmodel.analysis.probabilistic.rows import MONEY_ALONE
from costmodel.perspectives import payer
from costmodel.result.table import THE_SAME, in_words
from costmodel.words import chance, lower_first, money, upper_first

ORDINALS = {5: "5th", 25: "25th", 50: "50th", 75: "75th", 95: "95th"}
NAMED = 2
"""Groups of inputs and categories that are named."""


def sentences(found: Answers, strategy: str) -> dict[str, list[str]]:
    """The answer about a strategy, by heading."""
    return {
        "By when": by_when(found, strategy),
        "How much": [*how_much(found, strategy), in_the_plane(found, strategy)],
        "What a wrong decision loses": [
            wrong_decision(found, threshold) for threshold in (None, found.result.threshold)
        ],
        "How exact this is": how_exact(found, strategy),
        "Beside the run at central values": [against_central(found, strategy)],
    }  # fmt: skip


def by_when(found: Answers, strategy: str) -> list[str]:
    """Chance of payback within each horizon, and percentiles."""
    at: dict[str, Any] = {"perspective": found.perspective}
    if found.pick("payback_sustained_months", strategy, **at)["words"] == THE_SAME:
        return [f"{upper_first(payer(found.perspective))} pays the same on average: there is nothing to pay back."]
    chances = [
        f"within {in_words(end)} in {chance(found.pick('chance_payback', strategy, horizon=end, **at)['value'])}"
        for end in found.result.horizons
    ]
    text = f"{upper_first(payer(found.perspective))} has its money back {' simulations, '.join(chances)}"
    text += "." if len(chances) > 1 else " simulations."
    rows = {percent: found.pick(f"payback_p{percent:02d}", strategy, **at) for percent in ORDINALS}
    if rows[5]["value"] is None:
        end = in_words(found.result.horizons[-1])
        return [text, f"Even the quickest 5 of 100 simulations do not have it back within {end}."]
    said: list[str] = []
    for percent, row in rows.items():
        said.append(f"the {ORDINALS[percent]} {'' if said else 'has it back '}{row['words']}")
        if row["value"] is None:
            break
    return [text, f"Of 100 simulations, the quickest first, {', '.join(said)}."]


def how_much(found: Answers, strategy: str) -> list[str]:
    """Net saving with its intervals and worst tenth at each horizon, and peak funding."""
    people = found.result.scenario.model.people
    at: dict[str, Any] = {"perspective": found.perspective}
    said = []
    for end in found.result.horizons:
        row = found.pick("net_saving", strategy, horizon=end, **at)
        worst = found.pick("net_saving_worst_tenth", strategy, horizon=end, **at)["value"]
        text = f"Net saving over {in_words(end)}, {people:,} people: {money(row['value'] * people)} on average"
        if row["low"] is not None:
            text += (
                f"; half of the simulations lie between {money(row['low_50'] * people)} and "
                f"{money(row['high_50'] * people)}, 95 of 100 between {money(row['low'] * people)} and "
                f"{money(row['high'] * people)}; the worst tenth comes to {money(worst * people)} on average"
            )
        said.append(f"{text}.")
    peak = found.pick("peak_funding", strategy, **at)["value"]
    worst = found.pick("peak_funding_worst_tenth", strategy, **at)["value"]
    said.append(
        f"At the deepest point {payer(found.perspective)} is {money(peak * people)} out of pocket on average, and "
        f"{money(worst * people)} in the worst tenth."
    )
    return said


def in_the_plane(found: Answers, strategy: str) -> str:
    """Where the draws lie in the plane of health and cost."""
    rows = [
        found.pick(f"chance_{quarter}", strategy, perspective=found.perspective, discounted=True)
        for quarter in QUARTERS
    ]
    shares = sorted(((row["value"], row["words"]) for row in rows if row["value"]), reverse=True)
    parts = [f"{words}, in {chance(share)}" for share, words in shares]
    end = "" if len(parts) > 1 else " simulations"
    return f"Health and cost over {_horizon(found)}, discounted: {' simulations; '.join(parts)}{end}."


def wrong_decision(found: Answers, threshold: float | None) -> str:
    """Which strategy is best on average, how often, and what each choice loses."""
    result, people = found.result, found.result.scenario.model.people
    strategies = {name: strategy.label for name, strategy in result.scenario.model.strategies.items()}
    at: dict[str, Any] = {
        "perspective": found.perspective, "threshold": threshold, "discounted": threshold is not None,
    }  # fmt: skip
    chances = {name: found.pick("chance_best", name, **at) for name in strategies}
    losses = {name: found.pick("expected_loss", name, **at)["value"] for name in strategies}
    best = next(name for name, row in chances.items() if row["words"].startswith("best"))
    by = MONEY_ALONE if threshold is None else f"at {money(threshold)} per QALY"
    own = losses[best] * people
    still = "Choosing it loses nothing" if money(own) == "£0" else (
        f"Choosing it still loses {money(own)} for {people:,} people on average, because it is not always the best"
    )  # fmt: skip
    others = [
        f"choosing {lower_first(label)} loses {money(losses[name] * people)}"
        for name, label in strategies.items()
        if name != best
    ]
    return (
        f"{upper_first(by)} over {_horizon(found)}, {lower_first(strategies[best])} is the best choice on average, "
        f"and in {chance(chances[best]['value'])} simulations. {still}; {', '.join(others)}."
    )


def how_exact(found: Answers, strategy: str) -> list[str]:
    """The Monte-Carlo error of the headline, whether it is small enough, and what is not of all draws."""
    psa, people = found.psa, found.result.scenario.model.people
    steps = psa.convergence(found.perspective, strategy)
    last, said = steps.last, []
    if last.saving_error is None or last.chance_error is None or steps.needed is None:
        said.append("One draw says nothing of how exact it is.")
    else:
        said.append(
            f"With {last.draws:,} draws the mean net saving over {_horizon(found)} is known to "
            f"±{money(last.saving_error * people)}, and the chance of payback to ±{_points(last.chance_error)} (95%)."
        )
        aim = f"the chance to ±{_points(steps.wanted_chance)}"
        if steps.wanted_saving:
            aim = f"the saving to ±{money(steps.wanted_saving * people)}, 2% of the cost of therapy, and {aim}"
        verdict = "That is enough" if steps.enough else f"It would take about {_round_up(steps.needed):,} draws"
        said.append(f"{verdict} to know {aim}.")
        if not steps.sure_of_sign:
            said.append("Whether money is saved on average these draws cannot tell.")
        if found.result.sampling == "sobol":
            said.append("The errors are those of as many pseudo-random draws; a Sobol sequence is mostly more exact.")
    if psa.kept < found.result.draws:
        said.append(
            f"Means and chances of payback are of all {found.result.draws:,} draws; intervals, percentiles, worst "
            f"tenths, choices, the plane and parties' peak funding are of the first {psa.kept:,}."
        )
    return said


def against_central(found: Answers, strategy: str) -> str:
    """Expected value beside the deterministic run, and where the difference comes from."""
    people, apart = found.result.scenario.model.people, found.psa.against_central(found.perspective, strategy)
    where = f"over {_horizon(found)}"
    if money(apart.difference * people) == "£0":
        return f"The mean net saving {where} is that of the run at central values, {money(apart.central * people)}."
    text = (
        f"The mean net saving {where} is {_moved(apart.difference * people)} than at central values "
        f"({money(apart.expected * people)} against {money(apart.central * people)}): "
        f"{_moved(apart.of_inputs * people)} because the means of the inputs' draws are not their central values"
        f"{_largest(apart.by_group, people, ', most in ')}; {_moved(apart.of_shape * people)} because the saving is no "
        f"straight line in the inputs. By category{_largest(apart.by_category, people, ': ')}."
    )
    if apart.error is not None and abs(apart.difference) <= apart.error:
        text += f" The difference is within the Monte-Carlo error of the mean, ±{money(apart.error * people)}."
    return text


def _horizon(found: Answers) -> str:
    return in_words(found.result.horizons[-1])


def _largest(parts: Mapping[str, float], people: int, lead: str) -> str:
    """The largest parts by name; nothing where all are nothing."""
    large = sorted((item for item in parts.items() if money(item[1] * people) != "£0"), key=lambda item: -abs(item[1]))
    named = ", ".join(f"{lower_first(name)} {money(part * people)}" for name, part in large[:NAMED])
    return f"{lead}{named}" if named else ""


def _moved(amount: float) -> str:
    if money(amount) == "£0":
        return "nothing"
    return f"{money(abs(amount))} {'higher' if amount > 0 else 'lower'}"


def _points(share: float) -> str:
    size = f"{share * 100:.2g}"
    return f"{size} point{'' if size == '1' else 's'}"


def _round_up(number: int) -> int:
    """Two significant figures, upwards: a wanted number of draws is no measurement."""
    step = int(10 ** max(len(str(number)) - 2, 0))
    return -(-number // step) * step
