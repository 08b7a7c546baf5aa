"""What lies beyond the evidence, in words, as a table and as JSON: the answer of `costmodel beyond`."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from costmodel.analysis.beyond import Beyond, Verdict, rows
from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report import json_report
from costmodel.report.columns import columns
from costmodel.report.terminal import Piece, ending, headed
from costmodel.result.result import DETERMINISTIC
from costmodel.result.table import in_words, payback_words
from costmodel.scenario.used import to_be_checked
from costmodel.words import chance, money, upper_first

SCHEMA = "costmodel/beyond/1"
CONDITIONS = {
    "gap closes": "the gap closes at once",
    "effects cease": "effects cease",
    "effects persist": "effects persist",
}
"""The stops inside a sentence."""


def sentences(found: Beyond, perspective: str, strategy: str) -> list[str]:
    """How much of the saving nobody has observed, and the verdict under each stop."""
    result, who = found.result, PERSPECTIVE_NAMES[perspective]
    part = found.unobserved(perspective, strategy)
    people, end = result.scenario.model.people, in_words(result.horizons[-1])
    said = [f"{upper_first(who)}: {part.words}."]
    if part.share is not None:
        saved, later = money(part.total * people), money(part.after * people)
        said[0] = (
            f"{upper_first(who)}: of {saved} saved on other care over {end} for {people:,} people, {later} comes "
            f"after the {result.scenario.model.follow_up.text} of follow-up: {part.words}."
        )
    if found.nothing:
        return said
    for stop in found.results:
        verdict = found.verdict(stop, perspective, strategy)
        said.append(f"If {_condition(found, stop)}: {_verdict(found, stop, verdict, strategy)}.")
    said += [f"That {CONDITIONS[stop]} cannot be asked here: {why}." for stop, why in found.refused.items()]
    lasting = [name.partition(": ")[2] for name in found.lasting if name.startswith(f"{strategy}: ")]
    if lasting:
        said.append(f"The scenario itself lets {', '.join(lasting)} last longer, whatever is said of the others.")
    return said


def _condition(found: Beyond, stop: str) -> str:
    own = " (as the scenario says)" if found.results[stop] is found.result else ""
    return f"{CONDITIONS[stop]} after the follow-up{own}"


def _verdict(found: Beyond, stop: str, verdict: Verdict, strategy: str) -> str:
    result, people = found.results[stop], found.result.scenario.model.people
    first = result.first_payment[result.strategies.index(strategy)]
    paid = payback_words(verdict.months, result.horizons[-1], first, verdict.saving.value)
    if verdict.chance is None:
        return f"net saving {money(verdict.saving.value * people)} at central values, money back {paid}"
    return (
        f"net saving {money(verdict.saving.value * people)} on average, money back {paid}, and in "
        f"{chance(verdict.chance)} simulations"
    )


def verdicts(found: Beyond, perspectives: Sequence[str], strategy: str) -> Table:
    """Each stop for each payer: expected and deterministic."""
    result, people = found.result, found.result.scenario.model.people
    drawn = result.headline.name != DETERMINISTIC
    headings = ["", "", "net saving", "payback", "its chance"] if drawn else ["", ""]
    table = columns(*headings, "at central values", "payback")
    for perspective in perspectives:
        for number, stop in enumerate(found.results):
            runs = (result.headline.name, DETERMINISTIC) if drawn else (DETERMINISTIC,)
            cells = [PERSPECTIVE_NAMES[perspective] if number == 0 else "", stop]
            for run in runs:
                verdict = found.verdict(stop, perspective, strategy, run)
                first = result.first_payment[result.strategies.index(strategy)]
                cells += [
                    money(verdict.saving.value * people),
                    payback_words(verdict.months, result.horizons[-1], first, verdict.saving.value),
                ]
                cells += [] if verdict.chance is None else [chance(verdict.chance)]
            table.add_row(*cells)
    return table


def section(found: Beyond, perspective: str, perspectives: Sequence[str], strategy: str) -> Iterator[Piece]:
    """Sentences about one payer, and the verdicts for all that were asked for."""
    yield from headed("Beyond the evidence", map(Text, sentences(found, perspective, strategy)))
    if not found.nothing:
        yield verdicts(found, perspectives, strategy)


def report(found: Beyond, perspectives: Sequence[str], strategies: Sequence[str]) -> Iterator[Piece]:
    """What `costmodel beyond` prints, piece by piece."""
    result, model = found.result, found.result.scenario.model
    yield Text(f"{model.title} ({model.label})", style="bold")
    for strategy in strategies:
        compared = f"{model.strategies[strategy].label} against {model.strategies[result.comparator].label}"
        yield Text(
            f"{compared}: £ of {result.scenario.setting.price_year} for {model.people:,} people over "
            f"{in_words(result.horizons[-1])}, undiscounted; a saving is positive."
        )
        perspective = "nhs_pss" if "nhs_pss" in perspectives else perspectives[0]
        yield from section(found, perspective, perspectives, strategy)
    yield from ending(result)


def records(
    found: Beyond, perspective: str | None = None, strategies: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The rows, missing numbers as None."""
    wanted = [perspective] if perspective else list(PERSPECTIVES)
    return [
        {key: json_report.plain(value) for key, value in row.items()} for row in rows(found, wanted, strategies)
    ]  # fmt: skip


def document(found: Beyond, perspective: str | None = None, strategies: Sequence[str] | None = None) -> dict[str, Any]:
    """Everything that `costmodel beyond --json` prints."""
    result = found.result
    shown = perspective or "nhs_pss"
    notes = [text for name in strategies or result.strategies[1:] for text in sentences(found, shown, name)]
    if recalled := to_be_checked(result.scenario):
        notes.append(f"to be checked: {', '.join(recalled)}")
    return {
        "schema": SCHEMA,
        "scenario": json_report.identity(result.scenario),
        "engine": json_report.engine(),
        "settings": json_report.settings(result, perspective),
        "rows": records(found, perspective, strategies),
        "refused": dict(found.refused),
        "lasting": list(found.lasting),
        "warnings": list(result.warnings),
        "notes": notes,
        "changes": json_report.changes(result.scenario.changes),
    }
