"""What a calibration file asks for: read and checked beside its scenario, which is narrowed to what is observed."""

import math
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from costmodel.analysis.calibration.file import CalibrationFile, FitBlock, Observation, read_calibration, unfounded
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import named_file
from costmodel.model.rates import rate_lines
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import CYCLES, MONTHS_A_YEAR, SAME_TIME, cycle_months, in_whole_cycles
from costmodel.scenario.joint import FILE, Fitted, Label, shape, targets, uses
from costmodel.scenario.load import resolve
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.scores import score_parameters, unit_of_score
from costmodel.scenario.structure import Structure
from costmodel.units import Duration
from costmodel.version import __version__

STAND_IN = 1.0
"""What a joint parameter is while the scenario is checked; each fit puts its own value there."""


@dataclass(frozen=True)
class CalibrationProblem:
    """What is to be fitted.

    scenario: whole, with the joint parameters standing at STAND_IN. columns: of the posterior, by joint
    parameter.
    """

    path: Path
    tree: Tree
    file: CalibrationFile
    scenario: Scenario
    design_effect: float
    columns: Mapping[str, str]

    def structure(self, block: FitBlock) -> Structure:
        """The structure that a fit is about."""
        if block.alternative is None:
            return self.scenario.structures[0]
        return _by_alternative(self.scenario)[block.alternative]

    def observed(self, block: FitBlock) -> list[str]:
        """Names of the observations that a fit sees."""
        return list(self.file.observations) if block.observations is None else block.observations

    def held(self, block: FitBlock) -> dict[str, float]:
        """Values of the joint parameters that a fit holds fixed."""
        return {joint: self.scenario.central[supply] for joint, supply in block.held.items()}

    def label(self, name: str, seed: int) -> Label:
        """What the posterior of a fit says of its origin."""
        block = self.file.fits[name]
        columns = {key: self.columns[key] for key in (*block.free, *block.held)}
        output = Path(os.path.realpath(self.path.parent / block.output))
        file = Path(os.path.relpath(os.path.realpath(self.path), output.parent)).as_posix()
        rests_on = {name for name in (self.file.design_effect, *block.held.values()) if isinstance(name, str)}
        for score in {self.file.observations[one].score for one in self.observed(block)} - {None}:
            rests_on |= set(score_parameters(self.scenario.model, str(score)))
        model, structure = self.scenario.path.resolve(), self.structure(block).model
        start = self.scenario.behind(structure.cohort.start.values())
        rests_on |= (set(start) & self.scenario.leaves.keys()) - self.columns.keys()
        return Label(
            format=1,
            model=Fitted(
                population=model.parent.name,
                file=model.name,
                sha256=self.scenario.sha256,
                shape=shape(structure),
                engine=f"costmodel {__version__}",
            ),
            fit=name,
            file=file if re.fullmatch(FILE, file) else "",
            seed=seed,
            targets=targets(self.tree.data, name),
            values={name: self.scenario.central[name] for name in sorted(rests_on)},
            uses=uses(structure, columns),
        )


def load_problem(path: Path) -> CalibrationProblem:
    """Read and check a calibration file. Raises InputError with every problem found."""
    file, tree = read_calibration(path)
    scenario, columns = _scenario_without_posteriors(tree, path, file)
    faults = _Faults(tree, file, scenario, columns)
    faults.of_observations()
    outputs: dict[str, str] = {}
    for name, block in file.fits.items():
        faults.of_output(name, block, outputs)
        faults.of_parameters(name, block)
        faults.of_structure(name, block)
    design_effect = faults.design_effect()
    if problems := [*unfounded(file, tree, scenario.sources), *faults.found]:
        raise InputError(*dict.fromkeys(problems))
    return CalibrationProblem(path, tree, file, scenario, design_effect, columns)


