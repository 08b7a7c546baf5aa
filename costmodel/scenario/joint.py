"""Parameters that were fitted jointly: their posterior file, and whether it belongs to the scenario that names it.

A posterior that `calibrate` wrote says in its first line what it was fitted for. What is compared is what gives a
column its meaning: the transitions and effects at which it stands. Prices, costs, utilities, waits, durability and
further strategies may change without it. Draws that `synthesise` wrote say which trials they rest on; they are of the
cost of other care, and belong wherever that is asked for.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from costmodel.content import by_content
from costmodel.errors import InputError, Problem
from costmodel.inputs.files import Table, by_kind, number, read_table
from costmodel.scenario.fields import Block
from costmodel.scenario.parameter import Status, behind
from costmodel.scenario.read import Tree
from costmodel.scenario.schema import ModelFile

FILE = r"(\.\./)?[A-Za-z0-9_.-]+\.yaml"
"""A calibration file beside the posterior, or in the folder above it."""
DIGEST = 16
"""Hexadecimal digits of a fingerprint."""
OBSERVED = ("strategy", "states", "score", "time", "share", "mean", "sd", "n")
FITTED = ("alternative", "held")
WORDS = ("source", "status", "note")
POOLED = ("priors", "errors", "onset")
OF_A_ROW = (
    "id", "country", "population", "comparator", "therapy_end", "itt", "independent", "flags", "sets", "source", "note",
)  # fmt: skip
"""Columns of a row of trials that move neither a draw nor a number of its label."""
OF_A_POSITION = ("onset_from_months", "onset_to_months")
ONSET = "onset_months"
"""The column of draws of a synthesis that the others were fitted with."""
SAME = 1e-9

LARGEST_POSTERIOR = 5_000_000
"""Bytes."""

_PARAMETER = re.compile(r"[a-z][a-z0-9_]*", flags=re.ASCII)


@by_content
@dataclass(frozen=True)
class Posterior:
    """Rows of parameters that belong together.

    columns: by parameter, shape (rows,) each. best: the row (from 0) that serves the deterministic run.
    remark: what the file says of its origin; empty for a table of somebody's own.
    """

    columns: Mapping[str, NDArray[np.float64]]
    best: int
    remark: str = ""

    @property
    def rows(self) -> int:
        return next(iter(self.columns.values())).size


def read_posterior(path: Path) -> Posterior:
    """Read a posterior CSV.

    A first line that begins with # is a remark. The first column is `best` (1 in one row, 0 in the others); the others
    are parameters.
    Raises InputError naming file and line.
    """
    table = read_table(path, largest_file=LARGEST_POSTERIOR, remarked=True)
    header = f"{table.place}, line {2 if table.remark else 1}"
    if table.columns[0] != "best":
        raise InputError.at(header, f'the first column is "{table.columns[0]}"', 'It must be "best".')
    names = table.columns[1:]
    problems = [
        Problem(
            header,
            f'"{name}" cannot be a parameter',
            "Write small letters, digits and _ as in session_price.",
        )
        for name in names
        if not _PARAMETER.fullmatch(name)
    ]
    if not names:
        problems.append(Problem(header, "there is no column beside best", "Add one for each parameter."))
    if len(table.rows) < 2:
        problems.append(Problem(table.place, "there is only one row", "A posterior has at least 2."))
    best = _best_row(table, problems)
    values = np.empty((len(names), len(table.rows)))
    for row_number, row in enumerate(table.rows):
        for column, name in enumerate(names):
            try:
                values[column, row_number] = number(row, name)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(*by_kind(problems))
    return Posterior(dict(zip(names, values, strict=True)), best, table.remark)


def _best_row(table: Table, problems: list[Problem]) -> int:
    problems += [
        Problem(row.place, f'best is "{row.cells["best"][:40]}"', "Write 1 for the best row and 0 for the others.")
        for row in table.rows
        if row.cells["best"] not in ("0", "1")
    ]
    flagged = [number_ for number_, row in enumerate(table.rows) if row.cells["best"] == "1"]
    if len(flagged) != 1:
        problems.append(Problem(table.place, f"{len(flagged)} rows have best = 1", "Exactly one row must."))
    return flagged[0] if flagged else 0


class Fitted(Block):
    """The scenario file that a posterior was fitted for; an overlay stands for the whole that it gives."""

    population: str
    """Its folder."""
    file: str
    sha256: str
    """Of the scenario with every joint parameter at 1, when it was fitted."""
    shape: str
    """Fingerprint of its states and transitions."""
    engine: str
    """The program that fitted it."""


class Origin(Block):
    """What a posterior says of its origin."""

    file: str = Field(pattern=rf"^({FILE})?$")
    """The file that it was made from, from the posterior's folder; empty where it lies elsewhere."""
    seed: int
    """Of the sampler."""

    @property
    def text(self) -> str:
        """As the first line of the file has it, after its mark."""
        return json.dumps({k: v for k, v in self.model_dump().items() if (k, v) != ("onset_of", "")}, ensure_ascii=True)


