"""From a scenario file to a checked `Scenario`, or to a locked one that has no answer: the only way in."""

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest, path_of
from costmodel.inputs.files import LONGEST_NAME, named_file, text_of
from costmodel.scenario import overlay
from costmodel.scenario.attached import accounts_of, with_sources
from costmodel.scenario.build import Scenario, build
from costmodel.scenario.overlay import Change
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Keys, Place, Tree, parse_file, parse_text
from costmodel.scenario.schema import Base, LockedFile, OverlayFile, Source
from costmodel.scenario.setting import shipped
from costmodel.scenario.validate import citations, internal_keys, validate
from costmodel.units import SYMBOLS
from costmodel.version import __version__

HEADLINE = "No answer is given: this scenario is locked."
MONEY = re.compile(rf"{SYMBOLS}|\b(?:GBP|EUR|USD)\b|\b(?:pounds?|euros?|dollars?)\b", flags=re.IGNORECASE)
"""How a sum of money begins or ends; neither the file nor a source that it cites may hold one."""


@by_content
@dataclass(frozen=True)
class Locked:
    """A checked locked scenario.

    sources: those that it cites, by id, in the order in which they are cited. sha256: of the file and its sources.
    """

    path: Path
    file: LockedFile
    sources: Mapping[str, Source]
    sha256: str

    @property
    def to_be_checked(self) -> tuple[str, ...]:
        """What findings are about that were recalled, and not read at a source."""
        return tuple(finding.about for finding in self.file.findings if finding.status == "recalled")


class Refused(InputError):
    """An answer was asked for that must not be given. Its text says why, on whose word.

    locked: what was asked about. asked: what else is wrong, such as a change to a scenario that has no numbers.
    """

    def __init__(self, locked: Locked, asked: Sequence[Problem] = ()) -> None:
        refusal = locked.file.refusal
        names = "; ".join(f"{name}: {locked.sources[name].citation}" for name in refusal.source)
        found = "this scenario is locked, and no answer is given"
        super().__init__(*asked, Problem(locked.path.name, found, f"{refusal.because} ({names})"))
        self.locked = locked
        self.asked = tuple(asked)

    def __reduce__(self) -> tuple[Any, ...]:
        return Refused, (self.locked, self.asked)


def read_locked(tree: Tree, path: Path) -> Locked:
    """A locked scenario from the tree of its file. Raises InputError with every problem found."""
    file, problems, _ = validate(LockedFile, tree)
    problems = [*tree.problems, *problems]
    if file is None:
        raise InputError(*dict.fromkeys(problems))
    attached = with_sources(tree, file.setting, file.sources, problems)
    sources = attached.sources
    for keys, cited, status in _cited(file):
        problems += citations(tree, keys, cited, sources, status)
    problems += _money(tree, file, sources)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    names = dict.fromkeys(name for _, cited, _ in _cited(file) for name in cited)
    content = json.dumps({"scenario": tree.data, "files": attached.digests}, sort_keys=True, ensure_ascii=False)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return Locked(path, file, {name: sources[name] for name in names}, sha256)


def _cited(file: LockedFile) -> Iterator[tuple[Keys, list[str], Status | None]]:
    """Every list of source ids, with where it stands and the standing of what is said on their word."""
    yield ("refusal", "source"), file.refusal.source, None
    for i, finding in enumerate(file.findings):
        yield ("findings", i, "source"), finding.source, finding.status


