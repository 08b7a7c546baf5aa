"""`python -m benchmarks`: the table of ratios. See benchmarks/README.md."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks import elsewhere, ours
from benchmarks.compare import Disagreement, Program, Timing, agree, timed
from benchmarks.depression import questions, stages
from benchmarks.information import ADDITIVE, valued
from benchmarks.memory import peak
from benchmarks.models import monthly, sick_sicker
from benchmarks.numpy_programs import dense, dense_einsum, state_by_state
from benchmarks.problem import Answer, Problem
from costmodel.model.parallel import processors

FEW = 200
"""Draws of the slow programs when in a hurry."""
REFERENCE = "dense NumPy batch"
ONE_THREAD = "costmodel, one thread"
QUICK: dict[str, Program] = {
    REFERENCE: dense,
    "dense NumPy batch, einsum": dense_einsum,
    "state-by-state NumPy": state_by_state,
    ONE_THREAD: ours.one_thread,
    "costmodel, every processor": ours.every_processor,
}


def main() -> int:
    """Print the tables; 1 where two programs disagree."""
    arguments = _arguments()
    out = Console(width=120, highlight=False)
    out.print(f"{arguments.draws:,} draws, {arguments.repeats} turns, {arguments.slow_repeats} for slow programs, "
              f"{processors()} processors, OMP_NUM_THREADS={os.environ['OMP_NUM_THREADS']}.")  # fmt: skip
    in_r, missing = elsewhere.programs_in_r()
    slow = {name: in_r.pop(name) for name in ("hesim",) if name in in_r}
    heormodel = elsewhere.heormodel_in(arguments.environments / "heormodel-and-pygam")
    if isinstance(heormodel, str):
        missing.append(heormodel)
    else:
        slow["heormodel"] = heormodel
    for reason in missing:
        out.print(f"{reason}.")
    try:
        for model in (sick_sicker, monthly):
            _compare(out, model, QUICK | in_r, slow, arguments)
    except Disagreement as error:
        out.print(f"The programs disagree. {error}")
        return 1
    out.print(_stages(arguments.draws, arguments.slow_repeats))
    out.print(_questions(arguments.draws, arguments.repeats))
    if not isinstance(heormodel, str):
        try:
            out.print(_information(arguments))
        except Disagreement as error:
            out.print(f"The programs disagree. {error}")
            return 1
        except subprocess.CalledProcessError as error:
            out.print(f"The value of information was not measured: {elsewhere.last_line(error)}")
    out.print(_memory([arguments.draws] if arguments.quick else [n * arguments.draws for n in (1, 10, 100)]))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7, help="turns of each program")
    parser.add_argument("--slow-repeats", type=int, default=3, help="turns of hesim, heormodel and the stages")
    parser.add_argument(
        "--quick", action="store_true",
        help=f"{FEW} draws of the slow programs, scaled up; no memory at more draws",
    )  # fmt: skip
    parser.add_argument(
        "--environments", type=Path, default=Path(tempfile.gettempdir()) / "costmodel-benchmarks",
        help="folder for the environments of other programs",
    )  # fmt: skip
    found = parser.parse_args()
    if not (1 <= found.slow_repeats <= found.repeats and 1 <= found.draws <= 10_000):
        parser.error("--draws from 1 to 10000 and --repeats at least --slow-repeats, which is at least 1")
    return found


def _compare(
    out: Console, model: Callable[[int], Problem], quick: dict[str, Program], slow: dict[str, Program],
    arguments: argparse.Namespace,
) -> None:  # fmt: skip
    """Agreement first, then the table; programs that fail are named and left out."""
    problem = model(arguments.draws)
    few = model(min(FEW, arguments.draws)) if arguments.quick else problem
    apart = agree(problem, quick)
    working: dict[str, Program] = {}
    for name, program in slow.items():
        try:
            apart = max(apart, agree(few, {REFERENCE: dense, name: program}))
        except subprocess.CalledProcessError as error:
            out.print(f"{name} failed and was not measured: {elsewhere.last_line(error)}")
            continue
        named = name if few is problem else f"{name} (scaled up from {few.draws:,} draws)"
        working[named] = _scaled(program, few, problem.draws / few.draws)
    timings = timed(problem, quick, arguments.repeats, working, arguments.slow_repeats)
    out.print(_ratios(f"{problem.name}: agree to {apart:.1e}", timings))


def _scaled(program: Program, few: Problem, times: float) -> Program:
    """The program on fewer draws, with its seconds scaled to all of them."""

    def scaled(_: Problem) -> Answer:
        answer = program(few)
        return replace(answer, seconds=answer.seconds * times)

    return scaled


def _ratios(title: str, timings: list[Timing]) -> Table:
    by_name = {timing.name: timing for timing in timings}
    table = Table(title=title, title_justify="left")
    table.add_column("program")
    for column in (
        "ms, median",
        f"× the speed of the\n{REFERENCE}",
        "lowest to highest",
        f"{ONE_THREAD},\n× its speed",
    ):
        table.add_column(column, justify="right")
    for timing in sorted(timings, key=lambda timing: timing.typical):
        ratio, low, high = timing.times_faster_than(by_name[REFERENCE])
        ours_over_it, _, _ = by_name[ONE_THREAD].times_faster_than(timing)
        table.add_row(
            timing.name,
            f"{1_000 * timing.typical:,.1f}",
            f"{ratio:.3g}",
            f"{low:.3g} to {high:.3g}",
            f"{ours_over_it:.3g}",
        )
    return table


def _stages(draws: int, repeats: int) -> Table:
    spent = stages(draws, repeats)
    table = Table(title=f"Depression scenario, {draws:,} draws with the full ledger, one thread", title_justify="left")
    return _medians(table, "stage", spent, share_of=median(spent["all"]))


def _questions(draws: int, repeats: int) -> Table:
    return _medians(
        Table(title="Depression scenario, warm", title_justify="left"), "question", questions(draws, repeats)
    )


def _information(arguments: argparse.Namespace) -> Table:
    python = elsewhere.python_of(arguments.environments / "heormodel-and-pygam")
    found = valued(python, arguments.draws, arguments.slow_repeats)
    title = f"The value of {len(found.names)} inputs one by one, depression scenario, {arguments.draws:,} draws"
    table = Table(title=title, title_justify="left")
    for column in ("program", "ms, median", "costmodel,\n× its speed", "farthest from costmodel,\nstandard errors"):
        table.add_column(column, justify="left" if column == "program" else "right")
    own = median(found.seconds["costmodel"])
    apart = {"costmodel": 0.0, "heormodel": found.apart(found.heormodel), ADDITIVE: found.apart(found.gam)}
    for name, seconds in found.seconds.items():
        typical = median(seconds)
        table.add_row(name, f"{1_000 * typical:,.0f}", f"{typical / own:.3g}", f"{apart[name]:.2g}")
    return table


def _medians(table: Table, what: str, found: Mapping[str, list[float] | None], share_of: float | None = None) -> Table:
    table.add_column(what)
    for column in ("ms, median", "lowest to highest", *(["share"] if share_of else [])):
        table.add_column(column, justify="right")
    for name, seconds in found.items():
        if seconds is None:
            table.add_row(name, "not built yet")
            continue
        spread = f"{1_000 * min(seconds):,.0f} to {1_000 * max(seconds):,.0f}"
        share = [f"{median(seconds) / share_of:.0%}"] if share_of else []
        table.add_row(name, f"{1_000 * median(seconds):,.0f}", spread, *share)
    return table


def _memory(sizes: list[int]) -> Table:
    first = sizes[0]
    table = Table(title="Peak memory of a process of its own", title_justify="left")
    table.add_column("work")
    table.add_column("MB", justify="right")
    table.add_row("the program alone", f"{peak('nothing', 0):,.0f}")
    table.add_row(f"monthly model, {first:,} draws", f"{peak('monthly', first):,.0f}")
    table.add_row(f"monthly model, {first:,} draws, {REFERENCE}", f"{peak('monthly, dense', first):,.0f}")
    for draws in sizes:
        table.add_row(f"depression scenario, {draws:,} draws", f"{peak('depression', draws):,.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
