"""Whatever is done to a scenario's files, loading ends soon, with a scenario or with a refusal in words."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import costmodel as cm
from tests.support.example import example
from tests.support.fuzz import BYTES, JUNK, accepted, cases

FEW, MANY = 150, 5_000
LONGEST = 5.0
"""Seconds for one scenario; a sound one takes a tenth of one."""


def _lines(random_: random.Random, content: bytes) -> bytes:
    """Lines taken out, doubled or swapped."""
    lines = content.splitlines(keepends=True)
    for _ in range(random_.choice((1, 1, 3))):
        if not lines:
            break
        one, other = random_.randrange(len(lines)), random_.randrange(len(lines))
        how = random_.choice(["out", "doubled", "swapped"])
        if how == "out":
            del lines[one]
        elif how == "doubled":
            lines.insert(other, lines[one])
        else:
            lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _indentation(random_: random.Random, content: bytes) -> bytes:
    """Some lines with another indentation."""
    lines = content.splitlines(keepends=True)
    for _ in range(random_.choice((1, 2, 5))):
        at = random_.randrange(len(lines))
        lines[at] = random_.choice((b"", b" ", b"  ", b"    ", b"\t", b"- ")) + lines[at].lstrip()
    return b"".join(lines)


def _words(random_: random.Random, content: bytes) -> bytes:
    """Values and keys in one another's place, or junk there."""
    words = content.split(b" ")
    for _ in range(random_.choice((1, 1, 2, 6))):
        at = random_.randrange(len(words))
        junk = random_.choice(JUNK).encode("utf-8", "surrogateescape")
        words[at] = random_.choice((junk, random_.choice(words), words[at] + junk, b""))
    return b" ".join(words)


def _fields(random_: random.Random, content: bytes) -> bytes:
    """Fields of the rows in one another's place, or junk there."""
    rows = [line.split(b",") for line in content.splitlines()]
    for _ in range(random_.choice((1, 1, 2, 6))):
        row = random_.choice(rows)
        junk = random_.choice(JUNK).encode("utf-8", "surrogateescape")
        row[random_.randrange(len(row))] = random_.choice((junk, random_.choice(random_.choice(rows)), b""))
    return b"\n".join(b",".join(row) for row in rows)


def _deep(random_: random.Random, content: bytes) -> bytes:
    """Deeply nested, or very many nodes, in a random place."""
    at = random_.choice([i for i, byte in enumerate(content) if byte in b" \n"])
    depth = random_.choice((15, 25, 2_000, 100_000))
    bulk = random_.choice((b"[" * depth, b"[" * depth + b"]" * depth, b"{a: " * depth, b"- " * depth, b"[1, " * depth))
    return content[:at] + b" " + bulk[:900_000] + content[at:]


YAML = (*BYTES, _lines, _lines, _indentation, _words, _words, _words, _deep)
TABLE = (*BYTES, _lines, _fields, _fields)
FILES = (
    *("model.yaml",) * 6,
    *("cautious.yaml",) * 3,
    *("settings/example.yaml",) * 3,
    "settings/sources.yaml",
    "settings/data/index.csv",
    "settings/data/life_table.csv",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    example(folder)
    return folder


def _load(path: Path) -> None:
    scenario = cm.load(path)
    assert scenario.central
    assert len(scenario.sha256) == 64


def _fuzz(home: Path, count: int) -> None:
    """Mutate one file at a time and load the overlay, which names all of them."""
    sound = {name: (home / name).read_bytes() for name in FILES}
    loaded = 0
    for words, random_ in cases(count):
        name = random_.choice(FILES)
        mutations: tuple[Callable[[random.Random, bytes], bytes], ...] = TABLE if name.endswith(".csv") else YAML
        (home / name).write_bytes(random_.choice(mutations)(random_, sound[name]))
        loaded += accepted(lambda: _load(home / "cautious.yaml"), LONGEST, f"{words} ({name})")
        (home / name).write_bytes(sound[name])
    assert 0 < loaded < count


def test_a_few_mutated_files_are_loaded_or_refused(home: Path) -> None:
    _fuzz(home, FEW)


@pytest.mark.long
def test_many_mutated_files_are_loaded_or_refused(home: Path) -> None:
    _fuzz(home, MANY)
