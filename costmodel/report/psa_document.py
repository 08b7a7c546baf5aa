"""A probabilistic analysis as JSON and CSV: rows, curves, convergence, and where the mean comes from."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from costmodel.analysis.probabilistic.record import Row
from costmodel.page import of_run
from costmodel.report import json_report, render
from costmodel.report.psa_answers import Answers
from costmodel.report.psa_words import sentences
from costmodel.scenario.used import to_be_checked

SCHEMA = "costmodel/psa/1"
POINTS = 250
"""Draws of each alternative that are shown in the plane: the first."""


def document(found: Answers) -> dict[str, Any]:
    """Everything that `costmodel psa --json` prints."""
    result = found.result
    asked = found.perspective if len(found.perspectives) == 1 else None
    beyond = None if found.beyond is None else render.records(found.beyond.page(asked, found.strategies).rows)
    return {
        "schema": SCHEMA,
        "scenario": json_report.identity(result.scenario),
        "engine": json_report.engine(),
        "settings": of_run(result, asked) | {
            "strategies": list(found.strategies),
            "draws_one_by_one": found.psa.kept,
            "thresholds": list(found.psa.setting_thresholds),
        },
        "rows": records(found),
        "curves": {
            "chance_by_month": list(_chances(found)),
            "ceac": list(_acceptability(found)),
            "ce_plane": list(_plane(found)),
        },
        "convergence": list(_convergence(found)),
        "against_central": list(_against_central(found)),
        "beyond": beyond,
        "warnings": list(result.warnings),
        "notes": notes(found),
        "changes": json_report.changes(result.scenario.changes),
    }  # fmt: skip


def records(found: Answers) -> list[Row]:
    """The rows, missing numbers as None."""
    return [{key: json_report.plain(value) for key, value in row.items()} for row in found.rows]


def notes(found: Answers) -> list[str]:
    """The answer in sentences."""
    said: dict[str, None] = {}
    for strategy in found.strategies:
        for under in sentences(found, strategy).values():
            said |= dict.fromkeys(under)
        if found.beyond is not None:
            said |= dict.fromkeys(found.beyond.sentences(found.perspective, strategy))
    if recalled := to_be_checked(found.result.scenario):
        said[f"to be checked: {', '.join(recalled)}"] = None
    return list(said)


def _places(found: Answers) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What is asked of the analysis for each strategy, horizon and reading, and how a curve names it."""
    for strategy in found.strategies:
        for end in found.result.horizons:
            for run in found.psa.readings:
                asked = {"strategy": strategy, "perspective": found.perspective, "run": run}
                yield asked | {"horizon": end}, asked | {"horizon_months": end}


def _chances(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        for view, outcome in (("value", "chance_payback"), ("cash", "chance_cash_payback")):
            by_month = found.psa.chances(**at, view=view)
            months, chances = by_month.months.tolist(), by_month.chances.tolist()
            yield named | {"outcome": outcome, "draws": by_month.draws, "months": months, "chances": chances}


def _acceptability(found: Answers) -> Iterator[dict[str, Any]]:
    result = found.result
    for end in result.horizons:
        for run in found.psa.readings:
            choices = found.psa.choices(found.perspective, end, run)
            by_strategy = {
                what: {
                    name: [float(getattr(choice, what)[s]) for choice in choices]
                    for s, name in enumerate(result.strategies)
                }
                for what in ("chance", "expected", "loss")
            }
            yield {
                "perspective": found.perspective,
                "horizon_months": end,
                "run": run,
                "draws": found.psa.kept,
                "thresholds": [choice.threshold for choice in choices],
                "chance_best": by_strategy["chance"],
                "expected_net_benefit": by_strategy["expected"],
                "expected_loss": by_strategy["loss"],
                "frontier": [result.strategies[choice.chosen] for choice in choices],
            }


def _plane(found: Answers) -> Iterator[dict[str, Any]]:
    result = found.result
    for strategy in found.strategies:
        for end in result.horizons:
            plane = found.psa.plane(found.perspective, strategy, end)
            for a, structure in enumerate(result.scenario.readings):
                yield {
                    "strategy": strategy,
                    "perspective": found.perspective,
                    "horizon_months": end,
                    "alternative": structure.name,
                    "weight": float(result.weights[a]),
                    "qalys": plane.qalys[a, :POINTS].tolist(),
                    "costs": plane.cost[a, :POINTS].tolist(),
                }


def _convergence(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        steps = found.psa.convergence(**at)
        yield named | asdict(steps) | {
            "needed": steps.needed, "enough": steps.enough, "sure_of_sign": steps.sure_of_sign,
        }  # fmt: skip


def _against_central(found: Answers) -> Iterator[dict[str, Any]]:
    for at, named in _places(found):
        apart = found.psa.against_central(**at)
        parts = {"difference": apart.difference, "of_inputs": apart.of_inputs, "of_shape": apart.of_shape}
        yield named | asdict(apart) | parts
