"""Every number in every shipped file, read as plain YAML and without the loader, leads to a source."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = [path for path in sorted(SCENARIOS.rglob("*.yaml")) if not path.name.endswith("sources.yaml")]
DESIGN = {"format", "people", "draws", "rows", "seed"}
"""Keys of numbers that say how a run is made, and nothing about the world."""
STATED = ("value", "share", "n", "observed")
"""Keys under which even 0 and 1 are figures; elsewhere they are structural."""
IN_WORDS = "positions"
"""A key of files whose sources are words beside each number: what the synthesis reads, a row a trial."""
OWN_SOURCE = {"n": "n_source"}
Path_ = tuple[str, ...]


def plain(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))


def ids_for(path: Path) -> dict[str, Any]:
    """Entries of the sources files that stand beside a file and above it."""
    found: dict[str, Any] = {}
    for folder in (SCENARIOS, path.parent):
        for file in folder.glob("*sources.yaml"):
            found |= plain(file)["sources"]
    return found


def as_list(source: Any) -> list[str]:
    return [source] if isinstance(source, str) else list(source or [])


def numbers(data: Any, keys: Path_ = (), sources: tuple[str, ...] = ()) -> Iterator[tuple[Path_, float, list[str]]]:
    """Every number with the keys that lead to it and the ids that the nearest block around it names."""
    if isinstance(data, dict):
        own = tuple(as_list(data.get("source"))) or sources
        for key, value in data.items():
            named = tuple(as_list(data.get(OWN_SOURCE.get(str(key), "")))) or own
            if match := re.fullmatch(r"(parameters\.[^.]+)\.\w+", str(key)):
                named = tuple(as_list(data.get(f"{match[1]}.source")))
            yield from numbers(value, (*keys, str(key)), named)
    elif isinstance(data, list):
        for value in data:
            yield from numbers(value, keys, sources)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield keys, data, list(sources)


def orphans(data: Any, ids: dict[str, Any]) -> list[str]:
    """Numbers that lead to no entry of the sources, each with where it stands."""
    found = []
    for keys, value, sources in numbers(data):
        last = keys[-1].rpartition(".")[2]
        structural = value in (0, 1) and last not in STATED
        if structural or keys[-1] in DESIGN or (keys[0] == "set" and "scenarios" in data):
            continue
        unknown = [] if IN_WORDS in data else [source for source in sources if source not in ids]
        if not sources or unknown:
            found.append(f"{' / '.join(keys)} = {value:g}: {', '.join(unknown) or 'no source'}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_number_of_every_shipped_file_leads_to_a_source(path: Path) -> None:
    assert orphans(plain(path), ids_for(path)) == []


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("data/*.csv")), ids=lambda path: path.stem)
def test_every_row_of_the_tables_says_where_it_comes_from(path: Path) -> None:
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert rows
    assert [row for row in rows if not row["source"].strip()] == []


@pytest.mark.parametrize("path", sorted(SCENARIOS.rglob("*sources.yaml")), ids=lambda path: path.parent.name)
def test_every_entry_of_the_sources_says_how_it_is_known(path: Path) -> None:
    for name, entry in plain(path)["sources"].items():
        assert set(entry) == {"citation", "where", "figure", "status"}, name
        assert entry["status"] in ("read", "derived", "recalled", "assumption"), name


PLANTED = {
    "a value without a source": ({"parameters": {"x": {"value": 0.5}}}, "parameters / x / value = 0.5: no source"),
    "a value of 0 without a source": ({"parameters": {"x": {"value": 0}}}, "parameters / x / value = 0: no source"),
    "an id that is nobody's": ({"parameters": {"x": {"value": 2, "source": ["Y1", "Z9"]}}}, "= 2: Z9"),
    "a spread beside a record": ({"parameters": {"x": {"source": "Y1"}, "cv": 0.3}}, "parameters / cv = 0.3"),
    "a quantile": ({"parameters": {"x": {"quantiles": [[0.25, 4], [0.75, 9]]}}}, "parameters / x / quantiles = 9"),
    "a number moved by an overlay": ({"change": {"parameters.x.value": 0}}, "change / parameters.x.value = 0"),
    "a moved number with the word of another": (
        {"change": {"parameters.x.value": 3, "parameters.y.source": "Y1"}},
        "change / parameters.x.value = 3: no source",
    ),
    "a share that was observed": ({"observations": {"o": {"share": 0.3, "source": "Z9"}}}, "share = 0.3: Z9"),
    "a number of people of its own": (
        {"observations": {"o": {"n": 67, "source": "Y1", "n_source": "Z9"}}},
        "observations / o / n = 67: Z9",
    ),
    "a prior": ({"fits": {"f": {"free": {"x": {"prior": {"cv": 2}}}}}}, "prior / cv = 2: no source"),
    "a target": ({"rows": {"T1": {"observed": 1, "tolerance": 0.2}}}, "rows / T1 / observed = 1"),
}


@pytest.mark.parametrize(("data", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_number_is_found(data: dict[str, Any], said: str) -> None:
    found = orphans(data, {"Y1": {}})
    assert [line for line in found if said in line], found


def test_what_is_structural_or_of_the_design_is_left_alone() -> None:
    data = {"format": 1, "people": 100, "cohort": {"start": {"ill": 1, "well": 0}}, "scenarios": [], "set": {"x": [5]}}
    assert orphans(data, {}) == []