class Label(Origin):
    """What a posterior of `calibrate` says of its origin."""

    format: int = 0
    """The version of this line; 0 where it says nothing of its model."""
    model: Fitted | None = None
    """What it was fitted for."""
    fit: str
    """The fit's name in the calibration file."""
    targets: str
    """Fingerprint of observations, priors and what is held."""
    values: dict[str, float]
    """Parameters of the scenario on which the fit rests, with their values then."""
    uses: dict[str, list[str]]
    """Where each column stood in the structure that was fitted."""


class Behind(Block):
    """How much stands behind the answer of a synthesis. Alternatives of one trial count as rows, not as trials."""

    rows: int
    trials: int
    nulls: int
    """Assumed: no such trial is known, and their people are not counted."""
    people: float
    assumed_trials: int
    """With an error that is drawn or by the rule, nulls among them."""
    unknown_rows: int
    """They do not show whether the programme's cost is inside."""

    @property
    def words(self) -> str:
        """In a line."""
        trials = f"{self.trials} trials{f' and {self.nulls} assumed nulls' if self.nulls else ''}"
        return (
            f"{self.rows} rows of {trials}, {self.people:,.0f} people; {self.assumed_trials} of "
            f"{self.trials + self.nulls} errors assumed; {self.unknown_rows} of {self.rows} rows do not show "
            "whether the programme's own cost is inside"
        )


class SynthesisLabel(Origin):
    """What draws of `synthesise` say of their origin."""

    format: Literal[1]
    """The version of this line."""
    position: str
    """Of the dial: which evidence counts."""
    label: str
    """The same in words."""
    therapy: str
    """The class whose mean is the average trial."""
    without: list[str]
    """Trials that were left out."""
    onset_of: str = ""
    """The position whose onset was taken in the place of its own; empty for its own."""
    digest: str
    """Fingerprint of the rows and of what is assumed of them."""
    behind: Behind
    costs: list[float]
    """Yearly cost of the controls of the figures, the least and the most; empty where none is known."""
    prices: str
    """Their currency and year."""
    status: Status
    """How the least known of its rows is known."""
    recalled: list[str]
    """Rows that are recalled, to be checked."""

    @property
    def words(self) -> str:
        """Where the draws come from, in a line."""
        left = f", without {', '.join(self.without)}" if self.without else ""
        left += f", with the onset of {self.onset_of}" if self.onset_of else ""
        return f"{self.label}, {self.therapy}{left}: {self.behind.words}; a convenience sample"


_LABELS: TypeAdapter[Label | SynthesisLabel] = TypeAdapter(Label | SynthesisLabel)


