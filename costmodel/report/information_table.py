"""The value of information in words, as a table, as JSON and as CSV: the answer of `costmodel voi`."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.information import UNUSED, Line, ValueOfInformation
from costmodel.perspectives import PERSPECTIVE_NAMES
from costmodel.report import json_report
from costmodel.report.files import records_as_csv
from costmodel.report.terminal import Piece, headed, listed
from costmodel.result.table import in_words
from costmodel.scenario.used import to_be_checked
from costmodel.words import chance, lower_first, money

SCHEMA = "costmodel/voi/1"
NAMED = 3
"""Inputs that are named in the sentences."""
PARTS = {"group": "Inputs together", "parameter": "Single inputs"}


def rows(found: ValueOfInformation) -> list[dict[str, Any]]:
    """A record for each subject: GBP per person, and for the population where one was stated."""
    return [_row(found, line) for line in found.lines]


def _row(found: ValueOfInformation, line: Line) -> dict[str, Any]:
    question, whole = found.question, found.everything.worth.value
    people = found.population.people if found.population else None
    return {
        "kind": line.subject.kind,
        "name": line.subject.name,
        "label": line.subject.label,
        "members": list(line.subject.members),
        "value": line.worth.value,
        "standard_error": line.worth.error,
        "share": line.worth.value / whole if whole else None,
        "population_value": None if people is None else line.worth.value * people,
        "population_standard_error": None if people is None else line.worth.error * people,
        "unit": "GBP",
        "price_year": found.result.scenario.setting.price_year,
        "question": question.kind,
        "perspective": question.perspective,
        "threshold": question.threshold,
        "discounted": question.threshold is not None,
        "horizon_months": found.result.horizons[question.horizon],
        "draws": found.draws,
        "words": line.subject.words,
    }


def document(found: ValueOfInformation) -> dict[str, Any]:
    """Everything that `costmodel voi --json` prints."""
    result, question, population = found.result, found.question, found.population
    return {
        "schema": SCHEMA,
        "scenario": json_report.identity(result.scenario),
        "engine": json_report.engine(),
        "settings": {
            "setting": result.scenario.setting.title,
            "price_year": result.scenario.setting.price_year,
            "question": question.kind,
            "perspective": question.perspective,
            "threshold": question.threshold,
            "horizon_months": result.horizons[question.horizon],
            "population": None if population is None else {
                "people_a_year": population.people_a_year,
                "years": population.years,
                "discount_rate": population.rate,
                "discounted_people": population.people,
            },
            "draws": result.draws,
            "draws_regressed": found.draws,
            "seed": result.seed,
        },
        "decided": found.decided,
        "chance_right": found.chance_right,
        "rows": [{key: json_report.plain(value) for key, value in row.items()} for row in rows(found)],
        "warnings": [*result.warnings, *found.warnings],
        "notes": notes(found),
        "changes": json_report.changes(result.scenario.changes),
    }  # fmt: skip


def as_csv(found: ValueOfInformation) -> str:
    """The rows as CSV: numbers in full, missing ones empty, members with spaces between, nothing that a sheet runs."""
    plain = [row | {"members": " ".join(row["members"])} for row in rows(found)]
    return records_as_csv([{key: json_report.plain(value) for key, value in row.items()} for row in plain])


def about(found: ValueOfInformation) -> str:
    """Which question was asked: payer, time, and how net benefit is counted."""
    question, year = found.question, found.result.scenario.setting.price_year
    where = f"{PERSPECTIVE_NAMES[question.perspective]}, over {in_words(found.result.horizons[question.horizon])}"
    if question.threshold is None:
        return f"Whether it pays for itself: {where}, net saving undiscounted, £ of {year} per person"
    at = f"net benefit at {money(question.threshold, exact=True)} per QALY, discounted"
    return f"Which strategy is best: {where}, {at}, £ of {year} per person"


def notes(found: ValueOfInformation) -> list[str]:
    """The answer in sentences."""
    everything, decided = found.everything.worth, found.result.scenario.model.strategies[found.decided].label
    said = [f"Decided on averages: {decided}. It is the best choice in {chance(found.chance_right)} simulations."]
    if everything.value == 0:
        said.append("No knowledge is worth anything here: it would not change the decision in any simulation.")
    else:
        said.append(
            f"Perfect knowledge of everything is worth {_worth(found.everything)} a person: what is lost on average by "
            "deciding today. ± is the standard error, from the number of simulations."
        )
        ranked = [line for line in found.of("parameter") if line.worth.value > line.worth.error]
        best = "; ".join(f"{lower_first(line.subject.label)}, {_worth(line)}" for line in ranked[:NAMED])
        said.append(
            f"Of single inputs, most is gained by knowing: {best}."
            if best
            else "No single input, known alone, is worth more than its standard error."
        )
        for line in found.of("structure"):
            said.append(f"Knowing which structure is true ({line.subject.words}) is worth {_worth(line)}.")
    if (population := found.population) is not None:
        said.append(
            f"For {population.people_a_year:,.10g} people a year over {population.years} "
            f"year{'s' * (population.years > 1)}, {population.people:,.0f} of them after discounting at "
            f"{population.rate * 100:.3g}% a year, everything is worth {_worth(found.everything, population.people)}."
        )
    else:
        said.append("For how many people one decides was not stated, so that values are per person only.")
    if recalled := to_be_checked(found.result.scenario):
        said.append(f"to be checked: {', '.join(recalled)}")
    return said


def report(found: ValueOfInformation) -> Iterator[Piece]:
    """What `costmodel voi` prints, piece by piece."""
    result, scenario = found.result, found.result.scenario
    yield Text(f"{scenario.model.title} ({scenario.model.label})", style="bold")
    yield Text(f"{about(found)}.")
    sentences = [text for text in notes(found) if not text.startswith("to be checked")]
    yield from (Text(""), *(Text(text, style="bold" if i == 1 else "") for i, text in enumerate(sentences)))
    yield from headed("What knowing is worth before deciding")
    yield _table(found)
    unused = [line.subject.name for line in found.of("parameter") if line.subject.words == UNUSED]
    nothing = [
        line.subject.name
        for line in found.of("parameter")
        if line.worth.value < _PENNY and line.subject.name not in unused
    ]
    yield from headed("Worth less than a penny a person", listed([", ".join(nothing)] if nothing else []))
    yield from headed("Not used by this scenario", listed([", ".join(unused)] if unused else []))
    yield from headed("Warnings", listed([*result.warnings, *found.warnings]))
    yield from headed("Changed", listed(f"{change} (by {change.by})" for change in scenario.changes))
    yield from headed("To be checked (recalled, not yet verified)", listed(to_be_checked(scenario)))
    yield Text("")
    drawn = f"{result.draws:,} draws, seed {result.seed}"
    yield Text(f"{drawn}; {json_report.engine()}; scenario SHA-256 {scenario.sha256}", style="dim", overflow="fold")


_PENNY = 0.01


def _table(found: ValueOfInformation) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    headings = ["", "£ a person", "standard error", "of everything"]
    headings += ["£ for the population"] if found.population else []
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right")
    for line in found.lines:
        if line.subject.kind not in PARTS:
            table.add_row(*_cells(found, line))
    for kind, title in PARTS.items():
        shown = [line for line in found.of(kind) if kind == "group" or line.worth.value >= _PENNY]
        if shown:
            table.add_row(title, style="bold")
        for line in shown:
            size = f" ({len(line.subject.members)} inputs)" if kind == "group" else ""
            table.add_row(*_cells(found, line, f"  {line.subject.label}{size}"))
    return table


def _cells(found: ValueOfInformation, line: Line, label: str | None = None) -> list[str]:
    whole = found.everything.worth.value
    cells = [
        label or line.subject.label,
        money(line.worth.value),
        money(line.worth.error),
        f"{line.worth.value / whole:.0%}" if whole else "–",
    ]
    if found.population:
        cells.append(money(line.worth.value * found.population.people))
    return cells


def _worth(line: Line, people: float = 1.0) -> str:
    return f"{money(line.worth.value * people)} ± {money(line.worth.error * people)}"
