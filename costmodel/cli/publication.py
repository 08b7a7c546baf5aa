"""What `costmodel check --publish` does: refuse what is not fit to be published, and write what the answers rest on.

Apart because `check` is one command and publishing another question, with a page of its own.
"""

from pathlib import Path

from costmodel.cli.options import scenarios
from costmodel.errors import InputError
from costmodel.report import json_report, terminal
from costmodel.scenario.load import named


def publish(scenario: Path | None, changed: bool, asked: bool, write: Path | None, as_json: bool) -> None:
    """Check one scenario, or every population there is. Raises InputError with all that is not fit."""
    if not asked:
        raise InputError.at("--write", "only --publish writes a page", "Add --publish, or leave --write out.")
    if changed:
        remedy = "Leave --set, --fix and --horizon out."
        raise InputError.at("--publish", "a scenario is published as its files have it", remedy)
    if scenario is not None and write is not None:
        raise InputError.at("--write", "the page has every population", "Leave SCENARIO out.")
    if scenario is not None:
        _one(scenario, as_json)
    else:
        _all(write, as_json)


def _one(scenario: Path, as_json: bool) -> None:
    from costmodel.analysis import publication as analysis
    from costmodel.report import published

    fit = analysis.published(named(scenario))
    if as_json:
        found = analysis.Population(scenario.resolve().parent.name, (fit,), ())
        print(json_report.text(published.document([found])))
    else:
        terminal.console().print(published.one(fit), soft_wrap=True)


def _all(write: Path | None, as_json: bool) -> None:
    from costmodel.analysis import publication as analysis
    from costmodel.report import published
    from costmodel.report.files import check_folder

    if write is not None:
        check_folder(write, "--write")
    found = analysis.published_all(scenarios())
    if as_json:
        print(json_report.text(published.document(found)))
    else:
        for line in published.lines(found):
            terminal.console().print(line, soft_wrap=True)
    if problems := [problem for population in found for problem in population.problems]:
        raise InputError(*problems)
    if write is not None:
        _page(write)


def _page(write: Path) -> None:
    from costmodel.analysis.evidence import evidence_of_all
    from costmodel.report import evidence_page
    from costmodel.report.files import write_whole

    with terminal.progress() as progress:
        page = evidence_page.markdown(evidence_of_all(scenarios(), progress=progress))
    write_whole(write, lambda path: path.write_text(page, "utf-8"), "--write")