def label_of(posterior: Posterior, place: str) -> Label | SynthesisLabel | None:
    """What a posterior says of its origin; None for a table of somebody's own. Raises InputError if it is damaged."""
    if not posterior.remark:
        return None
    try:
        return _LABELS.validate_json(posterior.remark)
    except ValidationError as error:
        remedy = "Write it with costmodel calibrate or synthesise; a table of your own has no such line."
        raise InputError.at(
            f"{place}, line 1", "the line does not say where the posterior comes from", remedy
        ) from error


def shape(model: ModelFile) -> str:
    """Fingerprint of a model's states and transitions, in whatever order."""
    return _fingerprint([sorted(model.states), sorted(map(str, model.transitions))])


def _fingerprint(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGEST]


def uses(model: ModelFile, columns: Mapping[str, str]) -> dict[str, list[str]]:
    """Where the rates of a structure use the columns of a posterior. columns: by joint parameter."""
    found: dict[str, set[str]] = {}
    for reference, where in _references(model):
        for name in columns.keys() & behind(model.parameters, [reference]):
            found.setdefault(columns[name], set()).add(where)
    return {column: sorted(places) for column, places in sorted(found.items())}


def _references(model: ModelFile) -> Iterator[tuple[str | int, str]]:
    """Every reference behind rates and the start, and in words where it stands."""
    for state, reference in model.cohort.start.items():
        yield reference, f"start in {state}"
    for arrow, reference in model.transitions.items():
        record = model.parameters.get(str(reference))
        if record is not None and record.over_time:
            yield from ((name, f"{arrow} from {moment}") for moment, name in record.over_time.items())
        else:
            yield reference, str(arrow)
    for strategy, block in model.strategies.items():
        for effect in block.effects.values():
            if effect.transition:
                kind = "rate" if effect.rate is not None else "ratio"
                yield effect.size, f"{kind} of {strategy} on {effect.target}"


def targets(data: Mapping[str, Any], fit: str) -> str:
    """Fingerprint of what a calibration file fits: observations, priors, what is held; not of words and sources.

    data: the file as it was read. Empty where it has no such fit.
    """
    try:
        block, everything = data["fits"][fit], data["observations"]
        seen = list(everything) if block["observations"] == "all" else block["observations"]
        content = {
            "observations": {
                name: {key: everything[name][key] for key in OBSERVED if key in everything[name]} for name in seen
            },
            "priors": {
                name: {key: value for key, value in free["prior"].items() if key not in WORDS}
                for name, free in block["free"].items()
            },
            "design_effect": data["design_effect"],
        } | {key: block.get(key) for key in FITTED}
    except (AttributeError, KeyError, TypeError):
        return ""
    return _fingerprint(content)


def evidence_digest(data: Mapping[str, Any], position: str, without: Sequence[str], onset_of: str = "") -> str:
    """Fingerprint of the trials' rows that a position reads and of what is assumed of them; not of words.

    data: a synthesis file as it was read, with the cells of its rows in place of their file's name. onset_of: the
    position whose onset is taken, if not its own. Empty where it has no such position.
    """
    try:
        kept = [one for one in data["rows"] if position in one["sets"].split(";") and one["trial"] not in without]
        rows = [{key: cell for key, cell in one.items() if key not in OF_A_ROW} for one in kept]
        drawn = [data["drawn"][one["id"]] for one in kept if one["id"] in data.get("drawn", {})]
        own = data["positions"][onset_of or position]
        assumed = [
            {key: value for key, value in one.items() if key not in WORDS}
            for one in (*(data[name] for name in POOLED), *drawn)
        ]
        return _fingerprint([sorted(rows, key=str), assumed, [own.get(key) for key in OF_A_POSITION]])
    except (AttributeError, KeyError, TypeError):
        return ""


