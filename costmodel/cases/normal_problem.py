"""The decision problem of a value-of-information case: its formulas and normal parameters, read and checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.cases.correlation import read_correlation
from costmodel.cases.file import DESCRIBING, MOST_PARAMETERS, BrennanCase, NormalCase
from costmodel.cases.normal import Normals, square_root
from costmodel.cases.polynomial import Polynomial, read_formula
from costmodel.errors import InputError, Problem

NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NORMAL = re.compile(
    rf"(?:N|Normal)\((?:mean=?|mu=?)?({NUMBER}),(sd|sigma|var|variance)?=?({NUMBER})\)", flags=re.IGNORECASE
)
WRITTEN = "Write N(mean, sd), with an sd from 0."
MOST_STRATEGIES = 20


@dataclass(frozen=True)
class NormalProblem:
    """Net benefits by strategy as polynomials of normal parameters. names: the parameters, as keys write them."""

    names: tuple[str, ...]
    benefits: tuple[Polynomial, ...]
    normals: Normals


def problem_of(case: NormalCase | BrennanCase) -> NormalProblem:
    """The decision problem of a case. Raises InputError naming the key of what is wrong."""
    return _brennan(case) if isinstance(case, BrennanCase) else _named(case)


def _named(case: NormalCase) -> NormalProblem:
    found: list[Problem] = []
    constants: dict[str, float] = {}
    normals: dict[str, tuple[float, float]] = {}
    for name, entry in case.model.items():
        if name == "nb":
            continue
        if (value := _constant(entry)) is not None:
            constants[name] = value
        elif (moments := _moments(entry)) is not None:
            normals[name] = moments
        elif name not in DESCRIBING:
            found.append(Problem(f"model.{name}", f"{str(entry)[:60]!r} is not a normal parameter", WRITTEN))
    if not 1 <= len(normals) <= MOST_PARAMETERS:
        found.append(Problem("model", f"it has {len(normals)} normal parameters", f"From 1 to {MOST_PARAMETERS}."))
    formulas = case.model.get("nb")
    if isinstance(formulas, dict):
        formulas = list(formulas.values())
    if not isinstance(formulas, list):
        found.append(Problem("model.nb", "the net benefits are missing", "A list with one formula for each strategy."))
    if found or not isinstance(formulas, list):
        raise InputError(*found)
    names = tuple(normals)
    mean, sd = ([pair[i] for pair in normals.values()] for i in (0, 1))
    known = {name: Polynomial.variable(i) for i, name in enumerate(names)}
    labelled = {f"model.nb[{i}]": formula for i, formula in enumerate(formulas)}
    correlation = read_correlation(case.correlation, names, "correlation")
    return _problem(names, labelled, known, constants, mean, sd, correlation)


def _brennan(case: BrennanCase) -> NormalProblem:
    parameters = case.parameters
    n = len(parameters.mean)
    found = [
        Problem(f"model.{key}", f"{str(entry)[:60]!r} is neither a formula NB0, NB1, … nor a number")
        for key, entry in case.model.items()
        if _constant(entry) is None and not _is_benefit(key) and key not in DESCRIBING | {"indexing"}
    ]
    if len(parameters.sd) != n:
        found.append(Problem("parameters.sd", f"{len(parameters.sd)} entries for {n} means", "One for each."))
    elif min(parameters.sd) < 0:
        found.append(Problem("parameters.sd", "a standard deviation is below 0"))
    if case.correlation is not None and parameters.correlation is not None:
        found.append(Problem("correlation", "it stands twice", "Keep one."))
    if found:
        raise InputError(*found)
    names = tuple(str(i + 1) for i in range(n))
    known = {f"{sign}{i + 1}": Polynomial.variable(i) for i in range(n) for sign in ("t", "theta", "θ")}
    labelled = {f"model.{key}": entry for key, entry in sorted(case.model.items()) if _is_benefit(key)}
    constants = {key: value for key, entry in case.model.items() if (value := _constant(entry)) is not None}
    place = "correlation" if parameters.correlation is None else "parameters.correlation"
    given = case.correlation if parameters.correlation is None else parameters.correlation
    return _problem(
        names, labelled, known, constants, parameters.mean, parameters.sd, read_correlation(given, names, place)
    )


def _problem(
    names: tuple[str, ...], formulas: Mapping[str, object], known: Mapping[str, Polynomial],
    constants: Mapping[str, float], mean: Sequence[float], sd: Sequence[float], correlation: np.ndarray,
) -> NormalProblem:  # fmt: skip
    words = {**known, **{name: Polynomial.constant(value) for name, value in constants.items()}}
    benefits: list[Polynomial] = []
    found = list(_unreadable(formulas, words, benefits))
    if not 2 <= len(formulas) <= MOST_STRATEGIES:
        place = "model.nb" if any("[" in key for key in formulas) or not formulas else "model"
        found.append(Problem(place, f"{len(formulas)} net benefits", f"From 2 to {MOST_STRATEGIES} strategies."))
    try:
        square_root(correlation)
    except ValueError as error:
        found.append(Problem("correlation", str(error)))
    if found:
        raise InputError(*found)
    return NormalProblem(names, tuple(benefits), Normals(np.array(mean, float), np.array(sd, float), correlation))


def _unreadable(
    formulas: Mapping[str, object], words: Mapping[str, Polynomial], benefits: list[Polynomial]
) -> Iterator[Problem]:
    """What cannot be read of the formulas; those that can are added to `benefits`."""
    for key, entry in formulas.items():
        try:
            benefits.append(read_formula(str(entry), words))
        except ValueError as error:
            yield Problem(key, str(error))


def _moments(entry: object) -> tuple[float, float] | None:
    """Mean and standard deviation of a parameter, written as N(mean, sd) or as an object with these keys."""
    if isinstance(entry, dict):
        pair = [_constant(entry.get(key)) for key in ("mean", "sd")]
        return (pair[0], pair[1]) if pair[0] is not None and pair[1] is not None and pair[1] >= 0 else None
    parts = NORMAL.fullmatch(re.sub(r"\s", "", entry)) if isinstance(entry, str) else None
    if parts is None:
        return None
    mean, spread = (float(parts[group].replace("−", "-")) for group in (1, 3))
    if spread < 0:
        return None
    return mean, spread**0.5 if (parts[2] or "").lower().startswith("var") else spread


def _is_benefit(key: str) -> bool:
    return re.fullmatch(r"NB\d{1,2}", key) is not None


def _constant(entry: object) -> float | None:
    """A number, written as one or as text."""
    if isinstance(entry, str) and re.fullmatch(NUMBER, entry.strip()):
        return float(entry.strip().replace("−", "-"))
    return float(entry) if isinstance(entry, int | float) and not isinstance(entry, bool) else None
