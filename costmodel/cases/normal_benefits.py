"""A value-of-information case of normal parameters: read and checked, then what information is worth in it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import qmc

from costmodel.cases.file import DESCRIBING, MOST_PARAMETERS, Answer, BrennanCase, Expected, NormalCase
from costmodel.cases.polynomials import Integral, Normals, Polynomial, expected_maximum, read_formula, square_root
from costmodel.errors import InputError, Problem, nearest
from costmodel.result.information import Worth, worth_of_everything, worth_of_inputs

Array = NDArray[np.float64]

SIZES = ("rho", "r", "value", "correlation", "corr", "coefficient")
REMEDY = "A matrix with a row and a column for each parameter, a list of [i, j, correlation], or null."


def read_correlation(given: Any, names: Sequence[str], place: str) -> Array:
    """The correlation matrix of some parameters; null means independent. names: as entries may write them.

    Entries of a list: [i, j, size]; {"i": …, "j": …, "rho": size}; {"among": [i, j, k], "rho": size} for every pair.
    An object: one such entry, or sizes by pair, {"i,j": size}.
    Raises InputError naming the place.
    """
    matrix = np.eye(len(names))
    if given is None or given in ([], {}):
        return matrix
    if isinstance(given, list) and len(given) == len(names) and all(_numbers(row, len(names)) for row in given):
        return _sound(np.array(given, dtype=float), place)
    for i, j, size in _pairs(given, names, place):
        if i == j or matrix[i, j] not in (0.0, size):
            raise InputError.at(place, f"{names[i]} and {names[j]} are given twice, or are one", "Give each pair once.")
        matrix[i, j] = matrix[j, i] = size
    return _sound(matrix, place)


def _sound(matrix: Array, place: str) -> Array:
    if not np.allclose(matrix, matrix.T, atol=1e-12) or not np.allclose(np.diag(matrix), 1, atol=1e-12):
        raise InputError.at(place, "the matrix is not symmetric with 1 on its diagonal", REMEDY)
    if np.abs(matrix).max() > 1 + 1e-12:
        raise InputError.at(place, "a correlation is outside −1 to 1", REMEDY)
    return matrix


def _numbers(row: Any, n: int) -> bool:
    return isinstance(row, list) and len(row) == n and all(_is_number(x) for x in row)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _pairs(given: Any, names: Sequence[str], place: str) -> Iterator[tuple[int, int, float]]:
    """Every pair with its correlation."""
    entries = given if isinstance(given, list) else [given]
    if isinstance(given, dict) and given.keys().isdisjoint(SIZES) and all(map(_is_number, given.values())):
        entries = [[*re.findall(r"\w+", str(key)), size] for key, size in given.items()]
    for entry in entries:
        size, groups = _entry(entry)
        if size is None or not groups:
            raise InputError.at(place, f"{str(entry)[:60]} is not a correlation", REMEDY)
        for group in groups:
            for one, other in combinations(group, 2):
                yield _index(one, names, place), _index(other, names, place), size


def _entry(entry: Any) -> tuple[float | None, list[list[Any]]]:
    """The size of a correlation, and the groups of parameters in which every pair has it."""
    if isinstance(entry, list) and len(entry) == 3 and _is_number(entry[2]):
        return float(entry[2]), [entry[:2]]
    if not isinstance(entry, dict):
        return None, []
    size = next((entry[key] for key in SIZES if _is_number(entry.get(key))), None)
    rest = [value for key, value in entry.items() if key not in SIZES]
    if all(isinstance(value, int | str) for value in rest) and len(rest) == 2:
        return size, [rest]
    lists = [value for value in rest if isinstance(value, list)]
    nested = [part for value in lists for part in value if isinstance(part, list)]
    groups = nested or lists
    return size, groups if all(len(group) >= 2 for group in groups) else []


def _index(name: Any, names: Sequence[str], place: str) -> int:
    """A parameter by its name; t5, theta5 and 5 are the fifth where parameters are numbered."""
    text = str(name)
    for written in (text, re.sub(r"^(t|theta|θ)(?=\d)", "", text)):
        if written in names:
            return list(names).index(written)
    raise InputError.at(place, f'there is no parameter "{text[:40]}"', f"Parameters: {', '.join(names[:12])}.")


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


DRAWS = 10_000
"""Of the estimates by regression."""
MOST_DRAWS = 1_000_000
SEED = 1
KEY = re.compile(r"enb|evpi|evppi\[(?P<names>[^\[\]]+)\]")
OTHERS = re.compile(r"voi_[a-z]+_(?:evpi(?:_(?P<draws>\d+))?|evppi_(?P<names>.+))")
"""Another program's Monte-Carlo estimate of a key."""


