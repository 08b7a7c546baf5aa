"""Commands that load a scenario, answer, write or read the workbook, and serve the dashboard."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

import costmodel
from costmodel.analysis.explain import DRAWS as DRAWS_OF_EXPLAIN
from costmodel.analysis.incremental import incremental as steps
from costmodel.analysis.purse import purse as what_is_spent
from costmodel.cli.options import (
    Changed,
    Draws,
    Fix,
    Horizon,
    Json,
    Out,
    Perspective,
    Planned,
    Run,
    Seed,
    Set,
    Strategy,
    argument,
    busy,
    counter,
    duration,
    new_file,
    option,
    perspective_of,
    scenario_of,
    scenarios,
    tell,
    whole_number,
    write_text,
)
from costmodel.cli.program import command
from costmodel.errors import InputError
from costmodel.inputs.files import write_whole
from costmodel.model.run import DRAWS, SEED, run_at
from costmodel.page import Page
from costmodel.scenario.load import Refused, load_text, named
from costmodel.scenario.schema import json_schema

HIGHEST_PORT = 65535
BY_HAND = "Written by `costmodel check --publish --write docs/evidence.md`, not by hand."


def new_workbook(option: str) -> Callable[[object], Path]:
    """A reader of names of workbooks to write, as `new_file`."""

    def read(given: object) -> Path:
        from costmodel.report.workbook import named_as_workbook

        return new_file(option)(named_as_workbook(Path(str(given)), option))

    return read


@command()
def check(
    scenario: Annotated[
        Path | None, argument("SCENARIO", "A model file or an overlay; --publish without it: every population.")
    ] = None,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    publish: Annotated[bool, typer.Option("--publish", help="Refuse also what is not fit to be published.")] = False,
    write: Annotated[
        Path | None, option("FILE.md", "With --publish: write what every answer rests on.", "--write", read=new_file)
    ] = None,
    as_json: Json = False,
) -> None:
    """Load a scenario and list what it holds, or every problem in it; of a locked one, why it is."""
    from costmodel.model.run import check_draws
    from costmodel.report import contents

    if publish or write is not None:
        _publish(scenario, bool(set_ or fix or horizon), publish, write, as_json)
        return
    if scenario is None:
        raise InputError.at("SCENARIO", "no scenario is named", "Name one, or add --publish to check every population.")
    try:
        loaded = scenario_of(scenario, set_, fix, horizon)
    except Refused as refusal:
        if refusal.asked:
            raise
        tell(as_json, contents.locked_page(refusal.locked, checked=True))
        return
    check_draws(loaded)
    tell(as_json, contents.page(loaded))


def _publish(scenario: Path | None, changed: bool, asked: bool, write: Path | None, as_json: bool) -> None:
    """Refuse what is not fit to be published, in one scenario or every population; write what the answers rest on."""
    from costmodel.analysis import publication

    if not asked:
        raise InputError.at("--write", "only --publish writes a page", "Add --publish, or leave --write out.")
    if changed:
        remedy = "Leave --set, --fix and --horizon out."
        raise InputError.at("--publish", "a scenario is published as its files have it", remedy)
    if scenario is not None:
        if write is not None:
            raise InputError.at("--write", "the page has every population", "Leave SCENARIO out.")
        tell(as_json, publication.published(named(scenario)).page())
        return
    found = publication.published_all(scenarios())
    tell(as_json, found.page())
    if found.problems:
        raise InputError(*found.problems)
    if write is not None:
        from costmodel.analysis import evidence
        from costmodel.report import render

        with counter() as progress:
            page = evidence.page_of(evidence.evidence_of_all(scenarios(), progress=progress))
        write_text(write, render.markdown(replace(page, about=(BY_HAND, *page.about))), "--write")


@command()
def run(
    of: Run,
    out: Out,
    perspective: Perspective = None,
    workbook: Annotated[
        Path | None, option("FILE.xlsx", "Write the workbook too, as report does.", "--workbook", read=new_workbook)
    ] = None,
) -> None:
    """Run a scenario and print the answer."""
    from costmodel.report.answer import page

    loaded = of.load()
    perspective = perspective_of(loaded, perspective)
    result = of.run(loaded)
    out.give(page(result, perspective))
    if workbook is not None:
        _write_workbook(result, workbook, "--workbook")


@command()
def incremental(of: Run, out: Out, perspective: Perspective = None) -> None:
    """Compare each strategy with the next best one: who is dominated, and what each step along the frontier costs."""
    loaded = of.load()
    perspective = perspective_of(loaded, perspective)
    out.give(steps(of.run(loaded, strata=False), perspective).page())


@command()
def explain(
    a: Annotated[Path, argument("A", "A model file, an overlay, or a name as panic.")],
    b: Annotated[Path, argument("B", "The same; --set and --fix change this one.")],
    out: Out,
    order: Annotated[Path | None, option("FILE.yaml", "Walk the steps of this file, in its order.", "--order")] = None,
    outcome: Annotated[str, option("NAME", "Of the rows of run --json: net_saving, qaly, nmb and others.")] = (
        "net_saving"
    ),
    perspective: Perspective = None,
    strategy: Annotated[str | None, option("NAME", "Which strategy; the second one if left out.")] = None,
    horizon: Annotated[str | None, option("DURATION", "When it is read; each one's follow-up if left out.")] = None,
    discounted: Annotated[bool, typer.Option("--discounted", help="Discount the money of the outcome.")] = False,
    set_: Set = None,
    fix: Fix = None,
    draws: Draws = DRAWS_OF_EXPLAIN,
    seed: Seed = SEED,
) -> None:
    """Say why two runs differ: what each change moves on average over orders, or along one order."""
    from costmodel.analysis.explain import explain

    first, second = scenario_of(a, None, None, None), scenario_of(b, set_, fix, None)
    months = None if horizon is None else duration(second, horizon)
    with busy("Running what lies between …"):
        found = explain(
            first, second, order, outcome=outcome, perspective=perspective_of(first, perspective), strategy=strategy,
            horizon=months, discounted=discounted or None, draws=draws, seed=seed,
        )  # fmt: skip
    out.give(found.page())


@command()
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="A B [C [D]]", help="Files, names as panic, or links of the dashboard (?s=…)."),
    ],
    out: Out,
    perspective: Perspective = None,
    strategy: Annotated[str | None, option("NAME", "Which strategy; the second of each if left out.")] = None,
    horizon: Annotated[str | None, option("DURATION", "When all are read; each one's follow-up if left out.")] = None,
    explained: Annotated[
        str | None, option("AB", "Two letters: what moves the net saving from one to the other.", "--explain")
    ] = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
) -> None:
    """Lay two to four scenarios side by side: what differs, what comes of each, and how far apart that is."""
    from costmodel.analysis.comparison import compare
    from costmodel.report.link import is_link, linked

    opened, said = [], list[str]()
    for name in scenarios:
        if is_link(name):
            scenario, left = linked(name)
            said += left
        else:
            scenario = scenario_of(Path(name), None, None, None)
        opened.append(scenario)
    months = None if horizon is None else duration(opened[0], horizon)
    with busy("Running each …"):
        found = compare(
            opened, perspective=perspective_of(opened[0], perspective), strategy=strategy, horizon=months,
            draws=draws, seed=seed,
            explained=None if explained is None else explained.upper(),
        )  # fmt: skip
    page = found.page()
    out.give(replace(page, warnings=(*page.warnings, *said)))


@command()
def purse(of: Run, out: Out, perspective: Perspective = None) -> None:
    """What is spent on these people without the therapy, by channel and payer, and what share of it goes."""
    loaded = of.load()
    perspective = perspective_of(loaded, perspective) if perspective else None
    out.give(what_is_spent(of.run(loaded, strata=False), perspective).page())


@command()
def budget(of: Changed, plan: Planned, out: Out, perspective: Perspective = None, strategy: Strategy = None) -> None:
    """What a service's plan costs each payer by financial year, what comes back as value and as cash, and who waits."""
    from costmodel.analysis.budget import budget

    loaded = of.load()
    perspective, asked = perspective_of(loaded, perspective), plan.read()
    result = costmodel.run(loaded, draws=0, strata=False)
    out.give(budget(result, asked, strategy=strategy, perspective=perspective).page())


