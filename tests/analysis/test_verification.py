"""Every law of `verify` holds where nothing is wrong, and fails where the defect it exists for is planted."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.sensitivity.inputs import Spread
from costmodel.analysis.sensitivity.question import Target
from costmodel.analysis.verification import Check
from costmodel.engine import cohort, formulas
from costmodel.inputs import lifetable
from costmodel.inputs.draws import uniforms
from costmodel.inputs.shapes import Distribution
from costmodel.model import draws as values
from costmodel.model import money
from costmodel.model.activity import alike
from costmodel.result.information import Worth
from costmodel.result.result import Result
from tests.support.example import load_example, number, price
from tests.support.laws import BY_RATES, RULES, verify
from tests.support.laws.context import Context
from tests.support.laws.uncertainty import acceptability, perfect_information
from tests.support.ledgers import EVERYBODY
from tests.support.random_models import random_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(
    p for p in SCENARIOS.glob("*/*.yaml") if "\nextends:" in (t := p.read_text("utf-8")) or "\nstates:" in t
)
DRAWS = 40
HARM = {"label": "Distress", "share": "half", "utility_loss": "loss", "from": "start of therapy", "lasting": "6 months"}
EDITS = {
    **EVERYBODY,
    "strategies.therapy.therapy.set_up": "set_up",
    "strategies.therapy.harms": {"distress": HARM},
    "parameters.set_up": price("person", 90),
    "parameters.half": number("share", 0.5),
    "parameters.loss": number("utility", 0.2),
}

Patch = pytest.MonkeyPatch
Defect = Callable[[Patch, cm.Scenario], "cm.Scenario | None"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    """The example with every payer, a set-up cost and a harm."""
    return load_example(tmp_path_factory.mktemp("verified"), **EDITS)


def only(scenario: cm.Scenario, id: str) -> Check:
    (check,) = verify(scenario, draws=DRAWS, only=[id])
    return check


def put(target: str, new: Any) -> Defect:
    """A defect: something else in the place of a function."""
    return lambda patch, _: patch.setattr(target, new)


def step(
    people: Callable[[list[Any]], list[Any]] = lambda x: x, time: float = 1.0, years: Callable[[Any], Any] = lambda h: h
) -> Defect:
    """A defect of the step of the cohort: of people at its end, of the time spent, of its length."""

    right = cohort.CohortStep._step

    def wrong(self: Any, before: Any, after: Any, spent: Any, coefficients: Any, length: Any, *more: Any) -> None:
        right(self, before, after, spent, coefficients, years(length), *more)
        after[...] = np.stack(people([state.copy() for state in after]))
        spent *= time

    return put("costmodel.engine.cohort.CohortStep._step", wrong)


def traced(edit: Callable[[Any, Any], None]) -> Defect:
    """A defect of people and person-years of the whole trace, changed in place."""

    def wrong(*arguments: Any) -> cohort.Activity:
        activity = cohort.trace(*arguments)
        edit(activity.people, activity.person_years)
        return activity

    return put("costmodel.model.activity.trace", wrong)


def effect(size: Callable[[Any], Any]) -> Defect:
    """A defect of the size with which an effect works."""
    return put(
        "costmodel.model.rates.rate_in_force",
        lambda base, terms: formulas.rate_in_force(base, [(kind, share, size(x)) for kind, share, x in terms]),
    )


def quantiles(edit: Callable[[Any], Any]) -> Defect:
    """A defect of the draws of every distribution."""
    sound = Distribution.quantile
    return lambda patch, _: patch.setattr(Distribution, "quantile", lambda self, u: edit(sound(self, u)))


def method(name: str, edit: Callable[..., Any]) -> Defect:
    """A defect of a question asked of a result."""
    sound = getattr(Result, name)
    return lambda patch, _: patch.setattr(Result, name, lambda self, *a, **k: edit(sound(self, *a, **k)))


def leak(x: list[Any]) -> list[Any]:
    return [0.999 * one for one in x]


def drift(x: list[Any]) -> list[Any]:
    return [0.99 * x[0], x[1] + 0.01 * x[0], *x[2:]]


def raised(people: Any, _: Any) -> None:
    people[-1] = people[-2] * 1.01


def sunk(people: Any, _: Any) -> None:
    people -= 0.5


def forgetful(people: Any, _: Any) -> None:
    people *= 1 - 0.001 * np.arange(len(people))[:, None, None, None] / len(people)


def favoured(people: Any, years: Any) -> None:
    people[:, :, 1] *= 1.0001
    years[:, :, 1] *= 1.0001


def a_hundred_pounds_off(patch: Patch, _: cm.Scenario) -> None:
    sound = Target.figure
    patch.setattr(Target, "figure", lambda self, rows: sound(self, rows) + 100)


def a_wrong_index(_: Patch, scenario: cm.Scenario) -> cm.Scenario:
    leaf = scenario.leaves["gp_visit"]
    return replace(scenario, leaves={**scenario.leaves, "gp_visit": replace(leaf, price_factor=leaf.price_factor**2)})


def a_wild_price(_: Patch, scenario: cm.Scenario) -> cm.Scenario:
    leaf = scenario.leaves["session_price"]
    wild = Distribution("gamma", leaf.central, 0.02, leaf.central / 0.02)
    return replace(scenario, leaves={**scenario.leaves, "session_price": replace(leaf, distribution=wild)})


def one_pound_for(strategy: str) -> Defect:
    def wrong(model: Any, name: str, *more: Any) -> Any:
        return money.therapy_cost(model, name, *more) + (name == strategy)

    return put("costmodel.model.ledger.therapy_cost", wrong)


def without_set_up(model: Any, strategy: str, begin: Any, end: Any, window: Any, held: Any, look: Any) -> Any:
    return held * look(model.strategies[strategy].therapy.price)


def by_the_start_of_a_cycle(begin: Any, end: Any, first: Any, last: Any, planned: Any, attendance: Any) -> Any:
    return planned * attendance * ((first <= begin) & (begin < last)) * (end - begin) / (last - first)


def told_apart(defect: Defect) -> Defect:
    """A defect of traces, where strategies that are alike have each their own."""

    def planted(patch: Patch, scenario: cm.Scenario) -> cm.Scenario | None:
        def apart(keys: Any) -> Any:
            return alike([[(s, key) for key in row] for s, row in enumerate(keys)])

        patch.setattr("costmodel.model.activity.alike", apart)
        return defect(patch, scenario)

    return planted


DEFECTS: dict[str, Defect] = {
    "V1": step(people=leak),
    "V2": step(years=lambda h: h + 0.001),
    "V3": effect(lambda size: size + 0.1),
    "V4": effect(lambda size: np.maximum(size, 0.1)),
    "V5": quantiles(lambda draws: draws * 1.01),
    "V6": lambda _, scenario: replace(scenario, sources={}),
    "V6b": a_wrong_index,
    "V7": put("costmodel.model.money.state_quantity", lambda observed, here, share: here),
    "V8": step(time=1.001),
    "V9": traced(sunk),
    "V10": traced(raised),
    "V11": step(people=drift),
    "V12": step(people=leak),
    "LE": put(
        "costmodel.model.activity.cycle_hazards",
        lambda table, age, female, edges: lifetable.cycle_hazards(table, age, 0.5, edges),
    ),
    "V13": one_pound_for("therapy"),
    "V14": effect(lambda size: 1 / size),
    "V16": put("costmodel.model.ledger.total_over_states", lambda *a: formulas.total_over_states(*a) ** 2),
    "V17": step(people=lambda x: [1.001 * x[0], *x[1:]]),
    "V18": step(people=drift),
    "V19": traced(forgetful),
    "V20": put("costmodel.model.ledger.total_over_states", lambda *a: formulas.total_over_states(*a) + 1),
    "V21": put("costmodel.engine.formulas.discount_factor", lambda rate, year: (1 + rate) ** (1 - year)),
    "V22": method("categories", lambda names: names[1:]),
    "V23": put("costmodel.model.ledger.cost_per_year", lambda *a: [x + 1 for x in money.cost_per_year(*a)]),
    "V24": method("net_cost", np.abs),
    "V25": put("costmodel.model.ledger.therapy_cost", without_set_up),
    "V26": step(years=lambda h: h * 1.01),
    "V28": put("costmodel.result.table.cost_per_qaly", lambda cost, health, *_: (cost / (health or 1), "")),
    "V29": method("curve_payback", lambda month: 3.0),
    "V29b": a_hundred_pounds_off,
    "V30": put(
        "costmodel.scenario.setting.Accounts.weight",
        lambda self, name, payer, receiver: int(payer in self.members(name)),
    ),
    "V31": told_apart(traced(favoured)),
    "V32": put("costmodel.model.rates.window_share", lambda *a: np.maximum(formulas.window_share(*a), 0.1)),
    "V33": put("costmodel.model.money.sessions_delivered", by_the_start_of_a_cycle),
    "V34": put("costmodel.result.sums.account", lambda party, payer, receiver: int(payer == party)),
    "V35": put(
        "costmodel.model.run.drawn_values",
        lambda *a, **how: {name: x * 1.001 for name, x in values.drawn_values(*a, **how).items()},
    ),
    "V36": put("costmodel.model.draws.uniforms", lambda seed, name, n, start=0: uniforms(seed, f"{name}{n}", n, start)),
    "V37": told_apart(traced(favoured)),
    "V38": quantiles(lambda draws: draws + 0.6),
    "V39": method("total_cost", np.negative),
    "V40": put("tests.support.laws.uncertainty.perfect_information", lambda *a: -1.0),
    "V40b": put("costmodel.result.information.Smoother.fitted", lambda self, values, kept: values - values.mean()),
    "V41": lambda patch, _: patch.setattr(
        sys.modules[Spread.__module__],  # by its name it is the function that its package hands out
        "spread_of",
        lambda scenario, name: Spread(2 * scenario.central[name], 3 * scenario.central[name], "no price factor"),
    ),
    "V42": a_wild_price,
}


def test_every_law_has_a_planted_defect() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert set(ids) == DEFECTS.keys()


@pytest.mark.parametrize("id", DEFECTS)
def test_a_planted_defect_turns_its_check_red(id: str, sound: cm.Scenario, monkeypatch: Patch) -> None:
    before = only(sound, id)
    assert before.state == "OK", before
    spoilt = DEFECTS[id](monkeypatch, sound) or sound
    after = only(spoilt, id)
    assert after.state == ("flagged" if id == "V42" else "FAIL"), after
    assert after.value is None or not after.value <= before.value


@pytest.mark.parametrize("id", ["V1", "V3", "V9", "V12", "V16", "V20", "V26", "V31", "V35"])
def test_what_is_not_a_number_is_no_pass(id: str, sound: cm.Scenario, monkeypatch: Patch) -> None:
    step(people=lambda x: [np.nan * one for one in x], time=np.nan)(monkeypatch, sound)
    assert only(sound, id).state == "FAIL"


def test_values_of_information_that_cannot_be_are_noticed(sound: cm.Scenario, monkeypatch: Patch) -> None:
    place = "costmodel.analysis.voi"
    for value in (1e9, -1.0):
        monkeypatch.setattr(f"{place}.worth_of_inputs", lambda *a, value=value: Worth(value, 1.0))
        assert only(sound, "V40b").state == "FAIL"
    monkeypatch.setattr(f"{place}.worth_of_inputs", lambda b, w, inputs: Worth(1 / len(inputs), 1.0))
    assert only(sound, "V40b").state == "OK"
    monkeypatch.setattr(f"{place}._says_as_much", lambda *a: False)
    assert only(sound, "V40b").state == "FAIL"


def test_a_clipped_draw_is_noticed(sound: cm.Scenario, monkeypatch: Patch) -> None:
    quantiles(lambda draws: np.minimum(draws, 0.5) if draws.max() < 1 else draws)(monkeypatch, sound)
    assert only(sound, "V38").state == "OK"  # a heap in the middle of a support is no clipping
    quantiles(lambda draws: np.where(draws < np.median(draws), 0.0, draws))(monkeypatch, sound)
    assert only(sound, "V38").state == "FAIL"


def test_an_input_that_nothing_multiplies_is_named_and_is_no_failure(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **{"parameters.causal": number("share", 0)})
    check = only(scenario, "V7")
    assert check.state == "OK"
    assert "gp_ratio" in check.note


def test_without_draws_the_laws_of_draws_do_not_apply(sound: cm.Scenario) -> None:
    states = {check.id: check for check in verify(sound, draws=0)}
    silent = {id for id, check in states.items() if check.state == "does not apply"}
    assert silent == {"V38", "V39", "V40", "V40b", "V42"}
    assert all(states[id].words for id in ("V38", "V39", "V40", "V40b", "V42"))
    assert states["V22"].state == "OK"


def test_without_effects_and_distributions_the_checks_say_why_they_do_not_apply(tmp_path: Path) -> None:
    certain = {
        f"parameters.{name}": number(record.unit.text, record.value)
        for name, record in load_example(tmp_path / "a").parameters.items()
        if record.distribution and record.unit.kind != "price"
    }
    edits = certain | {"strategies.therapy.effects": {}, "parameters.session_price": price("session", 100)}
    found = {check.id: check for check in verify(load_example(tmp_path / "b", **edits), draws=DRAWS)}
    assert found["V4"].state == found["V14"].state == found["V5"].state == "does not apply"
    assert not [check for check in found.values() if check.state == "FAIL"]


def test_laws_of_rates_do_not_apply_to_models_of_probabilities(sound: cm.Scenario) -> None:
    given = sound.model.model_copy(update={"model": "probabilities"})
    context = Context(replace(cm.run(sound, draws=0), scenario=replace(sound, model=given)))
    by_rates = [rule for rule in RULES if rule.id in BY_RATES]
    assert by_rates
    assert all(rule.measure(context).state == "does not apply" for rule in by_rates)


def test_strategies_that_are_equally_good_share_the_chance_of_being_best(tmp_path: Path) -> None:
    free = {"strategies.therapy.effects": {}, "strategies.therapy.therapy.price": 0}
    result = cm.run(load_example(tmp_path, **free), draws=DRAWS)
    assert acceptability(result, 20_000).tolist() == [0.5, 0.5]
    assert perfect_information(result, 20_000) == 0


@pytest.mark.long
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_check_fails_on_a_shipped_scenario(path: Path) -> None:
    assert not [check for check in verify(cm.load(path)) if check.state == "FAIL"]


def test_shares_that_have_nothing_to_act_on_are_not_called_forgotten(tmp_path: Path) -> None:
    """A causal share where every state uses the same; a cashable share where every strategy does."""
    constant = {"strategies.therapy.effects": {}, "costs.gp.while_in": {"ill": "gp_ill", "well": "gp_ill"}}
    constant |= {"costs.gp.cashable": "released", "parameters.released": number("share", 0.3)}
    (found,) = [check for check in verify(load_example(tmp_path, **constant), draws=DRAWS) if check.id == "V7"]
    assert found.state == "OK", found.words


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_no_check_fails_on_a_random_scenario(seed: int, tmp_path: Path) -> None:
    failed = [c for c in verify(random_scenario(seed, tmp_path), draws=DRAWS) if c.state == "FAIL"]
    assert not failed
