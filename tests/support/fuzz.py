"""Mutations of files, repeatable from a seed, and a limit on the time that one file may take."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from costmodel.errors import InputError

SEED = "COSTMODEL_FUZZ_SEED"
"""The environment variable that repeats a run: the seed that a failure names."""
JUNK = (
    *(
        "\x00",
        "\ufeff",
        "\u202e",
        "\u200b",
        "\udcff",
        "\U0001f4b7",
        "é",
        "\t",
        "\r",
        "\n",
        "'",
        '"',
        "&",
        "*",
        "!!python/x",
    ),
    *(
        "<",
        ">",
        "]]>",
        "&amp;",
        "&l1;",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "#",
        "|",
        "? ",
        "%",
        "..",
        "/",
        "\\",
        "-1",
        "0",
    ),
    *(
        "1e400",
        "-1e400",
        "9" * 400,
        "9" * 5_000,
        "1e-400",
        "nan",
        ".inf",
        "NaN",
        "INF",
        "true",
        "~",
        "null",
        "2025-03-01",
    ),
    *("0x1F", "0o17", "1_000", "1:30", "0,35", "35%", "١٢", "=1+1", "#REF!", "[" * 400, "{a: " * 100, "a" * 3_000),
)
"""What is put into a text."""


class TooSlow(BaseException):
    """A file took too long. No handler of ordinary errors catches it."""


def seed() -> str:
    """A new seed, or the one that the environment names."""
    return os.environ.get(SEED) or os.urandom(6).hex()


def cases(count: int) -> Iterator[tuple[str, random.Random]]:
    """Random numbers for each of so many files, with the words that repeat it."""
    start = seed()
    for number in range(count):
        yield f"file {number} of {SEED}={start}", random.Random(f"{start} {number}")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TooSlow from within where the block takes longer."""

    def stop(*_: object) -> None:
        raise TooSlow(f"longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def accepted(read: Callable[[], object], seconds: float, words: str) -> bool:
    """True if a file was read, False if it was refused with places; anything else fails with these words."""
    try:
        with at_most(seconds):
            read()
    except InputError as error:
        refused = error
    except BaseException as error:
        raise AssertionError(f"{words}: {type(error).__name__} {error}"[:2_000]) from error
    else:
        return True
    wordless = [problem for problem in refused.problems if not (problem.place and problem.found)]
    assert refused.problems, words
    assert not wordless, words
    return False


def flipped(random_: random.Random, content: bytes) -> bytes:
    """Some bytes replaced."""
    changed = bytearray(content)
    for _ in range(random_.choice((1, 1, 3, 30))):
        if changed:
            changed[random_.randrange(len(changed))] = random_.randrange(256)
    return bytes(changed)


def cut(random_: random.Random, content: bytes) -> bytes:
    """Broken off, or with a slice taken out."""
    begin, end = sorted(random_.randrange(len(content) + 1) for _ in "12")
    return content[:begin] if random_.random() < 0.5 else content[:begin] + content[end:]


def repeated(random_: random.Random, content: bytes) -> bytes:
    """With a slice of it put in somewhere else."""
    begin = random_.randrange(len(content) + 1)
    at = random_.randrange(len(content) + 1)
    return content[:at] + content[begin : begin + random_.choice((1, 20, 500))] + content[at:]


def spliced(random_: random.Random, content: bytes) -> bytes:
    """With junk put in, or put in place of a few bytes."""
    at = random_.randrange(len(content) + 1)
    junk = random_.choice(JUNK).encode("utf-8", "surrogateescape")
    return content[:at] + junk + content[at + random_.choice((0, 0, 1, 5)) :]


BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (flipped, cut, repeated, spliced)
