"""The value of knowing each input alone, by heormodel and by a generalised additive model of pyGAM."""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from heormodel.models import Outcomes
from heormodel.voi import evppi
from pygam import LinearGAM, s

folder = Path(sys.argv[1])
given = np.load(folder / "problem.npz")
cost, qaly, inputs, threshold = given["cost"], given["qaly"], given["inputs"], float(given["threshold"])
names = [f"x{i}" for i in range(len(inputs))]
draws = pd.DataFrame(dict(zip(names, inputs, strict=True)), index=pd.RangeIndex(inputs.shape[1], name="iteration"))
strategies = [f"s{i}" for i in range(len(cost))]
outcomes = Outcomes.from_wide(*(pd.DataFrame(dict(zip(strategies, x, strict=True))) for x in (cost, qaly)))
benefits = threshold * qaly - cost
gains = benefits[1:] - benefits[:1]


def additive(values: np.ndarray) -> float:
    """Each gain regressed on a penalised spline, its penalty chosen by generalised cross-validation."""
    fits = [
        LinearGAM(s(0)).gridsearch(values[:, None], gain, progress=False).predict(values[:, None]) for gain in gains
    ]
    expected = np.stack([np.zeros(len(values)), *fits])
    return float(expected.max(axis=0).mean() - expected.mean(axis=1).max())


evppi(outcomes, draws, names[0], wtp=threshold)  # warmth
begun = time.perf_counter()
theirs = [evppi(outcomes, draws, name, wtp=threshold) for name in names]
between = time.perf_counter()
smooth = [additive(values) for values in inputs]
np.savez(folder / "answer.npz", heormodel=theirs, gam=smooth)
print(between - begun, time.perf_counter() - between)
