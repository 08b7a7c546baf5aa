"""The files that a scenario names, and whether each of its numbers rests on a source that they know."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from costmodel.errors import InputError, Problem, nearest
from costmodel.inputs.datasets import (
    LARGEST_POSTERIOR,
    Matrices,
    Posterior,
    PriceIndex,
    read_matrices,
    read_posterior,
    read_price_index,
)
from costmodel.inputs.files import named_file, read_bytes
from costmodel.inputs.lifetable import LifeTable, read_life_table
from costmodel.scenario import origin
from costmodel.scenario.faults import validate
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import STRENGTH, Parameter, varies
from costmodel.scenario.read import Keys, Place, Tree, parse_file, read_file
from costmodel.scenario.schema import ModelFile, SettingFile, Source, SourcesFile
from costmodel.scenario.setting import Accounts, faults, home
from costmodel.units import parse_duration

Content = TypeVar("Content")
SETTLED = 100_000_000
"""Nanoseconds after which a second change of a file is sure to have another time."""


@dataclass
class Attached:
    """What was read. `tree` is the setting's; `digests` are the SHA-256 of each file by name."""

    setting: SettingFile
    tree: Tree
    sources: Mapping[str, Source]
    indices: dict[str, PriceIndex] = field(default_factory=dict)
    life_tables: dict[str, LifeTable] = field(default_factory=dict)
    posteriors: dict[Path, Posterior] = field(default_factory=dict)
    matrices: dict[str, Matrices] = field(default_factory=dict)
    """Tables of probabilities, by strategy."""
    calibration: dict[Path, Mapping[str, Any]] = field(default_factory=dict)
    """What the calibration files hold that posteriors name, where they are there."""
    digests: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names of price indices and life tables whose files are faulty."""


def attach(model: ModelFile, tree: Tree, problems: list[Problem]) -> Attached:
    """Read every file that a model names; what is wrong is added to `problems`.

    Raises InputError where not even the setting can be read.
    """
    place = tree.place(("setting",))
    setting_tree, digest = _with_digest(model.setting, place, parse_file)
    setting, wrong, _ = validate(SettingFile, setting_tree)
    problems += [problem for problem in (*setting_tree.problems, *wrong) if problem not in problems]
    if setting is None:
        raise InputError(*problems)
    attached = Attached(setting, setting_tree, {})
    attached.digests["setting"] = digest

    def read(where: Place, name: str, reader: Callable[[Path], Content]) -> Content | None:
        try:
            content, attached.digests[name] = _with_digest(name, where, reader)
        except InputError as error:
            problems.extend(error.problems)
            return None
        return content

    sources = read(setting_tree.place(("sources",)), setting.sources, read_sources)
    attached.sources = sources or {}
    if model.sources:
        where = tree.place(("sources",))
        theirs = read(where, model.sources, read_sources) or {}
        problems += _stated_twice(where, model.sources, theirs, attached.sources)
        attached.sources = {**attached.sources, **theirs}
    for name, file in setting.price_indices.items():
        if (index := read(setting_tree.place(("price_indices", name)), file, _read_index)) is not None:
            attached.indices[name] = index
        else:
            attached.broken.add(name)
    for name, file in setting.life_tables.items():
        if (table := read(setting_tree.place(("life_tables", name)), file, read_life_table)) is not None:
            attached.life_tables[name] = table
    for name, record in model.parameters.items():
        if record.joint:
            where = tree.place(("parameters", name, "joint"))
            path = where.path.parent / record.joint
            known = path in attached.posteriors
            if not known and (posterior := read(where, record.joint, read_posterior)) is not None:
                attached.posteriors[path] = posterior
    for path in origin.calibration_files(attached.posteriors):
        with suppress(InputError):
            attached.calibration[path] = _known(_read_calibration, path)[0]
    tables: dict[str, Matrices | None] = {}
    for name, strategy in model.strategies.items() if model.in_probabilities else ():
        block = strategy.matrices or model.matrices
        if block is not None and block.file not in tables:
            own: Keys = ("strategies", name, "matrices") if strategy.matrices else ("matrices",)
            where = tree.place((*own, "file"))
            tables[block.file] = read(where, block.file, partial(read_matrices, states=states_of(model)))
        if block is not None and (content := tables[block.file]) is not None:
            attached.matrices[name] = content
    return attached


def accounts_of(setting: Tree) -> Accounts:
    """The parties, perspectives, categories and currency of a setting.

    Raises InputError where something is wrong with them: else every name of the model would be refused for it.
    """
    keys = Accounts.model_fields.keys()
    data = {key: value for key, value in setting.data.items() if key in keys}
    data.setdefault("currency", home().currency.code)  # that it is missing is said with the rest of the file
    places = {keys_: place for keys_, place in setting.places.items() if not keys_ or keys_[0] in data}
    unreadable = {keys_ for keys_ in setting.unreadable if keys_[0] in data}
    tree = Tree(data, places, unreadable=unreadable)
    accounts, problems, _ = validate(Accounts, tree)
    if accounts is not None:
        problems += faults(accounts, tree)
        if accounts != home():
            remedy = f"Only {home().currency.plural} are supported, and the parties of England."
            problems.append(
                Problem(str(tree.place(("currency",))), f"the currency is {accounts.currency.code!r}", remedy)
            )
    if accounts is None or problems:
        raise InputError(*setting.problems, *problems)
    return accounts


def sources_of(tree: Tree, setting: str, own: str | None) -> tuple[dict[str, Source], dict[str, str]]:
    """The sources of a setting and those of a file's own, and the SHA-256 of each file by name.

    setting, own: as the keys `setting` and `sources` of the tree name them. Raises InputError.
    """
    digests: dict[str, str] = {}
    place = tree.place(("setting",))
    setting_tree, digests["setting"] = _with_digest(setting, place, parse_file)
    file, problems, _ = validate(SettingFile, setting_tree)
    problems = [*setting_tree.problems, *problems]
    if file is None or problems:
        raise InputError(*dict.fromkeys(problems))
    where = setting_tree.place(("sources",))
    shared, digests[file.sources] = _with_digest(file.sources, where, read_sources)
    if own is None:
        return dict(shared), digests
    where = tree.place(("sources",))
    theirs, digests[own] = _with_digest(own, where, read_sources)
    if twice := _stated_twice(where, own, theirs, shared):
        raise InputError(*twice)
    return {**shared, **theirs}, digests


def _stated_twice(where: Place, file: str, theirs: Mapping[str, Source], shared: Mapping[str, Source]) -> list[Problem]:
    """Ids that a population's own sources file shares with the setting's."""
    remedy = "State a source once: leave it out here."
    return [
        Problem(str(where), f'{file} and the sources of the setting both have "{name}"', remedy)
        for name in sorted(theirs.keys() & shared.keys())
    ]


def states_of(model: ModelFile) -> tuple[str, ...]:
    """The states of a table of probabilities: the declared ones and the dead."""
    return (*model.states, "dead")


def _with_digest(name: str, place: Place, reader: Callable[[Path], Content]) -> tuple[Content, str]:
    """What a file holds that stands named at a place, and its SHA-256. Raises InputError."""
    return _known(reader, named_file(name, place.path, str(place)))


def _known(reader: Callable[[Path], Content], path: Path) -> tuple[Content, str]:
    """What a file holds, and its SHA-256; read once while the file stays as it is."""
    try:
        found = path.stat()
    except OSError as error:
        raise InputError.at(path.name, f"the file cannot be opened ({error.strerror})") from error
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    if abs(time.time_ns() - found.st_ctime_ns) < SETTLED:
        return _read(reader, path)
    kept: tuple[Content, str] = _kept(reader, path, stamp)
    return kept


@lru_cache(maxsize=64)
def _kept(reader: Callable[[Path], Any], path: Path, stamp: tuple[int, ...]) -> tuple[Any, str]:
    """What is kept is never changed."""
    return _read(reader, path)


def _read(reader: Callable[[Path], Content], path: Path) -> tuple[Content, str]:
    before = _digest(path)
    content = reader(path)
    if _digest(path) != before:
        raise InputError.at(path.name, "the file changed while it was read", "Run again.")
    return content, before


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty where it cannot be read, which its reader says better."""
    try:
        return hashlib.sha256(read_bytes(path, LARGEST_POSTERIOR)).hexdigest()
    except InputError:
        return ""