def _scenario_without_posteriors(tree: Tree, path: Path, file: CalibrationFile) -> tuple[Scenario, dict[str, str]]:
    """The scenario, all of an overlay, with a plain value for each joint parameter; the columns of these by name."""
    place = tree.place(("scenario",))
    model_path = named_file(file.scenario, path, str(place), anywhere=True)
    columns: dict[str, str] = {}
    source = next(iter(file.observations.values())).source

    def plain(whole: Tree) -> Tree:
        tree = replace(whole, data=dict(whole.data))
        records: Any = tree.data.get("parameters")
        if isinstance(records, dict):
            tree.data["parameters"] = records = dict(records)
            for name, record in records.items():
                if isinstance(record, dict) and "joint" in record:
                    columns[name] = str(record.get("column", name))
                    kept = {key: record[key] for key in ("label", "unit", "source") if key in record}
                    records[name] = {"source": source} | kept | {"value": STAND_IN, "status": "assumption"}
        return tree

    return resolve(read_file(model_path), model_path, whole=plain), columns


class _Faults:
    """What is wrong with a calibration file beside its scenario. columns: of the posterior, by joint parameter."""

    def __init__(self, tree: Tree, file: CalibrationFile, scenario: Scenario, columns: Mapping[str, str]) -> None:
        self.tree, self.file, self.scenario, self.columns = tree, file, scenario, columns
        self.found: list[Problem] = []

    def add(self, keys: Keys, found: str, remedy: str = "") -> None:
        self.found.append(self.tree.problem(keys, found, remedy))

    def known(self, keys: Keys, what: str, name: str, allowed: Collection[str]) -> bool:
        """Whether there is something of a name; otherwise that is a fault."""
        if name not in allowed:
            self.add(keys, f'there is no {what} "{name}"', nearest(name, sorted(allowed)))
        return name in allowed

    def has_value(self, name: str) -> bool:
        """Whether a parameter has a value that rests on nothing that is fitted."""
        return name in self.scenario.central and self.columns.keys().isdisjoint(self.scenario.behind([name]))

    def of_observations(self) -> None:
        model = self.scenario.model
        for name, observation in self.file.observations.items():
            keys: Keys = ("observations", name)
            self.known((*keys, "strategy"), "strategy", observation.strategy, model.strategies)
            for state in observation.states:
                self.known((*keys, "states"), "state", state, model.states)
            if observation.score and self.known((*keys, "score"), "score", observation.score, model.scores):
                self.of_score((*keys, "score"), observation)
            if not 0 < observation.time.months <= model.horizon.months:
                found = f"{observation.time.text} is outside the model's time"
                self.add((*keys, "time"), found, f"Up to {model.horizon.text}.")

    def of_score(self, keys: Keys, observation: Observation) -> None:
        """A share is of a score in shares, a mean and a standard deviation of one in points; none rests on the fit."""
        wanted = "points" if observation.scatter else "share"
        if (unit := unit_of_score(self.scenario, str(observation.score))) not in (None, wanted):
            self.add(keys, f'"{observation.score}" is in {unit}', f"Wanted of what was observed: {wanted}.")
        for name in score_parameters(self.scenario.model, str(observation.score)):
            if not self.has_value(name):
                self.add(keys, f'"{observation.score}" rests on "{name}", which has no value of its own')

    def of_output(self, name: str, block: FitBlock, outputs: dict[str, str]) -> None:
        """outputs: fits by their file, to which this one is added."""
        keys: Keys = ("fits", name)
        if not block.output.endswith(".csv"):
            self.add((*keys, "output"), f'"{block.output}" is not a CSV file', "Let its name end with .csv.")
        if Path(block.output).is_absolute() or ".." in Path(block.output).parts:
            found = f'"{block.output}" leads out of this folder'
            self.add((*keys, "output"), found, "Name a file in it, or in a folder below.")
        if block.output in outputs:
            found = f'"{block.output}" is the output of "{outputs[block.output]}" too'
            self.add((*keys, "output"), found, "Choose another.")
        outputs[block.output] = name
        named = [self.columns[one] for one in (*block.free, *block.held) if one in self.columns]
        for column in sorted({one for one in named if named.count(one) > 1}):
            found = f'two of its parameters want the column "{column}"'
            self.add(keys, found, "Give each its own column in the scenario.")

    def of_parameters(self, fit: str, block: FitBlock) -> None:
        """Free and held parameters are joint; free ones have a prior inside their unit, held ones have a value."""
        records = self.scenario.parameters
        for name in (*block.free, *block.held):
            keys: Keys = ("fits", fit, "free" if name in block.free else "held", name)
            if name in records and name not in self.columns:
                self.add(keys, f'"{name}" is not a joint parameter of the scenario', nearest(name, self.columns))
            elif self.known(keys, "parameter", name, self.columns) and name in block.free:
                try:
                    block.free[name].prior.fitted(records[name].unit)
                except ValueError as error:
                    self.add((*keys, "prior"), f"the prior of {name}: {error}")
        for name, supply in block.held.items():
            keys = ("fits", fit, "held", name)
            if not self.known(keys, "parameter", supply, records):
                continue
            if not self.has_value(supply):
                found = f'{name} is held at "{supply}", which has no value of its own'
                self.add(keys, found, "Name a parameter with a value.")
            elif name in records and records[name].unit.text != records[supply].unit.text:
                found = f'"{supply}" has the unit "{records[supply].unit.text}"'
                self.add(keys, found, f"Wanted: {records[name].unit.text}.")

    def of_structure(self, name: str, block: FitBlock) -> None:
        """It is one of the scenario's; every joint parameter behind it is free or held, no other is free, and the clock
        fits what the fit may see.
        """
        keys: Keys = ("fits", name)
        seen = [one for one in block.observations or () if self.known(
            (*keys, "observations"), "observation", one, self.file.observations
        )]  # fmt: skip
        seen = list(self.file.observations) if block.observations is None else seen
        self.of_twice(keys, seen)
        self.of_number(keys, block, seen)
        if self.scenario.model.alternatives and self.scenario.model.strata:
            return self.add(keys, "the scenario has strata beside alternatives", "Fit a scenario without strata.")
        structures = _by_alternative(self.scenario) if self.scenario.model.alternatives else {}
        if block.alternative is None and structures:
            found = "the scenario has alternatives and the fit names none"
            return self.add(keys, found, f"Add alternative: {', '.join(structures)}.")
        if block.alternative and not self.known((*keys, "alternative"), "alternative", block.alternative, structures):
            return None
        structure = structures[block.alternative] if block.alternative else self.scenario.structures[0]
        needed = self.columns.keys() & _behind_the_rates(self.scenario, structure)
        for one in sorted(needed - block.free.keys() - block.held.keys()):
            self.add(keys, f'the joint parameter "{one}" is neither free nor held', "Add it to free or to held.")
        for one in block.free:
            if one in self.columns and one not in needed:
                self.add((*keys, "free", one), f'"{one}" plays no part in this structure', "Take it out of free.")
        times = {one: observation.time.months for one, observation in self.file.observations.items()}
        cycle = longest_cycle(self.scenario, structure, list(times.values()))
        for one, months in times.items():
            if not in_whole_cycles(months, cycle):
                found = f"{months:g} months is not a whole number of cycles of {cycle}"
                self.add(("observations", one, "time"), found, "Shorten the cycle.")
        return None

    def of_twice(self, keys: Keys, seen: Sequence[str]) -> None:
        """What a fit sees are different figures: one that has two names would count twice."""
        names: dict[object, str] = {}
        for name in seen:
            one = self.file.observations[name]
            which = "share" if one.share is not None else "sd" if one.of_spread else "mean"
            figure = (one.strategy, one.score, frozenset(one.states), one.time.months, which)
            if (first := names.setdefault(figure, name)) != name:
                found = f'"{first}" and "{name}" are one figure: {which}, {one.strategy} at {one.time.text}'
                self.add((*keys, "observations"), found, "Keep one of them, or pool them.")

    def of_number(self, keys: Keys, block: FitBlock, seen: Sequence[str]) -> None:
        """It has no more free parameters than targets, of which those count that were read, unless it says why."""
        known = ("read", "derived")
        read = [one for one in seen if block.on_recalled or self.file.observations[one].status in known]
        if len(block.free) > len(read):
            which = "targets" if block.on_recalled else "targets that were read"
            found = f"it has more free parameters ({len(block.free)}) than {which} ({len(read)})"
            remedy = "Hold some, or find more targets; on_recalled says why recalled or assumed ones may count."
            self.add((*keys, "free"), found, remedy)

    def design_effect(self) -> float:
        """Its value; 1 where it is at fault."""
        reference, keys = self.file.design_effect, ("design_effect",)
        if isinstance(reference, str):
            if not self.known(keys, "parameter", reference, self.scenario.parameters):
                return 1.0
            if not self.has_value(reference):
                self.add(keys, f'"{reference}" has no value of its own')
                return 1.0
        value = float(reference) if isinstance(reference, int) else self.scenario.central[reference]
        if not value >= 1:
            found = f"the design effect is {value:g}; repeated proportions of the same people inflate: 1 or more"
            self.add(keys, found)
        return value


