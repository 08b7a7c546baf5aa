"""The example of docs/format.md as files on disk, with edits: the scenario that most tests start from."""

import copy
import csv
import json
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

import costmodel as cm

DOCS = Path(__file__).parents[2] / "docs"
LAST_AGE = 100
REMOVED = object()
"""As the value of an edit: take the key away."""

SOURCES = {"X001": {"citation": "Invented", "where": "nowhere", "figure": "none", "status": "assumption"}}
INDEX = {"2021/22": 0.92, "2022/23": 0.95, "2023/24": 1.0, "2024/25": 1.04}


def yaml_blocks(document: Path) -> list[str]:
    """The YAML blocks of a Markdown document, in order."""
    return re.findall(r"^```yaml\n(.*?)^```", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


@cache
def documented() -> dict[str, str]:
    """The model, setting and overlay of docs/format.md, as text."""
    found: dict[str, str] = {}
    for block in yaml_blocks(DOCS / "format.md"):
        for name, key in (("model", "states"), ("setting", "life_tables"), ("overlay", "extends")):
            if re.search(r"^format:", block, flags=re.MULTILINE) and re.search(rf"^{key}:", block, flags=re.MULTILINE):
                found.setdefault(name, block)
    return found


@cache
def _parsed(name: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(documented()[name])


def documented_model() -> dict[str, Any]:
    """The model of docs/format.md as data, to be edited freely."""
    return copy.deepcopy(_parsed("model"))


def number(unit: str, value: float | None = None, **more: Any) -> dict[str, Any]:
    """A parameter record: `number("share", 0.5, distribution="beta", effective_size=20)`."""
    record = {"label": "A number of the tests", "unit": unit, "source": "X001", "status": "assumption"}
    return record | ({} if value is None else {"value": value}) | more


def price(thing: str, value: float, year: str = "2024/25", **more: Any) -> dict[str, Any]:
    """The record of a price."""
    return number(f"GBP per {thing}", value, price_year=year, index="example_index", **more)


def derived(unit: str, **kind: Any) -> dict[str, Any]:
    """The record of a derived parameter: `derived("share", complement_of="x")`."""
    return {"label": "A derived number of the tests", "unit": unit, **kind}


def hazard(age: int, sex: str) -> float:
    """Deaths per person-year of the invented life table (Gompertz)."""
    return round((1.5 if sex == "male" else 1.0) * math.exp(-9.5 + 0.085 * age), 9)


def _write_rows(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def write_setting(folder: Path, settings_text: str | None = None) -> None:
    """The setting of docs/format.md with its sources, price index and life table, below `folder`."""
    data = folder / "settings" / "data"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "settings" / "example.yaml").write_text(settings_text or documented()["setting"], "utf-8")
    (folder / "settings" / "sources.yaml").write_text(json.dumps({"sources": SOURCES}), "utf-8")
    _write_rows(
        data / "index.csv",
        "year,level,status,source",
        [(year, level, "assumption", "invented") for year, level in INDEX.items()],
    )
    _write_rows(
        data / "life_table.csv",
        "age,sex,hazard,status,source",
        [
            (age, sex, f"{hazard(age, sex):.9f}", "assumption", "invented")
            for sex in ("female", "male")
            for age in range(LAST_AGE + 1)
        ],
    )


def write_model(folder: Path, model: Mapping[str, Any]) -> Path:
    """A model file beside the setting. JSON is YAML 1.2 in its flow style."""
    write_setting(folder)
    path = folder / "model.yaml"
    path.write_text(json.dumps(model, ensure_ascii=False, indent=1), "utf-8")
    return path


def edited(model: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """The model with values put at paths (names joined by dots), made where they do not exist."""
    for path, value in edits.items():
        *parents, last = path.split(".")
        block = model
        for key in parents:
            block = block.setdefault(key, {})
        if value is REMOVED:
            del block[last]
        else:
            block[last] = copy.deepcopy(value)
    return model


def example(folder: Path, **edits: Any) -> Path:
    """The example of docs/format.md in a folder, as written there or with edits; returns the model file.

    `example(tmp_path, horizon="10 years", **{"strategies.therapy.therapy.wait": "3 months"})`
    """
    write_setting(folder)
    (folder / "cautious.yaml").write_text(documented()["overlay"], "utf-8")
    path = folder / "model.yaml"
    if edits:
        return write_model(folder, edited(documented_model(), edits))
    path.write_text(documented()["model"], "utf-8")
    return path


def load_example(folder: Path, **edits: Any) -> cm.Scenario:
    """As `example`, loaded."""
    return cm.load(example(folder, **edits))
