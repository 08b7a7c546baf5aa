"""Files of the catalogue that a version renamed: what was saved before is read on the file that it meant."""

import csv
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.report.saved import overlay_text
from costmodel.report.saved import saved as changes_of
from costmodel.scenario.load import RENAMED, catalogue
from costmodel.version import __version__

ROWS = list(csv.DictReader((catalogue() / RENAMED).read_text("utf-8").splitlines()))


def saved(population: str, file: str, engine: str) -> bytes:
    """Changes to a scenario, as a version saved them under the name that the scenario had then."""
    content = overlay_text(changes_of(cm.load(catalogue() / population / file).changed({"attendance": 0.71})))
    return content.replace(f"costmodel {__version__}".encode(), engine.encode())


@pytest.mark.parametrize(
    ("old", "new"), [("cautious.yaml", "symptoms_cautious.yaml"), ("as_trials_found.yaml", "base.yaml")]
)
def test_changes_of_a_renamed_scenario_are_read_on_it(old: str, new: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_bytes(saved("panic", new, "costmodel 0.6.0").replace(new.encode(), old.encode()))
    found = cm.load(mine)
    assert found.base is not None
    assert found.base.path.name == new
    assert found.value("attendance") == 0.71
    assert f"The scenario that it changes is called {new} now." in found.remarks


def test_a_name_of_today_means_the_file_of_today(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_bytes(saved("panic", "cautious.yaml", f"costmodel {__version__}"))
    found = cm.load(mine)
    assert found.base is not None
    assert (found.base.path.name, found.remarks) == ("cautious.yaml", ())


def test_every_new_name_is_a_file() -> None:
    assert ROWS
    assert [row for row in ROWS if not (catalogue() / row["population"] / row["new"]).is_file()] == []