def _read_index(path: Path) -> PriceIndex:
    return read_price_index(path, path.stem)


def _read_calibration(path: Path) -> Mapping[str, Any]:
    data: Mapping[str, Any] = read_file(path).data
    return data


def read_sources(path: Path) -> Mapping[str, Source]:
    """The entries of a sources file. Raises InputError with every problem."""
    file, problems, _ = validate(SourcesFile, read_file(path))
    if problems or file is None:
        raise InputError(*problems)
    return file.sources


def provenance(
    model: ModelFile, attached: Attached, tree: Tree, leaves: Mapping[str, Leaf], faulty: set[str]
) -> Iterator[Problem]:
    """Problems of the parameters' records and of the setting's references, `faulty` ones left alone."""
    for name, record in model.parameters.items():
        at = str(tree.place(("parameters", name)))
        for found, remedy in _record(name, record, model.parameters, attached, faulty):
            yield Problem(at, found, remedy)
    yield from _setting(model, attached, faulty)
    if model.mortality is None:
        return
    table, tables = model.mortality.table, attached.setting.life_tables
    if table not in tables:
        yield Problem(
            str(tree.place(("mortality", "table"))),
            f'there is no life table "{table}"',
            nearest(table, tables),
        )
    elif table in attached.life_tables:
        oldest = len(attached.life_tables[table].female) - 1
        age = leaves.get(str(model.cohort.age))
        if age and age.central > oldest:
            yield Problem(
                str(tree.place(("cohort", "age"))),
                f"an age of {age.central:g} is outside the life table",
                f"At most {oldest}.",
            )


