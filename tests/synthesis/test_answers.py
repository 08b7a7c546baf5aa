"""What a synthesis answers: its dial, what stands beside, predictions and scores, and every medium."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.page import Paragraph
from costmodel.report import render
from costmodel.synthesis import Synthesis
from costmodel.synthesis.posterior import EffectDensity, Model, Trial, Variant, fit, grid, shrunk
from costmodel.synthesis.result import onsets
from tests.cli.commands import parsed, refused

LEAST_ONSETS = 8


@pytest.fixture(scope="module")
def base() -> Synthesis:
    return cm.synthesise()


@pytest.fixture(scope="module")
def figures() -> Synthesis:
    return cm.synthesise(position="figures")


def _normal(centre: float, se: float) -> Trial:
    likelihood = np.exp(-((grid() - centre) ** 2) / (2 * se**2))
    return Trial(f"{centre}", "psychodynamic", (Variant(1.0, likelihood),))


def test_each_position_has_the_rows_and_trials_that_were_declared() -> None:
    declared = {
        "figures": (5, 4), "tests": (13, 12), "collaborative": (15, 14), "sceptic_bound": (8, 7),
        "psychodynamic": (7, 6), "wider": (24, 23), "borderline_hospital": (9, 6),
    }  # fmt: skip
    found = {name: cm.synthesise(position=name).counts for name in declared}
    assert {name: (one.rows, one.trials) for name, one in found.items()} == declared
    assert (found["borderline_hospital"].nulls, found["tests"].nulls) == (2, 0)
    assert (found["tests"].assumed_trials, found["tests"].unknown_rows) == (9, 5)


def test_the_onsets_are_of_the_declared_distribution(base: Synthesis) -> None:
    found = onsets(base.evidence, "tests")
    assert len(found) >= LEAST_ONSETS
    assert np.median(found) == pytest.approx(6.0, abs=0.05)
    assert list(found) == pytest.approx([months for months, _ in base.by_onset])
    borderline = onsets(base.evidence, "borderline_hospital")
    assert (min(borderline), max(borderline)) == pytest.approx((3 + 9 / 16, 12 - 9 / 16))


def test_the_pool_is_the_mean_of_the_fits_at_each_onset(base: Synthesis) -> None:
    mean = np.mean([one.new.mass for _, one in base.by_onset], axis=0)
    assert base.new.mass == pytest.approx(mean, abs=1e-15)
    assert base.new.mass.sum() == pytest.approx(1.0, abs=1e-9)


def test_one_trial_alone_leaves_the_mean_as_unsure_as_tau_makes_it() -> None:
    """A normal trial with tau known to be small: the average is that trial's own interval, a closed form."""
    found = fit([_normal(-0.2, 0.1)], "psychodynamic", Model(0.15, 1e-3)).average
    assert found.median == pytest.approx(np.expm1(-0.2), abs=1e-4)
    assert found.low == pytest.approx(np.expm1(-0.2 - 1.959964 * 0.1), abs=1e-3)
    assert found.mean == pytest.approx(np.expm1(-0.2 + 0.1**2 / 2), abs=1e-3)


def test_equal_trials_without_tau_are_one_trial_with_a_smaller_error() -> None:
    found = fit([_normal(-0.1, 0.2)] * 4, "psychodynamic", Model(0.15, 1e-3)).average
    assert found.high == pytest.approx(np.expm1(-0.1 + 1.959964 * 0.1), abs=1e-3)


def test_a_class_without_a_trial_is_less_sure_than_one_with(base: Synthesis) -> None:
    trials = [_normal(-0.2, 0.1), _normal(-0.3, 0.1)]
    known, unknown = (fit(trials, name, Model(0.15, 0.3)).average for name in ("psychodynamic", "other"))
    assert known.median == pytest.approx(unknown.median, abs=1e-3)
    assert unknown.high - unknown.low > known.high - known.low


def test_a_trial_is_drawn_towards_the_others() -> None:
    trials = [_normal(0.1, 0.15), _normal(-0.3, 0.1), _normal(-0.35, 0.1)]
    found = shrunk(trials, trials[0], Model(0.15, 0.3))
    assert np.expm1(-0.3) < found.median < np.expm1(0.1)
    assert found.mass.sum() == pytest.approx(1.0)


