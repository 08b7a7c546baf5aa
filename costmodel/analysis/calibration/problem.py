"""What a calibration file asks for, checked with its scenario, and what the scenario predicts for each observation."""

import copy
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.calibration.file import CalibrationFile, FitBlock, Observation, Prior
from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import named_file
from costmodel.model.activity import edges
from costmodel.model.ledger import CohortLedger
from costmodel.model.rates import rate_lines
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import CYCLES, MONTHS_A_YEAR, SAME_TIME, cycle_months, in_whole_cycles
from costmodel.scenario.faults import validate
from costmodel.scenario.load import resolve
from costmodel.scenario.origin import FILE, Fitted, Label, shape, targets, uses
from costmodel.scenario.parameter import STRENGTH, combine, order
from costmodel.scenario.read import Keys, Place, Tree, read_file
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.structure import Structure
from costmodel.units import Duration
from costmodel.version import __version__

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """Predicted shares of the living, from the model's own engine.

    scenario: with one structure and the longest cycle on which every change falls: the
    cohort recursion is exact, so the cycle does not move the shares. free: the parameters that vary.
    values: of all others. dependent: what must be worked out again when the free ones move.
    reads: (strategy, states, edge) of each observation.
    """

    scenario: Scenario
    free: tuple[str, ...]
    values: Mapping[str, float]
    dependent: tuple[str, ...]
    reads: tuple[tuple[int, tuple[int, ...], int], ...]

    def shares(self, free: Array) -> Array:
        """Shares for draws of the free parameters, shape (free, draw) → (observation, draw)."""
        values: dict[str, float | Array] = dict(self.values)
        values |= dict(zip(self.free, free, strict=True))
        for name in self.dependent:
            values[name] = combine(self.scenario.parameters[name], values.__getitem__)
        # the ledger itself is never written out
        activity = CohortLedger.of(self.scenario, values, free.shape[1]).activity
        found = []
        for s, states, k in self.reads:
            people = activity.people[k, :, activity.column[s, 0]]
            found.append(people[list(states)].sum(axis=0) / people.sum(axis=0))
        return np.stack(found)


def prediction(
    scenario: Scenario,
    structure: Structure,
    observations: Sequence[Observation],
    free: Sequence[str],
    held: Mapping[str, float],
) -> Prediction:
    """The prediction of one structure for some observations, with some parameters held at values."""
    narrow = narrowed(scenario, structure, [observation.time.months for observation in observations])
    model = narrow.model
    dependent, values = _dependent(scenario, {*free, *held}), dict(scenario.central) | dict(held)
    varying = tuple(name for name in dependent if not set(free).isdisjoint(scenario.behind([name])))
    for name in dependent:
        if name not in varying:
            values[name] = combine(scenario.parameters[name], values.__getitem__)
    time = edges(narrow) * MONTHS_A_YEAR
    strategies, states = list(model.strategies), list(model.states)
    reads = tuple(
        (
            strategies.index(observation.strategy),
            tuple(states.index(state) for state in observation.states),
            int(np.argmin(np.abs(time - observation.time.months))),
        )
        for observation in observations
    )
    return Prediction(narrow, tuple(free), values, varying, reads)


def narrowed(scenario: Scenario, structure: Structure, times: Sequence[float]) -> Scenario:
    """The scenario with one structure, costs that fall at once, the longest cycle that fits and the shortest horizon.

    times: months at which the cohort is read.
    """
    follow_up = scenario.model.follow_up.months
    cycle = longest_cycle(scenario, structure, times)
    months = int(np.ceil((max(*times, follow_up) if times else follow_up) / cycle - SAME_TIME)) * cycle

    def narrow(model: ModelFile) -> ModelFile:
        # Past what a file may say: only people are read here, and what is paid may fall inside these cycles.
        lag = Duration(0.0, "0 months")
        at_once = {name: item.model_copy(update={"lag": lag}) for name, item in model.costs.items()}
        shorter = Duration(float(months), f"{months} months")
        cycles = "1 month" if cycle == 1 else f"{cycle} months"
        return model.model_copy(update={"cycle": cycles, "horizon": shorter, "costs": at_once})

    alone = replace(structure, model=narrow(structure.model))
    return replace(scenario, model=narrow(scenario.model), structures=(alone,))