def _behind_the_rates(scenario: Scenario, structure: Structure) -> set[str]:
    """Parameters on which the rates and the start of a structure rest."""
    references: set[str | int] = set(structure.model.cohort.start.values())
    for strategy in structure.model.strategies:
        for line in rate_lines(structure.model, strategy):
            references |= {reference for _, reference in line.base} | {term.size for term in line.terms}
            references |= {time.reference for term in line.terms for time in term.drawn}
    return set(scenario.behind(references))


def narrowed(scenario: Scenario, structure: Structure, times: Sequence[float]) -> Scenario:
    """The scenario with one structure and no costs, the longest cycle that fits and the shortest horizon.

    times: months at which the cohort is read.
    """
    cycle = longest_cycle(scenario, structure, times)
    months = math.ceil(max(*times, scenario.model.follow_up.months) / cycle - SAME_TIME) * cycle

    def narrow(model: ModelFile) -> ModelFile:
        # Past what a file may say: only people are read here, and what is paid may fall inside these cycles.
        shorter = Duration(float(months), f"{months} months")
        cycles = "1 month" if cycle == 1 else f"{cycle} months"
        return model.model_copy(update={"cycle": cycles, "horizon": shorter, "costs": {}})

    alone = replace(structure, model=narrow(structure.model))
    return replace(scenario, model=narrow(scenario.model), structures=(alone,), conventions={})


