"""Work in parallel whose results come in the order of the work."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def in_order(work: Callable[[Task], Answer], tasks: Iterable[Task], workers: int) -> Iterator[Answer]:
    """Answers in the order of the tasks, each worked on by one of some threads.

    No more than one answer a thread waits to be taken, so that memory does not grow with the tasks.
    """
    if workers <= 1:
        yield from map(work, tasks)
        return
    waiting: deque[Future[Answer]] = deque()
    remaining = iter(tasks)
    with ThreadPoolExecutor(workers) as pool:
        try:
            waiting.extend(pool.submit(work, task) for task in islice(remaining, workers + 1))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, task) for task in islice(remaining, 1))
        finally:
            for future in waiting:
                future.cancel()
