"""The format of a published case, version 1.0: its types, its strict reading, and what can be wrong with a cohort."""

import codecs
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import read_bytes
from costmodel.inputs.matrices import faults_of_rows, gaps

LARGEST_FILE = 20_000_000
"""Bytes."""
LARGEST_NUMBER = 1e15
"""In a case: no count or sum of money is larger, and sums of such numbers stay finite."""
LARGEST_CASE = 200_000_000
"""States × cycles × strategies × moves from a state, at most: seconds, and under a gigabyte."""
ROUNDING = 1e-12
"""By how much a complement that was worked out may miss 0 or 1."""
DESCRIBING = {"note", "notes", "comment", "comments", "explain", "label", "description", "title", "source", "unit"}
"""Keys that may describe any block and are not read."""


class Part(BaseModel):
    """A block of a case: unknown keys are errors, numbers are finite, nothing is coerced but whole numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_descriptions(cls, block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        return {key: value for key, value in block.items() if key in cls.model_fields or key not in DESCRIBING}


class Interval(Part):
    """Cycles `from` … `to`, both included."""

    first: int = Field(alias="from", ge=0)
    last: int = Field(alias="to", ge=0)


class Transition(Interval):
    """The matrix of an interval; rows are origins."""

    matrix: list[list[float]]


class Values(Interval):
    """A value a year for each state."""

    values: list[float]


class CaseStrategy(Part):
    """What one strategy does and costs."""

    transition: list[Transition] = Field(min_length=1)
    state_cost: list[Values] = Field(min_length=1)
    state_effect: list[Values] = Field(min_length=1)
    transition_cost: list[list[float]] | None = None
    transition_effect: list[list[float]] | None = None
    start_cost: float = 0.0


Occupancy = Literal["start", "end", "average"]


class Accrual(Part):
    """How rewards are counted. `cycle`: occupancy and discount exponent of cycle k; `index`: a weight an instant."""

    scheme: Literal["cycle", "index"]
    occupancy: Occupancy | None = None
    cost_occupancy: Occupancy | None = None
    effect_occupancy: Occupancy | None = None
    discount_exponent: Literal["k-1", "k", "k-0.5"] | None = None
    weights: list[float] | None = None


class Discount(Part):
    """Rates per year."""

    cost: float = Field(ge=0, lt=1)
    effect: float = Field(ge=0, lt=1)


class Expected(Part):
    """A printed result and how near one must come."""

    key: str
    value: float | list[float] | list[str]
    abs_tol: float | None = Field(default=None, ge=0)
    rel_tol: float | None = Field(default=None, ge=0)
    status: str
    note: str = ""


class Case(BaseModel):
    """What every case has; further keys describe it and are not read."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    schema_version: Literal["1.0"]
    id: str
    title: str = ""
    """Left out, the id stands for it."""
    kind: str
    expected: list[Expected] = []


class CohortCase(Case):
    """A cohort model with its results."""

    states: list[str] = Field(min_length=1, max_length=1_000)
    initial: list[float]
    n_cycles: int = Field(ge=1, le=20_000)
    cycle_length_years: float = Field(gt=0, le=100)
    cycle_meaning: str = ""
    accrual: Accrual
    discount: Discount
    strategies: dict[str, CaseStrategy] = Field(min_length=1, max_length=50)
    components: dict[str, dict[str, list[Values]]] = {}
    components_discounted: bool = False
    population: float | None = Field(default=None, gt=0)
    effect_divisor: float | None = Field(default=None, gt=0)
    absorbing: list[str] = []
    expected: list[Expected] = Field(min_length=1)


class FrontierCase(Case):
    """Strategies with cost and effect, and the incremental analysis that was printed."""

    cost: dict[str, float] = Field(min_length=1, max_length=1_000)
    effect: dict[str, float]
    expected_table: list[tuple[str, float | None, float | None, float | None, Literal["ND", "ED", "D"]]] = Field(
        min_length=1
    )