def _record(
    name: str, record: Parameter, parameters: Mapping[str, Parameter], attached: Attached, faulty: set[str]
) -> Iterator[tuple[str, str]]:
    for key in ("source", "status"):
        if record.kind == "value" and not record.constant and not getattr(record, key):
            yield f"{name}: the {key} is missing", f"A number without a {key} is not accepted."
    for source in record.sources:
        if attached.sources and source not in attached.sources:
            yield f'{name}: there is no source "{source}"', nearest(source, attached.sources)
    known = [attached.sources[source].status for source in record.sources if source in attached.sources]
    if known and record.status:
        best = min(known, key=STRENGTH.index)
        if STRENGTH.index(record.status) < STRENGTH.index(best):
            yield (
                f'{name}: the status is "{record.status}" and its best source is "{best}"',
                "Say what the source is.",
            )
    if record.range and not record.range[0] <= record.range[1]:
        yield f"{name}: the range {record.range[0]:g} to {record.range[1]:g} is upside down", "Low first."
    missing = [operand for operand in record.operands if operand not in parameters]
    for operand in missing:
        if operand in faulty:
            continue
        yield f'{name}: there is no parameter "{operand}"', nearest(operand, parameters)
    if not missing:
        yield from _units(name, record, [parameters[operand] for operand in record.operands])
    for operand in dict.fromkeys((*record.operands, *(record.one_of or {}).values())):
        if operand in parameters and parameters[operand].over_time:
            yield (
                f'{name}: it is made of "{operand}", which changes over time',
                "Put what it is made of into the pieces.",
            )
    if record.over_time:
        yield from _times(name, record.over_time)
    if record.one_of:
        for option in record.one_of.values():
            if option in faulty:
                continue
            if option not in parameters:
                yield f'{name}: there is no parameter "{option}"', nearest(option, parameters)
            elif parameters[option].unit.text != record.unit.text:
                yield (
                    f'{name}: "{option}" has the unit "{parameters[option].unit.text}"',
                    f"Wanted: {record.unit.text}.",
                )
        if record.moved_to is not None and record.unit.kind not in (
            "price",
            "quantity",
            "sessions",
            "multiplier",
            "rate",
        ):
            yield f"{name}: it is a choice", f"Change the option behind it: {record.operands[0]}."


