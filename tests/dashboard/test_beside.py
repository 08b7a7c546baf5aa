"""Runs beside the server: the same result, taken back when nobody waits, made here where no process can."""

import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.app.parts import beside
from costmodel.app.parts.beside import Processes
from costmodel.app.parts.compute import first_screen, for_pages
from costmodel.app.parts.kept import weight
from costmodel.errors import InputError
from costmodel.model.parallel import bounded
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from tests.model.test_strata import strata
from tests.support.example import documented_model, edited, write_model
from tests.support.protocol import served

DRAWS = 40


def run(scenario: Scenario) -> Result:
    return first_screen(scenario, DRAWS, 1)


@pytest.fixture
def processes() -> Iterator[Processes]:
    one = Processes(1)
    yield one
    one.end()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_model(tmp_path, edited(documented_model(), strata()))


@pytest.mark.parametrize("make", [first_screen, for_pages])
def test_a_result_is_that_of_this_process_and_has_its_scenario(
    processes: Processes, path: Path, make: Callable[..., Result]
) -> None:
    scenario = cm.load(path)
    found = processes.made(partial(make, draws=DRAWS, seed=1), partial(cm.load, path), scenario)
    assert found is not None
    assert found == make(scenario, DRAWS, 1)
    if make is for_pages:
        assert found.table().equals(make(scenario, DRAWS, 1).table())
    assert found.scenario is scenario


def test_no_scenario_is_sent_with_a_result(path: Path) -> None:
    scenario = cm.load(path)
    whole = len(pickle.dumps(for_pages(scenario, DRAWS, 1)))
    one = Processes(1)
    sent = one._pool.submit(
        beside._made, 0, partial(for_pages, draws=DRAWS, seed=1), partial(cm.load, path), scenario.sha256
    ).result()
    one.end()
    assert sent is not None
    assert len(sent) < whole - len(pickle.dumps(scenario)) / 2


def test_files_that_have_changed_since_are_read_here(processes: Processes, path: Path, tmp_path: Path) -> None:
    scenario = cm.load(path)
    other = write_model(tmp_path / "other", edited(documented_model(), strata() | {"parameters.gp_visit.value": 41}))
    assert processes.made(run, partial(cm.load, other), scenario) is None


def slowly(scenario: Scenario) -> Result:
    """A run after half a minute, unless it is taken back."""
    from costmodel.model.parallel import go_on

    for _ in range(300):
        go_on()
        time.sleep(0.1)
    return run(scenario)


def test_what_nobody_waits_for_is_taken_back_and_the_process_goes_on(processes: Processes, path: Path) -> None:
    class Left(Exception):
        pass

    def leave() -> None:
        raise Left

    scenario, began = cm.load(path), time.monotonic()
    with bounded(1, leave), pytest.raises(Left):
        processes.made(slowly, partial(cm.load, path), scenario)
    assert time.monotonic() - began < 15
    assert processes.made(run, partial(cm.load, path), scenario) is not None


def refuses(scenario: Scenario) -> Result:
    raise InputError.at("horizon", "it is too long", "Shorten it.")


def ends(scenario: Scenario) -> Result:
    if os.getpid() != OURS:
        os.kill(os.getpid(), signal.SIGKILL)
    return run(scenario)


OURS = os.getpid()


def test_what_is_refused_there_is_refused_here(processes: Processes, path: Path) -> None:
    with pytest.raises(InputError) as refused:
        processes.made(refuses, partial(cm.load, path), cm.load(path))
    assert [(one.place, one.found, one.remedy) for one in refused.value.problems] == [
        ("horizon", "it is too long", "Shorten it.")
    ]


def test_where_the_process_has_died_the_run_is_made_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, one = cm.load(path), Processes(1)
    monkeypatch.setattr(beside, "_processes", one)
    for _ in range(2):
        assert beside.made(ends, partial(cm.load, path), scenario) == run(scenario)
    one.end()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()]


@pytest.mark.long
def test_the_server_makes_its_draws_beside_itself_and_leaves_nothing_behind() -> None:
    import asyncio

    from tests.support.protocol import Server, Visitor

    async def visit(url: str) -> None:
        async with Visitor(url) as visitor:
            assert any("tries of the model" in text for text in visitor.texts)

    with served() as server:
        (child,) = children(server.pid)
        before = Server("", child).processor_seconds()
        asyncio.run(visit(server.url))
        assert Server("", child).processor_seconds() > before + 0.2
        os.kill(server.pid, signal.SIGKILL)
        end = time.monotonic() + 20
        while Path(f"/proc/{child}").exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert not Path(f"/proc/{child}").exists()


def test_what_came_from_another_process_has_the_weight_that_it_has_here(processes: Processes, path: Path) -> None:
    scenario = cm.load(path)
    found = processes.made(run, partial(cm.load, path), scenario)
    assert weight(found) == pytest.approx(weight(run(scenario)), rel=0.05)
