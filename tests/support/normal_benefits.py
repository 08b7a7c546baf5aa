"""Net benefits of which the value of information is known in closed form."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from costmodel.result.information import Worth, worth_of_everything, worth_of_inputs
from tests.support.polynomials import Integral, Normals, Polynomial, expected_maximum

Array = NDArray[np.float64]


def worth_of_a_normal(mean: float, sd: float) -> float:
    """E max(0, X) − max(0, E X) of a normal X: the unit normal loss."""
    if sd == 0:
        return 0.0
    z, normal = mean / sd, NormalDist()
    return sd * normal.pdf(z) + mean * normal.cdf(z) - max(0.0, mean)


def even_normals(inputs: int, draws: int, seed: int = 0) -> Array:
    """Scrambled Sobol points as standard normals, (input, draw): a regression on them is nearly exact."""
    points = qmc.Sobol(inputs, seed=seed).random_base2(math.ceil(math.log2(draws)))
    return np.asarray(ndtri(points[:draws].T))


def therapy_or_not(gain: Array) -> Array:
    """Net benefits (strategy, alternative, draw) of a comparator with 0 and one therapy."""
    return np.stack([np.zeros_like(gain), gain])[:, None]


@dataclass(frozen=True)
class WorthOfNormals:
    """What information is worth where net benefits are polynomials of jointly normal parameters."""

    names: tuple[str, ...]
    benefits: tuple[Polynomial, ...]
    normals: Normals

    @property
    def expected(self) -> list[float]:
        """Expected net benefit of each strategy."""
        return [p.terms.get((), 0.0) for p in self.normals.given(self.benefits, ())]

    def places(self, names: str) -> list[int]:
        """Which parameters some names, with commas between, are."""
        return [self.names.index(name.strip()) for name in names.split(",")]

    def exact(self, known: Collection[int]) -> Integral:
        """Value of knowing some parameters: the expected maximum of what is then expected, less the maximum now."""
        given = self.normals.given(self.benefits, sorted(set(known)))
        today = given[int(np.argmax(self.expected))]
        return expected_maximum([p - today for p in given])

    def estimated(self, known: Collection[int], draws: int = 10_000) -> Worth:
        """The same as the package estimates it: by regression on Sobol draws; all of them need no regression."""
        parameters = self.normals.drawn(even_normals(len(self.names), draws, seed=1))
        by = dict(enumerate(parameters))
        benefits = np.array([[p.at(by, draws)] for p in self.benefits])
        if len(set(known)) == len(self.names):
            return worth_of_everything(benefits, np.ones(1))
        return worth_of_inputs(benefits, np.ones(1), parameters[sorted(set(known))])


def worth_of_normals(
    formulas: Sequence[str], normals: Mapping[str, tuple[float, float]], correlation: Array | None = None,
    **constants: float,
) -> WorthOfNormals:  # fmt: skip
    """A problem from formulas as Python writes them. normals: mean and standard deviation by name."""
    names = tuple(normals)
    known = {name: Polynomial.variable(i) for i, name in enumerate(names)} | constants
    benefits = [eval(text, {"__builtins__": {}}, known) + Polynomial.constant(0.0) for text in formulas]
    mean, sd = np.array(list(normals.values()), dtype=float).T
    among = np.eye(len(names)) if correlation is None else correlation
    return WorthOfNormals(names, tuple(benefits), Normals(mean, sd, among))


def published(case: Mapping[str, Any], correlation: Array | None = None) -> WorthOfNormals:
    """The problem of a published case."""
    model = case["model"]
    if case["kind"] == "voi_normal":
        moments = {name: re.findall(r"[\d.]+", text) for name, text in model.items() if name != "nb"}
        return worth_of_normals(model["nb"], {name: (float(a), float(b)) for name, (a, b) in moments.items()})
    moments = zip(case["parameters"]["mean"], case["parameters"]["sd"], strict=True)
    normals = {f"t{i}": pair for i, pair in enumerate(moments, start=1)}
    formulas = [model[name].replace("lambda", "wtp") for name in ("NB0", "NB1")]
    return worth_of_normals(formulas, normals, correlation, wtp=model["lambda"])