@command()
def report(
    of: Run,
    output: Annotated[
        Path, option("FILE", "The file to write: .xlsx, .html, .md or .json.", "-o", "--output", read=new_file)
    ],
    form: Annotated[
        Literal["xlsx", "html", "md", "json"] | None, typer.Option("--format", help="As FILE ends, if left out.")
    ] = None,
    people: Annotated[int | None, option("N", "People who start.", "--people", read=whole_number)] = None,
    perspective: Perspective = None,
    strategy: Strategy = None,
    over: Annotated[str | None, option("DURATION", "Count money over this time; to the horizon if left out.")] = None,
    what: Annotated[
        Literal["board", "business-case"], typer.Option("--for", help="The board page, or what may be said of it.")
    ] = "board",
) -> None:
    """Run a scenario and write the workbook that recomputes it, or the board page: one answer on two sheets of A4."""
    from costmodel.report.workbook import named_as_workbook

    ending = output.suffix.lower().removeprefix(".")
    if (form or ending) not in ("html", "md", "json"):
        named_as_workbook(output, "-o")
        if perspective or strategy or over or what != "board":
            remedy = "Leave --perspective, --strategy, --over and --for out."
            raise InputError.at(f"-o {output}", "a workbook has every payer, strategy and time", remedy)
    elif form not in (None, ending):
        raise InputError.at(f"-o {output}", f"a page as {form} ends in .{form}", f"Write {output.stem}.{form}.")
    if people is not None:
        of = replace(of, set_=[*(of.set_ or ()), f"people={people}"])
    if ending == "xlsx":
        _write_workbook(of.run(), output, "-o")
    else:
        from costmodel.report.board import board
        from costmodel.report.business_case import business_case

        loaded = of.load()
        result, months = _run_over(of, loaded, over)
        found = board(result, perspective_of(loaded, perspective), months, strategy)
        _write_page(found.page() if what == "board" else business_case(found).page(), output)
    print(f"{output} written.")