def longest_cycle(scenario: Scenario, structure: Structure, times: Sequence[float]) -> int:
    """Months: the longest cycle on whose edges every change of a rate and every observation falls.

    Where there is none, or an effect fades continuously, the scenario's own.
    """
    moments = [*times, *(float(moment) for moment in _changes(scenario, structure))]
    fading = any(
        effect.half_life for strategy in structure.model.strategies.values() for effect in strategy.effects.values()
    )
    if not fading:
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


def _dependent(scenario: Scenario, names: set[str]) -> list[str]:
    """Parameters made of some others, each after what it is made of. A rate over time has no value."""
    records = scenario.parameters
    return [
        name
        for name in order(records)
        if name not in names
        and records[name].operands
        and not records[name].over_time
        and not names.isdisjoint(scenario.behind([name]))
    ]


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
        (found,) = [one for one in self.scenario.structures if one.name == block.alternative]
        return found

    def observed(self, block: FitBlock) -> list[str]:
        """Names of the observations that a fit sees."""
        return list(self.file.observations) if block.observations is None else block.observations

    def place(self, *keys: str | int) -> Place:
        """File and line of an entry."""
        return self.tree.place(keys)

    def label(self, name: str, seed: int) -> Label:
        """What the posterior of a fit says of its origin."""
        block = self.file.fits[name]
        columns = {key: self.columns[key] for key in (*block.free, *block.held)}
        output = Path(os.path.realpath(self.path.parent / block.output))
        file = Path(os.path.relpath(os.path.realpath(self.path), output.parent)).as_posix()
        rests_on = {name for name in (self.file.design_effect, *block.held.values()) if isinstance(name, str)}
        model = self.scenario.path.resolve()
        return Label(
            format=1,
            model=Fitted(
                population=model.parent.name,
                file=model.name,
                sha256=self.scenario.sha256,
                shape=shape(self.structure(block).model),
                engine=f"costmodel {__version__}",
            ),
            fit=name,
            file=file if re.fullmatch(FILE, file) else "",
            seed=seed,
            targets=targets(self.tree.data, name),
            values={name: self.scenario.central[name] for name in sorted(rests_on)},
            uses=uses(self.structure(block).model, columns),
        )


def load_problem(path: Path) -> CalibrationProblem:
    """Read and check a calibration file. Raises InputError with every problem found."""
    tree = read_file(path)
    file, problems, _ = validate(CalibrationFile, tree)
    if file is None:
        raise InputError(*problems)
    scenario, columns = _scenario_without_posteriors(tree, path, file)
    joint = set(columns)
    problems += [*_observations(tree, file, scenario), *_fits(tree, file, scenario, columns)]
    design_effect = 1.0
    try:
        design_effect = _design_effect(file, scenario, joint)
    except ValueError as error:
        problems.append(Problem(str(tree.place(("design_effect",))), str(error)))
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return CalibrationProblem(path, tree, file, scenario, design_effect, columns)


def _scenario_without_posteriors(tree: Tree, path: Path, file: CalibrationFile) -> tuple[Scenario, dict[str, str]]:
    """The scenario with a plain value for each joint parameter; the columns of these by name."""
    place = tree.place(("scenario",))
    model_path = named_file(file.scenario, path, str(place), anywhere=True)
    model = read_file(model_path)
    if "extends" in model.data:
        remedy = "Calibrate the model file that it changes."
        raise InputError.at(str(place), f'"{file.scenario}" is an overlay', remedy)
    plain = Tree(copy.deepcopy(model.data), model.places)
    records = plain.data.get("parameters")
    columns: dict[str, str] = {}
    source = next(iter(file.observations.values())).source if file.observations else "none"
    if not isinstance(records, dict):
        records = {}
    for name, record in records.items():
        if isinstance(record, dict) and "joint" in record:
            columns[name] = str(record.get("column", name))
            kept = {key: record[key] for key in ("label", "unit", "source") if key in record}
            records[name] = {"source": source} | kept | {"value": STAND_IN, "status": "assumption"}
    return resolve(plain, model_path), columns


