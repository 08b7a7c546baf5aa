"""Running the command line in a test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from costmodel.cli import app
from tests.support.example import example

RUNNER = CliRunner()


def call(*words: object) -> Result:
    """`costmodel WORDS`, in this process."""
    return RUNNER.invoke(app, [str(word) for word in words])


def done(*words: object) -> str:
    """What a command prints that must succeed without a word on stderr."""
    result = call(*words)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def refused(*words: object) -> str:
    """What a command says on stderr that must refuse its input, and print nothing else."""
    result = call(*words)
    assert result.exit_code == 2, result.stdout + result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def parsed(*words: object) -> dict[str, Any]:
    """The JSON that a command prints."""
    found = json.loads(done(*words), parse_constant=_no_constant)
    assert isinstance(found, dict)
    return found


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def two_structures(folder: Path) -> Path:
    """The example of docs/format.md under two weighted alternatives."""
    weight = {"label": "Weight", "unit": "share", "value": 0.5, "source": "X001", "status": "assumption"}
    hazard_ratio = {"label": "Relapse with therapy", "unit": "hazard ratio", "value": 0.6} | {
        "source": "X001",
        "status": "assumption",
    }
    change: Mapping[str, str] = {
        "strategies.therapy.effects.recovers_faster.transition": "well -> ill",
        "strategies.therapy.effects.recovers_faster.hazard_ratio": "hr_relapse",
    }
    return example(
        folder,
        alternatives={
            "faster": {"label": "Speeds recovery", "weight": "weight_faster"},
            "fewer": {"label": "Prevents relapse", "weight": "weight_fewer", "change": change},
        },
        **{
            "parameters.weight_faster": weight,
            "parameters.weight_fewer": weight,
            "parameters.hr_relapse": hazard_ratio,
        },
    )
