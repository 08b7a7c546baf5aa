"""A result as JSON: the rows of `Result.table()` at full precision, with what they were computed from."""

import json
import math
from collections.abc import Iterable
from typing import Any

import costmodel
from costmodel.page import of_run
from costmodel.report.sentence import MAIN, answer
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.overlay import Change
from costmodel.scenario.used import to_be_checked

SCHEMA = "costmodel/result/1"
CHECK_SCHEMA = "costmodel/check/1"


def engine() -> str:
    """The program and its version."""
    return f"costmodel {costmodel.__version__}"


def document(result: Result, perspective: str | None = None) -> dict[str, Any]:
    """Everything that `costmodel run --json` prints.

    perspective: keeps the rows of one perspective and those that belong to none (health, the parties).
    """
    return {
        "schema": SCHEMA,
        "scenario": identity(result.scenario),
        "engine": engine(),
        "settings": of_run(result, perspective),
        "rows": rows(result, perspective),
        "warnings": list(result.warnings),
        "notes": notes(result, perspective),
        "changes": changes(result.scenario.changes),
    }


def identity(scenario: Scenario) -> dict[str, str]:
    """Which scenario it is, and of which stratum alone where it is of one. The file is named without its folder."""
    model, part = scenario.model, {"stratum": scenario.part} if scenario.part else {}
    return {"title": model.title, "label": model.label, "sha256": scenario.sha256, "file": scenario.path.name, **part}


def rows(result: Result, perspective: str | None = None) -> list[dict[str, Any]]:
    """The records of the table, missing values as None."""
    table = result.table()
    if perspective:
        table = table[table.perspective.isin([perspective, ""])]
    return [{str(key): plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def plain(value: Any) -> Any:
    """A cell as JSON can hold it: NumPy scalars as Python's own, missing and infinite numbers as None."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def notes(result: Result, perspective: str | None = None) -> list[str]:
    """The answer in words for each strategy and one payer, and the recalled figures behind it by name."""
    said: dict[str, None] = {}
    for strategy in result.strategies[1:]:
        words = answer(result, strategy, perspective or MAIN)
        said |= dict.fromkeys((words.headline, *words.beside))
    if recalled := to_be_checked(result.scenario):
        said[f"to be checked: {', '.join(recalled)}"] = None
    return list(said)


def changes(made: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes of overlays and options, oldest first."""
    return [{"path": c.path, "old": c.old, "new": c.new, "by": c.by} for c in made]


def text(content: dict[str, Any]) -> str:
    """JSON as it is printed: numbers as Python writes them, so that reading them back gives the same bits."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)
