"""The files that a scenario names, each read once while it stays as it is."""

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from costmodel.errors import InputError, Problem
from costmodel.inputs.files import named_file, read_bytes, read_table
from costmodel.inputs.lifetable import LifeTable, read_life_table
from costmodel.inputs.matrices import Matrices, read_matrices
from costmodel.inputs.prices import PriceIndex, read_price_index
from costmodel.scenario.joint import LARGEST_POSTERIOR, Label, Posterior, SynthesisLabel, label_of, read_posterior
from costmodel.scenario.read import Keys, Place, Tree, parse_file, read_file
from costmodel.scenario.schema import ModelFile, SettingFile, Source, SourcesFile
from costmodel.scenario.setting import Accounts, faults, home
from costmodel.scenario.validate import validate

Content = TypeVar("Content")
SETTLED = 100_000_000
"""Nanoseconds after which a second change of a file is sure to have another time."""


@dataclass
class Attached:
    """What was read. `tree` is the setting's; `digests` are the SHA-256 of each file by name."""

    setting: SettingFile
    tree: Tree
    problems: list[Problem]
    """What is wrong, of other files too; the list grows."""
    digests: dict[str, str]
    sources: Mapping[str, Source] = field(default_factory=dict)
    indices: dict[str, PriceIndex] = field(default_factory=dict)
    life_tables: dict[str, LifeTable] = field(default_factory=dict)
    posteriors: dict[Path, Posterior] = field(default_factory=dict)
    labels: dict[Path, Label | SynthesisLabel] = field(default_factory=dict)
    """What posteriors that `calibrate` or `synthesise` wrote say of their origin."""
    matrices: dict[str, Matrices] = field(default_factory=dict)
    """Tables of probabilities, by strategy."""
    made_from: dict[Path, Mapping[str, Any]] = field(default_factory=dict)
    """What the files hold that posteriors were made from, where they are there; of a synthesis its rows too."""

    def read(self, where: Place, name: str, reader: Callable[[Path], Content]) -> Content | None:
        """What a file holds that is named at a place; None where it is faulty, which is added to the problems."""
        try:
            content, self.digests[name] = _known(reader, named_file(name, where.path, str(where)))
        except InputError as error:
            self.problems.extend(error.problems)
            return None
        return content


def with_sources(tree: Tree, setting: str, own: str | None, problems: list[Problem]) -> Attached:
    """The setting that a file names, and its sources with those of the file's own.

    setting, own: as the keys `setting` and `sources` of the tree name them. What is wrong is added to `problems`.
    Raises InputError where not even the setting can be read.
    """
    place = tree.place(("setting",))
    try:
        setting_tree, digest = _known(parse_file, named_file(setting, place.path, str(place)))
    except InputError as error:
        raise InputError(*dict.fromkeys((*problems, *error.problems))) from error
    file, wrong, _ = validate(SettingFile, replace(setting_tree, accounts=accounts_of(setting_tree)))
    problems += [problem for problem in (*setting_tree.problems, *wrong) if problem not in problems]
    if file is None:
        raise InputError(*problems)
    attached = Attached(file, setting_tree, problems, {"setting": digest})
    attached.sources = attached.read(setting_tree.place(("sources",)), file.sources, read_sources) or {}
    if own:
        where = tree.place(("sources",))
        theirs = attached.read(where, own, read_sources) or {}
        for name in sorted(theirs.keys() & attached.sources.keys()):
            found = f'{own} and the sources of the setting both have "{name}"'
            problems.append(Problem(str(where), found, "State a source once: leave it out here."))
        attached.sources = {**attached.sources, **theirs}
    return attached


def attach(model: ModelFile, tree: Tree, problems: list[Problem]) -> Attached:
    """Read every file that a model names; what is wrong is added to `problems`. Raises InputError as `with_sources`."""
    attached = with_sources(tree, model.setting, model.sources, problems)
    setting = attached.setting
    for name, file in setting.price_indices.items():
        where = attached.tree.place(("price_indices", name))
        if (index := attached.read(where, file, read_price_index)) is not None:
            attached.indices[name] = index
    for name, file in setting.life_tables.items():
        where = attached.tree.place(("life_tables", name))
        if (table := attached.read(where, file, read_life_table)) is not None:
            attached.life_tables[name] = table
    for name, record in model.parameters.items():
        if record.joint:
            where = tree.place(("parameters", name, "joint"))
            path = where.path.parent / record.joint
            known = path in attached.posteriors
            if not known and (posterior := attached.read(where, record.joint, read_posterior)) is not None:
                attached.posteriors[path] = posterior
    for path, posterior in attached.posteriors.items():
        try:
            label = label_of(posterior, path.name)
        except InputError as error:
            problems += error.problems
            continue
        if label is not None:
            attached.labels[path] = label
        if label is not None and label.file:
            with suppress(InputError):
                origin = path.parent / label.file
                data = _known(read_file, origin)[0].data
                if isinstance(label, SynthesisLabel):
                    rows = _known(read_table, named_file(str(data.get("rows")), origin, origin.name))[0].rows
                    data = {**data, "rows": [row.cells for row in rows]}
                attached.made_from[origin] = data
    tables: dict[str, Matrices | None] = {}
    reader = partial(read_matrices, states=(*model.states, "dead"))
    for name, strategy in model.strategies.items() if model.in_probabilities else ():
        block = strategy.matrices or model.matrices
        if block is not None and block.file not in tables:
            own: Keys = ("strategies", name, "matrices") if strategy.matrices else ("matrices",)
            tables[block.file] = attached.read(tree.place((*own, "file")), block.file, reader)
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
    if accounts is None or problems:
        raise InputError(*setting.problems, *problems)
    return accounts


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


def read_sources(path: Path) -> Mapping[str, Source]:
    """The entries of a sources file. Raises InputError with every problem."""
    file, problems, _ = validate(SourcesFile, read_file(path))
    if problems or file is None:
        raise InputError(*problems)
    return file.sources
