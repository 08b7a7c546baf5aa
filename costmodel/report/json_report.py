"""A result as JSON: the rows of `Result.table()` at full precision, with what they were computed from."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import costmodel
from costmodel.analysis.calibration import Fit
from costmodel.analysis.trial import Comparison
from costmodel.page import of_run
from costmodel.report.sentence import MAIN, answer
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.overlay import Change
from costmodel.scenario.used import to_be_checked

SCHEMA = "costmodel/result/1"
CHECK_SCHEMA = "costmodel/check/1"
TRIAL_SCHEMA = "costmodel/trial/1"
FITS_SCHEMA = "costmodel/calibration/2"


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
    """Which scenario it is. The file is named without its folder."""
    model = scenario.model
    return {"title": model.title, "label": model.label, "sha256": scenario.sha256, "file": scenario.path.name}


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


def comparison(scenario: Scenario, compared: Comparison) -> dict[str, Any]:
    """Everything that `costmodel validate --json` prints."""
    records = compared.table().to_dict("records")
    return {
        "schema": TRIAL_SCHEMA,
        "scenario": identity(scenario),
        "engine": engine(),
        "settings": {"price_year": compared.price_year, "draws": compared.draws, "seed": compared.seed},
        "readings": compared.readings,
        "rows": [{str(key): plain(value) for key, value in row.items()} for row in records],
        "ceilings": [asdict(one) | {"words": one.words} for one in compared.ceilings],
        "changes": changes(scenario.changes),
    }


def fits(path: Path, fitted: Iterable[Fit]) -> dict[str, Any]:
    """Everything that `costmodel calibrate --json` prints."""
    return {
        "schema": FITS_SCHEMA,
        "file": path.name,
        "engine": engine(),
        "fits": [_fit(one) for one in fitted],
    }


def _fit(fit: Fit) -> dict[str, Any]:
    """A fit without the rows of its posterior, which stand in its file."""
    return {
        "name": fit.name,
        "label": fit.label,
        "alternative": fit.alternative,
        "output": fit.output.name,
        "best": fit.best,
        "parameters": [asdict(one) for one in fit.learned],
        "ties": [list(one) for one in fit.ties],
        "free": list(fit.free),
        "held": dict(fit.held),
        "observations": [asdict(row) for row in fit.rows],
        "predicted_inside": list(fit.predicted_inside),
        "largest_miss": fit.largest_miss,
        "log_likelihood": fit.log_likelihood,
        "saturated": fit.saturated,
        "log_evidence": fit.log_evidence,
        "design_effect": fit.design_effect,
        "searches": fit.searches,
        "agreeing": fit.agreeing,
        "draws": fit.draws,
        "effective_size": fit.effective_size,
        "rows": len(fit.values),
        "effective_rows": fit.effective_rows,
        "warnings": list(fit.warnings),
        "seed": fit.seed,
    }


def text(content: dict[str, Any]) -> str:
    """JSON as it is printed: numbers as Python writes them, so that reading them back gives the same bits."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)
