"""The case format, version 1.0, as types; the strict reading of a case; an expected answer beside what comes out."""

import codecs
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.files import read_bytes

LARGEST_FILE = 20_000_000
"""Bytes."""


LARGEST_NUMBER = 1e15
"""In a case: no count or sum of money is larger, and sums of such numbers stay finite."""

MOST_PARAMETERS = 200
"""Of a case that values information."""

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


class NormalCase(Case):
    """`voi_normal`: net benefits as formulas of normal parameters that stand beside them."""

    model: dict[str, Any]
    correlation: Any = None
    expected: list[Expected] = Field(min_length=1)


class BrennanParameters(Part):
    """Means and standard deviations of t1, t2, …; their names describe them."""

    mean: list[float] = Field(min_length=1, max_length=MOST_PARAMETERS)
    sd: list[float]
    distribution: str = Field(default="normal", pattern=r"(?i)^(multivariate |joint )?normal$|^mvn$")
    correlation: Any = None
    names: Any = None
    names_T0: Any = None
    names_T1: Any = None


class BrennanCase(Case):
    """`evppi_brennan`: two net benefits as formulas of numbered normal parameters."""

    parameters: BrennanParameters
    model: dict[str, Any]
    correlation: Any = None
    expected: list[Expected] = Field(min_length=1)


TYPES: dict[str, type[Case]] = {
    "markov_cohort": CohortCase,
    "icer_frontier": FrontierCase,
    "voi_normal": NormalCase,
    "evppi_brennan": BrennanCase,
}


def read_case(path: str | Path) -> tuple[Case, str]:
    """A case and its SHA-256. Raises InputError naming the file and the key."""
    path = Path(path)
    content = read_bytes(path, LARGEST_FILE)
    data = _data(content, path.name)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in TYPES:
        raise InputError.at(path.name, f"the kind is {kind!r}", nearest(str(kind), TYPES))
    try:
        case = TypeAdapter(TYPES[kind]).validate_json(content.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        raise InputError(*_problems(error, path.name)) from error
    return case, hashlib.sha256(content).hexdigest()


def _data(content: bytes, name: str) -> dict[str, Any]:
    try:
        data = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_no_key_twice,
            parse_constant=_refuse_constant,
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
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice}" stands twice')
    return found


def _number(text: str) -> float:
    number = float(text)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(f"the number {text[:40]} is too large: at most {LARGEST_NUMBER:g}")
    return number


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def _problems(error: ValidationError, name: str) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = ".".join(str(key) for key in detail["loc"])
        shown = repr(detail["input"])
        found = f" (found {shown})" if isinstance(detail["input"], str | int | float) and len(shown) < 60 else ""
        of_result = detail["loc"][:1] == ("expected",) and len(detail["loc"]) > 2
        remedy = f"A result has the keys {', '.join(Expected.model_fields)}." if of_result else ""
        yield Problem(f"{name}: {path}", f"{detail['msg'][0].lower()}{detail['msg'][1:]}{found}", remedy)


Answer = float | list[float] | list[str]


@dataclass(frozen=True)
class Row:
    """One printed result. tolerance: in words. holds: whether it was reproduced."""

    key: str
    expected: object
    obtained: object
    tolerance: str
    status: str
    holds: bool
    note: str = ""


def compared(expected: Expected, obtained: Answer) -> Row:
    """An expectation beside what came out. Without a tolerance both must be the same."""
    tolerance, holds = _holds(expected, obtained)
    return Row(expected.key, expected.value, obtained, tolerance, expected.status, holds, expected.note)


def _holds(expected: Expected, obtained: Answer) -> tuple[str, bool]:
    wanted = expected.value
    if expected.abs_tol is not None:
        words, near = f"±{expected.abs_tol:g}", _near(wanted, obtained, expected.abs_tol, 0.0)
    elif expected.rel_tol is not None:
        words, near = f"±{expected.rel_tol:g} of it", _near(wanted, obtained, 0.0, expected.rel_tol)
    else:
        words, near = "exact", _same(wanted, obtained)
    return words, near


def _near(wanted: Answer, obtained: Answer, absolute: float, relative: float) -> bool:
    one, other = _numbers(wanted), _numbers(obtained)
    if one is None or other is None or one.shape != other.shape:
        return _same(wanted, obtained)
    # A printed value and its tolerance are decimals: 10.5 ± 0.1 includes 10.6, which binary fractions miss by a hair.
    slack = 1e-12 * np.maximum(np.abs(one), 1.0)
    return bool(np.all(np.abs(one - other) <= absolute + relative * np.abs(one) + (slack if absolute else 0.0)))


def _same(wanted: Answer, obtained: Answer) -> bool:
    if isinstance(wanted, list) != isinstance(obtained, list):
        return False
    return wanted == obtained


def _numbers(answer: Answer) -> NDArray[np.float64] | None:
    parts: Sequence[object] = answer if isinstance(answer, list) else [answer]
    if any(isinstance(part, str) for part in parts):
        return None
    return np.asarray(parts, dtype=float)
