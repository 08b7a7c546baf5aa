"""Work for all sessions: bounded to the processors, begun when the reader has paused, kept within a number of bytes.

Three bounds. Pages are drawn by as many sessions at a time as there are processors (`turn`). Simulations and analyses
are worked out by a few threads beside the pages (`begin`, `analysis`); what nobody waits for any more is taken back.
What was worked out is kept by its content for all (`Kept`), the least recently used going first.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, TypeVar

import streamlit as st

from costmodel import __version__
from costmodel.analysis.beyond import Beyond, beyond
from costmodel.analysis.verification import Verification, verify_result
from costmodel.app.parts.beside import Source, made
from costmodel.app.parts.kept import Kept
from costmodel.errors import InputError
from costmodel.model.parallel import bounded, processors
from costmodel.model.run import DRAWS, SEED, run, run_at, run_for_pages
from costmodel.report.screen import Fact, months_offered
from costmodel.report.screen import length as length_of
from costmodel.result.outcomes import VIEWS
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, cycle_months, cycles

Found = TypeVar("Found")
Asked = tuple[str, str, float]

WORKERS = {"answer": max(1, processors() - 1), "further": 1}
"""Threads by what they are for, so that an answer never queues behind what stands below it."""
MOST_KEPT = 280_000_000
"""Bytes of results and analyses that are kept."""
LARGEST_CURVES = 400_000_000
"""Bytes that the curves of one run may take here; the command line has no such bound."""
BYTES = 8
PAUSE = 0.1
"""Seconds between looks at whether the reader has clicked again."""
SETTLED = 0.6
"""Seconds without a click after which a reader has paused, and simulations are worth their while."""
LEFT = 1.0
"""Seconds for which work goes on that nobody waits for: a reader who clicks beside it asks for it again."""


class Turns:
    """Who may work at the same time, in the order of asking. A thread has its turn until it gives it back or ends."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._having: set[threading.Thread] = set()
        self._waiting: deque[threading.Thread] = deque()
        self._changed = threading.Condition()

    def take(self) -> None:
        me = threading.current_thread()
        with self._changed:
            if me in self._having:
                return
            self._waiting.append(me)
            while self._waiting[0] is not me or not self._free():
                self._changed.wait(1.0)  # a thread that ended without giving its turn back tells nobody
            self._waiting.popleft()
            self._having.add(me)
            self._changed.notify_all()

    def give(self) -> None:
        with self._changed:
            self._having.discard(threading.current_thread())
            self._changed.notify_all()

    def _free(self) -> bool:
        self._having = {thread for thread in self._having if thread.is_alive()}
        return len(self._having) < self._most


@dataclass(eq=False)
class Job:
    """Work under way or waiting for a worker, and the threads that wait for it."""

    future: "Future[Any]" = field(default_factory=Future)
    wanted: set[threading.Thread] = field(default_factory=set)
    left: float | None = None
    """Since when nobody waits for it, by the clock; None while somebody does."""

    def unwanted(self) -> bool:
        """Whether nobody waits: a thread that ended does not."""
        return not any(thread.is_alive() for thread in tuple(self.wanted))

    def check(self) -> None:
        """Raises Left where nobody has waited for a while."""
        if not self.unwanted():
            self.left = None
        elif self.left is None:
            self.left = time.monotonic()
        elif time.monotonic() - self.left > LEFT:
            raise Left


class Left(Exception):
    """Nobody waits for this work any more."""


KEPT = Kept(MOST_KEPT)
TURNS = Turns(processors())
_page = threading.local()
"""begun: since when this thread draws its page, by the clock."""
_under_way: dict[Hashable, Job] = {}
_jobs = threading.RLock()


@contextmanager
def turn() -> Iterator[None]:
    """Draw a page within: as many sessions as there are processors do so at a time.

    What was clicked while this session waited is taken now, and the turn kept: who waits never loses the place.
    """
    TURNS.take()
    breathe()
    _page.begun = time.monotonic()
    try:
        yield
    finally:
        leave()
        TURNS.give()


def breathe() -> None:
    """Let a click that came in the meantime interrupt the page here."""
    "anything" in st.session_state  # noqa: B015 - any look at the session's state lets Streamlit interrupt


def settle(meanwhile: Callable[[], object]) -> None:
    """Wait until the reader has stopped moving controls; others draw their pages in the meantime.

    The pause began with the page: what it took to draw until now counts.
    """
    meanwhile()
    with _aside():
        end = getattr(_page, "begun", time.monotonic()) + SETTLED
        while (rest := end - time.monotonic()) > 0:
            time.sleep(min(PAUSE, rest))
            breathe()
    leave()


