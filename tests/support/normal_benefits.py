"""Net benefits of which the value of information is known in closed form."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

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
