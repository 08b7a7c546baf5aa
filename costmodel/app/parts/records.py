"""Every number behind an answer as a row: what it is by default, what you made of it, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from costmodel.report.contents import STANDING
from costmodel.scenario.build import Scenario
from costmodel.scenario.joint import origin
from costmodel.scenario.parameter import DERIVED, heading

CLOCK = "Time and size"
READING, TO_CHECK = "reading", "to be checked"
DURABILITY = ("effects cease", "effects persist", "gap closes")
WIDE = (0.025, 0.975)
LARGEST = 10_000_000.0
"""The highest number that a field offers: people of a scenario, and a price before it is taken for a slip."""

Value = float | str | None


@dataclass(frozen=True)
class Record:
    """A row of the assumptions. path: what a change of it changes. kind: number, choice, text or derived."""

    path: str
    name: str
    label: str
    group: str
    kind: str
    default: Value
    yours: Value
    low: float | None
    high: float | None
    unit: str
    source: str
    status: str
    note: str
    options: tuple[str, ...] = ()
    support: tuple[float, float] = (0.0, LARGEST)
    """What its unit allows of a number."""

    @property
    def changed(self) -> bool:
        return self.yours is not None

    @property
    def now(self) -> Value:
        return self.default if self.yours is None else self.yours


def records(base: Scenario, scenario: Scenario, changes: dict[str, object]) -> list[Record]:
    """All rows: the clock, then used parameters and the options behind choices, in the file's order."""
    return [*_clock(base, scenario, changes), *_parameters(base, scenario, changes)]


def record(base: Scenario, scenario: Scenario, changes: dict[str, object], name: str) -> Record:
    """The row of one parameter."""
    return _parameter(base, scenario, changes, name)


def standing(scenario: Scenario) -> dict[str, int]:
    """How many of the figures behind the answer are what."""
    leaves = [name for name in scenario.used if name in scenario.leaves]
    checked, guessed = scenario.to_be_checked, scenario.assumed
    return {
        "figures": len(leaves),
        "assumptions": sum(name in guessed for name in leaves),
        TO_CHECK: sum(name in checked for name in leaves),
    }


def basis(base: Scenario, scenario: Scenario, changed: int, own: bool = False) -> str:
    """What the figures are: whose file, what it rests on, how many of them are assumed or still to be checked.

    base: the file. changed: how many values the reader has changed. own: it is the reader's file.
    """
    count = standing(scenario)
    mine = f", {changed} value{'' if changed == 1 else 's'} changed by you" if changed else ""
    reading = f", {base.model.money_base[READING]}" if READING in base.model.money_base else ""
    of = f"{'Your file' if own else 'File'} “{base.model.label}”{reading}{mine}: {count['figures']} figures"
    if count["assumptions"] == count["figures"]:
        return f"{of}, assumptions only."
    check = f", {count[TO_CHECK]} still to be checked" if count[TO_CHECK] else ""
    return f"{of}, {count['assumptions'] or 'none'} of them assumptions{check}."


def counted(base: Scenario, rows: list[Record], changes: Mapping[str, object]) -> str:
    """How many assumptions are changed, and by whom: the file that was chosen, or the user."""
    free = [row for row in rows if row.kind != "derived"]
    text = f"You changed {len(changes)} of {len(free)} assumptions."
    if base.changes:
        files = " and ".join(f"“{by}”" for by in dict.fromkeys(change.by for change in base.changes))
        count = len({change.path for change in base.changes})
        text += f" The file {files} makes {count} change{'' if count == 1 else 's'} to the base case."
    return text


def why(scenario: Scenario, row: Record) -> str:
    """Why this value: label, default with its unit, range, standing, sources, note."""
    default = f"{row.default:,.6g}" if isinstance(row.default, float) else str(row.default)
    parts = [f"{row.label}. Default: {default} {row.unit}".strip() + "."]
    if row.low is not None and row.high is not None:
        parts.append(f"Plausible range: {row.low:,.4g} to {row.high:,.4g}.")
    if row.status:
        parts.append(f"Status: {row.status}.")
    parts += [
        f"{source}: {scenario.sources[source].citation}."
        for source in row.source.split(", ")
        if source in scenario.sources
    ]
    leaf = scenario.leaves.get(row.name)
    if leaf is not None and leaf.posterior and (said := origin(scenario.posteriors[leaf.posterior[0]])):
        parts.append(f"From trials taken together: {said}.")
    return " ".join([*parts, row.note])


