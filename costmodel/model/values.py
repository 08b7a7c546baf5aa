"""Parameters as numbers: central values for the deterministic run, draws for the probabilistic one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.inputs.draws import conditioned_weights, pick_rows, uniforms
from costmodel.scenario.build import Scenario
from costmodel.scenario.derived import combine, order

Array = NDArray[np.float64]
Values = Mapping[str, float | Array]
"""By parameter: a float where it is held fixed, else draws of shape (draw,). Money is in the setting's price year."""

LEAST_EFFECTIVE_SIZE = 200.0
"""Rows of a posterior that must effectively remain when one of its parameters is moved."""


def central_values(scenario: Scenario) -> Values:
    """The values of the deterministic run."""
    return dict(scenario.central)


def drawn_values(scenario: Scenario, draws: int, seed: int, first: int = 0) -> Values:
    """Draws first … first + draws − 1 of every parameter.

    A parameter's draws depend on the seed and its name only, so that more draws extend and never reshuffle;
    the columns of one posterior share their rows.
    """
    rows = _posterior_rows(scenario, draws, seed, first)
    drawn: dict[str, float | Array] = {}
    for name, leaf in scenario.leaves.items():
        if leaf.posterior and leaf.moved is None:
            path, column = leaf.posterior
            drawn[name] = scenario.posteriors[path].columns[column][rows[path]]
        elif leaf.distribution is not None:
            drawn[name] = leaf.distribution.quantile(uniforms(seed, name, draws, first)) * leaf.price_factor
        else:
            drawn[name] = leaf.central * leaf.price_factor
    return completed(scenario, drawn)


def completed(scenario: Scenario, leaves: Values) -> Values:
    """Values of every parameter from those of the leaves: what is made of others is made of theirs."""
    values: dict[str, float | Array] = {}
    for name in order(scenario.parameters):
        record = scenario.parameters[name]
        if name in leaves:
            values[name] = leaves[name]
        elif record.kind == "over_time":
            continue
        elif record.one_of and record.fixed is not None:
            values[name] = record.fixed
        elif record.one_of and record.moved_to is not None:
            option = record.operands[0]
            values[name] = values[option] * (record.moved_to / scenario.central[option])
        else:
            values[name] = combine(record, values.__getitem__)
    return values


def uncalibrated(scenario: Scenario) -> list[str]:
    """Posteriors that a moved parameter leaves with too few effective rows: "no longer calibrated"."""
    return [path.name for path, size in _effective_sizes(scenario).items() if size < LEAST_EFFECTIVE_SIZE]


def _moved(scenario: Scenario) -> dict[Path, list[tuple[str, float]]]:
    moved: dict[Path, list[tuple[str, float]]] = {}
    for leaf in scenario.leaves.values():
        if leaf.posterior and leaf.moved is not None:
            path, column = leaf.posterior
            moved.setdefault(path, []).append((column, leaf.moved))
    return moved


def _weights(scenario: Scenario) -> dict[Path, Array]:
    """Weights of a posterior's rows, given the parameters that were moved; they sum to 1.

    Where no row is near all moved values at once, the nearest by the product of the kernels' logarithms.
    """
    weights: dict[Path, Array] = {}
    for path, columns in _moved(scenario).items():
        logs = np.zeros(scenario.posteriors[path].rows)
        for column, value in columns:
            rows = scenario.posteriors[path].columns[column]
            if rows.min() == rows.max() != value:  # held fixed when the others were fitted
                logs -= np.inf
                continue
            with np.errstate(divide="ignore"):
                logs += np.log(conditioned_weights(rows, value)[0])
        if not np.isfinite(logs.max()):
            logs = np.where(np.arange(len(logs)) == scenario.posteriors[path].best, 0.0, -np.inf)
        scaled = np.exp(logs - logs.max())
        weights[path] = scaled / scaled.sum()
    return weights


def _effective_sizes(scenario: Scenario) -> dict[Path, float]:
    return {path: float(1 / np.sum(weights**2)) for path, weights in _weights(scenario).items()}


def _posterior_rows(scenario: Scenario, draws: int, seed: int, first: int) -> dict[Path, NDArray[np.intp]]:
    weights = _weights(scenario)
    rows: dict[Path, NDArray[np.intp]] = {}
    for path, posterior in scenario.posteriors.items():
        size = len(next(iter(posterior.columns.values())))
        w = weights.get(path, np.full(size, 1 / size))
        rows[path] = pick_rows(uniforms(seed, f"posterior {path.name}", draws, first), w)
    return rows