def _by_alternative(scenario: Scenario) -> dict[str, Structure]:
    """A structure of each alternative; uses of money have the same people."""
    return {one.name.partition(".")[0]: one for one in reversed(scenario.structures)}


def longest_cycle(scenario: Scenario, structure: Structure, times: Sequence[float]) -> float:
    """Months: the longest cycle on whose edges every change of a rate and every observation falls.

    Where there is none, or an effect fades continuously before the last of `times`, the scenario's own.
    """
    moments = [*times, *(float(moment) for moment in _changes(scenario, structure))]
    lines = [line for strategy in structure.model.strategies for line in rate_lines(structure.model, strategy)]
    fading = [term.last * MONTHS_A_YEAR for line in lines for term in line.terms if term.half_life is not None]
    if not any(last < max(times) - SAME_TIME for last in fading):
        for cycle in reversed(CYCLES):
            if all(in_whole_cycles(moment, cycle) for moment in moments):
                return cycle
    return cycle_months(scenario.model)


def _changes(scenario: Scenario, structure: Structure) -> Iterator[float]:
    """Months at which the rates of a structure change. An end at the horizon is none."""
    horizon = scenario.model.horizon.months
    for strategy in structure.model.strategies:
        for line in rate_lines(structure.model, strategy):
            yield from (years * MONTHS_A_YEAR for years, _ in line.base)
            for term in line.terms:
                yield from (m for m in (term.first * MONTHS_A_YEAR, term.last * MONTHS_A_YEAR) if m < horizon)
