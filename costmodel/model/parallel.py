"""Work in parallel whose results come in the order of the work."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_MOST: ContextVar[int | None] = ContextVar("most", default=None)
_CHECK: ContextVar[Callable[[], object] | None] = ContextVar("check", default=None)


@contextmanager
def bounded(workers: int, check: Callable[[], object]) -> Iterator[None]:
    """Within, this thread's work is spread over at most so many threads, and `check` is called before each piece of it.

    What `check` raises ends the work: so a server takes back what nobody waits for any more.
    """
    most, before = _MOST.set(workers), _CHECK.set(check)
    try:
        yield
    finally:
        _MOST.reset(most)
        _CHECK.reset(before)


def go_on() -> None:
    """Raise what the check of `bounded` raises; where there is none, nothing."""
    if check := _CHECK.get():
        check()


def processors() -> int:
    """Processors that this program may use; within `bounded`, no more than it allows."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, _MOST.get() or there)


def in_order(work: Callable[[Task], Answer], tasks: Iterable[Task], workers: int) -> Iterator[Answer]:
    """Answers in the order of the tasks, each worked on by one of some threads.

    No more than one answer a thread waits to be taken, so that memory does not grow with the tasks.
    """
    if workers <= 1:
        for task in tasks:
            go_on()
            yield work(task)
        return
    waiting: deque[Future[Answer]] = deque()
    remaining = iter(tasks)
    with ThreadPoolExecutor(workers) as pool:
        try:
            waiting.extend(pool.submit(work, task) for task in islice(remaining, workers + 1))
            while waiting:
                go_on()
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, task) for task in islice(remaining, 1))
        finally:
            for future in waiting:
                future.cancel()
