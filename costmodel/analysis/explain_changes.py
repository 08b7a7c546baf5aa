"""What two scenarios differ in, as changes that can be made one at a time; and every scenario between the two."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from costmodel.content import digest
from costmodel.errors import InputError
from costmodel.scenario.build import WORDS, Scenario, build
from costmodel.scenario.consistency import check
from costmodel.scenario.leaves import Leaf, derived_problems, group_problems
from costmodel.scenario.overlay import Change
from costmodel.scenario.read import Keys, Place, Tree
from costmodel.scenario.structure import Subject
from costmodel.words import amount

ABSENT: Any = object()
SILENT = WORDS - {"setting", "table", "file"}
"""Keys that move no answer, but for those that name files."""
SILENT_OF_RECORDS = {"label", "group", "source", "status", "note"}
BESIDE = ("money_base", "money_alternatives")
"""Blocks of what stands beside the headline."""
WHOLE = ("parameters", "groups", "alternatives", "strata")
"""Blocks whose entries change as a whole."""
UNCONTROLLED, CONTROLLED = "before and after", "intention to treat"
COMPARATOR = "the comparator"
"""What every effect is said to be measured against in a scenario between two, whose words are of either."""
ITSELF = "The model itself"
BLOCKS, SAID = 3, 3
"""Blocks of a file that a change may be in before it is called the model itself, and places of it in words."""


@dataclass(frozen=True)
class Difference:
    """One change: what differs between two scenarios and is taken together.

    edits: their indices. paths: as an overlay names them. label: what it is. words, back: old → new, and new → old.
    brings: parameters that only one of the two has, and that it refers to.
    """

    edits: frozenset[int]
    paths: tuple[str, ...]
    label: str
    words: str
    back: str
    brings: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """Two scenarios, and those that have some of the changes from the first to the second.

    edits: where the two differ. old, new: their data without words and sources, so that a scenario between them is
    refused for its numbers alone. The old have the parameters of both: one that nothing refers to moves no answer, so
    that a part of the model brings along what it refers to.
    """

    first: Scenario
    second: Scenario
    edits: tuple[Keys, ...]
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    differences: tuple[Difference, ...] = ()
    _read: dict[frozenset[int], Scenario] = field(default_factory=dict, compare=False)

    def edits_of(self, taken: Iterable[int]) -> frozenset[int]:
        """The edits of some differences, by their indices."""
        return frozenset().union(*(self.differences[i].edits for i in taken))

    def scenario(self, taken: frozenset[int]) -> Scenario:
        """The first with some of the edits. Raises InputError where no model is possible with these alone."""
        if len(taken) == len(self.edits):
            return self.second if taken else self.first
        structure = taken - self._numbers
        if structure not in self._read:
            self._read[structure] = self.read(structure) if structure else self.first
        names = [str(self.edits[i][1]) for i in taken & self._numbers]
        return _with_leaves(self._read[structure], {name: self.second.leaves[name] for name in names})

    def read(self, taken: frozenset[int], parameters: Collection[str] | None = None) -> Scenario:
        """The first with some of the edits, as if a file held it. parameters: those that it keeps; all by default."""
        data, places, accounts = dict(self.old), dict(self._places[0]), self.first.tree.accounts
        for i in taken:
            data = _put(data, self.old, self.new, self.edits[i])
            places |= self._places[1][i]
            accounts = self.second.tree.accounts if self.edits[i] == ("setting",) else accounts
        if parameters is not None:
            data["parameters"] = {name: one for name, one in data["parameters"].items() if name in parameters}
        name, *_ = data["strategies"]
        data["strategies"] = data["strategies"] | {name: data["strategies"][name] | {"label": COMPARATOR}}
        made = build(self.first.path, Tree(data, places, accounts=accounts), (), [])
        return made.stratum(self.first.part) if self.first.part else made

    def possible(self, taken: frozenset[int]) -> bool:
        """Whether some edits can be made without the others, and the others without these."""
        try:
            self.scenario(taken)
            self.scenario(frozenset(range(len(self.edits))) - taken)
        except InputError:
            return False
        return True

    def values(self, i: int) -> tuple[Any, Any]:
        """What stands at an edit in the first and in the second."""
        return _at(self.old, self.edits[i]), _at(self.new, self.edits[i])

    @cached_property
    def _places(self) -> tuple[dict[Keys, Place], list[dict[Keys, Place]]]:
        """Where everything stands in the first, or else the second; and what each edit brings from the second."""
        there = self.second.tree.places
        of_edits = [{at: place for at, place in there.items() if at[: len(keys)] == keys} for keys in self.edits]
        return {**there, **self.first.tree.places}, of_edits

    @cached_property
    def _numbers(self) -> frozenset[int]:
        """Edits of nothing but a number and its spread, for which no file is read again."""

        def plain(name: str) -> bool:
            both = [one.leaves.get(name) for one in (self.first, self.second)]
            units = {one.parameters[name].unit.text for one in (self.first, self.second)}
            return len(units) == 1 and all(leaf is not None and leaf.posterior is None for leaf in both)

        return frozenset(i for i, keys in enumerate(self.edits) if keys[0] == "parameters" and plain(str(keys[1])))


def between(first: Scenario, second: Scenario, *, parted: bool = False) -> Between:
    """What two scenarios differ in. Changes that only work together are one: those that refer to a parameter that only
    one of the two has, numbers of one posterior or of shares that sum to 1, and what no model is possible without.

    parted: where a file says what belongs together, nothing is one but numbers of one posterior and shares that sum to
    1. Raises InputError where they cannot be compared change by change.
    """
    for what, one, other in (
        ("are of people", first.part or "all", second.part or "all"),
        ("are in", first.setting.currency.code, second.setting.currency.code),
        ("are models of", first.model.model, second.model.model),
    ):
        if one != other:
            remedy = "There is nothing between the two: run each, and lay the answers side by side."
            raise InputError.at("explain", f"the two {what} {one} and {other}", remedy)
    source = [name for name in first.sources if name in second.sources][:1]
    old, new = (
        {key: value for key, value in _bare(one.tree.data, source).items() if key not in BESIDE}
        for one in (first, second)
    )
    edits = tuple(_edits(first, second, old, new))
    merged = {name: old["parameters"].get(name) or new["parameters"][name] for name in _both(old, new, "parameters")}
    found = Between(first, second, edits, old | {"parameters": merged}, new)
    wanted = replace(second, conventions={}).sha256
    if edits and found.read(frozenset(range(len(edits))), new["parameters"]).sha256 != wanted:
        remedy = "Give both files their strategies, strata and alternatives in one order, or write one as an overlay."
        raise InputError.at("explain", "the two differ in an order, or in something that is no change", remedy)
    groups = _united([{i} for i in range(len(edits))], _ties(found, parted))
    while failing := [one for one in groups if not parted and len(groups) > 1 and not found.possible(frozenset(one))]:
        groups = _united(groups, _partners(edits, failing))
    return replace(found, differences=tuple(_difference(found, sorted(group)) for group in groups))


def _partners(edits: Sequence[Keys], failing: list[set[int]]) -> list[set[int]]:
    """Which edits to tie, since some groups of them cannot be made alone: those in one block of the file, else all such
    groups; what a single one needs is not known: then the whole structure, or else everything.
    """
    blocks: dict[Keys, list[set[int]]] = {}
    for group in failing:
        for block in {edits[i][:-1] for i in group if len(edits[i]) > 2}:
            blocks.setdefault(block, []).append(group)
    if ties := [set().union(*groups) for groups in blocks.values() if len(groups) > 1]:
        return ties
    structure = failing[0] | {i for i, keys in enumerate(edits) if keys[0] != "parameters"}
    alone = structure if structure != failing[0] else set(range(len(edits)))
    return [set().union(*failing) if len(failing) > 1 else alone]


def _with_leaves(scenario: Scenario, leaves: Mapping[str, Leaf]) -> Scenario:
    """A scenario with other numbers, looked at as when it was read. Raises InputError."""
    if not leaves:
        return scenario
    made = replace(scenario, leaves={**scenario.leaves, **leaves})
    model, tree, central = made.model, made.tree, dict(made.central)
    problems = [*derived_problems(model, central, tree)]
    problems += group_problems(model.groups, model.parameters, made.leaves, tree)
    for structure in made.structures:
        problems += check(Subject(structure.model, central, tree, matrices=made.matrices))
    if problems:
        raise InputError(*problems)
    return made


def _bare(data: Any, source: Sequence[str], keys: Keys = ()) -> Any:
    """Data without what a model is refused for and that moves no answer: sources, statuses, what was measured."""
    within = keys[:1] in (("alternatives",), ("strata",)) and keys[2:] in (("change",), ("add",), ("remove",))
    if isinstance(data, list):
        return [_bare(one, source) for one in data if not (within and _is_words(one))]
    if not isinstance(data, Mapping):
        return data
    kept = [key for key in data if not (within and _is_words(key))]
    made = {key: _bare(data[key], source, (*keys, key)) for key in kept}
    if keys[:1] == ("parameters",) and len(keys) == 2 and "source" in made and source:
        made |= {"source": source[0], "status": "assumption"}
    if isinstance(estimand := made.get("estimand"), dict):
        estimand.pop("assumed_for", None)
        analysis = UNCONTROLLED if estimand.get("analysis") == UNCONTROLLED else CONTROLLED
        estimand |= {"comparator": COMPARATOR, "analysis": analysis}
    return made


def _is_words(path: str) -> bool:
    """Whether a path of a change leads to what moves no answer."""
    *block, last = path.split(".")
    return last in SILENT or ("estimand" in block and last != "analysis")


def _both(old: Mapping[str, Any], new: Mapping[str, Any], block: str) -> list[str]:
    return _in_order(old[block], new[block])


def _in_order(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """The keys of both in an order that both have, where there is one."""
    found, before = list(one), 0
    for key in other:
        if key not in found:
            found.insert(before, key)
        before = found.index(key) + 1
    return found


def _edits(first: Scenario, second: Scenario, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Keys]:
    """Where the two differ: in their data, and in what the files hold that these name."""
    yield from (found := [*_differing(old, new)])
    files: list[Keys] = [("setting",)] if _of_setting(first) != _of_setting(second) else []
    for name in first.leaves.keys() & second.leaves.keys():
        if _posterior(first, name) != _posterior(second, name):
            files.append(("parameters", name))
    for strategy in first.matrices.keys() & second.matrices.keys():
        if digest(first.matrices[strategy]) != digest(second.matrices[strategy]):
            own = "matrices" in old["strategies"][strategy]
            files.append(("strategies", strategy, "matrices") if own else ("matrices",))
    yield from dict.fromkeys(
        keys for keys in sorted(files, key=str) if not any(one[: len(keys)] == keys for one in found)
    )


def _of_setting(scenario: Scenario) -> str:
    """A digest of what a setting gives beside its parameters."""
    words = {"title", "sources", "parameters", "price_indices", "life_tables"}
    kept = scenario.setting.model_dump(exclude=words)
    indices = {name: dict(sorted(one.levels.items())) for name, one in scenario.indices.items()}
    return digest((repr(kept), indices, scenario.life_table))


def _posterior(scenario: Scenario, name: str) -> str:
    """A digest of the posterior of a parameter; "" for one that is not fitted."""
    leaf = scenario.leaves.get(name)
    return digest(scenario.posteriors[leaf.posterior[0]]) if leaf and leaf.posterior else ""


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], keys: Keys = ()) -> Iterator[Keys]:
    """Where two blocks differ, words aside: at the highest entry that only one has, else at single values."""
    for key in _in_order(one, other):
        here, old, new = (*keys, key), one.get(key, ABSENT), other.get(key, ABSENT)
        whole = len(here) == 2 and here[0] in WHOLE
        if key == "estimand" and isinstance(old, dict) and isinstance(new, dict):
            if old["analysis"] != new["analysis"]:
                yield (*here, "analysis")
        elif _is_silent(here, old, new):
            continue
        elif isinstance(old, dict) and isinstance(new, dict) and not whole:
            yield from _differing(old, new, here)
        elif old != new and (not whole or _without_words(old) != _without_words(new)):
            yield here


def _is_silent(keys: Keys, old: Any, new: Any) -> bool:
    """Whether what stands at some keys moves no answer by itself: words, and a parameter that only one of two has."""
    if len(keys) == 2 and keys[0] in ("parameters", "states"):
        return (ABSENT not in (old, new)) == (keys[0] == "states")
    return keys[-1] in SILENT and not isinstance(old, dict) and not isinstance(new, dict)


def _without_words(record: Any) -> Any:
    if not isinstance(record, dict):
        return record
    return {key: value for key, value in record.items() if key not in SILENT_OF_RECORDS}


def _at(data: Any, keys: Keys) -> Any:
    for name in keys:
        data = data[name] if isinstance(data, dict) and name in data else ABSENT
    return data


def _put(block: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """A copy of a block with what the other has at some keys."""
    key, made = str(keys[0]), dict(block)
    if len(keys) > 1:
        made[key] = _put(block[key], one[key], other[key], keys[1:])
    elif key in other:
        made[key] = other[key]
    else:
        del made[key]
    return made if key in block else {name: made[name] for name in _in_order(one, other) if name in made}


def _mentions(found: Between, i: int) -> set[str]:
    """Every text at an edit in either: the names that it refers to are among them."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from texts(one)
        elif isinstance(value, str):
            yield value

    return {text for value in found.values(i) for text in texts(value)}


