"""Parameters as numbers: central values, draws, and draws from a file with a column a parameter and a row a draw."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import InputError, Problem, nearest, shown
from costmodel.inputs.draws import conditioned_weights, correlated, dirichlet, pick_rows, smooth_order, sobol, uniforms
from costmodel.inputs.files import MARK, Row, by_kind, number, records, text_of
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import OUTLASTS, SAME_TIME, outlasting
from costmodel.scenario.conventions import Repriced
from costmodel.scenario.leaves import active, correlation_of
from costmodel.scenario.parameter import DERIVED, combine, order
from costmodel.units import Duration, out_of_support

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
    names: Iterable[str | int] | None = None,
) -> Values:
    """Draws first … first + draws − 1 of every parameter; or of some names and what they are made of.

    With random sampling a parameter's draws depend on the seed and its name only; with either, more draws extend and
    never reshuffle. The columns of one posterior share their rows. given: draws that stand in the place of a
    parameter's own, of all draws, (draw,) each, in the setting's price year.
    """
    stream = _streams(scenario, draws, seed, first, sampling)
    rows = _posterior_rows(scenario, stream, sampling)
    drawn: dict[str, float | Array] = {}
    wanted = scenario.parameters.keys() if names is None else frozenset(scenario.behind(names))
    for name, leaf in scenario.leaves.items():
        if name not in wanted:
            continue
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
        if name in wanted and (given is None or name not in given):
            drawn[name] = shares
    return completed(scenario, drawn, wanted)


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


def completed(scenario: Scenario, leaves: Values, wanted: Container[str] | None = None) -> Values:
    """Values of every parameter from those of the leaves: what is made of others is made of theirs.

    wanted: names of those that are, with what they are made of; all of them where it is None.
    """
    values: dict[str, float | Array] = {}
    for name in order(scenario.parameters):
        record = scenario.parameters[name]
        if wanted is not None and name not in wanted:
            continue
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


def repriced_values(convention: Repriced[Scenario], base: Values, drawn: Callable[[Scenario], Values]) -> Values:
    """Values of a convention about money beside the base's: what both have is drawn once.

    drawn: the same draws of another scenario.
    """
    leaves = {name: base[name] for name in convention.drawn_alike}
    if others := convention.scenario.leaves.keys() - leaves.keys():
        own = drawn(convention.scenario)
        leaves |= {name: own[name] for name in others}
    return completed(convention.scenario, leaves)


def impossible_in_draws(scenario: Scenario, blocks: Iterable[tuple[Values, int]]) -> list[Problem]:
    """Derived parameters behind the answer that are outside their unit's support in some of all draws, as a file is
    refused where they are so at the centre: one problem a parameter, with the number of draws.

    blocks: values of every parameter with how many draws they are, one block after the other.
    """
    derived = [name for name in scenario.used if scenario.parameters[name].kind in DERIVED]
    wrong: Counter[str] = Counter()
    worst: dict[str, float] = {}
    fading = {
        (strategy, *one[:2]): one[2]
        for structure in scenario.structures
        for strategy in structure.model.strategies
        for one in outlasting(structure.model, strategy)
    }
    late: Counter[str] = Counter()
    total = 0
    for values, draws in blocks:
        total += draws
        for (strategy, key, time), gains in fading.items():
            longest = np.max(np.broadcast_arrays(*(_years(scenario, gain, values) for gain in gains)), axis=0)
            outlasts = _years(scenario, time, values) > longest * (1 + SAME_TIME)
            late[f"strategies.{strategy}.effects.{key}"] += int(np.count_nonzero(np.broadcast_to(outlasts, (draws,))))
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
    for place, count in late.items():
        if count:
            problems.append(Problem(place, f"it fades later than every gain in {count:,} of {total:,} draws", OUTLASTS))
    return problems


def _years(scenario: Scenario, time: Duration | str, values: Values) -> float | Array:
    """A time of an effect, of all draws where it is drawn."""
    return values[time] / scenario.parameters[time].unit.in_a_year if isinstance(time, str) else time.years


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


ALTERNATIVE = "alternative"
"""Column of an export that says which structure a draw has, from 1. A run computes all of them and leaves it unread."""
LARGEST_FILE = 200_000_000
"""Bytes."""


OF_SAMPLERS = re.compile(r".*__|\.(chain|iteration|draw)")
"""Columns that Stan and R's posterior package write beside the parameters: lp__, stepsize__, .chain."""
PERCENT = re.compile(r"[^%]*\d ?%")
NOT_PER_CENT = ("price", "quantity", "sessions", "years", "months", "people_per_100")
"""Units of which a per cent is no value."""
_COMMAS = re.compile(r"[-+]?\d+,\d+(e[-+]?\d+)? ?%?", flags=re.IGNORECASE)
_MAYBE_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
DATA_FRAME = "row names: in R write.csv(x, FILE, row.names = FALSE); in pandas to_csv(FILE, index=False)"


