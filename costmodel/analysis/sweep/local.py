"""Blocks run by processes of this machine."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from costmodel.analysis.sweep.block import Block, run_block
from costmodel.errors import InputError

MOST_TRIES = 3
"""How often a part is begun whose process dies."""
AHEAD = 2
"""Blocks handed out for each process: one that runs and one that waits."""


def run_here(blocks: Sequence[Block], workers: int) -> Iterator[tuple[int, bytes]]:
    """Number and file of each block, as they are done, by this many processes.

    Where a process dies, what was handed out is run again. Raises InputError where that keeps happening.
    """
    tries = dict.fromkeys((block.number for block in blocks), 0)
    left = {block.number: block for block in blocks}
    while left:
        with _pool(min(workers, len(left))) as pool:
            waiting: dict[Future[bytes], int] = {}
            numbers = iter(list(left))
            try:
                while left:
                    for number in _up_to(workers * AHEAD - len(waiting), numbers):
                        with _held_back(signal.SIGINT):
                            waiting[pool.submit(run_block, left[number])] = number
                    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        content = future.result()
                        yield waiting[future], content
                        del left[waiting.pop(future)]
            except BrokenProcessPool:
                # What was done before the pool broke may not have been taken yet; it is run again.
                handed_out = list(waiting.values()) or list(left)[:1]
                for number in handed_out:
                    tries[number] += 1
                worst = max(tries, key=tries.__getitem__)
                if tries[worst] >= MOST_TRIES:
                    raise _keeps_dying(worst) from None


def _keeps_dying(number: int) -> InputError:
    remedy = (
        "It may have run out of memory: fewer workers, or fewer draws. In a script, call sweep under "
        '`if __name__ == "__main__":`. What was done is kept; the same command goes on from there.'
    )
    return InputError.at("workers", f"a process died {MOST_TRIES} times while part {number} was handed out", remedy)


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are ended, whatever they do, when it is left; and end themselves if this one is gone."""
    before = {process.pid for process in multiprocessing.active_children()}
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    finally:
        with _held_back(signal.SIGINT):
            for process in multiprocessing.active_children():
                if process.pid not in before:
                    process.kill()
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Leave no orphan: a process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _held_back(what: signal.Signals) -> Iterator[None]:
    """Hold a signal back until the end. A process that is started meanwhile never gets it: only this one answers."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {what})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _up_to(number: int, numbers: Iterator[int]) -> Iterator[int]:
    for _ in range(number):
        try:
            yield next(numbers)
        except StopIteration:
            return
