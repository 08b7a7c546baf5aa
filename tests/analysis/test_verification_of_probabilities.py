"""The laws of a run on models of probabilities: they hold, and a planted defect turns each of their own red."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.verification import Check
from costmodel.engine import cohort
from costmodel.scenario import probabilities
from tests.support.example import edited, number, write_model
from tests.support.laws import OF_CHAINS, RULES, verify
from tests.support.laws.context import Context
from tests.support.small_probabilities import small

PUBLISHED = Path(__file__).parents[1] / "published"
NOT_MEASURED = {"V2": "rates become probabilities by probability_of alone, which is tested by itself"}


def scenario(folder: Path) -> cm.Scenario:
    """A small model with an effect, in which everybody can come and go."""
    estimand = {
        "source": "X001",
        "comparator": "usual",
        "outcome": "x",
        "time": "1 year",
        "analysis": "intention to treat",
    }
    faster = {
        "transition": "ill -> well", "relative_risk": "rr", "from": "referral", "until": "horizon",
        "estimand": estimand,
    }  # fmt: skip
    edits = {"strategies.therapy.effects": {"faster": faster}, "parameters.rr": number("relative risk", 1.4)}
    return cm.load(write_model(folder, edited(small(counting="life-table", discounting="middle of cycle"), edits)))


def state(checks: tuple[Check, ...], id: str) -> str:
    return next(check.state for check in checks if check.id == id)


@pytest.mark.parametrize("folder", ["chancellor_1997", "sick_sicker", "hip_replacement"])
def test_published_models_obey_the_laws(folder: str) -> None:
    checks = verify(cm.load(PUBLISHED / folder / "model.yaml"), draws=50)
    assert [check for check in checks if check.state == "FAIL"] == []
    assert {check.id for check in checks} == {rule.id for rule in RULES}


def test_a_small_model_obeys_them_and_all_of_its_own_are_measured(tmp_path: Path) -> None:
    checks = verify(scenario(tmp_path), draws=50)
    assert [check for check in checks if check.state == "FAIL"] == []
    assert {id for id in OF_CHAINS if state(checks, id) != "OK"} == set(NOT_MEASURED)


def test_a_model_with_weights_and_therapy_obeys_them(tmp_path: Path) -> None:
    weighed = small(counting="weights", discounting="at each count", weights=[0.3, *[1.1, 0.9] * 5])
    checks = verify(cm.load(write_model(tmp_path, weighed)), draws=20)
    assert [check for check in checks if check.state == "FAIL"] == []
    assert {state(checks, id) for id in ("V8", "V25", "V33")} == {"OK"}


def probabilities_times(factor: float) -> Callable[..., Any]:
    """`Chances.at` with every probability above 0 multiplied, rows and all."""
    at = probabilities.Chances.at

    def wrong(self: Any, cycle: int, look: Any) -> Any:
        return {move: p * factor for move, p in at(self, cycle, look).items()}

    return wrong


def chain_with(change: Callable[[Any], Any]) -> Callable[..., Any]:
    def wrong(start: Any, moves: Any, asked: Any, cycles: int, wanted: Any) -> Any:
        found = cohort.chain(start, moves, asked, cycles, wanted)
        people = found.people.copy()
        people[1:] = change(people[1:])
        return cohort.Chain(people, found.moved)

    return wrong


def drifting(people: Any) -> Any:
    """Somebody moves from the first state to the second in every cycle."""
    people = people.copy()
    people[:, 0] -= 1e-6
    people[:, 1] += 1e-6
    return people


def later_from_the_end(start: Any, moves: Any, asked: Any, cycles: int, wanted: Any) -> Any:
    """The horizon leaks into the first cycle."""
    found = cohort.chain(start, moves, asked, cycles, wanted)
    people = found.people.copy()
    people[1:] *= 1 - 1e-6 * cycles
    return cohort.Chain(people, found.moved)


CHAIN = "costmodel.model.activity.chain"
AT = "costmodel.scenario.probabilities.Chances.at"
DEFECTS: dict[str, tuple[str, Any]] = {
    "V1": (AT, probabilities_times(1.001)),
    "V4": ("costmodel.scenario.probabilities.Chances._relative_risk", lambda self, move, cycle, look: 0.9),
    "V8": ("costmodel.model.activity.time_in_states", lambda p, *a: (np.zeros_like(p[0]), p[:-1] * 1.01)),
    "V11": (CHAIN, chain_with(drifting)),
    "V12": (CHAIN, chain_with(lambda people: people * (1 - 1e-6))),
    "V19": (CHAIN, later_from_the_end),
    "V26": (CHAIN, chain_with(lambda people: people[::-1])),
}


def test_every_law_of_their_own_has_a_defect() -> None:
    assert set(DEFECTS) | set(NOT_MEASURED) == set(OF_CHAINS)


@pytest.mark.parametrize("id", DEFECTS)
def test_a_planted_defect_turns_its_check_red(id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = scenario(tmp_path)
    assert state(verify(subject, draws=0, only=[id]), id) == "OK"
    path, wrong = DEFECTS[id]
    context = Context(cm.run(subject, draws=0))
    monkeypatch.setattr(path, wrong)
    (rule,) = (rule for rule in RULES if rule.id == id)
    assert rule.measure(context).state == "FAIL"
