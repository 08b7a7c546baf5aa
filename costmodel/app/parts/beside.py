"""Work in processes of their own, so that the interpreter that answers clicks stays free."""

import io
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.synchronize import Event
from typing import Any

from costmodel.model.parallel import bounded, go_on
from costmodel.scenario.build import Scenario

Source = Callable[[], Scenario]
"""Reads a scenario anew: what is sent, for a scenario itself is large."""
Make = Callable[[Scenario], Any]
"""What is wanted of a scenario."""
PAUSE = 0.05
"""Seconds between looks at whether anybody still waits."""


class TakenBack(Exception):
    """Nobody waits for it any more."""


class Processes:
    """Some processes, forked from this one: begun before any thread, so that they share what it has loaded.

    Linux only; elsewhere, and where one has died, work is done where it was asked for.
    """

    def __init__(self, most: int) -> None:
        context = multiprocessing.get_context("fork")
        self._taken_back = [context.Event() for _ in range(most)]
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for place in range(most):
            self._free.put(place)
        self._pool = ProcessPoolExecutor(most, context, _begin, (self._taken_back,))
        self._pool.submit(os.getpid).result()

    def made(self, make: Make, source: Source, scenario: Scenario) -> Any:
        """What is made of a scenario there; None where its files have changed since. Raises what is raised there, and
        what the check of `parallel.bounded` raises here.
        """
        place = self._free.get()
        try:
            self._taken_back[place].clear()
            future = self._pool.submit(_made, place, make, source, scenario.sha256)
            try:
                while not wait([future], PAUSE).done:
                    go_on()
            except BaseException:
                self._taken_back[place].set()
                wait([future])
                raise
            found = future.result()
            return None if found is None else _Unpickler(found, scenario).load()
        finally:
            self._free.put(place)

    def end(self) -> None:
        """End them."""
        self._pool.shutdown()


_processes: Processes | None = None
_here: list[Event] = []


def begin(most: int) -> None:
    """Begin so many processes; before any thread is begun, and from the main one."""
    global _processes
    if sys.platform == "linux":
        _processes = Processes(most)


def made(make: Make, source: Source, scenario: Scenario) -> Any:
    """What is made of a scenario: beside this process where one was begun. Raises what it raises."""
    found = None
    if _processes is not None:
        with suppress(BrokenProcessPool):  # as where there is none
            found = _processes.made(make, source, scenario)
    return make(scenario) if found is None else found


def _begin(taken_back: list[Event]) -> None:
    """In a new process: leave Ctrl-C to the server, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _here.extend(taken_back)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=lambda: (parent.join(), os._exit(0)), daemon=True).start()


def _made(place: int, make: Make, source: Source, sha256: str) -> bytes | None:
    """In a process: what is made as bytes, with its scenarios by name."""
    scenario = source()
    if scenario.sha256 != sha256:
        return None

    def check() -> None:
        if _here[place].is_set():
            raise TakenBack

    with bounded(1, check):
        found = make(scenario)
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(found)
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Writes a result with the part of the cohort in the place of each scenario."""

    def persistent_id(self, obj: Any) -> str | None:
        return obj.part if isinstance(obj, Scenario) else None


class _Unpickler(pickle.Unpickler):
    """Puts the scenario, or the part of its cohort, back."""

    def __init__(self, content: bytes, scenario: Scenario) -> None:
        super().__init__(io.BytesIO(content))
        self._scenario = scenario

    def persistent_load(self, part: str) -> Scenario:
        return self._scenario if part == self._scenario.part else self._scenario.stratum(part)
