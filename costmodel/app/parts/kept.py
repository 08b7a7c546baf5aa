"""What was worked out, kept for all sessions within a number of bytes, the least recently used going first."""

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from costmodel.scenario.build import Scenario

BYTES_OF_A_SCENARIO = 1_500_000
"""About, without what all scenarios of a population share."""


class Kept:
    """What was made, by its key, for all sessions. Together never more than a number of bytes.

    What two of them share, as an analysis its run, counts once.
    """

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0
        self._there: OrderedDict[Hashable, tuple[Any, dict[int, int]]] = OrderedDict()
        self._holders: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._there

    def get(self, key: Hashable) -> Any:
        """None where it is not there."""
        with self._lock:
            if key not in self._there:
                return None
            self._there.move_to_end(key)
            return self._there[key][0]

    def put(self, key: Hashable, value: Any, size: int | None = None) -> None:
        """Keep a value; what was used least recently goes. One that is larger than all that may be kept is not.

        size: bytes; weighed where it is None.
        """
        parts = weights(value) if size is None else {id(value): size}
        with self._lock:
            self._drop(*self._there.pop(key, (None, {})))
            self._there[key] = value, parts
            for part, its_size in parts.items():
                self.bytes += 0 if self._holders[part] else its_size
                self._holders[part] += 1
            while self.bytes > self.most:
                self._drop(*self._there.popitem(last=False)[1])

    def _drop(self, _: Any, parts: dict[int, int]) -> None:
        for part, size in parts.items():
            self._holders[part] -= 1
            if not self._holders[part]:
                del self._holders[part]
                self.bytes -= size

    def clear(self) -> None:
        with self._lock:
            self._there.clear()
            self._holders.clear()
            self.bytes = 0


def weight(thing: object) -> int:
    """Bytes, about: of all arrays and tables, and of what holds them. A scenario counts as what is its own."""
    return sum(weights(thing).values())


def weights(thing: object) -> dict[int, int]:
    """Bytes, about, of each object that a thing holds, itself among them, by its identity."""
    found: dict[int, int] = {}
    rest = [thing]
    while rest:
        one = rest.pop()
        if id(one) in found or isinstance(one, type):
            continue
        if isinstance(one, Scenario):
            found[id(one)] = BYTES_OF_A_SCENARIO
        elif isinstance(one, np.ndarray):
            elsewhere = isinstance(one.base, np.ndarray)  # and counted there; a buffer that is no array is its own
            found[id(one)] = 0 if elsewhere else one.nbytes
            if elsewhere:
                rest.append(one.base)
        elif isinstance(one, pd.DataFrame):
            found[id(one)] = int(one.memory_usage(deep=True).sum())
        else:
            found[id(one)] = sys.getsizeof(one)
            if isinstance(one, dict):
                rest += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple | set | frozenset):
                rest += one
            elif hasattr(one, "__dict__"):
                rest.append(vars(one))
    return found
