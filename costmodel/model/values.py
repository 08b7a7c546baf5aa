"""Parameters as numbers: central values for the deterministic run, draws for the probabilistic one."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import Problem
from costmodel.inputs.draws import conditioned_weights, correlated, dirichlet, pick_rows, smooth_order, sobol, uniforms
from costmodel.scenario.build import Scenario
from costmodel.scenario.derived import combine, order
from costmodel.scenario.groups import active, correlation_of
from costmodel.scenario.parameter import DERIVED
from costmodel.scenario.used import used

Array = NDArray[np.float64]
Values = Mapping[str, float | Array]
"""By parameter: a float where it is held fixed, else draws of shape (draw,). Money is in the setting's price year."""

Sampling = Literal["random", "sobol"]
"""Pseudo-random numbers, or a scrambled Sobol sequence, whose means settle sooner."""

LEAST_EFFECTIVE_SIZE = 200.0
"""Rows of a posterior that must effectively remain when one of its parameters is moved."""


def central_values(scenario: Scenario) -> Values:
    """The values of the deterministic run."""
    return dict(scenario.central)


def drawn_values(
    scenario: Scenario,
    draws: int,
    seed: int,
    first: int = 0,
    sampling: Sampling = "random",
    given: Mapping[str, Array] | None = None,
) -> Values:
    """Draws first … first + draws − 1 of every parameter.

    With random sampling a parameter's draws depend on the seed and its name only; with either, more draws extend and
    never reshuffle. The columns of one posterior share their rows. given: draws that stand in the place of a
    parameter's own, of all draws, (draw,) each, in the setting's price year.
    """
    stream = _streams(scenario, draws, seed, first, sampling)
    rows = _posterior_rows(scenario, stream, sampling)
    drawn: dict[str, float | Array] = {}
    for name, leaf in scenario.leaves.items():
        if given is not None and name in given:
            drawn[name] = given[name][first : first + draws]
        elif leaf.posterior and leaf.moved is None:
            path, column = leaf.posterior
            drawn[name] = scenario.posteriors[path].columns[column][rows[path]]
        elif leaf.distribution is not None:
            drawn[name] = leaf.distribution.quantile(stream(name)) * leaf.price_factor
        else:
            drawn[name] = leaf.central * leaf.price_factor
    for name, shares in _shares(scenario, stream).items():
        if given is None or name not in given:
            drawn[name] = shares
    return completed(scenario, drawn)


def uncertain(scenario: Scenario) -> list[str]:
    """What draws are made of, whatever the order of the file: posteriors, then parameters with distributions."""
    posteriors = sorted(_stream_of(path) for path in scenario.posteriors)
    return posteriors + sorted(name for name, leaf in scenario.leaves.items() if leaf.distribution is not None)


def _stream_of(path: Path) -> str:
    return f"posterior {path.name}"


def _streams(scenario: Scenario, draws: int, seed: int, first: int, sampling: Sampling) -> Callable[[str], Array]:
    """Uniform numbers by name; those of correlated parameters are made of their own."""
    points = sobol(seed, uncertain(scenario), draws, first) if sampling == "sobol" else {}

    def own(name: str) -> Array:
        return points[name] if points else uniforms(seed, name, draws, first)

    together: dict[str, Array] = {}
    for group in scenario.model.groups.values():
        members = active(group, scenario.leaves)
        if group.together == "correlated" and members:
            names = [group.members[i] for i in members]
            scores = correlated(np.stack([own(name) for name in names]), correlation_of(group, members))
            together |= dict(zip(names, scores, strict=True))
    return lambda name: together[name] if name in together else own(name)


def _shares(scenario: Scenario, stream: Callable[[str], Array]) -> dict[str, Array]:
    """Draws of the shares that sum to 1."""
    found: dict[str, Array] = {}
    for group in scenario.model.groups.values():
        distributions = [scenario.leaves[name].distribution for name in group.members]
        if group.together == "dirichlet":
            concentration = np.array([one.first for one in distributions if one is not None])
            if len(concentration):
                shares = dirichlet(np.stack([stream(name) for name in group.members]), concentration)
                found |= dict(zip(group.members, shares, strict=True))
    return found


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


def impossible_in_draws(scenario: Scenario, blocks: Iterable[tuple[Values, int]]) -> list[Problem]:
    """Derived parameters behind the answer that are outside their unit's support in some of all draws, as a file is
    refused where they are so at the centre: one problem a parameter, with the number of draws.

    blocks: values of every parameter with how many draws they are, one block after the other.
    """
    derived = [name for name in used(scenario) if scenario.parameters[name].kind in DERIVED]
    wrong: Counter[str] = Counter()
    worst: dict[str, float] = {}
    total = 0
    for values, draws in blocks:
        total += draws
        for name in derived:
            value, unit = values.get(name), scenario.parameters[name].unit
            if not isinstance(value, np.ndarray):  # as at the centre
                continue
            inside = (unit.low <= value) & (value <= unit.high) & np.isfinite(value)
            if not inside.all():
                wrong[name] += int(np.count_nonzero(~inside))
                beyond = np.abs(value[~inside] - np.clip(value[~inside], unit.low, unit.high))
                worst.setdefault(name, float(value[~inside][np.argmax(beyond)]))
    problems = []
    for name, count in wrong.items():
        record = scenario.parameters[name]
        found = f'{name} ({record.kind}) is outside {record.unit.support}, which the unit "{record.unit.text}" allows,'
        found += f" in {count:,} of {total:,} draws: it is {worst[name]:.4g}"
        remedy = f"Narrow the spread of what it is made of: {', '.join(record.operands)}. Nothing is clipped."
        problems.append(Problem(f"parameters.{name}", found, remedy))
    return problems


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


def _posterior_rows(
    scenario: Scenario, stream: Callable[[str], Array], sampling: Sampling
) -> dict[Path, NDArray[np.intp]]:
    weights = _weights(scenario)
    rows: dict[Path, NDArray[np.intp]] = {}
    for path, posterior in scenario.posteriors.items():
        w = weights.get(path, np.full(posterior.rows, 1 / posterior.rows))
        if sampling == "sobol":
            order = smooth_order(list(posterior.columns.values()))
            rows[path] = order[pick_rows(stream(_stream_of(path)), w[order])]
        else:
            rows[path] = pick_rows(stream(_stream_of(path)), w)
    return rows
