"""Parts of a sweep, run by processes of this machine or handed to a Dask cluster."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from costmodel.analysis.sweep.part import Block, run_block, versions
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


PATIENCE = 30.0
"""Seconds until a scheduler must have answered, and have a worker."""
CHECKS = 3
"""How often workers are asked before none of them is left."""
AHEAD_THERE = 3
"""Blocks handed out for each thread of the cluster."""


@contextlib.contextmanager
def connected(address: str, say: Callable[[str], None]) -> Iterator[Any]:
    """A client of a scheduler that has workers with this engine. Raises InputError where there is none.

    say: called with a line for a worker that is lost while it is checked.
    """
    place = f"--scheduler {address}"
    try:
        from distributed import Client
    except ImportError as error:
        remedy = 'Install it with its extra: pip install "psychotherapy-costmodel[cluster]".'
        raise InputError.at(place, "a Dask cluster needs the package distributed", remedy) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False, name="costmodel sweep")
    except (OSError, ValueError) as error:
        remedy = "Start one with `dask scheduler`, and give the address that it prints."
        raise InputError.at(place, "no scheduler answers", remedy) from error
    try:
        _check_workers(client, place, say)
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=PATIENCE)


def _check_workers(client: Any, place: str, say: Callable[[str], None]) -> None:
    """Raises InputError unless there is a worker, and each has this engine. One that is lost meanwhile is left out."""
    for _ in range(CHECKS):
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            remedy = "Start some with `dask worker ADDRESS`."
            raise InputError.at(place, "the scheduler has no workers", remedy) from error
        answers = client.run(versions, on_error="return")
        for worker, found in answers.items():
            if isinstance(found, OSError | TimeoutError):  # its connection broke
                say(f"The worker {worker} was lost while it was checked. The sweep goes on without it.")
            elif found != versions():
                shown = found if isinstance(found, dict) else {}
                differing = [name for name in versions() if shown and shown.get(name) != versions()[name]]
                said = f"has another {', '.join(differing)}" if differing else f"cannot run costmodel ({found})"
                raise InputError.at(place, f"the worker {worker} {said}", "Install the same on every worker.")
        if versions() in answers.values():
            return
    raise InputError.at(place, "every worker was lost while it was checked", "See the workers' logs.")


def run_there(client: Any, blocks: Sequence[Block], address: str) -> Iterator[tuple[int, bytes]]:
    """Number and file of each block, as they are done, by the workers of a cluster.

    Dask runs again what a worker did not finish that died. Raises InputError where that keeps happening.
    """
    from distributed import CancelledError, KilledWorker, as_completed

    def submit(block: Block) -> Any:
        return client.submit(run_block, block, key=f"{block.sweep}-{block.number}", pure=False)

    remaining = iter(blocks)
    threads = sum(client.nthreads().values())
    waiting = {}
    for block in _first(remaining, max(1, threads) * AHEAD_THERE):
        waiting[submit(block)] = block
    try:
        completed = as_completed(waiting, loop=client.loop)
        for future in completed:
            block = waiting.pop(future)
            try:
                content = future.result()
            except (KilledWorker, CancelledError) as error:
                remedy = "See the workers' logs. What was done is kept; the same command goes on from there."
                found = f"part {block.number} could not be run: its workers died, or the scheduler let go of it"
                raise InputError.at(f"--scheduler {address}", found, remedy) from error
            future.release()
            yield block.number, content
            for following in _first(remaining, 1):
                new = submit(following)
                waiting[new] = following
                completed.add(new)
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(waiting))


def _first(blocks: Iterator[Block], number: int) -> list[Block]:
    return [block for _, block in zip(range(number), blocks, strict=False)]
