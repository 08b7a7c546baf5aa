"""A cluster whose workers are asked what they run, and some of them are lost meanwhile. The scheduler is acted."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from costmodel.analysis.sweep import conduct
from costmodel.analysis.sweep.part import versions
from costmodel.analysis.sweep.workers import CHECKS, _check_workers
from costmodel.errors import InputError
from tests.support.sweeps import FEW, contents, grid_file, in_parts_of, swept_here

LOST = OSError("connection closed")


class Acted:
    """A client of a cluster. answers: of the workers, each time that they are asked."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)

    def wait_for_workers(self, number: int, timeout: float) -> None:
        if not self.answers:
            raise TimeoutError

    def run(self, function: Any, on_error: str) -> dict[str, Any]:
        assert function is versions
        assert on_error == "return"
        return self.answers.pop(0)


def test_a_worker_that_is_lost_while_it_is_checked_is_left_out_and_said() -> None:
    said: list[str] = []
    _check_workers(Acted({"tcp://a": LOST, "tcp://b": versions()}), "--scheduler x", said.append)
    assert said == ["The worker tcp://a was lost while it was checked. The sweep goes on without it."]


def test_the_only_worker_may_be_lost_and_another_take_its_place() -> None:
    said: list[str] = []
    _check_workers(Acted({"tcp://a": TimeoutError()}, {"tcp://b": versions()}), "--scheduler x", said.append)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([{"tcp://a": LOST}] * CHECKS, "every worker was lost"),
        ([{"tcp://a": LOST}], "the scheduler has no workers"),
        ([{"tcp://a": versions() | {"numpy": "0.1"}, "tcp://b": LOST}], "tcp://a has another numpy"),
        ([{"tcp://a": ModuleNotFoundError("costmodel")}], "tcp://a cannot run costmodel"),
    ],
)
def test_what_no_sweep_can_run_on_is_refused(answers: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _check_workers(Acted(*answers), "--scheduler x", lambda words: None)


@pytest.mark.parametrize("there", [False, True])
def test_a_sweep_that_is_refused_before_its_first_part_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    @contextlib.contextmanager
    def nobody(address: str, say: Any) -> Iterator[Any]:
        raise InputError.at(f"--scheduler {address}", "no scheduler answers")
        yield

    monkeypatch.setattr(conduct, "connected", nobody)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    if there:
        output.mkdir()
    with pytest.raises(InputError, match="no scheduler answers"):
        conduct.sweep(grid, output, scheduler="tcp://nowhere:1")
    assert list(output.iterdir() if there else tmp_path.glob("out")) == []


def test_a_sweep_that_is_refused_after_a_part_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_parts_of(1, monkeypatch)
    grid, output = grid_file(tmp_path, FEW), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        swept_here(monkeypatch, grid, output, stop_after=1)
    before = contents(output)
    assert len(before) == 1

    def nobody(address: str, say: Any) -> Any:
        raise InputError.at(f"--scheduler {address}", "no scheduler answers")

    monkeypatch.setattr(conduct, "connected", nobody)
    with pytest.raises(InputError, match="no scheduler answers"):
        conduct.sweep(grid, output, scheduler="tcp://nowhere:1")
    assert contents(output) == before
    assert (output / "manifest.json").is_file()
