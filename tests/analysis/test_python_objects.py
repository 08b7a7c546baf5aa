"""What the library hands out can be pickled, compared and used as a key."""

import dataclasses
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.verification import verify_result
from costmodel.content import digest
from costmodel.scenario.read import Tree
from tests.cli.commands import two_structures
from tests.model.test_strata import strata
from tests.support.example import load_example
from tests.support.locked import locked

DRAWS = 100


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One of everything that a public function returns."""
    scenario = load_example(tmp_path_factory.mktemp("example"))
    mixed = cm.load(two_structures(tmp_path_factory.mktemp("two")))
    result, pair = cm.run(scenario, draws=DRAWS), ("session_price", "gp_visit")
    return {
        "scenario": scenario,
        "result": result,
        "of structures": cm.run(mixed, draws=5),
        "of strata": cm.run(load_example(tmp_path_factory.mktemp("parts"), **strata()), draws=5),
        "reading": result.headline,
        "beyond": cm.beyond(result),
        "psa": cm.psa(result),
        "chances": cm.psa(result).chances(),
        "voi": cm.voi(scenario, draws=DRAWS),
        "tornado": cm.tornado(scenario),
        "tornado of structures": cm.tornado(mixed),
        "break-even": cm.break_even(scenario, "session_price"),
        "chance": cm.chance_break_even(scenario, "session_price", 0.5, draws=20),
        "frontier": cm.frontier(scenario, *pair, [80, 90]),
        "grid": cm.grid(scenario, *pair, [80, 90], [40, 50]),
        "checks": verify_result(cm.run(scenario, draws=0)),
    }


def inside(value: Any, path: str, depth: int = 6) -> Iterator[tuple[str, Any]]:
    """Every dataclass in what was handed out; the tree of a file is no part of what a scenario is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Tree):
        yield path, value
        for field in dataclasses.fields(value) if depth else ():
            yield from inside(getattr(value, field.name), f"{path}.{field.name}", depth - 1)
    elif isinstance(value, dict) and depth:
        for name, entry in value.items():
            yield from inside(entry, f"{path}.{name}", depth - 1)
    elif isinstance(value, list | tuple) and depth:
        for entry in value[:3]:
            yield from inside(entry, path, depth - 1)


def test_everything_that_is_handed_out_is_pickled_compared_and_hashed(handed_out: dict[str, Any]) -> None:
    seen: dict[str, list[Any]] = {}
    for name, value in handed_out.items():
        for path, one in inside(value, name):
            if len(seen.setdefault(type(one).__name__, [])) < 2:
                seen[type(one).__name__].append(one)
                again = pickle.loads(pickle.dumps(one))
                assert again == one, path
                assert hash(again) == hash(one), path
                assert one != 3, path
    assert {"Scenario", "Result", "Outcomes", "Run", "Beyond", "Psa", "Tornado", "Spread", "BreakEvens"} <= seen.keys()


def test_what_differs_is_not_equal(handed_out: dict[str, Any]) -> None:
    scenario, result = handed_out["scenario"], handed_out["result"]
    assert result == cm.run(scenario, draws=DRAWS)
    assert result != cm.run(scenario, draws=DRAWS, seed=2)
    assert scenario != scenario.changed({"session_price": 80})
    assert scenario != scenario.changed({"people": 50})
    assert len({scenario, scenario.changed({"session_price": 80}), pickle.loads(pickle.dumps(scenario))}) == 2
    assert handed_out["tornado"] == cm.tornado(scenario) != cm.tornado(scenario.changed({"session_price": 80}))


def test_a_place_within_an_uncertainty_survives_pickling(handed_out: dict[str, Any]) -> None:
    for bar in handed_out["tornado"].bars:
        again = pickle.loads(pickle.dumps(bar))
        assert again.input.spread.place(bar.input.central) == bar.input.spread.place(bar.input.central)


def test_a_refusal_survives_pickling(tmp_path: Path) -> None:
    with pytest.raises(cm.InputError) as caught:
        cm.load(tmp_path / "nowhere.yaml")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    one = locked()
    assert pickle.loads(pickle.dumps(one)) == one
    assert hash(one)


def test_a_digest_is_of_the_content_and_of_nothing_else() -> None:
    same = [(1, 1.0), (np.float64(0.5), 0.5), (0.0, -0.0), (np.int64(3), 3), ({1, 2}, {2, 1}), ([1, 2], (1, 2))]
    for one, other in same:
        assert digest(one) == digest(other)
    different: list[Any] = [
        None, False, 0, "", [], {}, "0", [[]], np.zeros(1), np.zeros(2), np.zeros((2, 1)), {"a": 1, "b": 2},
        {"b": 2, "a": 1}, ["ab", "c"], ["a", "bc"], 2**60, 2**60 + 1, partial(len, 1), partial(len, 2), set(),
    ]  # fmt: skip
    assert len({digest(one) for one in different}) == len(different)


def test_everything_is_shown_short(handed_out: dict[str, Any]) -> None:
    whole = [(name, one) for name, value in handed_out.items() for name, one in [(name, value), *inside(value, name)]]
    whole.append(("locked", locked()))
    for population in ("depression_resistant", "borderline", "panic"):
        shipped = cm.load(population)
        whole += [("model", shipped.model), ("setting", shipped.setting)]
    assert len(whole) > 100
    for name, one in whole:
        if getattr(type(one), "__module__", "").startswith("costmodel."):
            assert 0 < len(repr(one).encode()) < 2_000, name
            as_html = getattr(one, "_repr_html_", lambda: "")()
            assert len(as_html.encode()) < 20_000, name


def test_what_is_shown_says_what_it_is(handed_out: dict[str, Any]) -> None:
    assert repr(handed_out["scenario"]).startswith("<Scenario ")
    assert "2 strategies" in repr(handed_out["scenario"])
    assert f"{DRAWS} draws, seed 1" in repr(handed_out["result"])
    assert "net_saving" in handed_out["result"]._repr_html_()
    assert repr(handed_out["chances"]).startswith("Chances(months=array(")
