"""Random models of probabilities that use every part of their grammar."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.support.example import documented_model, number, price

PERIODS = {
    "1 week": "probability per week",
    "2 weeks": "probability per 2 weeks",
    "1 month": "probability per month",
    "3 months": "probability per 3 months",
    "12 months": "probability per year",
}
CONVENTIONS = [
    ("start", "start of cycle"), ("end", "end of cycle"), ("life-table", "middle of cycle"), ("end", "start of cycle"),
    ("half-cycle", "at each count"), ("weights", "at each count"),
]  # fmt: skip


@st.composite
def random_probabilities(draw: st.DrawFn) -> dict[str, Any]:
    """A model file as data; every parameter is a plain value or changes over time."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cycle = draw(st.sampled_from(list(PERIODS)))
    length, word, cycles = int(cycle.split()[0]), cycle.split()[1], draw(st.integers(2, 12))
    counting, discounting = draw(st.sampled_from(CONVENTIONS))
    states = [f"s{i}" for i in range(draw(st.integers(1, 4)))]
    parameters: dict[str, Any] = {}

    def add(record: dict[str, Any]) -> str:
        name = f"p{len(parameters)}"
        parameters[name] = record
        return name

    def chance(top: float) -> str:
        unit = PERIODS[cycle]
        first = add(number(unit, float(top * random.random())))
        if random.random() < 0.3:
            later = add(number(unit, float(top * random.random())))
            pieces = {"0 months": first, f"{length * int(random.integers(1, cycles + 1))} {word}": later}
            return add({"label": "It changes", "unit": unit, "over_time": pieces})
        return first

    def quantity() -> str | int:
        if random.random() < 0.2:
            return int(random.integers(0, 2))
        unit = "visits per year"
        first = add(number(unit, float(10 * random.random())))
        if random.random() < 0.3:
            later = add(number(unit, float(10 * random.random())))
            return add(
                {"label": "It changes", "unit": unit, "over_time": {"0 months": first, f"{length} {word}": later}}
            )
        return first

    transitions: dict[str, Any] = {}
    for origin in states:
        others = [s for s in (*states, "dead") if s != origin]
        for destination in others:
            if random.random() < 0.7:
                transitions[f"{origin} -> {destination}"] = chance(0.45 / len(others))
        if random.random() < 0.3:
            transitions[f"{origin} -> {others[-1]}"] = "remainder"
    strategies: dict[str, Any] = {"usual": {"label": "Usual"}}
    for i in range(draw(st.integers(1, 2))):
        block: dict[str, Any] = {"label": f"Other {i}"}
        named = [arrow for arrow, reference in transitions.items() if reference != "remainder"]
        if named and random.random() < 0.7:
            block["effects"] = {
                "faster": {
                    "transition": str(random.choice(named)),
                    "relative_risk": add(number("relative risk", float(2 * random.random()))),
                    "from": f"referral + {length * int(random.integers(0, 2))} {word}",
                    "until": str(random.choice(["follow-up", "horizon", f"referral + {2 * length} {word}"])),
                    "estimand": {
                        "source": "X001", "comparator": "usual", "outcome": "x", "time": "1 year",
                        "analysis": "intention to treat",
                    },
                }
            }  # fmt: skip
        if named and random.random() < 0.5:
            arrow = str(random.choice(named))
            if arrow != block.get("effects", {}).get("faster", {}).get("transition"):
                block["transitions"] = {arrow: chance(0.1)}
        if random.random() < 0.5:
            block["utilities"] = {states[0]: add(number("utility", float(random.random())))}
        strategies[f"other{i}"] = block
    costs = {}
    for i in range(2):
        item: dict[str, Any] = {
            "label": f"Item {i}", "category": ["hospital", "medication"][i], "paid_by": "nhs", "cashable": 0,
            "lag": "0 months", "price": add(price("visit", float(100 * random.random()))),
            "while_in": {**{s: quantity() for s in states[1:]}, "others": quantity()},
        }  # fmt: skip
        if i and random.random() < 0.6:
            item["only_in"] = ["other0"]
        if transitions and random.random() < 0.6:
            item["on_transition"] = {next(iter(transitions)): add(number("multiplier", float(3 * random.random())))}
        if random.random() < 0.6:
            item["at_start"] = add(number("multiplier", float(5 * random.random())))
        item["while_in"] = {
            state: q if not isinstance(q, int) or q == 0 else 0 for state, q in item["while_in"].items()
        }
        costs[f"item{i}"] = item
    model = {
        **{key: documented_model()[key] for key in ("format", "title", "label", "population", "setting", "leaves_out")},
        "model": "probabilities", "cycle": cycle, "horizon": f"{length * cycles} {word}",
        "follow_up": f"{length * int(random.integers(2, cycles + 1))} {word}", "beyond_follow_up": "effects cease",
        "counting": counting, "discounting": discounting, "cohort": {"start": {states[0]: 1}},
        "states": dict.fromkeys(states, "A state"), "transitions": transitions,
        "utilities": {s: add(number("utility", float(random.random()))) for s in states},
        "strategies": strategies, "costs": costs, "parameters": parameters,
    }  # fmt: skip
    if counting == "weights":
        model["weights"] = [float(w) for w in random.random(cycles + 1)]
    if transitions and random.random() < 0.5:
        model["qalys_on_transition"] = {next(iter(transitions)): add(number("utility", -0.05))}
    return model
