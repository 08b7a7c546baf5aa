"""`python -m benchmarks`: the table of ratios. See benchmarks/README.md."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks import elsewhere, ours
from benchmarks.compare import Disagreement, Program, Timing, agree, timed
from benchmarks.depression import questions, stages
from benchmarks.memory import peak
from benchmarks.models import monthly, sick_sicker
from benchmarks.numpy_programs import dense, state_by_state
from benchmarks.problem import Problem
from costmodel.model.run import processors

ALIKE_IN = 200
"""Draws in which heormodel is compared and timed by default, since it takes a parameter set at a time."""
REFERENCE = "dense NumPy batch"


def main() -> int:
    """Print the tables; 1 where two programs disagree."""
    arguments = _arguments()
    out = Console(width=120)
    out.print(f"{arguments.draws:,} draws, {arguments.repeats} repetitions in turn, {processors()} processors, "
              f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}.")  # fmt: skip
    heormodel = elsewhere.heormodel_in(arguments.environments / "heormodel")
    for reason in (
        elsewhere.missing_r(),
        elsewhere.missing_r("hesim"),
        heormodel if isinstance(heormodel, str) else "",
    ):
        if reason:
            out.print(f"Not measured: {reason}.")
    try:
        for model in (sick_sicker, monthly):
            out.print(_compared(model(arguments.draws), arguments, heormodel if callable(heormodel) else None))
            if elsewhere.missing_r("hesim") is None:
                seconds = elsewhere.hesim_seconds(model(arguments.draws))
                out.print(f"hesim, states alone: {seconds:.3g} s (not compared draw by draw).")
    except Disagreement as error:
        out.print(f"The programs disagree. {error}")
        return 1
    out.print(_stages(arguments.draws))
    out.print(_questions(arguments.repeats))
    out.print(_memory([arguments.draws] if arguments.quick else [arguments.draws, 10 * arguments.draws]))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="no memory at ten times the draws")
    parser.add_argument("--heormodel-draws", type=int, default=ALIKE_IN, help="draws for heormodel")
    parser.add_argument(
        "--environments", type=Path, default=Path(tempfile.gettempdir()) / "costmodel-benchmarks",
        help="folder for the environments of other programs",
    )  # fmt: skip
    return parser.parse_args()


def _compared(problem: Problem, arguments: argparse.Namespace, heormodel: Program | None) -> Table:
    programs: dict[str, Program] = {
        REFERENCE: dense,
        "state-by-state NumPy": state_by_state,
        "costmodel, one thread": ours.one_thread,
        "costmodel, every processor": ours.every_processor,
    }
    if elsewhere.missing_r() is None:
        programs["base R over draws"] = elsewhere.base_r
    apart = agree(problem, programs)
    timings = timed(problem, programs, arguments.repeats, {})
    if heormodel is not None:
        few = (sick_sicker if "Sick" in problem.name else monthly)(arguments.heormodel_draws)
        apart = max(apart, agree(few, {REFERENCE: dense, "heormodel": heormodel}))
        once = heormodel(few).seconds * problem.draws / few.draws
        timings.append(Timing(f"heormodel (from {few.draws:,} draws)", (once,) * arguments.repeats))
    table = Table(title=f"{problem.name}: agree to {apart:.1e}", title_justify="left")
    for column in ("program", "ms, median", f"× the speed of the {REFERENCE}", "lowest to highest"):
        table.add_column(column, justify="left" if column == "program" else "right")
    reference = next(timing for timing in timings if timing.name == REFERENCE)
    for timing in sorted(timings, key=lambda timing: timing.typical):
        ratio, low, high = timing.times_faster_than(reference)
        table.add_row(timing.name, f"{1_000 * timing.typical:,.1f}", f"{ratio:.3g}", f"{low:.3g} to {high:.3g}")
    return table


def _stages(draws: int) -> Table:
    spent = stages(draws)
    table = Table(
        title=f"Depression scenario, {draws:,} draws with the full ledger, one thread",
        title_justify="left",
        min_width=70,
    )
    table.add_column("stage")
    table.add_column("ms", justify="right")
    table.add_column("share", justify="right")
    for stage, seconds in spent.items():
        table.add_row(stage, f"{1_000 * seconds:,.0f}", f"{seconds / spent['all']:.0%}")
    return table


def _questions(repeats: int) -> Table:
    table = Table(title="Depression scenario, warm", title_justify="left")
    table.add_column("question")
    table.add_column("ms, median", justify="right")
    for name, seconds in questions(repeats).items():
        table.add_row(name, "not built yet" if seconds is None else f"{1_000 * median(seconds):,.0f}")
    return table


def _memory(sizes: list[int]) -> Table:
    table = Table(title="Peak memory of a process", title_justify="left")
    table.add_column("work")
    table.add_column("MB", justify="right")
    table.add_row("the program alone", f"{peak('nothing', 0):,.0f}")
    table.add_row(f"monthly model, {sizes[0]:,} draws", f"{peak('monthly', sizes[0]):,.0f}")
    for draws in sizes:
        table.add_row(f"depression scenario, {draws:,} draws", f"{peak('depression', draws):,.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
