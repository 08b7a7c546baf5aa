"""What a scenario holds, as a page for a reader; or, of a locked one, why there is no answer."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from costmodel.page import Block, Heading, Notes, Page, Paragraph, titled
from costmodel.report.render import identity
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import HEADLINE, Locked, because, refusal
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.probabilities import convention

CHECK_SCHEMA, REFUSAL_SCHEMA = "costmodel/check/1", "costmodel/refusal/1"
STANDING = {
    "read": "read at the source",
    "derived": "derived",
    "recalled": "recalled, to be checked",
    "assumption": "assumption",
}


def page(scenario: Scenario) -> Page:
    """What `costmodel check` says: the question, its parts, and every parameter by its standing; a row for each."""
    model, setting = scenario.model, scenario.setting
    by_status: dict[str, list[str]] = {status: [] for status in STRENGTH}
    for name in scenario.parameters:
        by_status[scenario.status(name)].append(name)
    ratios = {
        name: (leaf.central, leaf.distribution.interval95)
        for name, leaf in scenario.leaves.items()
        if leaf.distribution is not None and scenario.parameters[name].unit.is_ratio
    }
    unused = [name for name in scenario.parameters if name not in scenario.used]
    comparator, many = next(iter(model.strategies)), bool(scenario.model.weighted)
    lists = {
        "Strategies": [
            f"{name}: {strategy.label}{' (comparator)' if name == comparator else ''}"
            for name, strategy in model.strategies.items()
        ],
        "States": [f"{name}: {meaning}" for name, meaning in model.states.items()],
        "Structures": [
            f"{name}: {one.label} (weight {scenario.value(one.weight):g})"
            for name, one in scenario.model.weighted.items()
        ],
        "Strata": [
            f"{name}: {one.label} ({scenario.value(one.share):.0%} of people)" for name, one in model.strata.items()
        ],
        "Cost items": [
            f"{name}: {item.label} ({item.category}, paid by {item.paid_by})" for name, item in model.costs.items()
        ],
        "What a job moves": [
            f"{name}: {label} ({category}, from {paid_by} to {received_by})"
            for name, (label, category, paid_by, received_by) in (model.work.lines() if model.work else {}).items()
        ],
        "Left out": list(scenario.left_out),
        f"{len(scenario.parameters)} parameters by standing": [
            f"{status}, {len(names)}: {', '.join(names)}" for status, names in by_status.items() if names
        ],
        "Ratios that are drawn": [
            f"{name}: {scenario.parameters[name].unit} {central:.4g}, 95% of draws {low:.3g} to {high:.3g}"
            for name, (central, (low, high)) in ratios.items()
        ],
        "Parameters not behind this answer (other choices, calibration)": [", ".join(unused)] if unused else [],
    }
    return Page(
        f"{scenario.path.name} is a valid scenario: {titled(scenario)}",
        tuple(Notes(heading, tuple(lines)) for heading, lines in lists.items()),
        (
            f"{setting.title}, prices of {setting.price_year}; follow-up {model.follow_up.text}, "
            f"{model.beyond_follow_up} beyond it; horizon {model.horizon.text} in cycles of {model.cycle}",
            f"Convention: {convention(model)}",
        ),
        scenario,
        warnings=scenario.warnings,
        data={
            "schema": CHECK_SCHEMA,
            "strategies": {name: strategy.label for name, strategy in model.strategies.items()},
            "structures": {
                name: {"label": label, "weight": float(weight)}
                for name, label, weight in (
                    *(
                        (one.name, one.label, one.weight(scenario.value))
                        for one in scenario.readings
                        if many or not model.strata
                    ),
                    *((name, one.label, scenario.value(one.share)) for name, one in model.strata.items()),
                )
            },
            "parameters": by_status,
            "ratios": {name: {"central": central, "interval95": ends} for name, (central, ends) in ratios.items()},
            "unused": unused,
            "to_be_checked": scenario.to_be_checked,
        },
        frame=pd.DataFrame([_row(scenario, name) for name in scenario.parameters]).astype(object),
    )


def _row(scenario: Scenario, name: str) -> dict[str, Any]:
    record, leaf = scenario.parameters[name], scenario.leaves.get(name)
    low, high = leaf.distribution.interval95 if leaf is not None and leaf.distribution is not None else (None, None)
    return {
        "name": name, "label": record.label, "unit": record.unit.text, "value": scenario.central.get(name),
        "low": low, "high": high, "status": scenario.status(name),
    }  # fmt: skip


def locked_page(locked: Locked, checked: bool = False) -> Page:
    """What stands in the place of every answer. checked: what `costmodel check` says, with the keys of any scenario."""
    file = locked.file
    title = f"{file.title} ({file.label})"
    about: tuple[str, ...] = ()
    data: dict[str, Any] = {"schema": REFUSAL_SCHEMA}
    if checked:
        title, about = f"{locked.path.name} is a valid locked scenario: no command gives an answer for it", (title,)
        data = {
            "schema": CHECK_SCHEMA,
            "strategies": {},
            "structures": {},
            "parameters": {},
            "ratios": {},
            "unused": [],
        }
    data |= {"scenario": identity(locked), "refusal": refusal(locked), "changes": []}
    return Page(title, tuple(_refusal(locked)), about, data=data | {"to_be_checked": locked.to_be_checked})


def _refusal(locked: Locked) -> Iterator[Block]:
    file = locked.file
    yield Paragraph(HEADLINE, strong=True)
    yield Paragraph(f"Why: {because(locked)}")
    yield Paragraph(f"Instead: {file.refusal.instead}")
    yield Paragraph(f"Who: {file.population}")
    yield Heading("What the studies found: text to read, not a business case")
    for one in file.findings:
        yield Paragraph(f"{one.about}: {one.says} ({', '.join(one.source)}; {STANDING[one.status]})")
    sources = (f"{name}: {one.citation} ({one.where}; {one.status})" for name, one in locked.sources.items())
    yield Notes("Sources", tuple(sources))
    yield Notes("What this leaves out", tuple(file.leaves_out))
    yield Paragraph(f"Scenario SHA-256 {locked.sha256}")