def _run_over(of: Run, scenario: costmodel.Scenario, over: str | None) -> tuple[costmodel.Result, float | None]:
    """A run, and the months over which money counts: a time of the run or another; None: to the horizon."""
    months = None if over is None else duration(scenario, over)
    if months in (None, scenario.model.follow_up.months, scenario.model.horizon.months):
        return of.run(scenario, strata=False), months
    if of.draws_from is not None or of.sampling != "random":
        remedy = "Leave out --draws-from and --sampling, or give this time as --horizon."
        raise InputError.at("--over", "another time is asked of draws that are made here alone", remedy)
    with busy("Running …"):
        return run_at(scenario, (scenario.model.follow_up.months, float(months or 0)), of.draws, of.seed), months


def _write_page(page: Page, path: Path) -> None:
    """Write a page as the file's name ends."""
    from costmodel.report import render

    as_said = {".html": render.html, ".md": render.markdown}.get(path.suffix.lower())
    write_text(path, as_said(page) if as_said else render.text(render.document(page)), "-o")


def _write_workbook(result: costmodel.Result, path: Path, option: str) -> None:
    from costmodel.report import workbook

    with busy("Writing the workbook …"):
        workbook.write(result, path, option)


@command()
def draws(
    of: Run,
    output: Annotated[Path, option("FOLDER", "The folder to write; made if new.", "-o", "--output")],
) -> None:
    """Write the draws with their costs and effects, in columns as SAVI and BCEA read them."""
    from costmodel.report.saved import write_draws

    for path in write_draws(of.run(), output):
        print(f"{path} written.")