def test_variants_are_pooled_as_posteriors_and_not_as_likelihoods() -> None:
    """A variant that fits the others badly keeps its weight: trials do not update the weights."""
    others = [_normal(-0.2, 0.1), _normal(-0.2, 0.1)]
    near, far = (_normal(centre, 0.1).variants[0].likelihood for centre in (-0.2, 1.0))
    model = Model(0.15, 0.3)
    both = fit(
        [*others, Trial("x", "psychodynamic", (Variant(0.5, near), Variant(0.5, 1e-6 * far)))], "psychodynamic", model
    )
    each = [
        fit([*others, Trial("x", "psychodynamic", (Variant(1.0, one),))], "psychodynamic", model) for one in (near, far)
    ]
    mean = (each[0].average.mass + each[1].average.mass) / 2
    assert both.average.mass == pytest.approx(mean, abs=1e-12)


def test_leaving_trials_out_is_another_position_without_them(base: Synthesis) -> None:
    left = cm.synthesise(without=["TADS"])
    assert left.counts.trials == base.counts.trials - 1
    beside = next(one for one in base.beside if one.kind == "without" and one.name == "TADS")
    assert left.typical.new.median == pytest.approx(beside.fit.new.median, abs=1e-12)
    three = base.of_trial("TADS")
    assert three.predicted.mass == pytest.approx(left.typical.new.mass, abs=1e-12)
    assert three.alone.median > three.shrunk.median > three.predicted.median


def test_what_stands_beside_is_everything_that_was_declared(base: Synthesis) -> None:
    file = base.evidence.file
    kinds = {one.kind: [] for one in base.beside}
    for one in base.beside:
        kinds[one.kind].append(one.name)
    assert set(kinds["run"]) == set(file.runs)
    assert set(kinds["position"]) == {name for name, one in file.positions.items() if one.role != "listed"}
    assert set(kinds["without"]) == {row.trial for row in base.rows}
    assert len(kinds["tau"]) == len(file.priors.tau_scales_beside)


def test_bounds_move_the_answer_one_way(base: Synthesis) -> None:
    """Signs known not to be significant say less of a fall: most of the unbounded ones are falls."""
    runs = {one.name: one.fit.average.median for one in base.beside if one.kind == "run"}
    assert runs["no_sign_bounded"] < base.typical.average.median < runs["every_sign_bounded"]


def test_the_score_is_the_known_one_for_no_effect(figures: Synthesis) -> None:
    """CRPS of N(0, se²) at y in closed form: se (z (2Φ(z) − 1) + 2φ(z) − 1/√π). Gneiting and Raftery 2007."""
    from scipy import stats

    score = figures.score
    assert score is not None
    row = next(row for row in figures.rows if row.trial == "Bosmans")
    assert row.log_ratio is not None
    assert row.se is not None
    z = row.log_ratio / row.se
    closed = row.se * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert score.of_no_effect[score.trials.index("Bosmans")] == pytest.approx(closed, abs=1e-5)
    assert abs(score.difference) < 1.96 * score.se


def test_a_figure_is_predicted_from_all_other_trials_of_the_position(base: Synthesis) -> None:
    """CRPS as E|X − y| − E|X − X'|/2, of draws of the new service that the eleven others give, seen with error."""
    score = base.score
    assert score is not None
    row = next(row for row in base.rows if row.trial == "TADS")
    assert row.log_ratio is not None
    assert row.se is not None
    predicted = base.of_trial("TADS").predicted.mass
    levels = (np.arange(20_000) + 0.5) / 20_000
    theta = np.interp(levels, np.cumsum(predicted) - predicted / 2, grid())
    months = np.arange(42) + 0.5
    seen = np.log(np.mean(np.exp(theta[:, None] * np.minimum(months / 6, 1)), axis=1))
    rng = np.random.default_rng(1)
    first, second = (seen[rng.permutation(20_000)] + rng.normal(0, row.se, 20_000) for _ in range(2))
    crps = np.mean(np.abs(first - row.log_ratio)) - np.mean(np.abs(first - second)) / 2
    assert score.of_synthesis[score.trials.index("TADS")] == pytest.approx(crps, abs=0.003)