def leave() -> None:
    """This session waits for nothing that it has asked for until now."""
    me = threading.current_thread()
    with _jobs:
        for job in _under_way.values():
            job.wanted.discard(me)


def deterministic(scenario: Scenario) -> Result:
    """The run at central values. Raises InputError."""
    key = ("central", *_identity(scenario))
    result: Result | None = KEPT.get(key)
    if result is None:
        result = run(scenario, draws=0)
        KEPT.put(key, result)
    return result


def central(scenario: Scenario) -> Result:
    """The run at central values as the first screen reads it: alone, at every horizon offered. Raises InputError."""
    key = ("first screen, central", *_identity(scenario))
    result: Result | None = KEPT.get(key)
    if result is None:
        result = run_at(scenario, months_offered(scenario), 0, SEED, alone=True)
        KEPT.put(key, result)
    return result


def try_out(scenario: Scenario) -> None:
    """Run at central values and keep nothing. Raises InputError where the model refuses these values."""
    run_at(scenario, (scenario.model.horizon.months,), 0, SEED, alone=True)


def drawn(scenario: Scenario, source: Source, meanwhile: Callable[[], object]) -> Result:
    """The same with draws, begun when the reader has paused. source: reads the scenario anew. Raises InputError."""
    check_size(scenario)
    key = ("first screen", *_identity(scenario), DRAWS, SEED)
    work = partial(made, partial(first_screen, draws=DRAWS, seed=SEED), source, scenario)
    if key not in KEPT:
        settle(meanwhile)
    return _awaited(lambda: _pending(key, work, "answer"), meanwhile)


def first_screen(scenario: Scenario, draws: int, seed: int) -> Result:
    """A run as the first screen reads it: at every horizon offered, of other conventions those of form."""
    return run_at(scenario, months_offered(scenario), draws, seed, alone=True, forms=True, views=0).lean()


def length(scenario: Scenario, source: Source, asked: Asked, meanwhile: Callable[[], object]) -> Fact:
    """The break-even length. source: reads the scenario anew. asked: strategy, perspective, months.

    Raises InputError.
    """
    work = partial(made, partial(break_even_length, asked=asked), source, scenario)
    return _awaited(lambda: _pending(("length", *_identity(scenario), asked), work, "answer"), meanwhile)


def break_even_length(scenario: Scenario, asked: Asked) -> Fact:
    """The length of a course at which it repays, at central values."""
    return length_of(run_at(scenario, months_offered(scenario), 0, SEED, alone=True), *asked)


def begin(scenario: Scenario, source: Source, purpose: str = "answer") -> "Future[Result]":
    """The run with draws: done, under way or waiting for a worker. Raises InputError if it is too large."""
    check_size(scenario)
    return _pending(
        _key(scenario), partial(made, partial(for_pages, draws=DRAWS, seed=SEED), source, scenario), purpose
    )


def known(scenario: Scenario) -> bool:
    """Whether the run with draws is kept."""
    return _key(scenario) in KEPT


def expected(
    scenario: Scenario, source: Source, meanwhile: Callable[[], object], purpose: str = "answer"
) -> Result:  # fmt: skip
    """The run with draws, begun when the reader has paused. source: reads the scenario anew. `meanwhile` says that it
    is under way.

    Raises InputError.
    """
    check_size(scenario)
    if not known(scenario):
        settle(meanwhile)
    return _awaited(lambda: begin(scenario, source, purpose), meanwhile)


def analysis(name: str, scenario: Scenario, work: Callable[[], Found], meanwhile: Callable[[], object]) -> Found:
    """What an analysis finds, worked out once for all sessions, beside the page; `meanwhile` as above.

    name: the analysis with everything that it depends on beside the scenario. Raises InputError.
    """
    return shared((name, *_identity(scenario), DRAWS, SEED), work, "further", meanwhile)


def has(key: tuple[Hashable, ...]) -> bool:
    """Whether that is kept."""
    return (*key, __version__) in KEPT


def shared(
    key: tuple[Hashable, ...], work: Callable[[], Found], purpose: str, meanwhile: Callable[[], object]
) -> Found:
    """What work finds, once for all sessions, beside the page; `meanwhile` as above. key: all that it depends on."""
    return _awaited(lambda: _pending((*key, __version__), work, purpose), meanwhile)


