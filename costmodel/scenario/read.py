"""YAML text to plain data, with the line of every node.

Stricter than YAML: no anchors, aliases or tags, no duplicate keys, finite decimal numbers only,
bounded size, depth and node count. Every fault of a text is reported at once.
"""

import copy
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from costmodel.errors import InputError, Problem
from costmodel.inputs.files import LARGEST_TEXT as MAX_BYTES
from costmodel.inputs.files import read_bytes

MAX_NODES = 50_000
MAX_DEPTH = 20
LARGEST_NUMBER = 2**53
KEPT_TEXTS = 12
"""Texts that were read last: a scenario reads a model, a setting, the sources of both, and often a base."""

Keys = tuple[str | int, ...]
"""Where something stands in a file: the keys that lead to it."""

_DECIMAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "seq", "map", "merge", "value"}


@dataclass(frozen=True)
class Place:
    """A file and a line in it, or the option that stands for them where a value was given by hand."""

    path: Path
    line: int
    option: str = ""

    def __str__(self) -> str:
        if self.option:
            return self.option
        return f"{self.path.name}, line {self.line}"


@dataclass
class Tree:
    """Plain data with the place of each node. `places` is keyed by the path of keys.

    problems: faults of single entries. unreadable: where these stand; the data hold None there.
    accounts: the parties, categories and currency of the setting by which it is read; see `setting.of`.
    """

    data: dict[str, Any]
    places: dict[Keys, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[Keys] = field(default_factory=set)
    accounts: Any = None

    def place(self, keys: Keys) -> Place:
        """The place of a node, or of its nearest ancestor that has one."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places[keys]

    def problem(self, keys: Keys, found: str, remedy: str = "") -> Problem:
        """A problem of what stands at some keys."""
        return Problem(str(self.place(keys)), found, remedy)

    def place_of_fault(self, keys: Keys) -> Place:
        """The place of a block, or of the key in it that an overlay or an option changed: there the fault came in."""
        block = self.place(keys)
        inside = [place for path, place in self.places.items() if path[:-1] == keys]
        changed = [place for place in inside if (place.path, place.option) != (block.path, block.option)]
        return changed[-1] if changed else block


def read_file(path: Path) -> Tree:
    """Read one YAML file without any fault. Raises InputError with all of them."""
    tree = parse_file(path)
    if tree.problems:
        raise InputError(*tree.problems)
    return tree


def parse_file(path: Path) -> Tree:
    """Read one YAML file, faulty entries and all. Raises InputError if it cannot be opened, or as `parse_text`."""
    kept = _parsed(read_bytes(path, MAX_BYTES), path)
    return Tree(copy.deepcopy(kept.data), dict(kept.places), list(kept.problems), set(kept.unreadable))


@lru_cache(maxsize=64)
def _parsed(content: bytes, path: Path) -> Tree:
    """The tree of a file's text, worked out once: most files lie on a model and a setting that others lie on too."""
    return parse_text(content, path)


def parse_text(content: bytes, path: Path) -> Tree:
    """Read YAML from bytes; `path` names the file in messages and is where its references start.

    Raises InputError for a text that is no YAML, not UTF-8 or too large; faults of single entries are
    returned with the tree.
    """
    if len(content) > MAX_BYTES:
        raise InputError.at(path.name, f"the file has {len(content):,} bytes", f"At most {MAX_BYTES:,}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not UTF-8 (it may be Windows-1252 or UTF-16)"
        raise InputError.at(path.name, found, "Save the file as UTF-8.") from error
    try:
        node = _composed(text)
    except _NotAllowed as error:
        raise InputError.at(f"{path.name}, line {error.args[0]}", *error.args[1:]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        remedy = "Indent with spaces, not tabs." if "\t" in text else "Check quotes, colons and indentation."
        raise InputError.at(f"{path.name}, line {line}", f"not valid YAML: {error.problem}", remedy) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError.at(path.name, f"not valid YAML: {error}".splitlines()[0]) from error
    if not isinstance(node, MappingNode):
        raise InputError.at(path.name, "the file holds no keys", "See docs/format.md.")
    tree = Tree({})
    tree.data = _plain(node, (), tree, path)
    return tree


@lru_cache(maxsize=KEPT_TEXTS)
def _composed(text: str) -> Any:
    """The nodes of a text, which nobody changes. The scenarios of a folder all read the same setting and sources."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    return yaml.compose(text)


class _NotAllowed(Exception):
    """What a file may not hold although it is YAML: its line, what was found and the remedy."""


class _Composer(Composer):
    """Makes the nodes of a text without anchors and aliases, neither deep nor many."""

    levels = made = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        line, deeper = event.start_mark.line + 1, isinstance(event, CollectionStartEvent)
        if isinstance(event, AliasEvent) or event.anchor:
            raise _NotAllowed(line, "anchors and aliases (& and *) are not allowed", "Write the value out.")
        self.made += 1
        self.levels += deeper
        if self.levels > MAX_DEPTH or self.made > MAX_NODES:
            remedy = f"At most {MAX_DEPTH} levels, {MAX_NODES:,} nodes."
            raise _NotAllowed(line, "the file is too deep or too large", remedy)
        node = super().compose_node(parent, index)
        self.levels -= deeper
        return node


def _plain(node: Node, keys: Keys, tree: Tree, path: Path) -> Any:
    place = Place(path, node.start_mark.line + 1)
    tree.places.setdefault(keys, place)
    tag = str(node.tag).rpartition(":")[2]
    if tag not in _PLAIN_TAGS or not str(node.tag).startswith("tag:yaml.org,2002:"):
        tree.problems.append(Problem(str(place), f"the tag {node.tag} is not allowed", "Write plain values."))
        tree.unreadable.add(keys)
        return None
    if isinstance(node, MappingNode):
        return dict(_pairs(node, keys, tree, path))
    if isinstance(node, SequenceNode):
        if broken := list(_split_numbers(node, place, keys)):
            tree.problems += broken
            tree.unreadable.add(keys)
            return None
        return [_plain(child, (*keys, i), tree, path) for i, child in enumerate(node.value)]
    assert isinstance(node, ScalarNode)
    value, fault = _scalar(node.value, tag)
    if fault:
        found, remedy = fault
        of = f" ({'.'.join(map(str, keys))})" if tag == "null" else ""
        tree.problems.append(Problem(str(place), f"{found}{of}", remedy))
    if value is None:
        tree.unreadable.add(keys)
    return value


def _pairs(node: MappingNode, keys: Keys, tree: Tree, path: Path) -> Iterator[tuple[str, Any]]:
    problems = tree.problems
    seen: dict[str, int] = {}
    entries, split = _rejoined(node)
    for key_node, text in split:
        found = f"a comma parts two entries, so that {'.'.join((*map(str, keys), key_node.value))} cannot be {text}"
        remedy = f"Write {text.replace(',', '')}."
        problems.append(Problem(f"{path.name}, line {key_node.start_mark.line + 1}", found, remedy))
        tree.unreadable.add((*keys, key_node.value))
    for key_node, value_node in entries:
        line = key_node.start_mark.line + 1
        key = key_node.value if isinstance(key_node, ScalarNode) else None
        if not isinstance(key, str) or str(key_node.tag).endswith((":merge", ":null")):
            problems.append(Problem(f"{path.name}, line {line}", "a key must be a plain name", "Give it one."))
        elif hidden := unshowable(key):
            remedy = "Remove it: it is invisible."
            problems.append(Problem(f"{path.name}, line {line}", f"the key holds the character {hidden}", remedy))
        elif key in seen:
            found = f'the key "{key}" stands here and in line {seen[key]}'
            problems.append(Problem(f"{path.name}, line {line}", found, "Keep one."))
        else:
            seen[key] = line
            tree.places[(*keys, key)] = Place(path, line)
            yield key, _plain(value_node, (*keys, key), tree, path)


_THOUSANDS = re.compile(r"\d{3}(\.\d+)?")


def _rejoined(node: MappingNode) -> tuple[list[tuple[Any, Any]], list[tuple[Any, str]]]:
    """The entries of a block without numbers that a thousands separator broke (`{value: 5,000}` has a key `000`), and
    the key of each of those with the number as it was written.
    """
    entries: list[tuple[Any, Any]] = []
    broken: dict[int, str] = {}
    for key, value in node.value:
        empty = isinstance(value, ScalarNode) and not value.value
        if empty and entries and isinstance(key, ScalarNode) and _THOUSANDS.fullmatch(key.value):
            before = broken.get(len(entries) - 1) or entries[-1][1].value
            if isinstance(before, str) and re.fullmatch(r"[-+]?\d{1,3}(,\d{3})*", before):
                broken[len(entries) - 1] = f"{before},{key.value}"
                continue
        entries.append((key, value))
    split = [(entries[i][0], text) for i, text in broken.items()]
    return [entry for i, entry in enumerate(entries) if i not in broken], split


def _split_numbers(node: SequenceNode, place: Place, keys: Keys) -> Iterator[Problem]:
    """Numbers of a list that a thousands separator broke: the second of `[1,050, 2]` would be 50."""
    for before, child in pairwise(node.value):
        texts = [one.value if isinstance(one, ScalarNode) and one.style is None else "" for one in (before, child)]
        if re.fullmatch(r"[-+]?\d{1,3}", texts[0]) and re.fullmatch(r"0\d\d(\.\d+)?", texts[1]):
            found = f"a comma parts two entries, so that {'.'.join(map(str, keys))} cannot hold {','.join(texts)}"
            yield Problem(str(place), found, f"Write {''.join(texts)}.")


def scalar(text: str) -> str | int | float:
    """A value given by hand, read as the number or the text that it would be in a file."""
    if not _DECIMAL.fullmatch(text):
        return text
    number = float(text)
    return int(text) if text.lstrip("+-").isdigit() and abs(number) <= LARGEST_NUMBER else number + 0.0


def unshowable(text: str) -> str:
    """The first character that would be invisible, or turn what follows it round; "" if there is none."""
    for character in text:
        kind = unicodedata.category(character)
        if (kind == "Cc" and character not in "\n\t") or kind in ("Cf", "Cs", "Zl", "Zp"):
            return f"U+{ord(character):04X} ({unicodedata.name(character, 'a control character').lower()})"
    return ""


def _scalar(text: str, tag: str) -> tuple[Any, tuple[str, str] | None]:
    """The value of a scalar, and what is wrong with it and the remedy; the value is None where it cannot be read."""
    if tag == "null":
        return None, ("the entry is empty", "Give it a value, or take its key away.")
    if tag == "bool":
        return text.lower() == "true", None
    if tag not in ("int", "float"):
        hidden = unshowable(text)
        return None if "\0" in text else text, (
            f"the text holds the character {hidden}",
            "Remove it: it is invisible.",
        ) if hidden else None
    if not _DECIMAL.fullmatch(text):
        return None, (f"{text[:40]} is not a finite decimal number", "Write it like 1200 or 0.035.")
    number = float(text)
    if number in (float("inf"), float("-inf")) or abs(number) > LARGEST_NUMBER:
        return None, (f"{text[:40]} is too large a number", f"At most {LARGEST_NUMBER:,}.")
    return int(text) if tag == "int" else number + 0.0, None
