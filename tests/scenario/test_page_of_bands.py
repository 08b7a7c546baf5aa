"""What the page of bands of severity says of its fits, and of what a point of the score is worth, is so."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.calibration.posterior import density_of, highest
from costmodel.analysis.calibration.problem import load_problem
from costmodel.model.activity import looking
from costmodel.model.draws import drawn_values
from costmodel.model.run import living_at
from costmodel.result.sums import score_in

BANDS = Path(__file__).parents[2] / "scenarios" / "depression_resistant"


def said_of_bands() -> str:
    return " ".join((BANDS / "README.md").read_text("utf-8").split())


@pytest.mark.long
def test_a_point_of_the_score_goes_with_the_utility_that_the_bands_page_says() -> None:
    """Months 12 to 42: mean difference of the groups' utility ÷ that of their score, by course."""
    scenario = cm.load(BANDS / "bands.yaml")
    months = [12.0, 18.0, 24.0, 30.0, 36.0, 42.0]
    people, look = living_at(scenario, months, 1_000, 1).people, looking(drawn_values(scenario, 1_000, 1))
    means = [look(one) for one in scenario.model.scores["hdrs17"].references(scenario.model.states, False)]
    found: dict[str, list[str]] = {}
    for i, structure in enumerate(scenario.structures):
        utilities = [look(structure.model.utilities[state]) for state in structure.model.states]
        apart = [
            sum((score_in(at[:, 0, i], one) - score_in(at[:, 1, i], one)).mean() for at in people)
            for one in (utilities, means)
        ]
        found.setdefault(structure.name.partition("_")[2], []).append(f"{-apart[0] / apart[1]:.3f}")
    first, second = (" to ".join(sorted({min(one), max(one)})) for one in found.values())
    assert f"a utility of {first} by the first set and {second} by the second" in said_of_bands()


@pytest.mark.long
def test_the_bands_page_says_what_the_likelihood_alone_comes_to() -> None:
    """By course: whether the structure or the priors keep it from what was read."""
    problem = load_problem(BANDS / "bands_calibration.yaml")
    found, far_out = {}, {}
    for name, block in problem.file.fits.items():
        density = density_of(problem, block)
        starts = np.stack([np.zeros(len(block.free)), 2.0 * (np.arange(len(block.free)) < 2)], axis=1)
        score = highest(density, starts, with_prior=False).score
        shares = density.shares(score[:, None])
        seen = {one: f"{share:.0%}" for one, share in zip(problem.file.observations, shares[:, 0], strict=True)}
        means = " and ".join(f"{shares[list(seen).index(one), 0]:.1f}" for one in ("V076_mean", "V078_mean"))
        height, last = f"−{-density.log_likelihood(shares).item():.2f}", f"{shares[-1, 0]:.1%}"
        found[name], far_out[name] = (seen, means, height, last), dict(zip(density.priors, score, strict=True))
    seen, means, height, last = found["as_in_trial"]
    said = said_of_bands()
    assert f"means of {means} and to {seen['C003']}, {seen['C011']} and {last} (log-likelihood {height}," in said
    assert f"which is {far_out['as_in_trial']['late_worse']:.1f} standard deviations out" in said
    seen, means, height, last = found["without_worsening"]
    assert f"means of {means} at month 18 and to {last} for usual care at month 42" in said
    assert f"log-likelihood {height})" in said
