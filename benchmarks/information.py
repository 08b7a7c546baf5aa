"""The value of knowing inputs one by one: this engine beside heormodel and a generalised additive model, same draws."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import costmodel as cm
from benchmarks.compare import Disagreement
from benchmarks.depression import SCENARIO
from benchmarks.elsewhere import PROGRAMS, said
from costmodel.analysis.voi import uncertain
from costmodel.model.run import values_of
from costmodel.result.information import _of_a_sorted_input, worth_of_inputs

Array = NDArray[np.float64]

INPUTS = 15
"""The first that vary and feed the result."""
ADDITIVE = "additive model (pyGAM)"
FARTHEST = 2.0
"""Monte-Carlo standard errors by which the additive model may differ."""


@dataclass(frozen=True)
class Valued:
    """Values of each input, GBP per person, and the seconds of each repetition; error: standard errors of ours."""

    names: tuple[str, ...]
    ours: Array
    error: Array
    heormodel: Array
    gam: Array
    seconds: dict[str, list[float]]

    def apart(self, other: Array) -> float:
        """The largest difference of another program, in Monte-Carlo standard errors."""
        return float(np.max(np.abs(self.ours - other) / self.error))


def valued(python: Path, draws: int, repeats: int) -> Valued:
    """The depression scenario at the threshold at which both strategies are worth the same on average.

    Raises Disagreement where the additive model differs by more than FARTHEST standard errors.
    """
    result = cm.run(cm.load(SCENARIO), draws=draws)
    outcomes = result.headline.outcomes
    cost = np.stack([result.weights @ result.total_cost(result.headline, 1, s, "nhs_pss", True) for s in (0, 1)])
    qaly = np.stack([result.weights @ outcomes.qaly[1, 1, s] for s in (0, 1)])
    threshold = float((cost[1] - cost[0]).mean() / (qaly[1] - qaly[0]).mean())
    values = values_of(result, draws)
    feeding = result.scenario.used
    names = tuple(name for name in uncertain(result.scenario, values) if name in feeding)[:INPUTS]
    inputs = np.stack([np.asarray(values[name]) for name in names])
    benefits, alone = (threshold * qaly - cost)[:, None], np.ones(1)
    seconds: dict[str, list[float]] = {"costmodel": [], "heormodel": [], ADDITIVE: []}
    for _ in range(repeats):
        _of_a_sorted_input.cache_clear()  # made again in each repetition
        begun = time.perf_counter()
        ours = [worth_of_inputs(benefits, alone, values[None]) for values in inputs]
        seconds["costmodel"].append(time.perf_counter() - begun)
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "problem.npz", cost=cost, qaly=qaly, inputs=inputs, threshold=threshold)
            taken = said([str(python), str(PROGRAMS / "information_programs.py"), folder]).split()
            theirs = np.load(Path(folder) / "answer.npz")
            heormodel, gam = theirs["heormodel"], theirs["gam"]
        seconds["heormodel"].append(float(taken[0]))
        seconds[ADDITIVE].append(float(taken[1]))
    found = Valued(
        names, np.array([one.value for one in ours]), np.array([one.error for one in ours]), heormodel, gam, seconds
    )
    if not found.apart(gam) <= FARTHEST:
        worst = int(np.argmax(np.abs(found.ours - gam) / found.error))
        raise Disagreement(
            f"Value of knowing {names[worst]}: {found.ours[worst]:.4g} (standard error {found.error[worst]:.2g}) here, "
            f"{gam[worst]:.4g} by a generalised additive model"
        )
    return found
