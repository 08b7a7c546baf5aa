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
        """Ratio of the medians, and the lowest and highest ratio within one repetition."""
        each = [theirs / own for own, theirs in zip(self.seconds, other.seconds, strict=True)]
        return other.typical / self.typical, min(each), max(each)


def agree(problem: Problem, programs: Mapping[str, Program]) -> float:
    """Largest relative difference from the first program. Raises Disagreement above TOLERANCE."""
    (first, reference), *others = ((name, program(problem)) for name, program in programs.items())
    worst = 0.0
    for name, answer in others:
        for what in ("cost", "qaly"):
            own, theirs = getattr(reference, what), getattr(answer, what)
            apart = np.abs(theirs / own - 1)
            worst = max(worst, float(apart.max()))
            if not apart.max() <= TOLERANCE:
                s, draw = np.unravel_index(int(np.nanargmax(apart)), apart.shape)
                raise Disagreement(
                    f"{problem.name}: {what} of strategy {s} in draw {draw} is {theirs[s, draw]:.12g} by {name} "
                    f"and {own[s, draw]:.12g} by {first}"
                )
    return worst


def timed(problem: Problem, programs: Mapping[str, Program], repeats: int, slow: Mapping[str, Program]) -> list[Timing]:
    """Each program once for warmth, then all in turn as often as asked; slow ones once, without warmth."""
    for program in programs.values():
        program(problem)
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, program in programs.items():
            found[name].append(program(problem).seconds)
    once = {name: [program(problem).seconds] * repeats for name, program in slow.items()}
    return [Timing(name, tuple(seconds)) for name, seconds in (found | once).items()]
