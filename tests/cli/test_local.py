"""`costmodel local`: templates that come back, an overlay that opens with its reasons, and refusals."""

from pathlib import Path

import costmodel as cm
from tests.cli.commands import done, parsed, refused

COHORT = (
    "column,value\ncohort_size,200\nage_mean,41\nshare_female,*\ngp_consultations_pre,12\ngp_consultations_post,9\n"
)


def test_an_extract_becomes_an_overlay_with_its_reasons(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_text(COHORT, "utf-8")
    overlay = tmp_path / "mine.yaml"
    text = done("local", "panic", "--cohort", tmp_path / "cohort.csv", "-o", overlay)
    assert "2 of 3 figures of the extract enter the scenario" in text
    assert f"{overlay} written." in text
    lines = overlay.read_text("utf-8").splitlines()
    assert "  parameters.gp_panic.value: 12.0  # cohort.csv, gp_consultations_pre: as it stands" in lines
    found = cm.load(overlay)
    assert (found.central["gp_panic"], found.central["age_at_referral"]) == (12, 41)
    assert found.sha256 == cm.local(cm.load("panic"), cohort=tmp_path / "cohort.csv").scenario.sha256
    assert found.model.description
    assert "GP consultations in the twelve months before: 12 per person-year (cohort.csv" in found.model.description


def test_its_json_has_every_figure_and_nothing_is_written_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_text(COHORT, "utf-8")
    found = parsed("local", "panic", "--cohort", tmp_path / "cohort.csv", "--json")
    assert found["schema"] == "costmodel/local/1"
    assert [row["entered"] for row in found["rows"]] == [True, False, True]
    assert [path.name for path in tmp_path.iterdir()] == ["cohort.csv"]


def test_templates_are_written_once_and_are_not_read_at_the_same_time(tmp_path: Path) -> None:
    done("local", "--template", "panic", "-o", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort.csv", "service.csv"]
    assert "Name another folder" in refused("local", "panic", "--template", "-o", tmp_path)
    assert "Leave --service and --cohort out" in refused(
        "local", "panic", "--template", "--cohort", tmp_path / "cohort.csv"
    )
    assert "contacts_attended is empty" in refused("local", "panic", "--service", tmp_path / "service.csv")
    assert "Name service, cohort, or both" in refused("local", "panic")
