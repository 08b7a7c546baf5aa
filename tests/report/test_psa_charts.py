"""Charts of the draws: the numbers of the analysis, a takeaway as title, marks that need no colour."""

from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.psa import Psa, charts
from costmodel.analysis.psa.charts import POINTS
from tests.cli.commands import two_structures
from tests.support.example import example


@pytest.fixture(scope="module")
def psa(tmp_path_factory: pytest.TempPathFactory) -> Psa:
    return cm.psa(cm.run(cm.load(two_structures(tmp_path_factory.mktemp("charts"))), draws=200))


def lines(chart: charts.Chart) -> dict[str, object]:
    return {trace.name: trace for trace in chart.figure.data}


def test_the_chance_by_month_is_drawn_for_the_mixture_and_each_alternative(psa: Psa) -> None:
    chart = charts.chances(psa, "societal")
    drawn = lines(chart)
    assert list(drawn) == ["Weighted mixture", "Speeds recovery", "Prevents relapse"]
    for trace, run in zip(drawn.values(), psa.readings, strict=True):
        by_month = psa.chances("societal", run=run)
        assert list(trace.x) == pytest.approx(by_month.months / 12)
        assert list(trace.y) == pytest.approx(by_month.chances * 100)
    assert len({trace.line.dash for trace in drawn.values()}) == 3
    assert chart.title == "In none of 100 simulations society has its money back within 5 years."
    assert list(chart.table["month"]) == list(range(61))


def test_the_acceptability_of_each_strategy_is_drawn_with_the_frontier(psa: Psa) -> None:
    chart = charts.acceptability(psa, "nhs", 24)
    drawn, choices = lines(chart), psa.choices("nhs", 24)
    assert list(drawn) == ["Usual care", "Talking therapy", "Frontier: best on average"]
    assert list(drawn["Talking therapy"].y) == pytest.approx([100 * choice.chance[1] for choice in choices])
    assert drawn["Usual care"].line.dash != drawn["Talking therapy"].line.dash
    frontier = drawn["Frontier: best on average"]
    by_threshold = {choice.threshold: 100 * choice.chance[choice.chosen] for choice in choices}
    assert list(frontier.y) == pytest.approx([by_threshold[x] for x in frontier.x])
    assert len(frontier.x) == 21
    best = ["Usual care", "Talking therapy"]
    assert list(chart.table["best on average"]) == [best[choice.chosen] for choice in choices]
    assert chart.title.startswith("At £20,000 per QALY over 2 years, “")
    assert chart.title.endswith(" of 100 simulations.")


def test_the_plane_draws_the_first_simulations_of_each_alternative_and_their_mean(psa: Psa) -> None:
    chart = charts.plane(psa, "nhs_pss")
    drawn, found = lines(chart), psa.plane("nhs_pss")
    assert list(drawn) == ["Speeds recovery", "Prevents relapse", "Mean", "£20,000 per QALY"]
    for a, name in enumerate(("Speeds recovery", "Prevents relapse")):
        assert list(drawn[name].x) == pytest.approx(100 * found.qalys[a])
        assert list(drawn[name].y) == pytest.approx(100 * found.cost[a])
    assert drawn["Speeds recovery"].marker.symbol != drawn["Prevents relapse"].marker.symbol
    mean = drawn["Mean"]
    assert (mean.x[0], mean.y[0]) == pytest.approx((100 * found.qalys.mean(), 100 * found.cost.mean()))
    line = drawn["£20,000 per QALY"]
    assert list(line.y) == pytest.approx([20_000 * x for x in line.x])
    assert chart.title.startswith("For the NHS and social care over 5 years: more health, and it costs more, in ")
    assert chart.title.endswith(" simulations.")


def test_a_plane_of_many_simulations_stays_readable(tmp_path: Path) -> None:
    chart = charts.plane(cm.psa(cm.run(cm.load(example(tmp_path)), draws=POINTS + 50)), "nhs")
    assert len(chart.figure.data[0].x) == len(chart.table) == POINTS
    assert chart.figure.data[0].name == "Simulations"


@pytest.mark.parametrize("draw", [charts.chances, charts.acceptability, charts.plane])
def test_titles_are_takeaways_in_the_words_for_a_screen_reader_and_users_text_is_literal(
    draw: object, tmp_path: Path
) -> None:
    path = example(tmp_path, **{"strategies.therapy.label": "<b>Therapy</b>"})
    chart = draw(cm.psa(cm.run(cm.load(path), draws=30)), "nhs_pss")  # type: ignore[operator]
    assert chart.title in chart.alt
    assert chart.title.endswith(".")
    assert "<b>" not in str(chart.figure.layout.title.text)
    assert "<b>" not in "".join(trace.name for trace in chart.figure.data)
    assert np.isfinite(chart.table.select_dtypes("number").to_numpy()).all()
