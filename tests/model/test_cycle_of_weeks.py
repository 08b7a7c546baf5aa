"""Models of probabilities with a cycle of weeks: a year of 52 weeks, closed forms, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import costmodel as cm
from costmodel.result.sums import in_words
from tests.cli.commands import done, parsed, refused
from tests.model.test_probabilities import value
from tests.support.example import derived, edited, example, number, write_model
from tests.support.small_probabilities import small
from tests.support.targets import ROW, targets

P = 0.03
WEEKLY: dict[str, Any] = {
    "cycle": "1 week", "follow_up": "1 year", "horizon": "1 year",
    "parameters.leave": number("probability per week", P), "parameters.die": number("probability per week", 0.0),
}  # fmt: skip


def weekly(folder: Path, **edits: Any) -> cm.Scenario:
    return cm.load(write_model(folder, edited(small(), {**WEEKLY, **edits})))


def test_a_year_of_weeks_is_counted_paid_and_discounted_by_hand(tmp_path: Path) -> None:
    result = cm.run(weekly(tmp_path), draws=0)
    weeks = np.arange(1, 53)
    ill, factor = (1 - P) ** weeks, 1.035 ** (-weeks / 52)
    trace = result.trace()
    last = trace[(trace.kind == "occupancy") & (trace.strategy == "usual") & (trace.month == 12.0)]
    assert last[last.name == "ill"].people.item() == pytest.approx((1 - P) ** 52, rel=1e-12)
    visits, qalys = ill / 52 * 12 * 50, (ill * 0.5 + (1 - ill) * 0.8) / 52
    assert value(result, "usual", "cost", discounted=False) == pytest.approx(visits.sum(), rel=1e-12)
    assert value(result, "usual", "cost") == pytest.approx((visits * factor).sum(), rel=1e-12)
    assert value(result, "usual", "qaly", discounted=False) == pytest.approx(qalys.sum(), rel=1e-12)
    assert value(result, "usual", "qaly") == pytest.approx((qalys * factor).sum(), rel=1e-12)


@pytest.mark.parametrize("length", ["52 weeks", "12 months", "1 year"])
def test_a_year_is_52_cycles_however_it_is_written(tmp_path: Path, length: str) -> None:
    scenario = weekly(tmp_path, follow_up=length, horizon=length)
    assert len(cm.run(scenario, draws=0).edges) == 53


def test_what_is_written_in_weeks_counts_in_weeks_over_many_years(tmp_path: Path) -> None:
    """Of the calendar 500 weeks are a week and a half less than 500 of 52 to a year: the change would come early."""
    pieces = {"label": "Leaving", "unit": "probability per week", "over_time": {"0 weeks": "die", "500 weeks": "later"}}
    edits = {"parameters.leave": pieces, "parameters.later": number("probability per week", P), "horizon": "502 weeks"}
    trace = cm.run(weekly(tmp_path, **edits), draws=0).trace()
    ill = trace[(trace.kind == "occupancy") & (trace.strategy == "usual") & (trace.name == "ill")].people.to_numpy()
    assert ill[-3:] == pytest.approx([1.0, 1 - P, (1 - P) ** 2], rel=1e-12)


def test_a_rate_becomes_the_probability_of_a_52nd_of_a_year(tmp_path: Path) -> None:
    made = {
        "parameters.yearly": number("per year", 1.2),
        "parameters.leave": derived("probability per week", probability_of="yearly"),
    }
    trace = cm.run(weekly(tmp_path, **made), draws=0).trace()
    last = trace[(trace.kind == "occupancy") & (trace.strategy == "usual") & (trace.name == "ill")].people.iloc[-1]
    assert last == pytest.approx(np.exp(-1.2), rel=1e-12)


def test_the_laws_hold(tmp_path: Path) -> None:
    found = cm.verify(weekly(tmp_path), draws=20)
    assert found.failed == []


def test_an_answer_says_its_year_and_its_cycle(tmp_path: Path) -> None:
    path = write_model(tmp_path, edited(small(), {**WEEKLY, "follow_up": "9 weeks", "horizon": "10 weeks"}))
    settings = parsed("run", str(path), "--draws", "10", "--json")["settings"]
    assert settings["cycle_months"] == pytest.approx(12 / 52)
    assert "cycles of 1 week, 52 weeks to a year" in settings["convention"]
    text = done("run", str(path), "--draws", "10", "--horizon", "12 weeks")
    assert "9 weeks" in text
    assert "12 weeks" in text


def test_a_target_in_weeks_is_read_at_its_week(tmp_path: Path) -> None:
    (tmp_path / "pop").mkdir()
    weekly(tmp_path / "pop")
    row = {**ROW, "strategy": "usual", "states": ["ill"], "time": "40 weeks", "observed": (1 - P) ** 40}
    targets(tmp_path, {"T1": row})
    (judged,) = cm.validate(tmp_path, draws=10).rows
    assert judged.figure
    assert judged.figure.value == pytest.approx((1 - P) ** 40, rel=1e-12)


def test_weeks_are_shown_where_months_are_not_whole() -> None:
    shown = {12 / 52: "1 week", 2.5: "2 months", 3.0: "3 months", 120 / 52: "10 weeks", 0.0: "0 months", 12.0: "1 year"}
    assert {months: in_words(months) for months in shown} == shown


SLIPS: list[tuple[dict[str, Any], str, str]] = [
    ({"cycle": "2 weeks", "horizon": "13 weeks"}, "13 weeks is not a whole number of cycles of 2 weeks", "Change one"),
    ({"horizon": "13 months"}, "13 months is not a whole number of cycles of 1 week", "Change one"),
    ({"costs.gp.lag": "1 month"}, "1 month is not a whole number of cycles", "The cycle is 1 week"),
    ({"follow_up": "1 month"}, "within a cycle: cycle 5, which runs from month 0.923077", "whole cycle of 1 week"),
    ({"horizon": "24 years"}, "24 years is too long", "1,200 cycles"),
    ({"parameters.leave.unit": "probability per month"}, '"leave" is a probability per month', "The cycle is 1 week"),
]


@pytest.mark.parametrize(("edits", "found", "remedy"), SLIPS)
def test_what_does_not_fit_the_weeks_is_refused(tmp_path: Path, edits: dict[str, Any], found: str, remedy: str) -> None:
    path = write_model(tmp_path, edited(small(), {**WEEKLY, **edits}))
    said = refused("check", str(path))
    assert any(found in line and remedy in line for line in said.splitlines())


def test_with_rates_a_cycle_of_weeks_is_refused_in_one_line(tmp_path: Path) -> None:
    (line,) = refused("check", str(example(tmp_path, cycle="1 week"))).splitlines()
    assert "cycle is '1 week'. Allowed: '1 month'" in line
    assert "does not bias the answer" in line
