"""Programs outside this environment: R, and heormodel in an environment of its own."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.problem import Answer, Problem

PROGRAMS = Path(__file__).parent / "programs"
HEORMODEL = "heormodel==0.7.4"


def base_r(problem: Problem) -> Answer:
    """Base R, vectorised over draws."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_for_r(problem, folder)
        seconds = _seconds(["Rscript", "--vanilla", str(PROGRAMS / "base_r.R"), name])
        strategies, draws = problem.transition.shape[:2]
        found = np.fromfile(folder / "answer.bin").reshape(strategies, 2, draws)
        return Answer(found[:, 0], found[:, 1], seconds)


def missing_r(package: str = "") -> str | None:
    """Why R, or a package of it, cannot be measured; None if it can."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    if package and subprocess.run(["Rscript", "-e", f"library({package})"], capture_output=True).returncode:
        return f"R's package {package} is not installed"
    return None


def hesim_seconds(problem: Problem) -> float:
    """hesim's simulation of the states alone, without costs and QALYs."""
    with tempfile.TemporaryDirectory() as name:
        _write_for_r(problem, Path(name))
        return _seconds(["Rscript", "--vanilla", str(PROGRAMS / "hesim.R"), name])


def heormodel_in(environment: Path) -> Callable[[Problem], Answer] | str:
    """A program that runs heormodel in an environment, which is made if it is not there; or why it cannot."""
    python = environment / "bin" / "python"
    if not python.exists():
        try:
            _checked([sys.executable, "-m", "venv", "--without-pip", str(environment)])
            _checked([sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install", HEORMODEL])
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(environment, ignore_errors=True)
            return f"{HEORMODEL} could not be installed ({type(error).__name__})"

    def run(problem: Problem) -> Answer:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.savez(
                folder / "problem.npz", transition=problem.transition, cost=problem.cost, utility=problem.utility,
                weights=problem.weights, years=problem.years, rate=problem.rate, correction=problem.correction,
            )  # fmt: skip
            seconds = _seconds([str(python), str(PROGRAMS / "heormodel_program.py"), name])
            found = np.load(folder / "answer.npz")
            return Answer(found["cost"], found["qaly"], seconds)

    return run


def _write_for_r(problem: Problem, folder: Path) -> None:
    strategies, draws, states, _ = problem.transition.shape
    (folder / "size.txt").write_text(f"{strategies} {draws} {states} {problem.cycles}", "utf-8")
    (folder / "years.txt").write_text(f"{problem.years}", "utf-8")
    for name in ("transition", "cost", "utility"):
        np.ascontiguousarray(getattr(problem, name)).tofile(folder / f"{name}.bin")
    problem.discounted_weights.tofile(folder / "weights.bin")


def _seconds(command: list[str]) -> float:
    return float(_checked(command).strip().splitlines()[-1])


def _checked(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout
