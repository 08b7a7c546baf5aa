"""Programs outside this environment: R, and heormodel in an environment of its own."""

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.compare import Program
from benchmarks.problem import Answer, Problem

PROGRAMS = Path(__file__).parent / "programs"
HEORMODEL = "heormodel==0.7.4"
PYGAM = "pygam==0.12.0"


def programs_in_r() -> tuple[dict[str, Program], list[str]]:
    """Programs in R that can be run, and what cannot be."""
    if shutil.which("Rscript") is None:
        return {}, ["R is not installed: base R and hesim were not measured"]
    found: dict[str, Program] = {"base R over draws": partial(_in_r, "base_r.R")}
    if subprocess.run(["Rscript", "--vanilla", "-e", "library(hesim)"], capture_output=True).returncode:
        return found, ["R's package hesim is not installed: hesim was not measured"]
    return found | {"hesim": partial(_in_r, "hesim.R")}, []


def _in_r(script: str, problem: Problem) -> Answer:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_for_r(problem, folder)
        seconds = _seconds(["Rscript", "--vanilla", str(PROGRAMS / script), name])
        strategies, draws = problem.transition.shape[:2]
        found = np.fromfile(folder / "answer.bin").reshape(strategies, 2, draws)
        return Answer(found[:, 0], found[:, 1], seconds)


def python_of(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / "bin" / "python"


def heormodel_in(environment: Path) -> Program | str:
    """A program that runs heormodel in an environment, which is made if it is not there; or why it cannot."""
    python = python_of(environment)
    if not python.exists():
        try:
            _checked([sys.executable, "-m", "venv", str(environment)])
            _checked([str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", HEORMODEL, PYGAM])
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(environment, ignore_errors=True)
            return f"{HEORMODEL} with {PYGAM} could not be installed ({last_line(error)}): heormodel was not measured"

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
    return float(said(command))


def said(command: list[str]) -> str:
    """The last line that a program printed."""
    return _checked(command).strip().splitlines()[-1]


def _checked(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def last_line(error: Exception) -> str:
    """What a program said last before it failed."""
    said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return said[-1] if said else type(error).__name__