TYPES: dict[str, type[Case]] = {"markov_cohort": CohortCase, "icer_frontier": FrontierCase}


def read_case(path: Path) -> tuple[Case, str]:
    """A case and its SHA-256. Raises InputError naming the file and the key."""
    content = read_bytes(path, LARGEST_FILE)
    kind = _data(content, path.name).get("kind")
    if not isinstance(kind, str) or kind not in TYPES:
        raise InputError.at(path.name, f"the kind is {kind!r}", nearest(str(kind), TYPES))
    try:
        case = TypeAdapter(TYPES[kind]).validate_json(content.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        raise InputError(*_faults(error, path.name)) from error
    return case, hashlib.sha256(content).hexdigest()


def _data(content: bytes, name: str) -> dict[str, Any]:
    try:
        data = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_no_key_twice,
            parse_constant=_number,
            parse_int=_number,
            parse_float=_number,
        )
    except UnicodeDecodeError as error:
        raise InputError.at(name, "the file is not UTF-8", "Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise InputError.at(f"{name}, line {error.lineno}", f"this is not JSON ({error.msg})") from error
    except RecursionError as error:
        raise InputError.at(name, "the file is nested too deep") from error
    except ValueError as error:
        raise InputError.at(name, str(error)) from error
    if not isinstance(data, dict):
        raise InputError.at(name, "this is not a case", "A case is an object with id, title, kind and so on.")
    return data


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := [key for i, key in enumerate(keys) if key in keys[:i]]:
        raise ValueError(f'the key "{twice[0]}" stands twice')
    return dict(pairs)


def _number(text: str) -> float:
    number = float(text)
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError(f"{text[:40]} is no finite number of at most {LARGEST_NUMBER:g}")
    return number


def _faults(error: ValidationError, name: str) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = ".".join(str(key) for key in detail["loc"])
        shown = repr(detail["input"])
        found = f" (found {shown})" if isinstance(detail["input"], str | int | float) and len(shown) < 60 else ""
        of_result = detail["loc"][:1] == ("expected",) and len(detail["loc"]) > 2
        remedy = f"A result has the keys {', '.join(Expected.model_fields)}." if of_result else ""
        yield Problem(f"{name}: {path}", f"{detail['msg'][0].lower()}{detail['msg'][1:]}{found}", remedy)


def problems(case: CohortCase) -> list[Problem]:
    """Everything that is wrong with a cohort, each with its key."""
    return [*_shapes(case), *_accrual(case)] or [*_intervals(case), *_probabilities(case)]


def _valued(case: CohortCase) -> Iterator[tuple[str, Sequence[Values]]]:
    """Every list of values by state, with its key."""
    for name, strategy in case.strategies.items():
        yield f"strategies.{name}.state_cost", strategy.state_cost
        yield f"strategies.{name}.state_effect", strategy.state_effect
    for component, by_strategy in case.components.items():
        for name, segments in by_strategy.items():
            yield f"components.{component}.{name}", segments


def _matrices(case: CohortCase) -> Iterator[tuple[str, Sequence[Sequence[float]]]]:
    for name, strategy in case.strategies.items():
        for i, transition in enumerate(strategy.transition):
            yield f"strategies.{name}.transition[{i}]", transition.matrix
        for key, matrix in (("cost", strategy.transition_cost), ("effect", strategy.transition_effect)):
            if matrix is not None:
                yield f"strategies.{name}.transition_{key}", matrix


def _shapes(case: CohortCase) -> Iterator[Problem]:
    n = len(case.states)
    if len(set(case.states)) < n:
        yield Problem("states", "a state stands twice", "Names differ.")
    if len(case.initial) != n:
        yield Problem("initial", f"{len(case.initial)} entries for {n} states")
    elif min(case.initial) < 0 or sum(case.initial) <= 0:
        yield Problem("initial", "the people at the start are negative, or nobody", "Numbers from 0, not all 0.")
    for at, matrix in _matrices(case):
        if len(matrix) != n or any(len(row) != n for row in matrix):
            widths = " or ".join(map(str, sorted({len(row) for row in matrix})))
            found = f"the matrix is {len(matrix)} × {widths} for {n} states"
            yield Problem(at, found, "One row and one column for each state.")
    for at, segments in _valued(case):
        for i, segment in enumerate(segments):
            if len(segment.values) != n:
                yield Problem(f"{at}[{i}].values", f"{len(segment.values)} entries for {n} states")
    for component, by_strategy in case.components.items():
        if component in ("cost", "effect", "trace"):
            yield Problem(f"components.{component}", "the name is taken", "Choose another.")
        for name in by_strategy.keys() - case.strategies.keys():
            yield Problem(f"components.{component}.{name}", "this is not a strategy", nearest(name, case.strategies))
    most = max(len(s.transition) for s in case.strategies.values())
    if n * n * most > LARGEST_CASE or n * case.n_cycles * len(case.strategies) * 8 > LARGEST_CASE:
        yield Problem("n_cycles", "states × cycles × strategies are too many", "Make the case smaller.")


def _accrual(case: CohortCase) -> Iterator[Problem]:
    accrual = case.accrual
    if accrual.scheme == "index":
        given = len(accrual.weights or ())
        if given != case.n_cycles + 1:
            yield Problem("accrual.weights", f"{given} weights for {case.n_cycles} cycles", "One an instant: n + 1.")
        return
    if not (accrual.occupancy or (accrual.cost_occupancy and accrual.effect_occupancy)):
        yield Problem("accrual.occupancy", "nothing says who counts in a cycle", "Allowed: start, end, average.")
    if accrual.discount_exponent is None:
        yield Problem("accrual.discount_exponent", "nothing says when a cycle is discounted", "Allowed: k-1, k, k-0.5.")


def _intervals(case: CohortCase) -> Iterator[Problem]:
    """Intervals in order, from cycle 1 (or instant 0) to the last, without gap or overlap."""
    timed: list[tuple[str, Sequence[Interval]]] = [*_valued(case)]
    timed += [(f"strategies.{name}.transition", one.transition) for name, one in case.strategies.items()]
    for at, segments in timed:
        firsts = [segment.first for segment in segments]
        if any(segment.first > segment.last for segment in segments):
            yield Problem(at, "an interval ends before it begins", "from ≤ to.")
        elif firsts != sorted(firsts):
            yield Problem(at, "the intervals are not in order", "Earliest first.")
        else:
            yield from gaps(at, [(max(segment.first, 1), segment.last) for segment in segments if segment.last >= 1])
            if (last := segments[-1].last if segments else 0) < case.n_cycles:
                yield Problem(at, f"cycle {last + 1} is not covered", f"Intervals run to {case.n_cycles}.")


def _probabilities(case: CohortCase) -> Iterator[Problem]:
    for state in case.absorbing:
        if state not in case.states:
            yield Problem("absorbing", f'"{state}" is not a state', nearest(state, case.states))
    kept = [case.states.index(state) for state in case.absorbing if state in case.states]
    for name, strategy in case.strategies.items():
        for i, transition in enumerate(strategy.transition):
            at = f"strategies.{name}.transition[{i}] (from cycle {transition.first})"
            matrix = np.array(transition.matrix)
            outside = np.argwhere((matrix < -ROUNDING) | (matrix > 1 + ROUNDING))
            for row, column in outside[:3]:
                found = f"the probability of {case.states[row]} → {case.states[column]} is {matrix[row, column]:g}"
                yield Problem(at, found, "Between 0 and 1; a percentage typed?")
            if not len(outside):
                yield from faults_of_rows(at, case.states, matrix)
            for j in kept:
                if abs(matrix[j, j] - 1) > ROUNDING:
                    yield Problem(at, f'"{case.states[j]}" is absorbing and the matrix lets people out')