def _money(tree: Tree, file: LockedFile, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Sums of money: nothing that is shown of a locked scenario may look like an answer."""
    remedy = "No money is shown for a locked scenario: leave it out."
    for keys in tree.places:
        text: Any = tree.data
        for key in keys:
            text = text[key]
        if isinstance(text, str) and (match := MONEY.search(text)):
            yield tree.problem(keys, f'the text speaks of money ("{match[0]}")', remedy)
    for keys, names, _ in _cited(file):
        for name in names:
            source = sources.get(name)
            match = MONEY.search(f"{source.citation} {source.where} {source.figure}") if source else None
            if match:
                yield tree.problem(keys, f'the source "{name}" speaks of money ("{match[0]}")', remedy)


def because(locked: Locked) -> str:
    """Why no answer is given, on whose word."""
    refusal = locked.file.refusal
    return f"{refusal.because} ({', '.join(refusal.source)})"


def refusal(locked: Locked) -> dict[str, Any]:
    """The reasons and the findings, with their sources."""
    file = locked.file
    return {
        "because": file.refusal.because,
        "source": list(file.refusal.source),
        "instead": file.refusal.instead,
        "findings": [finding.model_dump() for finding in file.findings],
        "sources": {name: source.model_dump() for name, source in locked.sources.items()},
        "leaves_out": list(file.leaves_out),
    }


DEEPEST = 2
"""Overlays of overlays: at most this many on one model file."""


FOLDER = "COSTMODEL_SCENARIOS"
"""The environment variable that names another folder of scenarios."""
YOURS = "yours"
"""The label of changes that the dashboard saves."""


RENAMED = "renamed.csv"
"""The table of the catalogue's files that a version renamed; oldest first."""
MODEL, BASE = "model.yaml", "base.yaml"
"""A population's model, and the overlay on it, if there is one, that answers for the population."""
_NAME = re.compile(r"(?P<population>[a-z0-9_]+)(?:/(?P<file>[a-z0-9_]+))?")


def load(path: str | Path) -> Scenario:
    """Read a scenario file, its setting, its data and its overlays.

    path: a file, or a name of the catalogue: "panic" is panic/base.yaml there, or its model where it has no base, and
    "panic/cautious" another of its files; a file of that name comes first. Changes that were saved name their base, and
    may lie anywhere. Raises InputError with every problem found, each with file and line; Refused, which is one, for a
    locked scenario.
    """
    return _load(named(path_of("path", path)), ())


def named(path: Path) -> Path:
    """The file of the catalogue where a path is a name of it and no file, else the path itself. Raises InputError."""
    name = _NAME.fullmatch(path.as_posix())
    if name is None or os.path.isfile(path):
        return path
    home = catalogue()
    population = home / name["population"]
    file = population / f"{name['file']}.yaml" if name["file"] else base_file(population)
    if os.path.isfile(file):
        return file
    if os.path.lexists(path):
        return path
    known = [one.parent.name for one in home.glob(f"*/{MODEL}")]
    if name["population"] in known:
        known = [f"{name['population']}/{one.stem}" for one in (home / name["population"]).glob("*.yaml")]
    found = "there is no such file, and the catalogue has no scenario of this name"
    raise InputError.at(str(path)[:LONGEST_NAME], found, nearest(path.as_posix(), sorted(known)))


def base_file(home: Path) -> Path:
    """The file that answers for the population of a folder: base.yaml where it stands, else the model."""
    return home / (BASE if os.path.isfile(home / BASE) else MODEL)


def _load(path: Path, above: tuple[Path, ...]) -> Scenario:
    tree = parse_file(path)
    if nameless(tree):
        found = "changes that were saved by version 0.1.0 do not say to which population they belong"
        remedy = (
            f"Say it: costmodel import {path.name} --scenario POPULATION/model.yaml -o FILE.yaml; or, if you wrote "
            f"this file beside its model, give it another label than {YOURS}."
        )
        raise InputError.at(str(tree.place(("label",))), found, remedy)
    return resolve(tree, path, above=above)


def load_text(content: bytes, path: Path) -> Scenario:
    """As `load`, for a text that is not on disk; `path` is where it would stand.

    Changes in such a text belong to the file that they extend: that is their base.
    """
    return resolve(parse_text(content, path), path, on_disk=False)


def nameless(tree: Tree) -> bool:
    """Whether these are changes as version 0.1.0 saved them, which fit any population that has the same names."""
    return "extends" in tree.data and "base" not in tree.data and tree.data.get("label") == YOURS


def catalogue() -> Path:
    """The folder of scenarios: of the installed package or of the checkout. COSTMODEL_SCENARIOS names another one."""
    return Path(os.environ.get(FOLDER) or shipped()).resolve()


@dataclass(frozen=True)
class Found:
    """A base that was found: its file, its scenario, and what is to be said of it."""

    path: Path
    scenario: Scenario
    remarks: tuple[str, ...]


def find(base: Base, beside: Iterable[Path], place: str, above: tuple[Path, ...] = ()) -> Found:
    """The scenario that a saved file names: of these files or of the catalogue's, the one with its SHA-256.

    Where none has it, the first with its population and name. place: of the naming, for messages. above: the files that
    were read to come here. Raises InputError.
    """
    home = catalogue()
    renamed = _renamed(home, base)
    base = base.model_copy(update={"file": renamed or base.file})
    named = home / base.population / base.file
    listed = [named] if os.path.isfile(named) and named.resolve().is_relative_to(home) else []
    other: Scenario | None = None
    for path in dict.fromkeys([*filter(os.path.isfile, beside), *listed]):
        namesake = (path.resolve().parent.name, path.name) == (base.population, base.file)
        if path.resolve() in above:
            circle = " → ".join(one.name for one in (*above, path))
            raise InputError.at(place, f"the files extend each other: {circle}", "One of them must be a model file.")
        try:
            scenario = _load(path, above)
        except InputError:
            if namesake:
                raise
            continue
        if scenario.sha256 == base.sha256:
            return Found(path, scenario, (*_now_called(path, renamed), *_written_by(base.engine)))
        other = other or (scenario if namesake else None)
    if other is None:
        found = f"{base.population}/{base.file}, which it changes, is neither beside it nor among the scenarios"
        remedy = (
            "Name the folder of scenarios in COSTMODEL_SCENARIOS, or bring the file in: costmodel import, --scenario."
        )
        raise InputError.at(place, found, remedy)
    said = (
        f"{base.population}/{base.file} is another version than this was saved from: "
        f"its SHA-256 was {base.sha256[:12]}…, and is {other.sha256[:12]}… now."
    )
    return Found(other.path, other, (*_now_called(other.path, renamed), said, *_written_by(base.engine)))


def _renamed(home: Path, base: Base) -> str | None:
    """What the file of a base is called now, where a later version than it was saved by renamed it."""
    table = home / RENAMED
    found = re.fullmatch(r"costmodel (\d+)\.(\d+)\.(\d+)", base.engine)
    if found is None or not os.path.isfile(table):
        return None
    saved = tuple(map(int, found.groups()))
    new = None
    for row in csv.DictReader(text_of(table).splitlines()):
        later = saved < tuple(map(int, row["since"].split(".")))
        if later and (row["population"], row["old"]) == (base.population, new or base.file):
            new = row["new"]
    return new


def _now_called(path: Path, renamed: str | None) -> tuple[str, ...]:
    return (f"The scenario that it changes is called {renamed} now.",) if path.name == renamed else ()


def _written_by(engine: str) -> tuple[str, ...]:
    this = f"costmodel {__version__}"
    return () if engine == this else (f"It was saved by {engine}; this is {this}.",)


def _as_is(tree: Tree) -> Tree:
    return tree


Chain = list[tuple[Tree, Path, OverlayFile]]
"""Overlays, each with its tree and its file; the first changes what the second gives, and so on."""


def resolve(
    tree: Tree,
    path: Path,
    *,
    on_disk: bool = True,
    above: tuple[Path, ...] = (),
    whole: Callable[[Tree], Tree] = _as_is,
) -> Scenario:
    """From the tree of a file to a scenario: follow `extends`, add the setting, apply the changes.

    on_disk: whether the tree is a file's, which others may name as their base. above: files that name this one so.
    whole: what is made of the tree with all changes before it is checked.

    What is locked stays so: that is decided before any change is looked at. Raises as `load`.
    """
    chain, (base, base_path), bases = _overlays(tree, path, above)
    top = chain[0][2] if chain else None
    if kind_of(base.data) == "locked":
        remedy = "It has no numbers to change."
        changed = [(str(one.place(("extends",))), f"{base_path.name} is locked", remedy) for one, _, _ in chain]
        raise Refused(read_locked(base, base_path), [Problem(*one) for one in changed])
    setting = base.data.get("setting")
    setting_place = base.places.get(("setting",))
    changes: list[Change] = []
    for overlay_tree, _, file in reversed(chain):
        if "setting" in file.change:
            changes.append(Change("setting", setting, file.change["setting"], file.label))
            setting, setting_place = file.change["setting"], overlay_tree.place(("change", "setting"))
    trees = [*(one for one, _, _ in chain), base]
    problems = list(dict.fromkeys(problem for one in trees for problem in one.problems))
    merged = base
    if isinstance(setting, str) and setting_place:
        merged, wrong = _with_setting(base, setting_place, setting)
        problems += wrong
    for overlay_tree, _, file in reversed(chain):
        where = {p: overlay_tree.place(("change", p)) for p in file.change}
        where |= {p: overlay_tree.place(("add", p)) for p in file.add}
        where |= {p: overlay_tree.place(("remove",)) for p in file.remove}
        cut = {keys[1] for keys in overlay_tree.unreadable if len(keys) > 1}
        new = {p: v for p, v in file.change.items() if p != "setting" and p not in cut}
        add = {p: v for p, v in file.add.items() if p not in cut}
        merged, made, wrong = overlay.apply(merged, change=new, add=add, remove=file.remove, by=file.label, where=where)
        changes += made
        problems += wrong
        for key in ("label", "title", "description"):
            if getattr(file, key) is not None:
                merged.data[key] = getattr(file, key)
                merged.places[(key,)] = overlay_tree.place((key,))
    scenario = _part(build(path, whole(merged), tuple(changes), problems), chain)
    remarks = tuple(remark for found in bases for remark in found.remarks)
    if top is not None and top.base is not None:
        parent = bases[0].scenario
        if not remarks and scenario.sha256 != top.base.changed_sha256:
            remarks = ("The changes were edited after they were saved.",)
        if scenario.part:
            remarks = (*remarks, alone(scenario))
    elif top is not None and not on_disk:
        parent = load(path.parent / top.extends)
    else:
        return replace(scenario, remarks=remarks, warnings=(*remarks, *scenario.warnings))
    return replace(scenario, base=parent, remarks=remarks, warnings=(*remarks, *scenario.warnings))


def alone(scenario: Scenario) -> str:
    """What is to be said of a stratum that came back from a file."""
    return f"These are the people of the stratum {scenario.part} alone."


def _part(scenario: Scenario, chain: Chain) -> Scenario:
    """The scenario of the stratum's people whom saved changes are about; the whole cohort where they name none."""
    parts: dict[str, str] = {}
    for tree, _, file in chain:
        if file.base is not None and file.base.stratum is not None:
            parts[file.base.stratum] = str(tree.place(("base", "stratum")))
    for name, place in parts.items():
        if name not in scenario.model.strata or len(parts) > 1:
            known = ", ".join(scenario.model.strata) or "none"
            found = f'the changes are about the people of the stratum "{name}" alone'
            raise InputError.at(place, f"{found}, and the scenario's strata are {known}", "Name one of them, once.")
        return scenario.stratum(name)
    return scenario


def _overlays(tree: Tree, path: Path, above: tuple[Path, ...]) -> tuple[Chain, tuple[Tree, Path], list[Found]]:
    """The overlays from the given file down, the model file that they change, and the bases found."""
    chain: Chain = []
    bases: list[Found] = []
    while "extends" in tree.data:
        file, problems, _ = validate(OverlayFile, tree)
        if file is not None and not (file.change or file.add or file.remove or file.base):
            found = "the overlay changes nothing"
            problems.append(tree.problem(("extends",), found, "Fill change, add or remove."))
        if problems or file is None:
            raise InputError(*tree.problems, *problems)
        chain.append((tree, path, file))
        place = str(tree.place(("extends",)))
        parent = path.parent / file.extends
        if file.base is None:
            named_file(file.extends, path, place, anywhere=True)
        if os.path.isfile(parent) and parent.resolve() in [one.resolve() for _, one, _ in chain]:
            circle = " → ".join([*(one.name for _, one, _ in chain), Path(file.extends).name])
            raise InputError.at(place, f"the files extend each other: {circle}", "One of them must be a model file.")
        saved = sum(one.base is not None for _, _, one in chain)
        if len(chain) > DEEPEST + (saved == 1):  # what was saved comes back from whatever it was saved on
            raise InputError.at(place, "overlays are stacked too deep", f"At most {DEEPEST} on one model file.")
        if file.base is None:
            path = parent
        else:
            read = tuple(one.resolve() for _, one, _ in chain)
            bases.append(find(file.base, [parent], str(tree.place(("base",))), (*above, *read)))
            home = bases[-1].path.with_name(path.name)  # what it names stands beside its base, as it does
            tree.places = {keys: replace(one, path=home) for keys, one in tree.places.items()}
            path = bases[-1].path
        tree = parse_file(path)
    return chain, (tree, path), bases


def _with_setting(base: Tree, place: Place, name: str) -> tuple[Tree, list[Problem]]:
    """Add the parameters of the setting to the model's."""
    merged = Tree(dict(base.data), dict(base.places), unreadable=set(base.unreadable))
    merged.data["setting"] = name
    merged.places[("setting",)] = place
    problems = internal_keys(base)
    try:
        setting = parse_file(named_file(name, place.path, str(place)))
    except InputError as error:
        return merged, [*problems, *error.problems]
    merged.accounts = accounts_of(setting)
    problems += [*setting.problems, *internal_keys(setting)]
    merged.unreadable |= {keys for keys in setting.unreadable if keys[0] == "parameters"}
    own = base.data.get("parameters")
    theirs = setting.data.get("parameters")
    if isinstance(own, dict) and isinstance(theirs, dict):
        merged.data["parameters"] = {**theirs, **own}
        for twice in own.keys() & theirs.keys():
            remedy = "Change it in an overlay, or use another name."
            at = str(base.place(("parameters", twice)))
            problems.append(Problem(at, f'the setting declares the parameter "{twice}" too', remedy))
        for keys, where in setting.places.items():
            if keys[:1] == ("parameters",) and len(keys) > 1:
                merged.places.setdefault(keys, where)
    return merged, problems


Kind = Literal["overlay", "locked", "model", "other"]


def kind_of(data: Mapping[str, Any]) -> Kind:
    """The kind of a file by its content: changes to another, a locked scenario, a model, or none of these."""
    if "extends" in data:
        return "overlay"
    if data.get("model") == "locked":
        return "locked"
    return "model" if "states" in data else "other"
