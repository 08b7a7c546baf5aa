"""What a value holds, as one digest: two values that hold the same are equal and have one hash. And in short."""

import hashlib
import pickle
from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel

Class = TypeVar("Class", bound=type)

LONGEST, LONGEST_TEXT = 1_000, 80
"""Characters of a short `repr`, and of one text in it."""
KEPT = "_content"
"""Under which name an object keeps its digest."""


def by_content(cls: Class) -> Class:
    """Make a frozen dataclass equal by what it holds, arrays and mappings too, and give it a hash and a short `repr`.

    The equality that a dataclass has by itself raises where a field is an array, and its hash where one is a mapping.
    A `repr` that a class defines or takes over (`repr=False`) stays.
    """

    if getattr(vars(cls).get("__repr__"), "__wrapped__", None):  # the dataclass's own, which shows all there is
        cls.__repr__ = _short  # type: ignore[method-assign,assignment]
    cls.__eq__ = _equal  # type: ignore[assignment,method-assign]
    cls.__hash__ = _hash  # type: ignore[assignment,method-assign]
    cls.__getstate__ = _state  # type: ignore[assignment,method-assign]
    return cls


def _equal(self: Any, other: object) -> Any:
    if self is other:
        return True
    return digest(self) == digest(other) if type(self) is type(other) else NotImplemented


def _hash(self: Any) -> int:
    return hash(digest(self))


def _state(self: Any) -> dict[str, Any]:
    """What is pickled: what it holds, and not the digest that was taken of it."""
    return {name: value for name, value in vars(self).items() if name != KEPT}


def _short(self: Any) -> str:
    """The fields of a dataclass on one line: numbers and texts as they are, and of all else how much there is."""
    shown = (f"{field.name}={_in_short(getattr(self, field.name))}" for field in fields(self) if field.repr)
    text = f"{type(self).__name__}({', '.join(shown)})"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}…)"


def _in_short(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | np.generic | Path):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_TEXT else f"{value[: LONGEST_TEXT - 1]}…")
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    if isinstance(value, Mapping | list | tuple | Set):
        return f"<{len(value)} entries>" if len(value) != 1 else "<1 entry>"
    return f"<{type(value).__name__}>"


def digest(value: Any) -> str:
    """SHA-256 of what a value holds: not of its address, nor of how a number is typed (1, 1.0 and NumPy's 1)."""
    kept = getattr(value, "__dict__", {}).get(KEPT)
    if kept is not None:
        return str(kept)
    hasher = hashlib.sha256()
    for part in _parts(value):
        hasher.update(part)
    found = hasher.hexdigest()
    if is_dataclass(value) and type(value).__hash__ is not None:  # frozen: it stays as it is
        object.__setattr__(value, KEPT, found)
    return found


def _parts(value: Any) -> Iterable[bytes]:
    """A value as bytes that no other value has."""
    if value is None or isinstance(value, bool | np.bool_):
        yield f"{None if value is None else bool(value)};".encode()
    elif isinstance(value, int | float | np.integer | np.floating):
        yield _number(value)
    elif isinstance(value, str | Path):
        text = str(value).encode("utf-8", "surrogatepass")
        yield f"text {len(text)} ".encode() + text
    elif isinstance(value, np.ndarray):
        yield f"array {value.dtype} {value.shape} ".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        yield f"mapping {len(value)} ".encode()
        for key, entry in value.items():
            yield from _parts(key)
            yield from _parts(entry)
    elif isinstance(value, list | tuple):
        yield f"sequence {len(value)} ".encode()
        for entry in value:
            yield from _parts(entry)
    elif isinstance(value, Set):
        yield f"set {len(value)} ".encode()
        yield from sorted(digest(entry).encode() for entry in value)
    else:
        yield from _object(value)


def _number(value: Any) -> bytes:
    if isinstance(value, int | np.integer) and abs(int(value)) > 2**53:
        return f"{int(value)};".encode()
    return f"{(float(value) + 0.0).hex()};".encode()


def _object(value: Any) -> Iterable[bytes]:
    yield f"{type(value).__module__}.{type(value).__qualname__} ".encode()
    if is_dataclass(value):
        for field in fields(value):
            if field.compare:
                yield _named(field.name)
                yield from _parts(getattr(value, field.name))
    elif isinstance(value, partial):
        yield from _parts([value.func, value.args, value.keywords])
    elif isinstance(value, MethodType):
        yield from _parts([value.__self__, value.__func__])
    elif isinstance(value, FunctionType | type):
        yield from _parts([value.__module__, value.__qualname__])
    elif isinstance(value, BaseModel):
        yield repr(value).encode()
    else:
        yield pickle.dumps(value)


def _named(name: str) -> bytes:
    return f"{name}: ".encode()
