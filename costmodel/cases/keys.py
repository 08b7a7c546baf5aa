"""The keys of a cohort case's expectations: what each asks of a run."""

import re
from collections.abc import Callable, Mapping

from costmodel.cases.answers import Answer
from costmodel.cases.cohort import CohortRun
from costmodel.errors import InputError
from costmodel.result.frontier import ON_FRONTIER, frontier

Reader = Callable[[CohortRun, re.Match[str]], Answer]


def _pair(run: CohortRun, match: re.Match[str]) -> tuple[str, str]:
    return match["a"], match["b"]


def _icer(run: CohortRun, match: re.Match[str]) -> Answer:
    a, b = _pair(run, match)
    gained = run.effect(a) - run.effect(b)
    return (run.cost(a) - run.cost(b)) / gained if gained else float("nan")


def _component(run: CohortRun, match: re.Match[str]) -> Answer:
    return run.cost(match["arm"], match["item"], discounted=run.case.components_discounted)


def _payback(run: CohortRun, match: re.Match[str]) -> Answer:
    a, b = _pair(run, match)
    return run.payback_cycle(a, b, discounted=match["how"] == "discounted")


def _on_frontier(run: CohortRun, match: re.Match[str]) -> Answer:
    cost = {name: run.cost(name) for name in run.strategies}
    effect = {name: run.effect(name) for name in run.strategies}
    return [step.strategy for step in frontier(cost, effect) if step.status == ON_FRONTIER]


def _benefit(run: CohortRun, name: str, threshold: float) -> float:
    people = run.case.population or sum(run.case.initial)
    return (run.effect(name) * threshold - run.cost(name)) / people


def _nmb_difference(run: CohortRun, match: re.Match[str]) -> Answer:
    a, b = (match["a"], match["b"]) if match["a"] else (run.strategies[1], run.strategies[0])
    return _benefit(run, a, float(match["at"])) - _benefit(run, b, float(match["at"]))


def _per_person(run: CohortRun, match: re.Match[str]) -> Answer:
    people = run.case.population or sum(run.case.initial)
    return (run.cost if match["what"] == "cost" else run.effect)(match["arm"]) / people


PAIR = r"\((?P<a>STRATEGY), ?(?P<b>STRATEGY)\)"
"""STRATEGY stands for the names of the case, which may hold commas and parentheses."""
COUNT = "[0-9]{1,6}"
ARM = r"(?P<arm>.+)\."
KEYS: Mapping[str, Reader] = {
    r"frontier": _on_frontier,
    rf"icer{PAIR}": _icer,
    rf"inc_cost{PAIR}": lambda run, m: run.cost(m["a"]) - run.cost(m["b"]),
    rf"inc_effect{PAIR}": lambda run, m: run.effect(m["a"]) - run.effect(m["b"]),
    rf"payback_cycle_(?P<how>discounted|undiscounted){PAIR}": _payback,
    rf"nmb_diff(?:{PAIR})?@(?P<at>[0-9]{{1,12}}(?:\.[0-9]{{1,12}})?)": _nmb_difference,
    rf"{ARM}cost": lambda run, m: run.cost(m["arm"]),
    rf"{ARM}effect": lambda run, m: run.effect(m["arm"]),
    rf"{ARM}undiscounted_cost": lambda run, m: run.cost(m["arm"], discounted=False),
    rf"{ARM}undiscounted_effect": lambda run, m: run.effect(m["arm"], discounted=False),
    rf"{ARM}undiscounted_(?P<item>.+)": lambda run, m: run.cost(m["arm"], m["item"], discounted=False),
    rf"{ARM}effect_div(?P<by>[1-9][0-9]{{0,5}})": lambda run, m: run.effect(m["arm"]) / int(m["by"]),
    rf"{ARM}(?P<what>cost|effect)_per_person": _per_person,
    rf"{ARM}cycle(?P<k>{COUNT})_effect": lambda run, m: float(run.effect_by_cycle(m["arm"])[int(m["k"])]),
    rf"{ARM}cum(?P<k>{COUNT})_effect": lambda run, m: float(run.effect_by_cycle(m["arm"])[: int(m["k"]) + 1].sum()),
    rf"{ARM}trace\[(?P<k>{COUNT})\]": lambda run, m: run.trace(m["arm"], int(m["k"])),
    rf"{ARM}trace_last\[(?P<state>[^\]]+)\]": lambda run, m: run.trace(m["arm"], run.case.n_cycles)[
        run.case.states.index(m["state"])
    ],
    rf"{ARM}(?P<item>.+)": _component,
}
"""What each key of an expectation asks. The first pattern that fits whose names exist is taken."""


WRITTEN = (
    "frontier, icer(A,B), inc_cost(A,B), inc_effect(A,B), payback_cycle_discounted(A,B), "
    "payback_cycle_undiscounted(A,B), nmb_diff(A,B)@THRESHOLD, A.cost, A.effect, A.undiscounted_cost, "
    "A.undiscounted_effect, A.COMPONENT, A.undiscounted_COMPONENT, A.effect_divN, A.cost_per_person, "
    "A.effect_per_person, A.cycleK_effect, A.cumK_effect, A.trace[K], A.trace_last[STATE]"
)
"""The same for people: A and B are strategies, K a cycle, N a number."""


def answer(run: CohortRun, key: str) -> Answer:
    """The value of a key. Raises InputError for one that the case cannot answer."""
    names = "|".join(re.escape(name) for name in run.strategies)
    for pattern, reader in KEYS.items():
        match = re.fullmatch(pattern.replace("STRATEGY", f"(?:{names})"), key)
        if match and _known(run, match.groupdict()):
            return reader(run, match)
    remedy = (
        f"Keys: {WRITTEN}. Strategies: {', '.join(run.strategies)}; components: {', '.join(run.items[1:]) or 'none'}."
    )
    raise InputError.at(f'expected "{key}"', "the case has no such result", remedy)


def _known(run: CohortRun, groups: Mapping[str, str | None]) -> bool:
    """Whether the strategies, component, state and cycle that a key names are those of the case."""
    arms = [groups[name] for name in ("arm", "a", "b") if groups.get(name)]
    item, state, cycle = groups.get("item"), groups.get("state"), groups.get("k")
    pair_understood = "at" in groups and not groups["a"]
    return (
        (not pair_understood or len(run.strategies) > 1)
        and all(arm in run.strategies for arm in arms)
        and (item is None or item in run.items[1:])
        and (state is None or state in run.case.states)
        and (cycle is None or int(cycle) <= run.case.n_cycles)
    )
