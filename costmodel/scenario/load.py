"""From a scenario file to a checked `Scenario`: the only way in."""

from pathlib import Path

from costmodel.errors import InputError, Problem
from costmodel.inputs.files import named_file
from costmodel.scenario import overlay
from costmodel.scenario.build import Scenario, build
from costmodel.scenario.faults import validate
from costmodel.scenario.kind import kind_of
from costmodel.scenario.locked import Refused, read_locked
from costmodel.scenario.overlay import Change
from costmodel.scenario.parameter import INTERNAL
from costmodel.scenario.read import Place, Tree, parse_file, parse_text
from costmodel.scenario.schema import OverlayFile

DEEPEST = 2
"""Overlays of overlays: at most this many on one model file."""
HOME = "GBP"
"""The one currency in which the model calculates and speaks."""


def load(path: str | Path) -> Scenario:
    """Read a scenario file, its setting, its data and its overlays.

    Raises InputError with every problem found, each with file and line; Refused, which is one, for a locked scenario.
    """
    path = Path(path)
    return resolve(parse_file(path), path)


def load_text(content: bytes, path: Path) -> Scenario:
    """As `load`, for a text that is not on disk; `path` is where it would stand."""
    return resolve(parse_text(content, path), path)


def resolve(tree: Tree, path: Path) -> Scenario:
    """From the tree of a file to a scenario: follow `extends`, add the setting, apply the changes.

    What is locked stays so: that is decided before any change is looked at. Raises as `load`.
    """
    chain = _overlays(tree, path)
    base, base_path, _ = chain.pop()
    if kind_of(base.data) == "locked":
        remedy = "It has no numbers to change."
        changed = [(str(one.place(("extends",))), f"{base_path.name} is locked", remedy) for one, _, _ in chain]
        raise Refused(read_locked(base, base_path), [Problem(*one) for one in changed])
    setting = base.data.get("setting")
    setting_place = base.places.get(("setting",))
    changes: list[Change] = []
    for overlay_tree, _, file in reversed(chain):
        assert file is not None
        if "setting" in file.change:
            changes.append(Change("setting", setting, file.change["setting"], file.label))
            setting, setting_place = file.change["setting"], overlay_tree.place(("change", "setting"))
    problems = list(dict.fromkeys(problem for one, _, _ in [*chain, (base, path, None)] for problem in one.problems))
    merged = base
    if isinstance(setting, str) and setting_place:
        merged, wrong = _with_setting(base, setting_place, setting)
        problems += wrong
    for overlay_tree, _, file in reversed(chain):
        assert file is not None
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
    return build(path, merged, tuple(changes), problems)


def _overlays(tree: Tree, path: Path) -> list[tuple[Tree, Path, OverlayFile | None]]:
    """The chain from the given file down to the model file, which stands last with no overlay."""
    chain: list[tuple[Tree, Path, OverlayFile | None]] = []
    while "extends" in tree.data:
        file, problems, _ = validate(OverlayFile, tree)
        if file is not None and not (file.change or file.add or file.remove):
            found = "the overlay changes nothing"
            problems.append(Problem(str(tree.place(("extends",))), found, "Fill change, add or remove."))
        if problems or file is None:
            raise InputError(*tree.problems, *problems)
        chain.append((tree, path, file))
        place = str(tree.place(("extends",)))
        parent = named_file(file.extends, path, place, anywhere=True)
        if parent.resolve() in [one.resolve() for _, one, _ in chain]:
            circle = " → ".join([*(one.name for _, one, _ in chain), Path(file.extends).name])
            raise InputError.at(place, f"the files extend each other: {circle}", "One of them must be a model file.")
        if len(chain) > DEEPEST:
            raise InputError.at(place, "overlays are stacked too deep", f"At most {DEEPEST} on one model file.")
        path = parent
        tree = parse_file(path)
    return [*chain, (tree, path, None)]


def _with_setting(base: Tree, place: Place, name: str) -> tuple[Tree, list[Problem]]:
    """Add the parameters of the setting to the model's."""
    merged = Tree(dict(base.data), dict(base.places), unreadable=set(base.unreadable))
    merged.data["setting"] = name
    merged.places[("setting",)] = place
    problems = _internal_keys(base)
    try:
        setting = parse_file(named_file(name, place.path, str(place)))
    except InputError as error:
        return merged, [*problems, *error.problems]
    currency = setting.data.get("currency")
    if isinstance(currency, str) and currency != HOME:  # else every price would be refused for it, one by one
        remedy = f"Only pounds are supported: write currency: {HOME}, and every price in pounds."
        raise InputError.at(str(setting.place(("currency",))), f"the currency is {currency[:20]!r}", remedy)
    problems += [*setting.problems, *_internal_keys(setting)]
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


def _internal_keys(tree: Tree) -> list[Problem]:
    """Keys of parameter records that only controls and options may set."""
    return [
        Problem(
            str(place),
            f'unknown key "{keys[2]}" ({".".join(map(str, keys))})',
            "Change the value in an overlay.",
        )
        for keys, place in tree.places.items()
        if len(keys) == 3 and keys[0] == "parameters" and keys[2] in INTERNAL
    ]
