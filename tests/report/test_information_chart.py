"""The bars of the value of information: the numbers of the analysis, the largest first, and a takeaway."""

from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.voi_answer import SHOWN
from tests.cli.commands import two_structures
from tests.support.example import load_example


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    path = two_structures(tmp_path_factory.mktemp("bars"))
    return cm.voi(cm.load(path), draws=300, threshold=15_000, groups={"[b]mine[/b] <i>": ["recover", "hr_recover"]})


def test_bars_are_the_values_with_the_largest_first(found) -> None:
    chart = found.figure()
    bars = {name: value for bar in chart.figure.data for name, value in zip(bar.y, bar.x, strict=True)}
    assert all(value == found.line(name).worth.value > 0 for name, value in bars.items())
    shown = list(chart.figure.layout.yaxis.categoryarray)
    assert set(shown) == set(bars)
    assert [bars[name] for name in shown] == sorted(bars.values(), reverse=True)
    assert len(shown) <= SHOWN
    assert chart.figure.layout.shapes[-1].x0 == found.everything.worth.value


def test_the_table_has_every_line_with_its_interval(found) -> None:
    table = found.page().frame
    assert list(table["name"]) == [line.subject.name for line in found.lines]
    for row, line in zip(table.itertuples(), found.lines, strict=True):
        assert row.value == line.worth.value
        assert row.standard_error == line.worth.error
    for bar in found.figure().figure.data:
        for name, low, high in zip(bar.y, bar.error_x.arrayminus, bar.error_x.array, strict=True):
            worth = found.line(name).worth
            assert high == pytest.approx(1.96 * worth.error, rel=1e-3)
            assert low == pytest.approx(min(worth.value, 1.96 * worth.error), rel=1e-3)


def test_the_title_is_the_takeaway_and_a_users_text_is_literal(found) -> None:
    chart = found.figure()
    assert chart.title.startswith("For the NHS and social care over 5 years, knowing everything is worth £")
    assert chart.title in chart.alt
    labels = dict(zip(chart.figure.layout.yaxis.tickvals, chart.figure.layout.yaxis.ticktext, strict=True))
    assert labels["[b]mine[/b] <i>"] == "[b]mine[/b] &lt;i&gt;"


def test_where_nothing_would_change_the_decision_there_are_no_bars(tmp_path: Path) -> None:
    chart = cm.voi(load_example(tmp_path), question="cash", draws=100).figure()
    assert list(chart.figure.data) == []
    assert "nothing that could be learnt would change the decision" in chart.title