def read_given(path: Path, scenario: Scenario) -> dict[str, Array]:
    """Draws from a CSV: a column a parameter, a row a draw, money in the setting's price year.

    Read as R, Stan, pandas and spreadsheets write them where that is unambiguous: rows numbered in a first column
    without a name, remarks, columns of a sampler, semicolons with decimal commas, and columns in per cent.
    Raises InputError, a line for each kind of mistake with its number, naming line and column, for names that are not
    parameters of their own and for values that their unit does not allow.
    """
    table = _lines(path)
    place, header = next(table, ("", []))
    if not header:
        raise InputError.at(path.name, "the file is empty", "A column a parameter, a row a draw.")
    rows = list(table)
    header, rows = _unnumbered(place, header, rows)
    problems = [
        Problem(here, f"the row has {len(cells)} cells and the header {len(header)}", "One cell for each column.")
        for here, cells in rows
        if len(cells) != len(header)
    ]
    problems += [Problem(place, f'the column "{name}" stands twice', "Keep one.") for name in _twice(header)]
    own = scenario.parameters
    columns = [name for name in header if name in own or (name != ALTERNATIVE and not OF_SAMPLERS.fullmatch(name))]
    problems += _names(tuple(columns), scenario, place)
    if not columns:
        problems.append(Problem(path.name, "no column is a parameter", "Give draws of at least one."))
    if not rows:
        problems.append(Problem(path.name, "the file has a header and no rows"))
    if problems:
        raise InputError(*by_kind(problems))
    found = {}
    for name in columns:
        at = header.index(name)
        found[name], wrong = _column(name, scenario, [(here, cells[at]) for here, cells in rows])
        problems += wrong
    if problems:
        raise InputError(*by_kind(problems))
    return found


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The lines of a file with their places; without remarks (Stan's begin with #), and with decimal points."""
    text = text_of(path, LARGEST_FILE)
    lines = ["" if line.startswith(MARK) else line for line in text.splitlines()]
    header = next((line for line in lines if line.strip()), "")
    cells = [cell.strip(' "') for line in lines if line != header for cell in line.split(";")] if ";" in header else []
    commas = [cell for cell in cells if "," in cell]
    if commas and all(map(_COMMAS.fullmatch, commas)) and not any("." in cell for cell in cells):
        if all(map(_MAYBE_THOUSANDS.fullmatch, commas)):
            found = f'"{commas[0]}" may be a decimal or a number of thousands'
            raise InputError.at(path.name, found, "Write decimal points, and no thousands separators.")
        lines = [line if line == header else line.replace(",", ".") for line in lines]
    return records("\n".join(lines), path.name)


def _unnumbered(
    place: str, header: list[str], rows: list[tuple[str, list[str]]]
) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Without a first column that has no name and numbers the rows: the row names of R, the index of pandas."""
    short = bool(rows) and all(len(cells) == len(header) + 1 for _, cells in rows)
    if not short and header[0]:
        return header, rows
    if short and len(header) == 1 and all(cells[1].isdigit() for _, cells in rows):
        found = f'"{",".join(rows[0][1])}" may be a decimal, or a row name and a number'
        raise InputError.at(rows[0][0], found, f"Write decimal points, and leave out {DATA_FRAME}.")
    names = [cells[0] for _, cells in rows]
    if not any(names == [str(i) for i in range(first, first + len(rows))] for first in ((1,) if short else (0, 1))):
        found = "the first column has no name and does not number the rows from 1"
        raise InputError.at(place, found, f"Give it a name, or leave it out ({DATA_FRAME}).")
    return header if short else header[1:], [(here, cells[1:]) for here, cells in rows]


def _twice(header: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(header).items() if count > 1]


def _column(name: str, scenario: Scenario, cells: list[tuple[str, str]]) -> tuple[Array, list[Problem]]:
    """The draws of one parameter, and what is wrong with them."""
    unit = scenario.parameters[name].unit
    percents = sum(PERCENT.fullmatch(text) is not None for _, text in cells)
    scale, problems = 1.0, []
    if percents:
        here = next(place for place, text in cells if PERCENT.fullmatch(text))
        if unit.kind in NOT_PER_CENT:
            problems.append(
                Problem(here, f'{name} is in per cent, and its unit is "{unit.text}"', "Write the numbers.")
            )
        elif percents < len(cells):
            found = f"{name} has a per cent sign in {percents:,} of {len(cells):,} rows"
            problems.append(Problem(here, found, "Write one in all of them or in none."))
        if problems:
            return np.empty(0), problems
        scale, cells = 100.0, [(place, text.rstrip("% ")) for place, text in cells]
    draws = np.empty(len(cells))
    for i, (place, text) in enumerate(cells):
        try:
            draws[i] = number(Row(place, {name: text}), name) / scale
        except InputError as error:
            problems += error.problems
            continue
        if not unit.low <= draws[i] <= unit.high and (fault := out_of_support(unit, float(draws[i]))):
            problems.append(Problem(place, f"{name}: {fault}"))
    return draws, problems


def checked_given(scenario: Scenario, given: Mapping[str, Array], draws: int) -> dict[str, Array]:
    """Draws by parameter, from a mapping or a table of pandas.

    Raises InputError unless each entry is a parameter's draws, as many as are run, and within its unit's support.
    """
    if not isinstance(given, Mapping) and not hasattr(given, "keys"):
        remedy = 'Give them by parameter: {"session_price": [80.0, …]}, or a table with a column for each.'
        raise InputError.at("given", f"{shown(given)} does not say whose draws these are", remedy)
    found: dict[str, Array] = {}
    problems = _names(tuple(given.keys()), scenario, "given")
    for name in given.keys():  # noqa: SIM118 (a table of pandas too)
        values = found[name] = np.asarray(given[name])
        if values.dtype.kind not in "iuf":
            problems.append(Problem(f"given {name}", "these are no numbers", f"Wanted: {draws} of them."))
            continue
        values = found[name] = values.astype(float)
        if np.shape(values) != (draws,):
            problems.append(Problem(f"given {name}", f"it has the shape {np.shape(values)}", f"Wanted: ({draws},)."))
        elif name in scenario.parameters:
            unit = scenario.parameters[name].unit
            ends = (float(np.min(values)), float(np.max(values)))
            problems += [Problem(f"given {name}", fault) for end in ends if (fault := out_of_support(unit, end))]
    if problems:
        raise InputError(*problems)
    return found


def _names(names: tuple[str, ...], scenario: Scenario, place: str) -> list[Problem]:
    problems = []
    for name in names:
        if name not in scenario.parameters:
            problems.append(Problem(place, f'there is no parameter "{name}"', nearest(str(name), scenario.parameters)))
        elif name not in scenario.leaves:
            made_of = ", ".join(scenario.parameters[name].operands)
            problems.append(Problem(place, f'"{name}" is derived', f"Give what it is made of: {made_of}."))
    fixed = {str(scenario.model.cohort.age), str(scenario.model.cohort.female)}
    for name in fixed & set(names):
        problems.append(Problem(place, f'"{name}" chooses the life table and is not drawn', "Leave it out."))
    return problems
