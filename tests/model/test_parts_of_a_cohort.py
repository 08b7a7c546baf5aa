"""A stratum stays one: it commutes with changes, and every analysis of it is that of its people's own scenario."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.analysis.calibration.problem import narrowed
from costmodel.content import digest
from costmodel.errors import Problem
from costmodel.report.imported import bring
from costmodel.report.saved import command, overlay_text, saved
from costmodel.report.workbook import as_bytes
from costmodel.report.workbook.reader import read_changes
from costmodel.scenario.build import Scenario
from tests.model.test_strata import strata
from tests.support.example import documented_model, edited, load_example, number, write_setting
from tests.support.random_models import of_data, random_data
from tests.support.spreadsheets import stored

DRAWS = 40
RESPONSE = {
    "costs.gp.while_in.ill": "gp_light",
    "transitions.ill -> well": "recover_light",
    "strategies.therapy.effects.recovers_faster.hazard_ratio": 1,
}
"""What sets the light users of the example apart."""


@pytest.fixture
def cohort(tmp_path: Path) -> cm.Scenario:
    return load_example(tmp_path, **strata(change=RESPONSE))


@pytest.fixture
def alone(tmp_path: Path) -> cm.Scenario:
    """The light users as a scenario of their own."""
    write_setting(tmp_path)
    model = edited(documented_model(), strata(change=RESPONSE) | {"strata": {}})
    model["transitions"]["ill -> well"] = "recover_light"
    model["costs"]["gp"]["while_in"]["ill"] = "gp_light"
    model["strategies"]["therapy"]["effects"]["recovers_faster"]["hazard_ratio"] = 1
    return of_data(model, tmp_path)


def _changes(scenario: Scenario, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A few changes of a random scenario, allowed or not."""
    name = list(scenario.leaves)[int(rng.integers(len(scenario.leaves)))]
    stop = "gap closes" if scenario.model.beyond_follow_up != "gap closes" else "effects persist"
    return [
        {name: scenario.leaves[name].central * 0.95},
        {"beyond_follow_up": stop},
        {"horizon": "12 years"},
        {"people": 250},
        {f"strategies.{list(scenario.model.strategies)[1]}.therapy.wait": "2 months"},
    ]


def _or_problems(make: Callable[[], cm.Scenario]) -> cm.Scenario | tuple[Problem, ...]:
    try:
        return make()
    except cm.InputError as error:
        return error.problems


def _check_commuting(seed: int, folder: Path, draws: int) -> None:
    rng = np.random.default_rng([seed, 3])
    model = random_data(seed, folder)
    if not model.get("strata"):
        model["alternatives"] = {}
        share = number("share", 0.3, distribution="beta", effective_size=30)
        model["parameters"] |= {
            "part": share,
            "rest": {"label": "Rest", "unit": "share", "complement_of": "part"},
            "slow": number("per year", 0.123, distribution="gamma", cv=0.2),
        }
        arrow = next(iter(model["transitions"]))
        model["strata"] = {
            "first": {"label": "As they stand", "share": "part"},
            "others": {"label": "The others", "share": "rest", "change": {f"transitions.{arrow}": "slow"}},
        }
    cohort = of_data(model, folder)
    name = list(cohort.model.strata)[int(rng.integers(2))]
    changes = _changes(cohort, rng)
    for change in [changes[seed % len(changes)], *(changes[:1] if draws else [])]:
        hold = change is changes[0] and bool(rng.random() < 0.5)
        found = [_or_problems(lambda: cohort.stratum(name).changed(change, fix=hold))]  # noqa: B023 (called at once)
        found += [_or_problems(lambda: cohort.changed(change, fix=hold).stratum(name))]  # noqa: B023 (called at once)
        assert found[0] == found[1]
        if isinstance(found[0], cm.Scenario) and isinstance(found[1], cm.Scenario):
            assert found[0].sha256 == found[1].sha256
            of_stratum = replace(cm.run(found[0], draws=draws), conventions={})
            assert of_stratum == cm.run(cohort.changed(change, fix=hold), draws=draws).strata[name]