def apart(work: Callable[[], Found]) -> Found:
    """Work that is too large to be kept or shared, in its order among all other work; not asked from within a page."""
    found: Found = _pending(object(), work, "further", keep=False).result()
    return found


def stops(result: Result, meanwhile: Callable[[], object]) -> Beyond:
    """A run under each way in which effects may end after the last observation: without conventions about money, and
    without a curve for every draw.
    """
    scenario, drawn = replace(result.scenario, conventions={}), result.expected
    assert drawn is not None
    curveless = replace(drawn, curves=drawn.curves[:, :0])
    bare = replace(result, scenario=scenario, expected=curveless, conventions={}, strata={})
    return analysis("beyond", result.scenario, lambda: beyond(bare), meanwhile)


def checks(result: Result, meanwhile: Callable[[], object]) -> Verification:
    """The checks of a run."""
    return analysis("checks", result.scenario, lambda: verify_result(result), meanwhile)


def _key(scenario: Scenario) -> Hashable:
    return ("run", *_identity(scenario), DRAWS, SEED)


def _identity(scenario: Scenario) -> tuple[str, ...]:
    """Everything that an answer and its words depend on beside draws and seed."""
    return scenario.sha256, scenario.words_sha256, __version__


def _pending(key: Hashable, work: Callable[[], Any], purpose: str, keep: bool = True) -> "Future[Any]":
    """What is under way under a key, or was kept; begun anew where it is neither."""
    with _jobs:
        if (kept := KEPT.get(key)) is not None:
            done: Future[Any] = Future()
            done.set_result(kept)
            return done
        job = _under_way.get(key)
        if job is None:
            job = _under_way[key] = Job()
            job.wanted.add(threading.current_thread())
            _pool(purpose).submit(_work, key, job, work, keep)
        job.wanted.add(threading.current_thread())
        return job.future


def _work(key: Hashable, job: Job, work: Callable[[], Any], keep: bool) -> None:
    found, error = None, None
    try:
        with _jobs:
            if job.unwanted():
                raise Left
        with bounded(1, job.check):
            found = work()
        if keep:
            KEPT.put(key, found)
    except BaseException as raised:  # it belongs to those who wait
        error = raised
    with _jobs:
        del _under_way[key]
    if error is None:
        job.future.set_result(found)
    else:
        job.future.set_exception(error)


def _awaited(ask: "Callable[[], Future[Found]]", meanwhile: Callable[[], object]) -> Found:
    """What a future gives; asked for again where others left it while this session began to wait."""
    while True:
        future = ask()
        if not future.done():
            meanwhile()
            with _aside():
                while not wait([future], PAUSE).done:
                    breathe()
        try:
            return future.result()
        except Left:
            continue


@contextmanager
def _aside() -> Iterator[None]:
    """Others may draw their pages while this session waits."""
    TURNS.give()
    yield
    TURNS.take()


@cache
def _pool(purpose: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS[purpose], thread_name_prefix=purpose)


def for_pages(scenario: Scenario, draws: int, seed: int) -> Result:
    """A run with its table, and without what no page shows, which is nearly all of its memory.

    Of curves a view; of parts of a cohort and conventions about money what the table says.
    """
    whole = run_for_pages(scenario, draws, seed)
    months = whole.horizons
    parts = {
        name: run_at(scenario.stratum(name), months, draws, seed, alone=True, views=0) for name in scenario.model.strata
    }
    return replace(whole, strata=parts).told()


def check_size(scenario: Scenario) -> None:
    """Raises InputError where the curves of a run would take more than this server has for one."""
    found = cycles(scenario.model)
    if (found + 1) * _bytes_of_a_cycle(scenario) > LARGEST_CURVES:
        raise InputError.at(
            "horizon",
            f"{found:,} cycles with {DRAWS:,} draws are too many for the dashboard",
            "Choose a shorter horizon or a longer cycle, or use the command line.",
        )


def longest_horizon(scenario: Scenario) -> int:
    """Whole years of the longest horizon whose curves are not too large."""
    most = LARGEST_CURVES // _bytes_of_a_cycle(scenario) - 1
    return int(most * cycle_months(scenario.model) // MONTHS_A_YEAR)


def _bytes_of_a_cycle(scenario: Scenario) -> int:
    """Of curves: in each view, of each sum of payers, of every strategy but the first, in each reading."""
    variants = (len(scenario.model.strategies) - 1) * len(scenario.readings)
    return len(VIEWS) * len(scenario.setting.perspectives) * variants * DRAWS * BYTES
