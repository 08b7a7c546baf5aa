"""The models that every program runs."""

from pathlib import Path

from benchmarks.problem import Problem, problem

SICK_SICKER = Path(__file__).parents[1] / "tests" / "published" / "sick_sicker" / "model.yaml"
MONTHLY = Path(__file__).parent / "monthly" / "model.yaml"


def sick_sicker(draws: int) -> Problem:
    """A published textbook model: 4 states, 4 strategies, 75 yearly cycles."""
    return problem(SICK_SICKER, "Sick-Sicker, 4 states, 4 strategies, 75 yearly cycles", draws, "simpson")


def monthly(draws: int) -> Problem:
    """An invented model: 5 states, 2 strategies, 360 monthly cycles."""
    return problem(MONTHLY, "Monthly model, 5 states, 2 strategies, 360 cycles", draws, "half_cycle")