@dataclass(frozen=True)
class Estimate:
    """A key's exact value beside our own estimate of it from draws, with its standard error."""

    key: str
    exact: float
    estimate: float
    error: float


@dataclass(frozen=True)
class WorthOfNormals:
    """The value of information in a decision problem with normal parameters."""

    problem: NormalProblem

    @cached_property
    def expected(self) -> list[float]:
        """Expected net benefit of each strategy."""
        return [p.number or 0.0 for p in self.problem.normals.given(self.problem.benefits, ())]

    @cached_property
    def _exact(self) -> dict[frozenset[int], Integral]:
        return {}

    def exact(self, known: Collection[int]) -> Integral:
        """Value of knowing some parameters: the expected maximum of what is then expected, less the maximum now."""
        key = frozenset(known)
        if key not in self._exact:
            given = self.problem.normals.given(self.problem.benefits, sorted(key))
            today = given[int(np.argmax(self.expected))]
            self._exact[key] = expected_maximum([p - today for p in given])
        return self._exact[key]

    def estimated(self, known: Collection[int], draws: int = DRAWS) -> Worth:
        """The same by regression on scrambled Sobol draws; knowing every parameter needs no regression."""
        parameters, benefits = self._drawn(draws)
        if len(set(known)) == len(parameters):
            return worth_of_everything(benefits, np.ones(1))
        return worth_of_inputs(benefits, np.ones(1), parameters[sorted(set(known))])

    def _drawn(self, draws: int) -> tuple[Array, Array]:
        """Draws of the parameters, (parameter, draw), and net benefits, (strategy, 1, draw)."""
        points = qmc.Sobol(len(self.problem.names), seed=SEED).random_base2(max(draws - 1, 1).bit_length())[:draws]
        inside = np.clip(points, 2.0**-32, 1 - 2.0**-32)
        parameters = self.problem.normals.drawn(special.ndtri(inside.T))
        by = dict(enumerate(parameters))
        return parameters, np.array([[p.at(by, draws)] for p in self.problem.benefits])

    def answer(self, key: str) -> Answer:
        """The value of a key. Raises InputError for one that the case cannot answer.

        Keys of other programs' estimates, which begin with `voi_`, are answered by ours.
        """
        if match := OTHERS.fullmatch(key):
            draws = int(match["draws"] or DRAWS)
            if not 2 <= draws <= MOST_DRAWS:
                raise InputError.at(f'expected "{key}"', f"{draws} draws", f"From 2 to {MOST_DRAWS:,}.")
            known = range(len(self.problem.names)) if match["names"] is None else self._known(key, match["names"])
            return self.estimated(known, draws).value
        if key == "enb":
            return self.expected
        return self.exact(self._asked(key)).value

    def estimates(self, expected: Collection[Expected]) -> Iterator[Estimate]:
        """Every key that has an exact value beside what regression makes of it."""
        for key in dict.fromkeys(one.key for one in expected):
            if key != "enb" and not OTHERS.fullmatch(key):
                found = self.estimated(self._asked(key))
                yield Estimate(key, self.exact(self._asked(key)).value, found.value, found.error)

    def doubts(self, expected: Collection[Expected]) -> Iterator[str]:
        """Keys whose numerical error is not small against what the case allows."""
        for one in expected:
            if one.abs_tol is not None and KEY.fullmatch(one.key) and one.key != "enb":
                error = self.exact(self._asked(one.key)).error
                if error > one.abs_tol / 2:
                    yield f"{one.key}: the numerical error, {error:.1g}, is not small against ±{one.abs_tol:g}."

    @property
    def largest_error(self) -> float:
        """The largest numerical error of the exact values so far."""
        return max((found.error for found in self._exact.values()), default=0.0)

    def _asked(self, key: str) -> Collection[int]:
        """The parameters whose knowledge a key values."""
        match = KEY.fullmatch(key)
        if not match or key == "enb":
            remedy = "Keys: enb, evpi, evppi[NAME], evppi[NAME,NAME,…]."
            raise InputError.at(f'expected "{key}"', "the case has no such result", remedy)
        return range(len(self.problem.names)) if match["names"] is None else self._known(key, match["names"])

    def _known(self, key: str, text: str) -> list[int]:
        names = self.problem.names
        parts = [text] if text in names else [part.strip() for part in re.split(r"[,;]", text)]
        found = []
        for part in parts:
            plain = re.sub(r"^(t|theta|θ)(?=\d)", "", part) if part not in names else part
            if plain not in names:
                raise InputError.at(f'expected "{key}"', f'there is no parameter "{part[:40]}"', nearest(part, names))
            found.append(names.index(plain))
        return found