@pytest.mark.parametrize("seed", range(20))
def test_stratum_and_change_commute(seed: int, tmp_path: Path) -> None:
    _check_commuting(seed, tmp_path, draws=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 220))
def test_stratum_and_change_commute_in_many_scenarios(seed: int, tmp_path: Path) -> None:
    _check_commuting(seed, tmp_path, draws=3)


def test_changes_of_different_inputs_commute(cohort: cm.Scenario) -> None:
    price, wait = {"session_price": 80}, {"strategies.therapy.therapy.wait": "2 months"}
    for one in (cohort, cohort.stratum("light")):
        assert one.changed(price).changed(wait).sha256 == one.changed(wait).changed(price).sha256
        assert one.changed(price).changed(wait).sha256 == one.changed(price | wait).sha256
        assert one.changed(price, fix=True).changed(wait).sha256 == one.changed(wait).changed(price, fix=True).sha256


def test_an_overlay_and_a_stratum_commute(cohort: cm.Scenario, tmp_path: Path) -> None:
    (tmp_path / "dear.yaml").write_text(
        "format: 1\nextends: model.yaml\nlabel: dear\nchange:\n  parameters.session_price.value: 180\n", "utf-8"
    )
    laid_over = cm.load(tmp_path / "dear.yaml").stratum("light")
    changed = cohort.stratum("light").changed({"session_price": 180})
    assert laid_over.sha256 == changed.sha256
    assert digest(cm.run(laid_over, draws=3).expected) == digest(cm.run(changed, draws=3).expected)


def test_a_stratum_that_is_changed_does_not_become_the_whole_cohort(cohort: cm.Scenario) -> None:
    changed = cohort.stratum("light").changed({"session_price": 80})
    assert changed.part == "light"
    assert not changed.model.strata
    results = [cm.run(one, draws=0) for one in (changed, cohort.changed({"session_price": 80}))]
    savings = [one.saving("nhs")["value"].iloc[0] for one in (*results, results[1].strata["light"])]
    assert savings[0] == savings[2] != savings[1]


@pytest.mark.parametrize("changes", [{}, {"session_price": 80}, {"strategies.therapy.therapy.wait": "2 months"}])
def test_a_stratum_that_is_saved_comes_back_as_its_people(
    changes: dict[str, Any], cohort: cm.Scenario, tmp_path: Path
) -> None:
    light = cohort.stratum("light").changed(changes)
    file = cohort.path.with_name("saved.yaml")
    file.write_bytes(overlay_text(saved(light)))
    (tmp_path / "light.xlsx").write_bytes(as_bytes(cm.run(light, draws=3)))
    for source in (file, tmp_path / "light.xlsx"):
        brought = bring(source, None, cohort.path.with_name("brought.yaml"))
        assert brought.written is not None
        for again in (cm.load(file), cm.load(brought.written)):
            assert again.part == "light"
            assert again.sha256 == light.sha256
            assert "These are the people of the stratum light alone." in again.warnings
            assert cm.run(again, draws=3).table().equals(cm.run(light, draws=3).table())
            assert saved(again)["base"] == saved(light)["base"]
    assert command(cm.run(light, draws=3)).startswith("costmodel run your_changes.yaml ")


def test_saved_changes_of_a_stratum_are_refused_where_it_is_gone(cohort: cm.Scenario) -> None:
    file = cohort.path.with_name("saved.yaml")
    file.write_bytes(overlay_text(saved(cohort.stratum("light"))).replace(b"stratum: light", b"stratum: slight"))
    with pytest.raises(
        cm.InputError, match='people of the stratum "slight" alone, and the scenario\'s strata are heavy'
    ):
        cm.load(file)


def test_a_stratum_has_the_hash_of_its_people_and_not_of_the_cohort(cohort: cm.Scenario, alone: cm.Scenario) -> None:
    hashes = {cohort.sha256, cohort.stratum("light").sha256, cohort.stratum("heavy").sha256}
    assert len(hashes) == 3
    assert cohort.stratum("light").sha256 == alone.sha256
    assert cm.run(cohort, draws=0).strata["light"].run_id != cm.run(cohort, draws=0).run_id