def _observations(tree: Tree, file: CalibrationFile, scenario: Scenario) -> Iterator[Problem]:
    model = scenario.model
    for name, observation in file.observations.items():
        keys: Keys = ("observations", name)
        if observation.strategy not in model.strategies:
            yield _unknown(tree, (*keys, "strategy"), "strategy", observation.strategy, model.strategies)
        for state in observation.states:
            if state not in model.states:
                yield _unknown(tree, (*keys, "states"), "state", state, model.states)
        if not 0 < observation.time.months <= model.horizon.months:
            at = str(tree.place((*keys, "time")))
            yield Problem(at, f"{observation.time.text} is outside the model's time", f"Up to {model.horizon.text}.")
        source = scenario.sources.get(observation.source)
        if source is None:
            yield _unknown(tree, (*keys, "source"), "source", observation.source, scenario.sources)
        elif STRENGTH.index(observation.status) < STRENGTH.index(source.status):
            at = str(tree.place((*keys, "status")))
            yield Problem(at, f'{name}: the status is "{observation.status}" and its source is "{source.status}"')


def _fits(tree: Tree, file: CalibrationFile, scenario: Scenario, columns: Mapping[str, str]) -> Iterator[Problem]:
    joint, outputs = set(columns), dict[str, str]()
    for name, block in file.fits.items():
        keys: Keys = ("fits", name)
        at = str(tree.place((*keys, "output")))
        if not block.output.endswith(".csv"):
            yield Problem(at, f'"{block.output}" is not a CSV file', "Let its name end with .csv.")
        if Path(block.output).is_absolute() or ".." in Path(block.output).parts:
            yield Problem(at, f'"{block.output}" leads out of this folder', "Name a file in it, or in a folder below.")
        if block.output in outputs:
            yield Problem(at, f'"{block.output}" is the output of "{outputs[block.output]}" too', "Choose another.")
        outputs[block.output] = name
        for observation in block.observations or ():
            if observation not in file.observations:
                yield _unknown(tree, (*keys, "observations"), "observation", observation, file.observations)
        yield from _parameters(tree, keys, block, scenario, joint)
        named = [columns[one] for one in (*block.free, *block.held) if one in columns]
        for column in sorted({one for one in named if named.count(one) > 1}):
            found = f'two of its parameters want the column "{column}"'
            yield Problem(str(tree.place(keys)), found, "Give each its own column in the scenario.")
        structures = {one.name: one for one in scenario.structures if scenario.model.alternatives}
        if block.alternative is not None and block.alternative not in structures:
            yield _unknown(tree, (*keys, "alternative"), "alternative", block.alternative, structures)
        elif block.alternative is None and structures:
            found = "the scenario has alternatives and the fit names none"
            yield Problem(str(tree.place(keys)), found, f"Add alternative: {', '.join(structures)}.")
        else:
            structure = structures[block.alternative] if block.alternative else scenario.structures[0]
            yield from _structure(tree, keys, block, file, scenario, structure, joint)


def _parameters(tree: Tree, keys: Keys, block: FitBlock, scenario: Scenario, joint: set[str]) -> Iterator[Problem]:
    """Free and held parameters are joint; free ones have a prior inside their unit, held ones have a value."""
    for name in (*block.free, *block.held):
        at = (*keys, "free" if name in block.free else "held", name)
        if name not in scenario.parameters:
            yield _unknown(tree, at, "parameter", name, joint)
        elif name not in joint:
            found = f'"{name}" is not a joint parameter of the scenario'
            yield Problem(str(tree.place(at)), found, nearest(name, joint))
        elif name in block.free:
            yield from _prior(tree, (*at, "prior"), name, block.free[name].prior, scenario)
    for name, supply in block.held.items():
        at = (*keys, "held", name)
        if supply not in scenario.parameters:
            yield _unknown(tree, at, "parameter", supply, scenario.parameters)
            continue
        if supply not in scenario.central or joint.intersection(scenario.behind([supply])):
            found = f'{name} is held at "{supply}", which has no value of its own'
            yield Problem(str(tree.place(at)), found, "Name a parameter with a value.")
        elif name in scenario.parameters:
            unit, theirs = scenario.parameters[name].unit, scenario.parameters[supply].unit
            if unit.text != theirs.text:
                yield Problem(str(tree.place(at)), f'"{supply}" has the unit "{theirs.text}"', f"Wanted: {unit.text}.")


