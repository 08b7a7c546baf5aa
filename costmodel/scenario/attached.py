"""The files that a scenario names: setting, sources, price indices, life tables, posteriors."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from costmodel.errors import InputError, Problem
from costmodel.inputs.lifetable import LifeTable, read_life_table
from costmodel.inputs.matrices import Matrices, read_matrices
from costmodel.inputs.posterior import LARGEST_FILE, Posterior, read_posterior
from costmodel.inputs.prices import PriceIndex, read_price_index
from costmodel.scenario.faults import validate
from costmodel.scenario.read import Keys, Place, Tree, parse_file, read_file
from costmodel.scenario.schema import ModelFile, SettingFile, Source, SourcesFile

Content = TypeVar("Content")


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
    digests: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names of price indices and life tables whose files are faulty."""


def attach(model: ModelFile, tree: Tree, problems: list[Problem]) -> Attached:
    """Read every file that a model names; what is wrong is added to `problems`.

    Raises InputError where not even the setting can be read.
    """
    place = tree.place(("setting",))
    path = place.path.parent / model.setting
    setting_tree, digest = _with_digest(path, place, parse_file)
    setting, wrong, _ = validate(SettingFile, setting_tree)
    problems += [problem for problem in (*setting_tree.problems, *wrong) if problem not in problems]
    if setting is None:
        raise InputError(*problems)
    attached = Attached(setting, setting_tree, {})
    attached.digests["setting"] = digest

    def read(where: Place, name: str, reader: Callable[[Path], Content]) -> Content | None:
        try:
            content, attached.digests[name] = _with_digest(where.path.parent / name, where, reader)
        except InputError as error:
            problems.extend(error.problems)
            return None
        return content

    sources = read(setting_tree.place(("sources",)), setting.sources, _read_sources)
    attached.sources = sources or {}
    if model.sources:
        where = tree.place(("sources",))
        theirs = read(where, model.sources, _read_sources) or {}
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


def sources_of(tree: Tree, setting: str, own: str | None) -> tuple[dict[str, Source], dict[str, str]]:
    """The sources of a setting and those of a file's own, and the SHA-256 of each file by name.

    setting, own: as the keys `setting` and `sources` of the tree name them. Raises InputError.
    """
    digests: dict[str, str] = {}
    place = tree.place(("setting",))
    setting_tree, digests["setting"] = _with_digest(place.path.parent / setting, place, parse_file)
    file, problems, _ = validate(SettingFile, setting_tree)
    problems = [*setting_tree.problems, *problems]
    if file is None or problems:
        raise InputError(*dict.fromkeys(problems))
    where = setting_tree.place(("sources",))
    shared, digests[file.sources] = _with_digest(where.path.parent / file.sources, where, _read_sources)
    if own is None:
        return dict(shared), digests
    where = tree.place(("sources",))
    theirs, digests[own] = _with_digest(where.path.parent / own, where, _read_sources)
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


def named(path: Path, place: Place, reader: Callable[[Path], Content]) -> Content:
    """Read a file that another file names. Raises InputError at the naming line if it does not exist."""
    try:
        stamp = path.stat()
    except OSError as error:
        raise InputError.at(str(place), f'the file "{path.name}" does not exist', "Check the path.") from error
    content: Content = _kept(reader, path, stamp.st_mtime_ns, stamp.st_size)
    return content


@lru_cache(maxsize=64)
def _kept(reader: Callable[[Path], Any], path: Path, changed: int, size: int) -> Any:
    """Files are read once while they stay as they are; what is kept is never changed."""
    return reader(path)


def _read_index(path: Path) -> PriceIndex:
    return read_price_index(path, path.stem)


def _read_sources(path: Path) -> Mapping[str, Source]:
    file, problems, _ = validate(SourcesFile, read_file(path))
    if problems or file is None:
        raise InputError(*problems)
    return file.sources


def _with_digest(path: Path, place: Place, reader: Callable[[Path], Content]) -> tuple[Content, str]:
    """What a named file holds, and its SHA-256. Raises InputError if it changes while it is read."""
    before = _digest(path)
    content = named(path, place, reader)
    if _digest(path) != before:
        raise InputError.at(path.name, "the file changed while it was read", "Run again.")
    return content, before


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty where it cannot be read or is larger than any file that is accepted."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return ""
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
