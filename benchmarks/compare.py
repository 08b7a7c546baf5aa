"""Programs side by side: first that they agree, then how long each takes, in turns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.problem import Answer, Problem

TOLERANCE = 1e-9
"""Relative, for every strategy and draw."""
Program = Callable[[Problem], Answer]


class Disagreement(Exception):
    """Two programs that do not find the same."""


@dataclass(frozen=True)
class Timing:
    """Seconds of a program in each repetition."""

    name: str
    seconds: tuple[float, ...]

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.seconds)

    def times_faster_than(self, other: "Timing") -> tuple[float, float, float]:
        """Ratio of the medians, and the lowest and highest ratio within a turn; of the turns that both took part in."""
        turns = list(zip(self.seconds, other.seconds, strict=False))
        each = [theirs / own for own, theirs in turns]
        return median(theirs for _, theirs in turns) / median(own for own, _ in turns), min(each), max(each)


def agree(problem: Problem, programs: Mapping[str, Program]) -> float:
    """Largest relative difference from the first program. Raises Disagreement above TOLERANCE."""
    (first, reference), *others = ((name, program(problem)) for name, program in programs.items())
    worst = 0.0
    for name, answer in others:
        for what in ("cost", "qaly"):
            own, theirs = getattr(reference, what), getattr(answer, what)
            if own.shape != theirs.shape:
                raise Disagreement(
                    f"{problem.name}: {what} has shape {theirs.shape} by {name} and {own.shape} by {first}"
                )
            size = np.maximum(np.abs(own), np.abs(theirs))
            with np.errstate(invalid="ignore"):
                apart = np.divide(np.abs(theirs - own), size, out=np.zeros_like(size), where=size != 0)
            if not apart.max() <= TOLERANCE:
                s, draw = np.unravel_index(int(np.argmax(~(apart <= TOLERANCE))), apart.shape)
                raise Disagreement(
                    f"{problem.name}: {what} of strategy {s} in draw {draw} is {theirs[s, draw]:.12g} by {name} "
                    f"and {own[s, draw]:.12g} by {first}"
                )
            worst = max(worst, float(apart.max()))
    return worst


def timed(
    problem: Problem, programs: Mapping[str, Program], repeats: int, slow: Mapping[str, Program], slow_repeats: int
) -> list[Timing]:
    """Each program once for warmth, then all in turn as often as asked; slow ones in the first turns, not warmed."""
    for program in programs.values():
        program(problem)
    found: dict[str, list[float]] = {name: [] for name in (*programs, *slow)}
    for turn in range(repeats):
        for name, program in {**programs, **(slow if turn < slow_repeats else {})}.items():
            found[name].append(program(problem).seconds)
    return [Timing(name, tuple(seconds)) for name, seconds in found.items()]