def _units(name: str, record: Parameter, operands: list[Parameter]) -> Iterator[tuple[str, str]]:
    wanted = record.unit.text
    same = record.mean_of or record.over_time
    for operand in operands:
        if same and operand.unit.text != wanted:
            yield f'{name}: "{operand.label}" has the unit "{operand.unit.text}"', f"Wanted: {wanted}."
    if record.product_of:
        plain = ("share", "multiplier", "hazard_ratio", "rate_ratio", "sessions")
        rest = [operand.unit for operand in operands if operand.unit.kind not in plain]
        if record.unit.kind not in plain and [unit.text for unit in rest] != [wanted]:
            found = " × ".join(operand.unit.text for operand in operands)
            yield f'{name}: {found} is not "{wanted}"', "Exactly one operand has the unit of the product."
    if record.complement_of and not {record.unit.kind, operands[0].unit.kind} <= {"share", "probability"}:
        yield f"{name}: a complement is taken of a share or a probability", "Check the units."
    if record.probability_of and (record.unit.kind, operands[0].unit.kind) != ("probability", "rate"):
        remedy = "Its unit is probability per TIME, and the rate's is per year."
        yield f"{name}: a probability is made of a rate", remedy
    if record.rebased and [operand.unit.kind for operand in operands] != ["rate_ratio", "share"]:
        yield f"{name}: rebasing needs a rate ratio and a share", "Check the units."


def _times(name: str, over_time: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    times = []
    for text in over_time:
        try:
            times.append(parse_duration(text, zero_allowed=True).months)
        except ValueError as error:
            yield f"{name}: {error}", ""
    if len(times) == len(over_time) and (sorted(set(times)) != times or times[0] != 0):
        yield (
            f"{name}: the times are not in order from 0 months",
            "Begin with 0 months; each later than the last.",
        )


def _setting(model: ModelFile, attached: Attached, faulty: set[str]) -> Iterator[Problem]:
    setting = attached.setting
    wanted: list[tuple[str | int, str, Keys]] = [
        (setting.discount.costs, "discount_rate", ("discount", "costs")),
        (setting.discount.health, "discount_rate", ("discount", "health")),
    ]
    wanted += [(name, "price", ("thresholds",)) for name in setting.thresholds]
    for reference, kind, keys in wanted:
        if isinstance(reference, int) or reference in faulty:
            continue
        at = str(attached.tree.place(keys))
        if reference not in model.parameters:
            yield Problem(at, f'there is no parameter "{reference}"', nearest(reference, model.parameters))
        elif model.parameters[reference].unit.kind != kind:
            unit = model.parameters[reference].unit.text
            yield Problem(at, f'"{reference}" has the unit "{unit}"', f"Wanted: {kind.replace('_', ' ')}.")
        elif model.parameters[reference].over_time:
            remedy = "Only the rate of a transition may. Give one rate for all years, and run the others with --set."
            yield Problem(at, f'"{reference}" changes over time', remedy)
        elif kind == "price" and (spread := varies(model.parameters, reference)):
            remedy = "Hold it fixed, and run it at other values with --set."
            yield Problem(at, f'"{spread}" is uncertain, and a threshold is not drawn', remedy)
