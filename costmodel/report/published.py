"""Which populations are fit to publish: what `costmodel check --publish` prints.

Apart because what is printed of a check is a report, and the check is none.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from costmodel.analysis.publication import Fit, Population
from costmodel.report import json_report

SCHEMA = "costmodel/publish/1"


def line(fit: Fit) -> str:
    """One file in a few words."""
    if fit.locked:
        said = "locked, its refusal is sourced"
    else:
        assumed = f"{fit.assumed} of those behind the answer assumed"
        said = f"{fit.label}: {fit.numbers} numbers with their sources, {assumed}"
    return f"{said}{_checked(fit.to_be_checked)}"


def one(fit: Fit) -> Text:
    """What is printed of a single scenario that is fit to publish."""
    return Text(f"{fit.path.name} is fit to publish: {line(fit)}")


def lines(populations: Iterable[Population]) -> Iterator[Text]:
    """One line for each population."""
    for population in populations:
        if population.problems:
            yield Text(f"{population.name}: not fit to publish ({_things(len(population.problems))})")
            continue
        files, base = population.files, population.files[0]
        if base.locked:
            yield Text(f"{population.name}: fit to publish; {line(base)}")
            continue
        recalled = tuple(dict.fromkeys(name for file in files for name in file.to_be_checked))
        labels = ", ".join(file.label for file in files)
        yield Text(f"{population.name}: fit to publish ({labels}); {base.numbers} numbers{_checked(recalled)}")


def document(populations: Iterable[Population]) -> dict[str, Any]:
    """What `--json` prints: every population with its files and what is wrong with them."""
    return {
        "schema": SCHEMA,
        "engine": json_report.engine(),
        "populations": [
            {
                "name": population.name,
                "fit": not population.problems,
                "files": [_file(file) for file in population.files],
                "problems": [vars(problem) for problem in population.problems],
            }
            for population in populations
        ],
    }


def _file(fit: Fit) -> dict[str, Any]:
    return {
        "file": fit.path.name,
        "label": fit.label,
        "sha256": fit.sha256,
        "locked": fit.locked,
        "numbers": fit.numbers,
        "assumed": fit.assumed,
        "to_be_checked": list(fit.to_be_checked),
    }


def _things(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"


def _checked(names: tuple[str, ...]) -> str:
    return f"; {len(names)} to be checked" if names else "; none to be checked"
