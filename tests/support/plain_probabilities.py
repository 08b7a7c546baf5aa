"""Models of probabilities by dense matrices and loops: a second implementation, from the file's own words."""

from typing import Any

import numpy as np


def plain_run(model: dict[str, Any], rates: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Discounted and undiscounted cost and QALYs of each strategy, at declared values without derived parameters.

    model: the file as data; every parameter a plain value, or `over_time` in whole cycles.
    """
    return {name: _strategy(model, name, rates) for name in model["strategies"]}


def _strategy(model: dict[str, Any], name: str, rates: tuple[float, float]) -> dict[str, float]:
    states = [*model["states"], "dead"]
    length = _years(model["cycle"])
    n = round(_years(model["horizon"]) / length)
    people = [np.array([_number(model, model["cohort"]["start"].get(s, 0), 0, length) for s in states], dtype=float)]
    flows = []
    for k in range(n):
        matrix = _matrix(model, name, k, length, states)
        flows.append(people[-1][:, None] * matrix)
        people.append(people[-1] @ matrix)
    total = {"cost": 0.0, "cost_discounted": 0.0, "qaly": 0.0, "qaly_discounted": 0.0}
    for t in range(n + 1):
        k = max(t - 1, 0)
        weight, time, exponent = _counted(model, people, t, n)
        for what, rate in zip(("cost", "qaly"), rates, strict=True):
            yearly = _yearly(model, name, what, k, length, states)
            amount = yearly @ time * length
            if t:
                each = _each_move(model, name, what, k, length, states)
                amount += weight * (flows[t - 1] * each).sum()
            else:
                amount += _once(model, name) if what == "cost" else 0.0
            total[what] += amount
            total[f"{what}_discounted"] += amount * (1 + rate) ** (-exponent * length)
    return total


def _counted(model: dict[str, Any], people: list[np.ndarray], t: int, n: int) -> tuple[float, np.ndarray, float]:
    """Weight of the moves, person-cycles, and the exponent of instant or cycle t (0 is the start)."""
    counting, nobody = model["counting"], np.zeros_like(people[0])
    if counting in ("half-cycle", "weights"):
        weights = model["weights"] if counting == "weights" else [0.5, *[1.0] * (n - 1), 0.5]
        return weights[t], weights[t] * people[t], float(t)
    if t == 0:
        return 0.0, nobody, 0.0
    time = {"start": people[t - 1], "end": people[t], "life-table": (people[t - 1] + people[t]) / 2}[counting]
    at = {"start of cycle": t - 1, "middle of cycle": t - 0.5, "end of cycle": t}[model["discounting"]]
    return 1.0, time, float(at)


def _matrix(model: dict[str, Any], name: str, k: int, length: float, states: list[str]) -> np.ndarray:
    strategy = model["strategies"][name]
    matrix, rest = np.zeros((len(states), len(states))), list(range(len(states)))
    for arrow, reference in {**model["transitions"], **strategy.get("transitions", {})}.items():
        i, j = (states.index(part) for part in arrow.split(" -> "))
        if reference == "remainder":
            rest[i] = j
            continue
        p = _number(model, reference, k, length)
        for effect in strategy.get("effects", {}).values():
            first, last = (_instant(model, effect[key]) for key in ("from", "until"))
            if effect["transition"] == arrow and first - 1e-9 <= k * length < last - 1e-9:
                p *= _number(model, effect["relative_risk"], k, length)
        matrix[i, j] = p
    for i, j in enumerate(rest):
        matrix[i, j] += 1 - matrix[i].sum()
    return matrix


def _yearly(model: dict[str, Any], name: str, what: str, k: int, length: float, states: list[str]) -> np.ndarray:
    found = np.zeros(len(states))
    for s, state in enumerate(states[:-1]):
        if what == "qaly":
            own = model["strategies"][name].get("utilities", {})
            found[s] = _number(model, own.get(state, model["utilities"][state]), k, length)
        for item in model["costs"].values() if what == "cost" else ():
            if name in (item.get("only_in") or [name]):
                quantity = item["while_in"].get(state, item["while_in"].get("others"))
                found[s] += _number(model, quantity, k, length) * _number(model, item["price"], k, length)
    return found


def _each_move(model: dict[str, Any], name: str, what: str, k: int, length: float, states: list[str]) -> np.ndarray:
    each = np.zeros((len(states), len(states)))

    def add(arrow: str, amount: float) -> None:
        i, j = (states.index(part) for part in arrow.split(" -> "))
        each[i, j] += amount

    if what == "qaly":
        for arrow, reference in model.get("qalys_on_transition", {}).items():
            add(arrow, _number(model, reference, k, length))
        return each
    for item in model["costs"].values():
        if name in (item.get("only_in") or [name]):
            for arrow, reference in item.get("on_transition", {}).items():
                add(arrow, _number(model, reference, k, length) * _number(model, item["price"], k, length))
    return each


def _once(model: dict[str, Any], name: str) -> float:
    return sum(
        _number(model, item.get("at_start", 0), 0, 1.0) * _number(model, item["price"], 0, 1.0)
        for item in model["costs"].values()
        if name in (item.get("only_in") or [name])
    )


def _number(model: dict[str, Any], reference: str | int, k: int, length: float) -> float:
    if isinstance(reference, int):
        return float(reference)
    record = model["parameters"][reference]
    if "over_time" in record:
        begun = [name for text, name in record["over_time"].items() if _years(text) <= k * length + 1e-9]
        return _number(model, begun[-1], k, length)
    return float(record["value"])


def _instant(model: dict[str, Any], text: str) -> float:
    anchor, _, later = text.partition(" + ")
    if anchor == "horizon":
        return _years(model["horizon"])
    return {"referral": 0.0, "follow-up": _years(model["follow_up"])}[anchor] + (_years(later) if later else 0.0)


def _years(text: str) -> float:
    number, unit = text.split()
    return float(number) / {"year": 1, "month": 12, "week": 52}[unit.removesuffix("s")]
