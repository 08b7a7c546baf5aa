"""Commands about the draws of a run: how sure the answer is, and how much of it nobody has observed."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from costmodel.analysis.beyond import beyond as look_beyond
from costmodel.analysis.probabilistic import psa as analyse
from costmodel.cli.options import (
    Csv,
    Draws,
    DrawsFrom,
    Fix,
    Horizon,
    Json,
    OnePerspective,
    Sampled,
    ScenarioFile,
    Seed,
    Set,
    Workers,
    busy,
    drawn_from,
    give,
    run_with_words,
    scenario_of,
)
from costmodel.cli.program import app
from costmodel.errors import InputError, nearest
from costmodel.model.run import DRAWS, SEED
from costmodel.report import files
from costmodel.scenario.build import Scenario

Strategy = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this strategy beside the first one; all if left out.")
]


@app.command()
def psa(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    strategy: Strategy = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
    workers: Workers = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Say how sure the answer is: chances by month, intervals, wrong decisions, the unlucky tenth, and how exactly."""
    from costmodel.report import render

    if draws == 0 and draws_from is None:
        raise InputError.at(
            "--draws 0", "without draws nothing is known of chances", "Write 2 or more; 2,000 is usual."
        )
    loaded, wanted = _prepared(scenario, set_, fix, horizon, strategy, csv)
    loaded, draws, given = drawn_from(draws_from, loaded, draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, workers=workers, **given)
    with busy("Looking at the draws, and beyond the evidence …"):
        page = analyse(result).page(perspective, wanted)
        after = look_beyond(result, workers=workers).page(perspective, wanted)
    data = dict(page.data) | {"beyond": render.records(after.rows)}
    give(replace(page, blocks=(*page.blocks, *after.blocks), data=data), as_json, csv)


@app.command()
def beyond(
    scenario: ScenarioFile,
    set_: Set = None,
    fix: Fix = None,
    horizon: Horizon = None,
    perspective: OnePerspective = None,
    strategy: Strategy = None,
    draws: Draws = DRAWS,
    seed: Seed = SEED,
    sampling: Sampled = "random",
    draws_from: DrawsFrom = None,
    workers: Workers = None,
    as_json: Json = False,
    csv: Csv = None,
) -> None:
    """Say how much of the saving nobody has observed, and what is left if effects end with observation."""
    loaded, wanted = _prepared(scenario, set_, fix, horizon, strategy, csv)
    loaded, draws, given = drawn_from(draws_from, loaded, draws)
    result = run_with_words(loaded, draws, seed, sampling=sampling, workers=workers, **given)
    with busy("Running it with other ends of the effects …"):
        found = look_beyond(result, workers=workers)
    give(found.page(perspective, wanted), as_json, csv)


def _prepared(
    scenario: Path, set_: list[str] | None, fix: list[str] | None, horizon: str | None, strategy: str | None,
    csv: Path | None,
) -> tuple[Scenario, list[str] | None]:  # fmt: skip
    """The scenario with what the options change, and the strategies that are asked for."""
    if csv is not None:
        files.check_folder(csv, "--csv")
    loaded = scenario_of(scenario, set_, fix, horizon)
    others = list(loaded.model.strategies)[1:]
    if strategy is not None and strategy not in others:
        found = f'there is no strategy "{strategy[:40]}" beside the first one'
        raise InputError.at("--strategy", found, nearest(strategy, others))
    return loaded, None if strategy is None else [strategy]