def strangers(
    tree: Tree, model: ModelFile, structures: Sequence[ModelFile], labels: Mapping[Path, Label | SynthesisLabel]
) -> Iterator[Problem]:
    """Columns that stand where they were not fitted, posteriors of another model, and structures that mix fits."""
    fits = {path: label for path, label in labels.items() if isinstance(label, Label)}
    for path in [path for path in labels if path not in fits]:
        for name, column in _columns(tree, model, path).items():
            wanted, unit = "months" if column == ONSET else "cost ratio", model.parameters[name].unit.text
            if unit != wanted:
                found = f'{name} has the unit "{unit}", and in {path.name} {column} is a number of the unit "{wanted}"'
                yield tree.problem(("parameters", name, "unit"), found, f"Write unit: {wanted}.")
    remedy = "Calibrate this scenario, or name the posterior that belongs to it."
    for structure in structures:
        drawn: dict[Path, str] = {}
        for path, label in fits.items():
            columns = _columns(tree, model, path)
            here = uses(structure, columns)
            for name, column in columns.items():
                if column not in here:
                    continue
                drawn.setdefault(path, name)
                places = label.uses.get(column, [])
                if not any(_covers(fitted, place) for fitted in places for place in here[column]):
                    found = (
                        f'{name}: {path.name} was fitted with "{column}" for {" and ".join(places) or "nothing"}; here '
                        f"it stands for {' and '.join(here[column])}"
                    )
                    yield tree.problem(("parameters", name, "joint"), found, remedy)
        for path, name in drawn.items():
            fitted = fits[path].model
            if fitted is not None and fitted.shape != shape(structure):
                found = (
                    f"{path.name} was fitted to a model of other states or transitions ({fitted.population}/"
                    f"{fitted.file}, SHA-256 {fitted.sha256[:12]}…)"
                )
                yield tree.problem(("parameters", name, "joint"), found, remedy)
        if len(drawn) > 1:
            files = " and ".join(path.name for path in drawn)
            at = str(tree.place(("parameters", next(iter(drawn.values())), "joint")))
            yield Problem(
                at, f"{files} are posteriors of different fits and meet in one structure", "Name one of them."
            )


def _covers(fitted: str, place: str) -> bool:
    """Whether a column that was fitted in one place may stand in another: there, or in a part of its time."""
    return place == fitted or place.startswith(f"{fitted} from ")


def _columns(tree: Tree, model: ModelFile, path: Path) -> dict[str, str]:
    """The joint parameters that are drawn from a posterior, with their columns."""
    return {
        name: record.column or name
        for name, record in model.parameters.items()
        if record.joint and tree.place(("parameters", name, "joint")).path.parent / record.joint == path
    }


def outdated(
    labels: Mapping[Path, Label | SynthesisLabel],
    central: Mapping[str, float],
    made_from: Mapping[Path, Mapping[str, Any]],
    columns: Mapping[Path, Set[str]],
) -> Iterator[str]:
    """Sentences about posteriors whose file of origin, or a value behind them, has changed since.

    made_from: what the files hold that could be read. columns: those of a posterior that the scenario draws.
    """
    for path, label in labels.items():
        data, name = made_from.get(path.parent / label.file), Path(label.file).name
        if isinstance(label, SynthesisLabel):
            if (
                data is not None
                and evidence_digest(data, label.position, label.without, label.onset_of) != label.digest
            ):
                yield f"{path.name} was drawn from other rows or choices than {name} has now: synthesise it again."
            if columns.get(path, set()) and ONSET not in columns[path]:
                yield f"{path.name} is used without its column {ONSET}, the onset that its effects were fitted with."
            continue
        if data is not None and targets(data, label.fit) != label.targets:
            yield f"{path.name} was fitted to other observations or priors than {name} has now: calibrate again."
        for name, value in label.values.items():
            if name in central and abs(central[name] - value) > SAME * max(1.0, abs(value)):
                yield (
                    f"{path.name} was fitted with {name} = {value:g}, and here it is {central[name]:g}: calibrate "
                    "again, or read the fitted numbers as those of the old value."
                )


def origin(posterior: Posterior) -> str:
    """Which trials draws of a synthesis rest on, and how well they are known, in a line; "" for other posteriors."""
    label = label_of(posterior, "posterior")
    return label.words if isinstance(label, SynthesisLabel) else ""