def _ties(found: Between, parted: bool) -> Iterator[set[int]]:
    """Edits that belong together from the outset. parted: what refers to a parameter that only one has does not."""
    first, second = found.first, found.second
    mentions = [_mentions(found, i) for i in range(len(found.edits))]
    own = {str(keys[1]): i for i, keys in enumerate(found.edits) if keys[0] == "parameters"}
    for name in () if parted else first.parameters.keys() ^ second.parameters.keys():
        yield {i for i, names in enumerate(mentions) if name in names}
    fitted = [name for name in own if _posterior(first, name) != _posterior(second, name)]
    for scenario in (first, second):
        for posterior in filter(None, {_posterior(scenario, name) for name in fitted}):
            yield {own[name] for name in fitted if _posterior(scenario, name) == posterior}
        for group in scenario.model.groups.values():
            if group.together == "dirichlet":
                yield {own[name] for name in group.members if name in own}


def _united(groups: Iterable[set[int]], ties: Iterable[set[int]]) -> list[set[int]]:
    """Groups of edits, those that a tie holds together as one; in the order of their first edit."""
    found = list(groups)
    for tie in ties:
        tied = [group for group in found if group & tie]
        found = [group for group in found if not group & tie] + ([set().union(*tied)] if tied else [])
    return sorted(found, key=min)


