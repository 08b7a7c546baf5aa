"""What information is worth in a case of normal parameters: exactly, and by regression on draws."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import qmc

from costmodel.cases.answers import Answer
from costmodel.cases.expected_maximum import Integral, expected_maximum
from costmodel.cases.file import Expected
from costmodel.cases.normal_problem import NormalProblem
from costmodel.errors import InputError, nearest
from costmodel.result.information import Worth, worth_of_everything, worth_of_inputs

Array = NDArray[np.float64]

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
