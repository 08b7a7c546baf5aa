"""The trial file as types. The text under a field is its documentation, as in `costmodel.scenario.blocks`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from costmodel.errors import InputError, Problem, nearest
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import cycle_months, in_whole_cycles
from costmodel.scenario.faults import validate
from costmodel.scenario.fields import Block, Name, Names, PriceYear, Text, Time, Version
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Keys, Tree, read_file

Role = Literal["fitted", "predicted", "consistency", "context"]
Outcome = Literal["share in states", "qaly gain", "net cost", "none"]
MONEY = "GBP"


class TrialRow(Block):
    label: Text
    """What was observed, in a few words."""
    role: Role
    """Whether the model was fitted to it, predicts it, takes it as an input, or only shows it.
    Only `predicted` rows get a verdict. A fitted row that this scenario's posteriors did not see is shown as "not
    fitted here".
    """
    strategy: Name
    """The group that was observed."""
    against: Name | None = None
    """The group that it is compared with; left out where it stands alone.
    It makes the row a difference; required for `qaly gain` and `net cost`.
    """
    outcome: Outcome
    """What the model works out; none where nothing is compared.
    `none` for `context` and nothing else. Net cost is that of the NHS and social care.
    """
    states: Names = []
    """The states that count as the outcome.
    Required for `share in states`: share of the living in any of them.
    """
    time: Time
    """When, from referral.
    A whole number of cycles.
    """
    observed: float
    """What the trial found; a share from 0 to 1, QALYs, or money."""
    unit: Text
    """share, QALY, GBP, or another word for context.
    Money is in `GBP`.
    """
    utility_set: Name | None = None
    """The option of the utilities under which the model answers.
    For `qaly gain`: taken by every utility that is a choice.
    """
    price_year: PriceYear | None = None
    """The year of observed money.
    Required for `net cost`.
    """
    index: Name | None = None
    """The price index of the setting that brings it to the setting's price year."""
    source: Text
    """Source id."""
    status: Status
    """How we know it. `recalled` is shown as "to be checked"."""
    note: Text | None = None
    """What a reader should know about it."""

    @model_validator(mode="after")
    def _complete(self) -> "TrialRow":
        if (self.outcome == "none") != (self.role == "context"):
            raise ValueError("the outcome is none for rows of context, and only for them")
        if (self.outcome == "share in states") != bool(self.states):
            raise ValueError("states belong to the outcome share in states")
        if self.outcome in ("qaly gain", "net cost") and self.against is None:
            raise ValueError(f"a {self.outcome} is against a strategy; add against")
        if self.outcome == "share in states" and not -1 <= self.observed <= 1:
            raise ValueError(f"the observed share is {self.observed:g}; write it from 0 to 1")
        if self.utility_set and self.outcome != "qaly gain":
            raise ValueError("utility_set belongs to the outcome qaly gain")
        if self.outcome == "net cost" and (self.unit != MONEY or self.price_year is None):
            raise ValueError(f"a net cost has the unit {MONEY} and a price_year")
        return self


class CeilingBlock(Block):
    strategy: Name
    """The strategy that is paid for."""
    against: Name
    """The comparator."""
    ill: Name
    """The state whose whole cost is taken to vanish."""
    remission: list[Name] = Field(min_length=1)
    """The states that count as remission."""
    complete: list[Name] = Field(min_length=1)
    """Those of them that count as complete."""


class TrialFile(Block):
    """What a trial observed, with the role of each row, declared before the comparison."""

    format: Version
    """The version of this grammar."""
    ceiling: CeilingBlock | None = None
    """The states with which the greatest possible saving is worked out."""
    rows: dict[str, TrialRow] = Field(min_length=1)
    """Observations by name."""


def read_trial(path: Path, scenario: Scenario) -> TrialFile:
    """Read a trial file and check it against its scenario. Raises InputError with every problem."""
    tree = read_file(path)
    file, problems, _ = validate(TrialFile, tree)
    if file is not None:
        for name, row in file.rows.items():
            problems += _row(tree, ("rows", name), row, scenario)
        if file.ceiling:
            problems += _ceiling(tree, file.ceiling, scenario)
    if problems or file is None:
        raise InputError(*dict.fromkeys(problems))
    return file


def utility_choices(scenario: Scenario, option: str) -> Mapping[str, str]:
    """The utilities that are choices with such an option, and the option."""
    used = {str(one) for structure in scenario.structures for one in structure.model.utilities.values()}
    records = scenario.parameters
    return {name: option for name in sorted(used) if name in records and option in (records[name].one_of or ())}


def _row(tree: Tree, keys: Keys, row: TrialRow, scenario: Scenario) -> Iterator[Problem]:
    model = scenario.model
    for key, strategy in (("strategy", row.strategy), ("against", row.against)):
        if strategy is not None and strategy not in model.strategies:
            yield _unknown(tree, (*keys, key), "strategy", strategy, model.strategies)
    for state in row.states:
        if state not in model.states:
            yield _unknown(tree, (*keys, "states"), "state", state, model.states)
    if row.source not in scenario.sources:
        yield _unknown(tree, (*keys, "source"), "source", row.source, scenario.sources)
    if row.outcome != "none":
        months, cycle = row.time.months, cycle_months(model)
        at = str(tree.place((*keys, "time")))
        if not 0 < months <= model.horizon.months:
            yield Problem(at, f"{row.time.text} is outside the model's time", f"Up to {model.horizon.text}.")
        elif not in_whole_cycles(months, cycle):
            yield Problem(at, f"{row.time.text} is not a whole number of cycles", f"The cycle is {model.cycle}.")
    if row.utility_set and not utility_choices(scenario, row.utility_set):
        found = f'no utility offers the option "{row.utility_set}"'
        yield Problem(str(tree.place((*keys, "utility_set"))), found, "Name an option of one_of.")
    indices = scenario.setting.price_indices
    if row.price_year and row.price_year != scenario.setting.price_year and row.index not in indices:
        found = f"money of {row.price_year} needs an index that brings it to {scenario.setting.price_year}"
        yield Problem(str(tree.place((*keys, "price_year"))), found, f"Add index: {', '.join(indices)}.")


def _ceiling(tree: Tree, block: CeilingBlock, scenario: Scenario) -> Iterator[Problem]:
    model = scenario.model
    for key, strategy in (("strategy", block.strategy), ("against", block.against)):
        if strategy not in model.strategies:
            yield _unknown(tree, ("ceiling", key), "strategy", strategy, model.strategies)
    for key, states in (("ill", [block.ill]), ("remission", block.remission), ("complete", block.complete)):
        for state in states:
            if state not in model.states:
                yield _unknown(tree, ("ceiling", key), "state", state, model.states)
    if block.ill in block.remission:
        found = f'"{block.ill}" is both ill and in remission'
        yield Problem(str(tree.place(("ceiling", "remission"))), found, "Keep one.")
    if missing := [state for state in block.complete if state not in block.remission]:
        found = f"complete remission is part of remission, and {', '.join(missing)} is not listed there"
        yield Problem(str(tree.place(("ceiling", "complete"))), found, "Add it to remission.")


def _unknown(tree: Tree, keys: Keys, what: str, name: str, allowed: Mapping[str, object]) -> Problem:
    return Problem(str(tree.place(keys)), f'there is no {what} "{name}"', nearest(name, allowed))