def _difference(found: Between, group: list[int]) -> Difference:
    """A group of edits in words."""
    keys, parameters = [found.edits[i] for i in group], found.old["parameters"]
    one_sided = found.first.parameters.keys() ^ found.second.parameters.keys()
    brings = sorted(one_sided & set().union(*(_mentions(found, i) for i in group)))
    label, more = _label(found, group[0]), len(group) - 1
    if len({one[0] for one in keys}) > BLOCKS:
        label = ITSELF
    elif more:
        label = parameters[brings[0]]["label"] if len(brings) == 1 else f"{label}, with {more} more"
    ends = dict.fromkeys(_ends(found, i) for i in group[:SAID])
    words, back = (
        "; ".join(" → ".join(end[::way]) for end in ends) + ("; …" if more >= SAID else "") for way in (1, -1)
    )
    paths = tuple(".".join(map(str, one)) for one in keys)
    return Difference(frozenset(group), paths, label, words, back, tuple(brings))


def _label(found: Between, i: int) -> str:
    """What an edit is about: a parameter's label, that of a part of the model, or its path."""
    labels = [str(value["label"]) for value in found.values(i) if isinstance(value, dict) and "label" in value]
    return labels[0] if labels else ".".join(map(str, found.edits[i]))


def _ends(found: Between, i: int) -> tuple[str, ...]:
    """What stands at an edit in the first and the second, in words; one text where these are the same."""
    keys, both, same = found.edits[i], (found.first, found.second), "otherwise made or spread"
    if keys[0] == "parameters":
        name = str(keys[1])
        said = [amount(one.central[name], one.parameters[name].unit) if name in one.central else "" for one in both]
    elif any(isinstance(value, dict) for value in found.values(i)):
        said = ["without" if value is ABSENT else "with" for value in found.values(i)]
    else:
        values = [None if value is ABSENT else value for value in found.values(i)]
        said, same = str(Change("", values[0], values[1], "")).removeprefix(": ").split(" → "), "another file"
    return tuple(said) if said[0] != said[-1] else (f"{said[0]}, {same}".removeprefix(", "),)
