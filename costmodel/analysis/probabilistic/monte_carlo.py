"""How exactly a number of draws knows an answer, and whether more of them would change it."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.probabilistic.spread import Array, averaged, error_of_mean
from costmodel.result.payback import NEVER
from costmodel.result.result import Result, Run

MOST_OF_CHANCE = 0.01
"""Error of a chance that is small enough."""
MOST_OF_THERAPY_COST = 0.02
"""Error of the net saving that is small enough, as a share of the cost of therapy."""
FEWEST = 100
"""Draws of the first step of a running mean, at least."""
UNSEEN = 0.05
"""What has not happened in n independent draws has, at 95%, a chance of at most 1 − 0.05^(1/n)."""


def error_of_chance(happens: NDArray[np.bool_], weights: Array, draws: int) -> float | None:
    """Half the 95% interval of a chance; at least what may still be unseen where no draw has it (the rule of three)."""
    error = error_of_mean(happens.astype(float), weights, draws)
    return None if error is None else max(error, 1 - UNSEEN ** (1 / draws))


@dataclass(frozen=True)
class Step:
    """Net saving, GBP per person, and chance of payback of the first so many draws, with their errors."""

    draws: int
    saving: float
    saving_error: float | None
    chance: float
    chance_error: float | None


@dataclass(frozen=True)
class Convergence:
    """Answers at growing numbers of draws. wanted: errors of saving and chance that would be small enough.

    wanted_saving is None where no therapy is paid for.
    """

    steps: tuple[Step, ...]
    wanted_saving: float | None
    wanted_chance: float = MOST_OF_CHANCE

    @property
    def last(self) -> Step:
        """With all draws."""
        return self.steps[-1]

    @property
    def needed(self) -> int | None:
        """Draws with which both errors would be small enough, about; None where one draw tells nothing."""
        last = self.last
        if last.saving_error is None or last.chance_error is None:
            return None
        ratio = last.chance_error / self.wanted_chance
        if last.chance in (0.0, 1.0):  # the rule of three falls with n, not with its root
            ratio = math.sqrt(ratio)
        if self.wanted_saving:
            ratio = max(ratio, last.saving_error / self.wanted_saving)
        return math.ceil(last.draws * ratio**2)

    @property
    def enough(self) -> bool:
        """Whether the draws that were made are as many as are needed."""
        return self.needed is not None and self.needed <= self.last.draws

    @property
    def sure_of_sign(self) -> bool:
        """Whether more draws could hardly change a mean saving into a mean loss, or the other way round."""
        error = self.last.saving_error
        return error is not None and abs(self.last.saving) > error


def convergence(result: Result, run: Run, horizon: int, strategy: int, perspective: str) -> Convergence:
    """Net saving and chance of payback at N, N/2, N/4, … draws, the fewest first.

    Where not every draw is kept, the last step is of all of them, and the others of those that are.
    """
    saving = -result.net_cost(run, horizon, strategy, perspective=perspective)
    paid = result.paybacks(run, horizon, strategy, perspective) < NEVER
    kept = saving.shape[-1]
    sizes = [kept]
    while sizes[0] // 2 >= FEWEST:
        sizes.insert(0, sizes[0] // 2)
    steps = [_step(saving[..., :n], paid[..., :n], run.weights, n) for n in sizes]
    everything = averaged(run)
    if result.draws > kept:
        mean = -float(run.weights @ result.net_cost(everything, horizon, strategy, perspective=perspective)[:, 0])
        chance = result.chance_of_payback(run, horizon, strategy, perspective)
        steps.append(replace(_step(saving, paid, run.weights, result.draws), saving=mean, chance=chance))
    therapy = result.net_cost(everything, horizon, strategy, perspective="societal", category="therapy")
    spent = abs(float(run.weights @ therapy.mean(axis=-1)))
    return Convergence(tuple(steps), MOST_OF_THERAPY_COST * spent or None)


def _step(saving: Array, paid: NDArray[np.bool_], weights: Array, draws: int) -> Step:
    return Step(
        draws,
        float(weights @ saving.mean(axis=-1)) + 0.0,
        error_of_mean(saving, weights, draws),
        float(weights @ paid.mean(axis=-1)),
        error_of_chance(paid, weights, draws),
    )
