"""Strata under alternatives: of each alternative the mean of its groups, and the mixture of those means."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.model.activity import moves
from costmodel.report.workbook import write
from tests.model.test_strata import strata
from tests.model.test_strata_in_probabilities import DIFFERENT, mixed
from tests.support.example import derived, documented_model, edited, number, write_model
from tests.support.spreadsheets import by_formualizer, by_libreoffice, disagreements
from tests.workbook.test_live import check_summary

WEIGHTS = {
    "parameters.u_hopeful": number("utility", 0.9),
    "parameters.believed": number("share", 0.7),
    "parameters.doubted": derived("share", complement_of="believed"),
}


def alternatives(change: dict[str, Any]) -> dict[str, Any]:
    return {
        "hopeful": {"label": "Hopeful", "weight": "believed", "change": {"utilities.well": "u_hopeful"}},
        "gloomy": {"label": "Gloomy", "weight": "doubted", "change": change},
    }


def by_rates() -> dict[str, Any]:
    """The example with light users, and an alternative of which people recover more slowly."""
    light = {"costs.gp.while_in.ill": "gp_light", "utilities.ill": "recover_utility"}
    more = {"parameters.recover_utility": number("utility", 0.55), "cycle": "6 months"}
    model = edited(documented_model(), strata(number("share", 0.3), light) | WEIGHTS | more)
    return model | {"alternatives": alternatives({"transitions.ill -> well": "recover_light"})}


def by_probabilities() -> dict[str, Any]:
    change = {key: value for key, value in DIFFERENT.items() if key != "transitions.ill -> well"}
    return mixed(change, **WEIGHTS) | {"alternatives": alternatives({"transitions.ill -> well": "slow"})}


MODELS = {"rates": by_rates, "probabilities": by_probabilities}


@pytest.mark.parametrize("kind", MODELS)
def test_each_alternative_is_the_mean_of_its_groups_and_the_answer_their_mixture(kind: str, tmp_path: Path) -> None:
    model = MODELS[kind]()
    scenario = cm.load(write_model(tmp_path / "whole", model))
    result = cm.run(scenario, draws=20)
    assert set(result.runs) == {"expected", "deterministic", "hopeful", "gloomy"}
    means = []
    for name, alternative in model["alternatives"].items():
        apart = []
        for stratum in model["strata"].values():
            changes = alternative.get("change", {}) | stratum.get("change", {})
            one = edited(MODELS[kind](), changes | {"strata": {}, "alternatives": {}})
            apart.append(cm.run(cm.load(write_model(tmp_path / "apart", one)), draws=20))
        run, horizon = result.runs[name], len(result.horizons) - 1
        for discounted in (False, True):
            costs = [
                one.net_cost(one.headline, horizon, 1, perspective="nhs", discounted=discounted)[0] for one in apart
            ]
            found = run.weights @ result.net_cost(run, horizon, 1, perspective="nhs", discounted=discounted)
            np.testing.assert_allclose(found, 0.3 * costs[0] + 0.7 * costs[1], rtol=1e-10, atol=1e-9)
            gains = [one.qaly_gain(one.headline, horizon, 1, discounted=discounted)[0] for one in apart]
            gained = run.weights @ result.qaly_gain(run, horizon, 1, discounted=discounted)
            np.testing.assert_allclose(gained, 0.3 * gains[0] + 0.7 * gains[1], rtol=1e-10, atol=1e-12)
        curves = [one.mean_curve(1, "nhs", "value") for one in apart]
        mean = 0.3 * curves[0] + 0.7 * curves[1]
        np.testing.assert_allclose(result.mean_curve(1, "nhs", "value", run), mean, rtol=1e-10, atol=1e-9)
        means.append(mean)
        at = list(model["alternatives"]).index(name)
        counted = [moves(one.scenario) for one in apart]
        for arrow, moved in moves(scenario).items():
            each = [one.get(arrow, np.zeros_like(moved[..., :1]))[..., 0] for one in counted]
            np.testing.assert_allclose(moved[..., at], 0.3 * each[0] + 0.7 * each[1], rtol=1e-10, atol=1e-12)
    mixture = 0.7 * means[0] + 0.3 * means[1]
    np.testing.assert_allclose(result.mean_curve(1, "nhs", "value"), mixture, rtol=1e-10, atol=1e-9)
    assert [check for check in cm.verify(scenario).checks if check.state == "FAIL"] == []


@pytest.mark.parametrize("kind", MODELS)
def test_each_group_is_its_people_under_every_alternative(kind: str, tmp_path: Path) -> None:
    model = MODELS[kind]()
    scenario = cm.load(write_model(tmp_path / "whole", model))
    result = cm.run(scenario, draws=20)
    for name, stratum in model["strata"].items():
        alone = cm.load(
            write_model(tmp_path / "apart", edited(MODELS[kind](), {"strata": {}} | stratum.get("change", {})))
        )
        assert scenario.stratum(name).model == alone.model
        assert scenario.stratum(name).sha256 == alone.sha256
        own = replace(cm.run(alone, draws=20), conventions={})
        assert result.strata[name].table().equals(own.table())
    changed = scenario.changed({"believed": 0.5})
    assert changed.sha256 != scenario.sha256
    model["alternatives"]["hopeful"]["weight"], model["alternatives"]["gloomy"]["weight"] = "doubted", "believed"
    assert cm.load(write_model(tmp_path / "swapped", model)).sha256 != scenario.sha256
    assert changed.stratum(name).sha256 == scenario.stratum(name).changed({"believed": 0.5}).sha256


@pytest.mark.parametrize("kind", MODELS)
def test_the_workbook_recomputes_in_both_programs(kind: str, tmp_path: Path) -> None:
    scenario = cm.load(write_model(tmp_path, MODELS[kind]()))
    path = tmp_path / "report.xlsx"
    write(cm.run(scenario, draws=20), path)
    for cells in (by_formualizer(path), *by_libreoffice([path], tmp_path / "office")):
        assert disagreements(path, cells) == []
        if kind == "probabilities":
            check_summary(path, cells, scenario)


def test_both_may_not_change_the_same(tmp_path: Path) -> None:
    model = by_rates()
    model["strata"]["light"]["change"]["transitions.ill -> well"] = "relapse"
    with pytest.raises(cm.InputError, match="stratum light and the alternative gloomy both change transitions"):
        cm.load(write_model(tmp_path, model))


def test_a_group_has_another_name_than_an_alternative(tmp_path: Path) -> None:
    model = by_rates()
    model["alternatives"]["light"] = model["alternatives"].pop("gloomy")
    with pytest.raises(cm.InputError, match='"light" is also an alternative'):
        cm.load(write_model(tmp_path, model))