def _clock(base: Scenario, scenario: Scenario, changes: dict[str, object]) -> Iterator[Record]:
    model = base.model
    paths = {
        "horizon": ("Horizon", model.horizon.text),
        "beyond_follow_up": ("What happens to effects after the last observation", model.beyond_follow_up),
        "people": ("People treated", float(model.people)),
    }
    for name, strategy in model.strategies.items():
        if strategy.therapy:
            paths[f"strategies.{name}.therapy.wait"] = (
                f"Wait before {strategy.label}",
                strategy.therapy.wait.text,
            )
            paths[f"strategies.{name}.therapy.over"] = (
                f"Length of {strategy.label}",
                strategy.therapy.over.text,
            )
    for path, (label, default) in paths.items():
        yours = changes.get(path)
        yield Record(
            path=path,
            name=path,
            label=label,
            group=CLOCK,
            kind="text" if isinstance(default, str) else "number",
            default=default,
            yours=float(yours) if isinstance(yours, int) else yours,  # type: ignore[arg-type]
            low=None,
            high=None,
            unit="people" if path == "people" else "",
            source="",
            status="the scenario's design",
            note="",
            options=DURABILITY if path == "beyond_follow_up" else (),
            support=(1.0, LARGEST),
        )


def _parameters(base: Scenario, scenario: Scenario, changes: dict[str, object]) -> Iterator[Record]:
    wanted = set(base.used) | set(scenario.used)
    for name in list(wanted):
        wanted |= set((base.parameters[name].one_of or {}).values())
    for name in base.parameters:
        if name in wanted and base.parameters[name].kind != "over_time":
            yield _parameter(base, scenario, changes, name)


def _parameter(base: Scenario, scenario: Scenario, changes: dict[str, object], name: str) -> Record:
    parameter = base.parameters[name]
    kind = "derived" if parameter.kind in DERIVED else "choice" if parameter.one_of else "number"
    leaf = base.leaves.get(name)
    default = leaf.central if leaf else base.central.get(name)
    yours = changes.get(f"parameters.{name}.value")
    option = changes.get(f"parameters.{name}.use")
    if yours is None and option is not None:
        yours = scenario.central[name]
    if kind == "derived" and scenario.central.get(name) != default:
        yours = scenario.central.get(name)
    low, high = _range(base, name)
    year = (
        f" ({parameter.price_year} prices)"
        if parameter.price_year and parameter.price_year != base.setting.price_year
        else ""
    )
    status = STANDING["recalled" if base.is_recalled(name) else base.status(name)]
    if (by := base.moved_by(name)) is not None:
        status = f"moved by “{by}”, its source says otherwise"
    return Record(
        path=f"parameters.{name}.value",
        name=name,
        label=parameter.label,
        group=heading(parameter),
        kind=kind,
        default=default,
        yours=None if yours is None else float(yours),  # type: ignore[arg-type]
        low=low,
        high=high,
        unit=parameter.unit.text + year,
        source=", ".join(parameter.sources),
        status=status,
        note=parameter.note or "",
        options=tuple(parameter.one_of or ()),
        support=(max(parameter.unit.low, -LARGEST), min(parameter.unit.high, LARGEST)),
    )


def _range(scenario: Scenario, name: str) -> tuple[float | None, float | None]:
    """The declared plausible range, else the middle 95% of the distribution or of the posterior's column."""
    parameter, leaf = scenario.parameters[name], scenario.leaves.get(name)
    if parameter.range or parameter.ci95:
        low, high = parameter.range or parameter.ci95 or (None, None)
        return low, high
    if leaf is None:
        return None, None
    if leaf.distribution is not None:
        low, high = leaf.distribution.quantile(np.array(WIDE))
    elif leaf.posterior is not None:
        path, column = leaf.posterior
        low, high = np.quantile(scenario.posteriors[path].columns[column], WIDE)
    else:
        return None, None
    return float(low), float(high)
