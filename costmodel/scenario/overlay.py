"""Overlays: a list of changes to another scenario file."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.errors import Problem, nearest
from costmodel.scenario.read import Keys, Place, Tree

_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One change of a scenario: the path, and the value before and after (None where absent)."""

    path: str
    old: Any
    new: Any
    by: str
    """Who asked for it: a file's label, or "you"."""

    def __str__(self) -> str:
        return "; ".join(_moves(self.path, self.old, self.new))


def _moves(path: str, old: Any, new: Any) -> Iterator[str]:
    """What changed, old → new: of two entries only the keys that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            if key not in old or key not in new or not _same(old[key], new[key]):
                yield from _moves(f"{path}.{key}", old.get(key), new.get(key))
    else:
        of_number = path.endswith((".value", ".fixed"))
        was, now = ("as declared" if of_number and one is None else _shown(one) for one in (old, new))
        yield f"{path}: {was} → {now}"


def _shown(value: Any) -> str:
    """A value in a line, an entry as a file would write it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())


def apply(
    tree: Tree,
    *,
    change: Mapping[str, Any],
    add: Mapping[str, Any] | None = None,
    remove: list[str] | None = None,
    by: str,
    where: Mapping[str, Place] | None = None,
) -> tuple[Tree, list[Change], list[Problem]]:
    """Apply flat changes to a copy of a tree, which shares with it what is not changed.

    change: paths that exist, with values that differ. add: paths that do not exist. remove: paths that do.
    where: the place of each path in its own file, for messages and for the new values.
    Returns the new tree, the changes made, and what was wrong.
    """
    new = Tree(dict(tree.data), dict(tree.places), unreadable=set(tree.unreadable), accounts=tree.accounts)
    places = where or {}
    changes: list[Change] = []
    problems: list[Problem] = []
    edits = [("remove", path, _ABSENT) for path in remove or ()]
    edits += [("add", path, value) for path, value in (add or {}).items()]
    edits += [("change", path, value) for path, value in change.items()]
    for action, path, value in edits:
        freed = list(_own_numbers_given_up(new, path, change, by)) if action == "change" else []
        changes += freed
        if freed and stands(new, path, value):
            continue
        try:
            whole = _changed_as_a_whole(path, change) if action == "change" else None
            if whole is not None:
                raise ValueError(f"{path} lies in {whole}, which is changed as a whole", "Keep one of the two.")
            changes.append(_edit(new, path, value, action, by, places.get(path)))
        except ValueError as error:
            problems.append(Problem(str(places.get(path, f"{by}, {path}")), *error.args))
    return new, changes, problems


def _changed_as_a_whole(path: str, change: Mapping[str, Any]) -> str | None:
    """The entry that holds a path and is changed too: only the order in the file would say which of them holds."""
    keys = path.split(".")
    return next((outer for n in range(1, len(keys)) if (outer := ".".join(keys[:n])) in change), None)


def _own_numbers_given_up(tree: Tree, path: str, change: Mapping[str, Any], by: str) -> Iterator[Change]:
    """An option that is chosen takes the place of a number of one's own that an earlier change gave the choice."""
    parent, _, key = path.rpartition(".")
    record = _record(tree, path) if key == "use" and f"{parent}.value" not in change else None
    for held, said in (("moved_to", "value"), ("fixed", "fixed")):
        if record and record.get(held) is not None:
            yield Change(f"{parent}.{said}", record.pop(held), None, by)


def _record(tree: Tree, path: str) -> dict[str, Any] | None:
    """The parameter's record that a path `parameters.NAME.KEY` lies in."""
    keys = path.split(".")
    if len(keys) != 3 or keys[0] != "parameters" or not isinstance(parameters := _own(tree.data, keys[0]), dict):
        return None
    record = _own(parameters, keys[1])
    return record if isinstance(record, dict) else None


def _own(block: dict[Any, Any], key: str | int) -> Any:
    """What stands under a key, from now on a copy of its own that may be changed."""
    if isinstance(inner := block.get(key), dict):
        block[key] = inner = dict(inner)
    return inner


def stands(tree: Tree, path: str, value: Any) -> bool:
    """Whether a path has a value already."""
    block: Any = tree.data
    *parents, last = path.split(".")
    for key in parents:
        block = block.get(key) if isinstance(block, dict) else None
    if not isinstance(block, dict):
        return False
    if last == "use" and (block.get("moved_to") is not None or block.get("fixed") is not None):
        return False
    if last == "value":
        last = next((key for key in ("fixed", "moved_to") if block.get(key) is not None), last)
    return last in block and _same(block[last], value)


def _same(old: Any, new: Any) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (old, new))
    return bool(old == new) and (numbers or type(old) is type(new))


def _edit(tree: Tree, path: str, value: Any, action: str, by: str, place: Place | None) -> Change:
    """Change, add or remove what stands at a path. Raises ValueError with what is wrong and the remedy."""
    keys = _value_key(tree.data, tuple(path.split(".")), action)
    *parents, last = keys
    block: Any = tree.data
    for key in parents:
        if not isinstance(block, dict) or key not in block:
            names = block if isinstance(block, dict) else ()
            raise ValueError(f'there is no "{key}" in the path {path}', nearest(str(key), names))
        block = _own(block, key)
    if not isinstance(block, dict):
        raise ValueError(f"the path {path} leads into a single value", "Shorten the path.")
    old = block.get(last, _ABSENT)
    if action == "add" and old is not _ABSENT:
        raise ValueError(f"{path} exists already", "Use change.")
    if action != "add" and old is _ABSENT:
        raise ValueError(f'there is no "{last}" in the path {path}', nearest(str(last), block))
    if action == "change" and _same(old, value):
        raise ValueError(f"{path} is {_shown(old)} already", "Remove the line, or give another value.")
    if action == "remove":
        del block[last]
    else:
        block[last] = copy.deepcopy(value)
    if place and isinstance(old, dict | list):
        tree.places = {k: p for k, p in tree.places.items() if k[: len(keys)] != keys}
    if place:
        tree.places[keys] = place
    return Change(path, None if old is _ABSENT else old, None if value is _ABSENT else value, by)


def _value_key(data: dict[str, Any], keys: Keys, action: str) -> Keys:
    """`parameters.NAME.value` of an uncertain parameter moves its centre and keeps its relative spread.

    The record keeps its own value, which the spread belongs to; the new centre stands beside it. A value that is held
    stays held, elsewhere.
    """
    if action != "change" or len(keys) != 3 or (keys[0], keys[2]) != ("parameters", "value"):
        return keys
    parameters = _own(data, "parameters")
    record = _own(parameters, keys[1]) if isinstance(parameters, dict) else None
    if isinstance(record, dict) and record.get("fixed") is not None:
        return ("parameters", keys[1], "fixed")
    if not isinstance(record, dict) or not ({"distribution", "joint", "one_of"} & record.keys()):
        return keys
    record.setdefault("moved_to", record.get("value"))
    return ("parameters", keys[1], "moved_to")