def test_a_density_reads_its_normal() -> None:
    mass = np.exp(-((grid() + 0.1) ** 2) / (2 * 0.3**2))
    found = EffectDensity(mass / mass.sum())
    assert found.median == pytest.approx(np.expm1(-0.1), abs=1e-6)
    assert found.mean == pytest.approx(np.expm1(-0.1 + 0.045), abs=1e-6)
    assert found.rise == pytest.approx(0.36944, abs=1e-5)


def test_the_page_comes_out_in_every_medium_with_the_same_numbers(base: Synthesis) -> None:
    page = base.page()
    strong = next(block.text for block in page.blocks if isinstance(block, Paragraph) and block.strong)
    document = render.document(page)
    assert strong in render.markdown(page)
    assert strong in document["notes"]
    assert strong in repr(base)
    assert len(repr(base)) < 2_000
    assert strong in "\n".join(str(piece) for piece in render.terminal(page))
    html = render.html(page)
    assert strong in html
    assert 'role="img"' in html
    assert len(document["rows"]) == len(base.frame)
    first = base.frame.iloc[0]
    assert document["rows"][0]["new_median"] == first.new_median == base.new.median
    assert "includes no change" in strong
    assert "no effect on other care" in render.markdown(page)
    text = " ".join(page.sentences)
    assert "convenience sample" in text
    assert "9 of 12 errors assumed; 5 of 13 rows do not show" in " ".join(page.about)


def test_the_forest_plot_has_a_line_for_each_row_and_both_answers(base: Synthesis) -> None:
    chart = base.figure()
    labels = list(chart.figure.layout.yaxis.ticktext)
    assert len(labels) == len(base.rows) + 2
    assert all(row.trial.split()[0] in " ".join(labels) for row in base.rows)
    assert "funnel" not in chart.alt.casefold()
    points = [trace.x[0] for trace in chart.figure.data if trace.mode == "markers"]
    seen = sorted(np.exp([row.log_ratio for row in base.rows if row.kind == "figure"]))
    assert sorted(points)[: len(seen) + 2] == pytest.approx(
        sorted([*seen, 1 + base.typical.average.median, 1 + base.typical.new.median])
    )


@pytest.mark.parametrize("position", ["figures", "wider", "borderline_hospital"])
def test_nothing_of_the_forest_plot_lies_on_something_else(position: str) -> None:
    """Every label has two lines, for which each row has room, and the title's lines end above the plot."""
    layout = cm.synthesise(position=position).figure().figure.layout
    labels = [label.split("<br>") for label in layout.yaxis.ticktext]
    assert {len(lines) for lines in labels} == {2}
    assert all(one[0].isupper() for one, _ in labels)
    title = layout.title.text.count("<br>") + 1
    assert layout.title.pad.t + 22 * title <= layout.margin.t
    assert layout.height - layout.margin.t >= 30 * len(labels) + 120


def test_the_page_on_hospital_nights_says_what_independent_trials_print() -> None:
    assert "35 to 42 in 100" in " ".join(cm.synthesise(position="borderline_hospital").page().sentences)


def test_the_command_says_what_python_does(figures: Synthesis, tmp_path: Path) -> None:
    found = parsed("synthesise", "--position", "figures", "--json", "--csv", tmp_path / "rows.csv")
    assert found["schema"] == "costmodel/synthesis/1"
    assert found["rows"][0]["average_median"] == figures.average.median
    assert len(pd.read_csv(tmp_path / "rows.csv")) == len(found["rows"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--position", "figure"), 'Did you mean "figures"?'), (("--position", "matched"), "Allowed: "),
        (("--without", "TADZ"), 'Did you mean "TADS"?'), (("--therapy", "music"), "Allowed: psychodynamic"),
        (("nowhere.yaml",), "cannot be opened"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_refused(words: tuple[str, ...], said: str) -> None:
    assert said in refused("synthesise", *words)