@command("import")
def import_(
    file: Annotated[Path, argument("FILE", "A workbook with values of your own, or a file of saved changes.")],
    output: Annotated[Path, option("FILE.yaml", "The overlay to write.", "-o", "--output")],
    scenario: Annotated[
        Path | None, argument("SCENARIO", "What the file belongs to, where it does not say itself.")
    ] = None,
    chosen: Annotated[Path | None, option("SCENARIO", "The same.", "--scenario")] = None,
    label: Annotated[str, option("NAME", "The overlay's word in menus.")] = "imported",
    as_json: Json = False,
) -> None:
    """Write the values typed into a workbook, or saved changes, as an overlay of their scenario."""
    from costmodel.report import imported

    if scenario is not None and chosen is not None:
        raise InputError.at("--scenario", "the scenario is named twice", "Keep one.")
    tell(as_json, imported.bring(file, scenario or chosen, output, label).page())


@command()
def local(
    of: Changed,
    out: Out,
    service: Annotated[Path | None, option("FILE.csv", "A row a month: contacts, people, prices.")] = None,
    cohort: Annotated[
        Path | None, option("FILE.csv", "A column and its value a row: who they are, what they use.")
    ] = None,
    output: Annotated[
        Path | None, option("FILE", "The overlay to write; with --template the folder.", "-o", "--output")
    ] = None,
    strategy: Strategy = None,
    template: Annotated[bool, typer.Option("--template", help="Write both files, empty, for this scenario.")] = False,
    label: Annotated[str, option("NAME", "The overlay's word in menus.")] = "your_service",
) -> None:
    """Read a service's own extract into an overlay, each change with its columns; or write the two files to fill in."""
    from costmodel.analysis import local as analysis

    loaded = of.load()
    if template:
        _write_templates(analysis.template(loaded, strategy), output or Path(), (service, cohort))
        return
    found = analysis.local(loaded, service, cohort, strategy)
    if output is not None:
        from costmodel.report import saved

        base = found.scenario.base or found.scenario
        text = saved.explained(found.scenario, found.reasons, label, saved.path_from(output, base.path), found.words)
        load_text(text, output)
        write_whole(output, lambda path: path.write_bytes(text))
    out.give(found.page())
    if output is not None and not out.as_json:
        print(f"{output} written.")


def _write_templates(texts: Mapping[str, str], folder: Path, given: Sequence[Path | None]) -> None:
    """Write the files to fill in, and none over another."""
    if any(one is not None for one in given):
        raise InputError.at("--template", "files are written or read", "Leave --service and --cohort out.")
    for name in texts:
        if os.path.lexists(folder / name):
            raise InputError.at(f"-o {folder}", f"there is a {name} already", "Name another folder.")
    for name, text in texts.items():
        write_whole(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
        print(f"{folder / name} written.")


@command()
def schema(
    kind: Annotated[
        Literal["model", "setting", "overlay", "sources", "locked"],
        typer.Option(help="Which file the schema describes."),
    ] = "model",
) -> None:
    """Print the JSON schema of a scenario's files, for editors."""
    print(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))


@command()
def dashboard(
    port: Annotated[
        int | None,
        typer.Argument(parser=whole_number("PORT"), metavar="[PORT]", help="8501, or any free one, if left out."),
    ] = None,
) -> None:
    """Serve the dashboard to this machine and print its address."""
    if port is not None and not 1 <= port <= HIGHEST_PORT:
        raise InputError.at("PORT", f"there is no port {port}", f"Write a number from 1 to {HIGHEST_PORT}.")
    if find_spec("streamlit") is None:
        remedy = 'Install it with its extra: pip install "psychotherapy-costmodel[app]".'
        raise InputError.at("dashboard", "the dashboard needs the package streamlit", remedy)
    from costmodel.app.serve import serve

    serve(port)
