"""The scenario's hash moves with every change that moves an answer per person, and with nothing else."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.result.outcomes import Outcomes
from costmodel.result.result import run_id
from costmodel.units import parse_duration
from tests.support.example import documented_model, load_example, number, price, write_model, write_setting
from tests.support.random_models import of_data, random_data

Model = dict[str, Any]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def numbers(found: Outcomes | None) -> list[np.ndarray]:
    return [] if found is None else [found.cost, found.cash, found.qaly, found.sustained, found.mean_curve]


def same_answers(one: cm.Result, other: cm.Result) -> bool:
    """Whether two results say the same of the same strategies in the same price year, to rounding."""
    if (one.strategies, one.horizons, [item.name for item in one.items]) != (
        other.strategies,
        other.horizons,
        [item.name for item in other.items],
    ) or one.scenario.setting.price_year != other.scenario.setting.price_year:
        return False
    pairs = zip(
        [*numbers(one.deterministic), *numbers(one.expected), one.threshold],
        [*numbers(other.deterministic), *numbers(other.expected), other.threshold],
        strict=True,
    )
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, **CLOSE) for a, b in pairs)


def turned(block: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(block.items()))


def _others_turned(model: Model) -> None:
    """The strategies after the comparator in another order: an effect names whom it was measured against."""
    first, *others = model["strategies"].items()
    model["strategies"] = dict([first, *reversed(others)] if len(others) > 1 else [*others, first])


STRUCTURE: dict[str, Callable[[Model], object]] = {
    "order of strategies": _others_turned,
    "horizon": lambda model: model.update(horizon="12 years"),
    "follow-up": lambda model: model.update(
        follow_up="30 months" if parse_duration(model["follow_up"]).months != 30 else "18 months"
    ),
    "stop": lambda model: model.update(
        beyond_follow_up="gap closes" if model["beyond_follow_up"] != "gap closes" else "effects persist"
    ),
    "name of a strategy": lambda model: model.update(
        strategies={f"{name}_anew": block for name, block in model["strategies"].items()}
    ),
}
"""Changes of a random model that move an answer, or whose it is."""


def _with_words(record: dict[str, Any]) -> dict[str, Any]:
    return turned(record) | {"label": "Other words", "note": "Other words."}


WORDS: dict[str, Callable[[Model], object]] = {
    "title": lambda model: model.update(title="Another title"),
    "label": lambda model: model.update(label="another"),
    "population": lambda model: model.update(population="Others"),
    "description": lambda model: model.update(description="More words."),
    "people": lambda model: model.update(people=12_345),
    "what is left out": lambda model: model.update(leaves_out=["Everything else"]),
    "definitions": lambda model: model.update(states=dict.fromkeys(model["states"], "Another definition")),
    "labels": lambda model: [
        block.update(label=f"Other words {i}") for i, block in enumerate([*model["strategies"].values()][1:])
    ],
    "records": lambda model: model.update(
        parameters={name: _with_words(record) for name, record in model["parameters"].items()}
    ),
}
"""Changes of what is said, and of how many people are treated, that move no answer per person."""
LAYOUT: dict[str, Callable[[Model], object]] = {
    "order of records": lambda model: model.update(parameters=turned(model["parameters"])),
    "order of keys": lambda model: model.update(
        parameters={name: turned(record) for name, record in model["parameters"].items()}
    ),
    "order of utilities": lambda model: model.update(utilities=turned(model["utilities"])),
    "a default written out": lambda model: model.setdefault("people", 100),
    "another word for a time": lambda model: model.update(horizon=f"{12 * int(model['horizon'].split()[0])} months"),
}
"""Ways to write the same."""


def edited(model: Model, edit: Callable[[Model], object]) -> Model:
    new = copy.deepcopy(model)
    edit(new)
    return new


def _one(rng: np.random.Generator, kinds: dict[str, Callable[[Model], object]]) -> Callable[[Model], object]:
    return kinds[list(kinds)[int(rng.integers(len(kinds)))]]


def _behind_choices(scenario: cm.Scenario) -> set[str]:
    """Every option and what it is made of: an answer may be asked for each, by its name."""
    waiting = [name for record in scenario.parameters.values() for name in (record.one_of or {}).values()]
    found: set[str] = set()
    while waiting:
        found.add(name := waiting.pop())
        waiting += scenario.parameters[name].operands
    return found


def _check_hash(seed: int, folder: Path) -> None:
    rng = np.random.default_rng([seed, 7])
    model = random_data(seed, folder)
    scenario = of_data(model, folder)
    before = cm.run(scenario, draws=0, strata=False)
    try:
        changed = of_data(edited(model, _one(rng, STRUCTURE)), folder)
        assert changed.sha256 != scenario.sha256
    except cm.InputError:  # the model does not allow it, such as a comparator with an effect
        pass
    said = of_data(edited(model, _one(rng, WORDS)), folder)
    assert said.sha256 == scenario.sha256
    assert run_id(said, 5, 1) != run_id(scenario, 5, 1)
    assert same_answers(cm.run(said, draws=0, strata=False), before)
    written = of_data(edited(model, _one(rng, LAYOUT)), folder)
    assert written.sha256 == scenario.sha256
    name = list(scenario.leaves)[int(rng.integers(len(scenario.leaves)))]
    try:
        moved = scenario.changed({name: scenario.leaves[name].central * 0.97})
    except cm.InputError:
        return
    if moved is scenario:
        return
    used = {*scenario.used, *(name for one in scenario.conventions.values() for name in one.scenario.used)}
    assert (moved.sha256 != scenario.sha256) == (name in {*used, *_behind_choices(scenario)})
    if name not in used:
        assert same_answers(cm.run(moved, draws=0, strata=False), before)


@pytest.mark.parametrize("seed", range(20))
def test_the_hash_moves_with_what_moves_an_answer_and_with_nothing_else(seed: int, tmp_path: Path) -> None:
    _check_hash(seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 220))
def test_the_hash_of_many_moves_with_what_moves_an_answer(seed: int, tmp_path: Path) -> None:
    _check_hash(seed, tmp_path)


INDEXED = price("visit", 100, year="2021/22", distribution="gamma", cv=0.2)
EDITS: dict[str, dict[str, Any]] = {
    "a price": {"parameters.gp_visit.value": 45},
    "its price year": {"parameters.gp_visit": INDEXED | {"price_year": "2022/23"}},
    "its spread": {"parameters.gp_visit": INDEXED | {"cv": 0.3}},
    "no spread": {"parameters.gp_visit": price("visit", 100, year="2021/22")},
    "a wait": {"strategies.therapy.therapy.wait": "3 months"},
    "who pays": {"strategies.therapy.therapy.paid_by": "household"},
    "a category": {"costs.gp.category": "community"},
    "a payer": {"costs.gp.paid_by": "social_care"},
    "what is cashable": {"parameters.cashable.value": 0.5},
    "the start": {"cohort.start": {"well": 1}},
    "an age": {"parameters.age.value": 41},
    "the cycle": {"cycle": "3 months"},
}


@pytest.mark.parametrize("what", EDITS)
def test_each_input_that_moves_an_answer_moves_the_hash(what: str, tmp_path: Path) -> None:
    usual = {"parameters.gp_visit": INDEXED} if "parameters.gp_visit" in EDITS[what] else {}
    before = load_example(tmp_path / "before", **usual)
    after = load_example(tmp_path / "after", **(usual | EDITS[what]))
    assert after.sha256 != before.sha256
    one, other = (cm.run(scenario, draws=20) for scenario in (before, after))
    parties = [[(item.category, item.paid_by) for item in result.items] for result in (one, other)]
    assert parties[0] != parties[1] or not same_answers(one, other)


def test_a_second_strategy_as_comparator_has_another_hash_and_the_opposite_answer(tmp_path: Path) -> None:
    model = documented_model()
    for strategy in model["strategies"].values():
        strategy.pop("effects", None)
        strategy.pop("harms", None)
    write_setting(tmp_path)
    one, other = (of_data(data, tmp_path) for data in (model, edited(model, _others_turned)))
    savings = [cm.run(scenario, draws=0).saving()["value"].iloc[0] for scenario in (one, other)]
    assert savings[0] == -savings[1] != 0
    assert one.sha256 != other.sha256


def test_comments_and_layout_do_not_move_the_hash_nor_the_run_id(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    path = tmp_path / "model.yaml"
    path.write_text("# A comment\n\n" + path.read_text("utf-8").replace("\n  ", "\n    "), "utf-8")
    again = cm.load(path)
    assert again.sha256 == scenario.sha256
    assert run_id(again, 100, 1) == run_id(scenario, 100, 1)
    assert load_example(tmp_path / "elsewhere").sha256 == scenario.sha256


def test_a_change_has_the_hash_of_a_file_that_says_so(tmp_path: Path) -> None:
    """By hand, by an overlay, in the file: what is computed is the same, and so is the hash."""
    written = load_example(tmp_path / "a", **{"strategies.therapy.therapy.wait": "3 months"})
    scenario = load_example(tmp_path / "b")
    changed = scenario.changed({"strategies.therapy.therapy.wait": "3 months"})
    overlay = {
        "format": 1,
        "extends": "model.yaml",
        "label": "later",
        "change": {"strategies.therapy.therapy.wait": "3 months"},
    }
    (tmp_path / "b" / "later.yaml").write_text(str(overlay).replace("'", '"'), "utf-8")
    laid_over = cm.load(tmp_path / "b" / "later.yaml")
    assert written.sha256 == changed.sha256 == laid_over.sha256 != scenario.sha256
    assert changed.changed({"strategies.therapy.therapy.wait": "0 months"}).sha256 == scenario.sha256


def test_holding_a_value_moves_the_hash_and_letting_the_centre_stand_moves_nothing(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    held = scenario.changed({"gp_ill": scenario.leaves["gp_ill"].central}, fix=True)
    assert held.sha256 != scenario.sha256
    assert scenario.changed({"gp_ill": scenario.leaves["gp_ill"].central}).sha256 == scenario.sha256


def test_what_is_held_can_be_changed_and_held_again(tmp_path: Path) -> None:
    held = load_example(tmp_path).changed({"gp_visit": 60}, fix=True)
    for again in (held.changed({"gp_visit": 70}), held.changed({"gp_visit": 70}, fix=True)):
        assert again.leaves["gp_visit"].central == 70
        assert again.leaves["gp_visit"].distribution is None
        assert again.sha256 == load_example(tmp_path).changed({"gp_visit": 70}, fix=True).sha256
    assert held.changed({"gp_visit": 60}) is held


@pytest.mark.parametrize("fix", [False, True])
def test_an_option_that_is_chosen_replaces_a_number_that_was_given_before(fix: bool, trd: cm.Scenario) -> None:
    own = trd.changed({"session_price": 400}, fix=fix)
    assert own.central["session_price"] == 400
    for option in ("trial", trd.parameters["session_price"].use):
        chosen = own.changed({"session_price": option})
        assert chosen.central["session_price"] == trd.central[trd.parameters["session_price"].one_of[option]]  # type: ignore[index]
        assert chosen.sha256 == trd.changed({"session_price": option}).sha256


def test_draws_do_not_depend_on_the_order_in_which_a_file_states_its_parameters(tmp_path: Path) -> None:
    model = documented_model()
    other = edited(model, LAYOUT["order of records"])
    write_setting(tmp_path)
    one, two = (of_data(data, tmp_path) for data in (model, other))
    for sampling in ("random", "sobol"):
        runs = [cm.run(scenario, draws=50, sampling=sampling) for scenario in (one, two)]  # type: ignore[arg-type]
        assert same_answers(*runs)


def test_an_unused_parameter_moves_neither_the_answer_nor_the_hash(tmp_path: Path) -> None:
    spare = {"parameters.spare": number("share", 0.5)}
    scenario = load_example(tmp_path, **spare)
    changed = scenario.changed({"spare": 0.6})
    assert changed is not scenario
    assert changed.sha256 == scenario.sha256 == load_example(tmp_path / "without", label="other").sha256


def test_a_run_id_moves_with_every_setting_of_the_run_and_the_hash_does_not(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    ids = {
        "as it is": run_id(scenario, 100, 1),
        "draws": run_id(scenario, 101, 1),
        "seed": run_id(scenario, 100, 2),
        "sampling": run_id(scenario, 100, 1, "sobol"),
        "given": run_id(scenario, 100, 1, given={"gp_visit": np.full(100, 40.0)}),
        "other draws": run_id(scenario, 100, 1, given={"gp_visit": np.full(100, 41.0)}),
        "people": run_id(scenario.changed({"people": 250}), 100, 1),
        "a price": run_id(scenario.changed({"gp_visit": 50}), 100, 1),
    }
    assert len(set(ids.values())) == len(ids)
    assert scenario.changed({"people": 250}).sha256 == scenario.sha256
    assert cm.run(scenario, draws=100).run_id == ids["as it is"]
    assert cm.run(scenario, draws=100, workers=1).run_id == ids["as it is"]


def test_another_version_of_the_engine_is_another_run_of_the_same_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_example(tmp_path)
    before, hash_before = run_id(scenario, 100, 1), scenario.sha256
    monkeypatch.setattr("costmodel.result.result.__version__", "99.0")
    assert run_id(scenario, 100, 1) != before
    assert load_example(tmp_path).sha256 == hash_before


def test_what_a_parameter_is_made_of_is_named_once_in_order_with_the_option_in_use(tmp_path: Path) -> None:
    model = documented_model()
    model["parameters"]["twice"] = number("visits per year", product_of=["gp_well", "gp_ratio"])
    model["parameters"]["chosen"] = number("visits per year", one_of={"a": "gp_ill", "b": "twice"}, use="b")
    model["costs"][next(iter(model["costs"]))]["while_in"] = {"others": "chosen"}
    scenario = cm.load(write_model(tmp_path, model))
    assert scenario.behind([1, "chosen", "nobody"]) == ["chosen", "twice", "gp_well", "gp_ill", "gp_ratio"]
    assert {"chosen", "twice", "gp_well"} <= set(scenario.used)
    assert scenario.changed({"chosen": "a"}).behind(["chosen"]) == ["chosen", "gp_ill"]
    assert "twice" not in scenario.changed({"chosen": "a"}).used


def test_a_change_leaves_the_scenario_that_is_changed_as_it_is(example_scenario: cm.Scenario) -> None:
    before = copy.deepcopy(example_scenario.tree.data)
    assert example_scenario.changed({"hr_recover": 1.9}).central["hr_recover"] == 1.9
    assert example_scenario.tree.data == before