def test_a_change_that_would_not_reach_a_stratum_is_refused(cohort: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match=r"the stratum light gives costs\.gp\.while_in\.ill itself"):
        cohort.stratum("light").changed({"costs.gp.while_in.ill": "gp_ratio"})


@pytest.mark.parametrize("name", ["hevy", "", "usual_care", 3, None])
def test_a_stratum_that_there_is_not_is_refused_with_those_that_there_are(name: Any, cohort: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="there is no stratum.*heavy"):
        cohort.stratum(name)
    with pytest.raises(cm.InputError, match="these are the people of the stratum light alone"):
        cohort.stratum("light").stratum("heavy")


def frames(scenario: cm.Scenario) -> dict[str, pd.DataFrame]:
    """Every analysis of a scenario, as tables."""
    result = cm.run(scenario, draws=DRAWS)
    beyond = cm.beyond(result)
    return {
        "run": result.table(),
        **{f"beyond: {stop}": found.table() for stop, found in beyond.results.items()},
        "psa": pd.DataFrame({"chance": cm.psa(result).chances("nhs").chances}),
        "tornado": cm.tornado(scenario, perspective="nhs").to_frame(),
        "break-even": cm.break_even(scenario, "session_price", perspective="nhs").to_frame(),
        "grid": cm.grid(scenario, "session_price", "gp_visit", [80, 90], [40, 50], perspective="nhs").to_frame(),
        "frontier": cm.frontier(scenario, "gp_visit", "session_price", [40, 50], perspective="nhs").to_frame(),
        "voi": pd.DataFrame(
            {"digest": [digest(line) for line in cm.voi(scenario, draws=100, perspective="nhs").lines]}
        ),
    }


def test_every_analysis_of_a_stratum_is_that_of_its_people_alone(cohort: cm.Scenario, alone: cm.Scenario) -> None:
    own = frames(alone)
    for name, found in frames(cohort.stratum("light")).items():
        pd.testing.assert_frame_equal(found, own[name], obj=name)


def test_what_lies_beyond_the_evidence_is_asked_of_the_same_people(cohort: cm.Scenario) -> None:
    result = cm.run(cohort, draws=DRAWS)
    for name, part in result.strata.items():
        for stop, found in cm.beyond(part).results.items():
            whole = cm.run(cohort.changed({"beyond_follow_up": stop}), draws=DRAWS)
            pd.testing.assert_frame_equal(found.table(), whole.strata[name].table())


def test_a_calibration_narrows_a_stratum_and_not_the_cohort(cohort: cm.Scenario, alone: cm.Scenario) -> None:
    part = cohort.stratum("light")
    narrow = narrowed(part, part.structures[0], [12.0])
    assert narrow.part == "light"
    assert narrow.sha256 == narrowed(alone, alone.structures[0], [12.0]).sha256


def test_the_workbook_of_a_stratum_is_that_of_its_people_and_returns_to_them(
    cohort: cm.Scenario, alone: cm.Scenario, tmp_path: Path
) -> None:
    few = {"cycle": "6 months"}
    part, alone = cohort.stratum("light").changed(few), alone.changed(few)
    for name, scenario in (("part.xlsx", part), ("alone.xlsx", alone)):
        (tmp_path / name).write_bytes(as_bytes(cm.run(scenario, draws=DRAWS)))
    cells, own = (stored(tmp_path / name) for name in ("part.xlsx", "alone.xlsx"))
    numbers, of_own = ({at: x for at, x in one.items() if isinstance(x, int | float)} for one in (cells, own))
    assert numbers == of_own
    content = (tmp_path / "part.xlsx").read_bytes()
    assert read_changes(content, part).scenario.part == "light"
    with pytest.raises(cm.InputError, match="another scenario"):
        read_changes(content, cohort)
