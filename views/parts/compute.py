"""Runs, kept by the content of what was run, for all sessions; the long ones beside the page, not in it."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from costmodel import __version__
from costmodel.analysis.verification import Check, verify_result
from costmodel.errors import InputError
from costmodel.model.run import DRAWS, SEED, run
from costmodel.perspectives import PERSPECTIVES
from costmodel.result.outcomes import VIEWS
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import cycles

Found = TypeVar("Found")

WORKERS = {"answer": 2, "further": 1}
"""Threads by what they are for, so that an answer never queues behind what stands below it."""
LARGEST_CURVES = 400_000_000
"""Bytes that the curves of one run may take here; the command line has no such bound."""
BYTES = 8
PAUSE = 0.03
"""Seconds between looks at a run that is under way."""
SETTLED = 1.0
"""Seconds without a click after which what stands further down is worth simulating."""
WAITING = "waiting"


def deterministic(scenario: Scenario) -> Result:
    """The run at central values. Raises InputError."""
    return _deterministic(scenario.sha256, __version__, scenario)


def begin(scenario: Scenario, purpose: str = "answer") -> "Future[Result]":
    """The run with draws: done, under way or waiting for a worker. Raises InputError if it is too large."""
    _check_memory(scenario)
    return _pending(_begun, scenario.sha256, DRAWS, SEED, __version__, scenario, purpose)


def expected(scenario: Scenario, meanwhile: Callable[[], object], purpose: str = "answer") -> Result:
    """The run with draws. `meanwhile` is called while it is under way: there a click can interrupt the page.

    Raises InputError.
    """
    return _awaited(lambda: begin(scenario, purpose), meanwhile)


def analysis(name: str, scenario: Scenario, work: Callable[[], Found], meanwhile: Callable[[], object]) -> Found:
    """What an analysis finds, worked out once for all sessions, beside the page; `meanwhile` as above.

    name: the analysis with everything that it depends on beside the scenario. Raises InputError.
    """
    return _awaited(lambda: _pending(_asked, name, scenario.sha256, __version__, work), meanwhile)


def _pending(begun: Any, *key: Any) -> "Future[Any]":
    """What is under way under a key; begun anew where it failed or was given up."""
    future: Future[Any] = begun(*key)
    if future.cancelled() or (future.done() and future.exception() is not None):
        begun.clear(*key)
        future = begun(*key)
    st.session_state.setdefault(WAITING, []).append(future)
    return future


def _awaited(begin: "Callable[[], Future[Found]]", meanwhile: Callable[[], object]) -> Found:
    while True:
        future = begin()
        while not future.done():
            meanwhile()
            time.sleep(PAUSE)
        try:
            return future.result()
        except CancelledError:  # another session gave it up
            continue


def checks(result: Result) -> tuple[Check, ...]:
    """The checks of a run."""
    return _checks(result.scenario.sha256, result.draws, result.seed, __version__, result)


def settle(meanwhile: Callable[[], object]) -> None:
    """Wait until the reader has stopped moving controls: a click in the meantime interrupts the page here."""
    end = time.monotonic() + SETTLED
    while time.monotonic() < end:
        meanwhile()
        time.sleep(PAUSE)


def give_up() -> None:
    """Runs that this session asked for and that nobody has begun are not wanted any more."""
    for future in st.session_state.pop(WAITING, []):
        future.cancel()


@st.cache_resource(max_entries=32, show_spinner=False)
def _deterministic(sha256: str, version: str, _scenario: Scenario) -> Result:
    return run(_scenario, draws=0)


@st.cache_resource(max_entries=32, show_spinner=False)
def _checks(sha256: str, draws: int, seed: int, version: str, _result: Result) -> tuple[Check, ...]:
    return verify_result(_result)


@st.cache_resource(max_entries=16, show_spinner=False)
def _begun(sha256: str, draws: int, seed: int, version: str, _scenario: Scenario, _purpose: str) -> "Future[Result]":
    return _pool(_purpose).submit(_run, _scenario, draws, seed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _asked(name: str, sha256: str, version: str, _work: Callable[[], Any]) -> "Future[Any]":
    return _pool("further").submit(_work)


@st.cache_resource(show_spinner=False)
def _pool(purpose: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS[purpose], thread_name_prefix=purpose)


def _run(scenario: Scenario, draws: int, seed: int) -> Result:
    """A run without the curves that no page shows: they are nearly all of its memory."""
    full = run(scenario, draws, seed)
    assert full.expected is not None
    shown = VIEWS.index("value") + 1
    lean = replace(full, expected=replace(full.expected, curves=full.expected.curves[:, :shown].copy()))
    lean.table()
    return lean


def _check_memory(scenario: Scenario) -> None:
    variants = len(scenario.model.strategies) * len(scenario.structures)
    size = (cycles(scenario.model) + 1) * len(VIEWS) * len(PERSPECTIVES) * variants * DRAWS * BYTES
    if size > LARGEST_CURVES:
        raise InputError.at(
            "horizon",
            f"{cycles(scenario.model):,} cycles with {DRAWS:,} draws are too many for the dashboard",
            "Choose a shorter horizon or a longer cycle, or use the command line.",
        )