def _prior(tree: Tree, keys: Keys, name: str, prior: Prior, scenario: Scenario) -> Iterator[Problem]:
    """A prior has a distribution inside the unit, known sources, and a standing not above theirs."""
    try:
        prior.fitted(scenario.parameters[name].unit)
    except ValueError as error:
        yield Problem(str(tree.place(keys)), f"the prior of {name}: {error}")
    for source in prior.sources:
        if source not in scenario.sources:
            yield _unknown(tree, (*keys, "source"), "source", source, scenario.sources)
        elif STRENGTH.index(prior.status) < STRENGTH.index(scenario.sources[source].status):
            found = f'the prior of {name} has the status "{prior.status}" and its source {source} is "'
            yield Problem(str(tree.place((*keys, "status"))), f'{found}{scenario.sources[source].status}"')


def _structure(
    tree: Tree,
    keys: Keys,
    block: FitBlock,
    file: CalibrationFile,
    scenario: Scenario,
    structure: Structure,
    joint: set[str],
) -> Iterator[Problem]:
    """Every joint parameter behind the structure is free or held, no other is free, and the clock fits."""
    at = str(tree.place(keys))
    needed = joint & _behind_the_rates(scenario, structure)
    for name in sorted(needed - block.free.keys() - block.held.keys()):
        found = f'the joint parameter "{name}" is neither free nor held'
        yield Problem(at, found, "Add it to free or to held.")
    for name in block.free:
        if name in joint - needed:
            found = f'"{name}" plays no part in this structure'
            yield Problem(str(tree.place((*keys, "free", name))), found, "Take it out of free.")
    times = {name: one.time.months for name, one in file.observations.items()}
    cycle = longest_cycle(scenario, structure, list(times.values()))
    for name, months in times.items():
        if not in_whole_cycles(months, cycle):
            where = str(tree.place(("observations", name, "time")))
            yield Problem(where, f"{months:g} months is not a whole number of cycles of {cycle}", "Shorten the cycle.")


def _design_effect(file: CalibrationFile, scenario: Scenario, joint: set[str]) -> float:
    reference = file.design_effect
    if isinstance(reference, int):
        value = float(reference)
    elif reference not in scenario.parameters:
        raise ValueError(f'there is no parameter "{reference}"; {nearest(reference, scenario.parameters)}')
    elif reference not in scenario.central or joint.intersection(scenario.behind([reference])):
        raise ValueError(f'"{reference}" has no value of its own')
    else:
        value = scenario.central[reference]
    if not value >= 1:
        raise ValueError(f"the design effect is {value:g}; repeated proportions of the same people inflate: 1 or more")
    return value


def _behind_the_rates(scenario: Scenario, structure: Structure) -> set[str]:
    """Parameters on which the rates and the start of a structure rest."""
    references: set[str | int] = set(structure.model.cohort.start.values())
    for strategy in structure.model.strategies:
        for line in rate_lines(structure.model, strategy):
            references |= {reference for _, reference in line.base} | {term.size for term in line.terms}
    return set(scenario.behind(references))


def _unknown(tree: Tree, keys: Keys, what: str, name: str, allowed: object) -> Problem:
    names = [str(one) for one in allowed] if hasattr(allowed, "__iter__") else []
    return Problem(str(tree.place(keys)), f'there is no {what} "{name}"', nearest(name, sorted(names)))
