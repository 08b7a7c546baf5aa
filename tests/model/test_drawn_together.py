"""Shares that sum to 1 in every draw, and inputs that go together."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import costmodel as cm
from costmodel.model.draws import drawn_values
from tests.support.example import load_example, number
from tests.support.slips_of_groups import GROUP_SLIPS

DRAWS = 20_000


def with_groups(folder: Path, **edits: Any) -> cm.Scenario:
    """Starting shares from counts, and service use that goes together with attendance."""
    return load_example(
        folder,
        **{
            "cohort.start": {"ill": "start_ill", "well": "start_well"},
            "parameters.start_ill": number("share", distribution="beta", counts=[38, 50]),
            "parameters.start_well": number("share", distribution="beta", counts=[12, 50]),
            "groups": {
                "start": {"together": "dirichlet", "members": ["start_ill", "start_well"]},
                "use": {"together": "correlated", "members": ["gp_ill", "attendance", "recover"], "correlation": 0.6},
            },
        },
        **edits,
    )


def test_shares_sum_to_one_in_every_draw_and_each_is_beta(tmp_path: Path) -> None:
    values = drawn_values(with_groups(tmp_path), DRAWS, 1)
    ill, well = values["start_ill"], values["start_well"]
    np.testing.assert_allclose(np.asarray(ill) + well, 1.0, rtol=0, atol=1e-14)
    assert stats.kstest(ill, stats.beta(38, 12).cdf).pvalue > 0.001
    assert cm.run(with_groups(tmp_path), draws=50).expected is not None


def test_more_than_two_shares_have_the_covariance_of_a_dirichlet(tmp_path: Path) -> None:
    shares = {"a": 5, "b": 20, "c": 75}
    scenario = load_example(
        tmp_path,
        **{
            f"parameters.share_{name}": number("share", distribution="beta", counts=[n, 100])
            for name, n in shares.items()
        },
        groups={"all": {"together": "dirichlet", "members": [f"share_{name}" for name in shares]}},
    )
    values = drawn_values(scenario, DRAWS, 2)
    drawn = np.stack([values[f"share_{name}"] for name in shares])
    np.testing.assert_allclose(drawn.sum(axis=0), 1.0, atol=1e-14)
    wanted = stats.dirichlet(list(shares.values())).cov()
    np.testing.assert_allclose(np.cov(drawn), wanted, atol=4 * np.abs(wanted).max() / np.sqrt(DRAWS))


@pytest.mark.parametrize("sampling", ["random", "sobol"])
def test_correlated_inputs_keep_their_own_distributions_and_go_together(sampling: Any, tmp_path: Path) -> None:
    scenario = with_groups(tmp_path)
    values = drawn_values(scenario, DRAWS, 3, sampling=sampling)
    names = ["gp_ill", "attendance", "recover"]
    scores = []
    for name in names:
        leaf = scenario.leaves[name]
        assert leaf.distribution is not None
        u = stats.rankdata(values[name]) / (DRAWS + 1)
        scores.append(stats.norm.ppf(u))
        own = leaf.distribution.quantile((np.arange(1_000) + 0.5) / 1_000)
        assert stats.ks_2samp(values[name], own).pvalue > 0.001, name
    found = np.corrcoef(scores)
    np.testing.assert_allclose(found[np.triu_indices(3, 1)], 0.6, atol=0.02)
    untouched = drawn_values(load_example(tmp_path / "plain"), DRAWS, 3)["gp_ill"]
    if sampling == "random":
        np.testing.assert_allclose(values["gp_ill"], untouched, rtol=1e-9)  # the first member leads


def test_a_member_that_is_held_leaves_the_others_together(tmp_path: Path) -> None:
    scenario = with_groups(tmp_path)
    held = scenario.changed({"attendance": 0.7}, fix=True)
    values = drawn_values(held, DRAWS, 3)
    assert values["attendance"] == 0.7
    assert stats.spearmanr(values["gp_ill"], values["recover"]).statistic == pytest.approx(0.58, abs=0.03)


def test_blocks_of_groups_are_the_whole(tmp_path: Path) -> None:
    scenario = with_groups(tmp_path)
    for sampling in ("random", "sobol"):
        whole = drawn_values(scenario, 64, 4, sampling=sampling)  # type: ignore[arg-type]
        later = drawn_values(scenario, 24, 4, 40, sampling=sampling)  # type: ignore[arg-type]
        for name in scenario.leaves:
            parts = np.broadcast_to(whole[name], (64,))[40:]
            np.testing.assert_array_equal(parts, np.broadcast_to(later[name], (24,)), err_msg=name)


@pytest.mark.parametrize(("edits", "reason"), GROUP_SLIPS.values(), ids=GROUP_SLIPS)
def test_a_group_that_cannot_be_is_refused(edits: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(cm.InputError, match=reason):
        with_groups(tmp_path, **edits)


def test_a_share_that_is_changed_alone_is_refused(tmp_path: Path) -> None:
    scenario = with_groups(tmp_path)
    with pytest.raises(cm.InputError, match="the shares sum to 1.14. They sum to 1: change the others too"):
        scenario.changed({"start_ill": 0.9})
    both = scenario.changed({"start_ill": 0.9, "start_well": 0.1})
    np.testing.assert_allclose(np.sum([drawn_values(both, 9, 1)[f"start_{s}"] for s in ("ill", "well")], axis=0), 1.0)
    with pytest.raises(cm.InputError, match="held fixed and others are not"):
        scenario.changed({"start_ill": 0.76}, fix=True)
