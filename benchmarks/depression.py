"""The shipped depression scenario with its full ledger, stage by stage."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import costmodel as cm
from costmodel.model import activity, ledger, run
from costmodel.result.outcomes import Gathering

SCENARIO = Path(__file__).parents[1] / "scenarios" / "depression_resistant" / "model.yaml"
STAGES = ("sampling", "rates", "recursion", "costing", "summaries", "table")


@contextmanager
def _watched(spent: dict[str, float]) -> Iterator[None]:
    """Count the seconds of each stage; a stage within another is taken from it."""
    open_stages: list[list[float]] = []

    def counting(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            within = [0.0]
            open_stages.append(within)
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                seconds = time.perf_counter() - begun
                open_stages.pop()
                spent[stage] = spent.get(stage, 0.0) + seconds - within[0]
                if open_stages:
                    open_stages[-1][0] += seconds

        return counted

    with ExitStack() as stack:
        for stage, owner, name in (
            ("sampling", run, "drawn_values"),
            ("rates", activity, "live_by_rates"),
            ("rates", ledger, "live_by_rates"),
            ("recursion", activity, "trace"),
            ("costing", ledger.CohortLedger, "cost_of"),
            ("costing", ledger.CohortLedger, "health"),
            ("summaries", run, "outcomes"),
            ("summaries", Gathering, "add"),
        ):
            stack.enter_context(patch.object(owner, name, counting(stage, getattr(owner, name))))
        yield


def stages(draws: int, repeats: int) -> dict[str, list[float]]:
    """Seconds of each stage of a run and its table, on one thread, and in all; once for each repetition."""
    scenario = cm.load(SCENARIO)
    cm.run(scenario, draws=min(draws, 2_048), workers=1).table()
    each = [_stages(scenario, draws) for _ in range(repeats)]
    return {stage: [one[stage] for one in each] for stage in each[0]}


def _stages(scenario: cm.Scenario, draws: int) -> dict[str, float]:
    spent: dict[str, float] = {}
    begun = time.perf_counter()
    with _watched(spent):
        result = cm.run(scenario, draws=draws, workers=1)
    ran = time.perf_counter()
    result.table()
    spent["table"] = time.perf_counter() - ran
    return {stage: spent.get(stage, 0.0) for stage in STAGES} | {"all": time.perf_counter() - begun}


def questions(draws: int, repeats: int) -> dict[str, list[float] | None]:
    """Seconds of what an analyst asks for at her desk; None for what is not built."""
    scenario = cm.load(SCENARIO)
    asked: dict[str, Callable[[], Any] | None] = {
        "one deterministic run": lambda: cm.run(scenario, draws=0),
        f"{draws:,} draws with the table, one thread": lambda: cm.run(scenario, draws=draws, workers=1).table(),
        f"{draws:,} draws with the table, every processor": lambda: cm.run(scenario, draws=draws).table(),
        "tornado of every input": _if_built("tornado", scenario),
        "break-even of every input": _if_built("break_even", scenario),
    }
    found: dict[str, list[float] | None] = {}
    for name, ask in asked.items():
        if ask is None:
            found[name] = None
            continue
        ask()
        seconds = []
        for _ in range(repeats):
            begun = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - begun)
        found[name] = seconds
    return found


def _if_built(name: str, scenario: cm.Scenario) -> Callable[[], Any] | None:
    function = getattr(cm, name, None)
    return None if function is None else lambda: function(scenario)
