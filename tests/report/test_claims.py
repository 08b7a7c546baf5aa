"""Every claim of every sentence is true of its run. The list of claims is in `tests.support.claims`."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import costmodel as cm
from costmodel.analysis.sensitivity import inputs
from costmodel.analysis.verdict import PERSISTS, SHOWN_KINDS, STOPS
from tests.support.claims import PAYERS, Claims
from tests.support.pounds import PERSPECTIVES

ROOT = Path(__file__).parents[2] / "scenarios"
FILES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.glob("*/*.yaml")
    if (text := path.read_text("utf-8"))
    and re.search(r"^(extends|strategies):", text, re.M)
    and path.parent.name != "psychosis"
)
DRAWS = 200
A_FILE, A_FILE_LONG = 3, 40
"""Changes of each file. `benchmarks/claims.py` makes 200."""
AT_BOUNDS, UNDER_OVERLAYS, DETERMINISTIC = 1 / 3, 1 / 8, 1 / 10
SEED = int(os.environ.get("RANDOM_SEED", "1"))
"""Another takes other changes."""


@cache
def loaded(path: Path) -> cm.Scenario:
    return cm.load(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the scenarios, in which overlays can be written beside them."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("claims") / "scenarios"))


def random_change(scenario: cm.Scenario, random: np.random.Generator) -> dict[str, object]:
    """One to three changes: numbers within their spread or at the ends of what is allowed, options, times, people."""
    change: dict[str, object] = {}
    free = inputs(scenario)
    choices = [name for name, one in scenario.parameters.items() if one.one_of]
    for _ in range(random.integers(1, 4)):
        kind = str(random.choice(["number", "number", "number", "horizon", "people", "beyond_follow_up", "option"]))
        if kind == "number":
            one = free[random.integers(len(free))]
            low, high = one.limits if random.random() < AT_BOUNDS else (one.spread.low, one.spread.high)
            ends = [end for end in (low, high) if np.isfinite(end)]
            value = (
                random.choice(ends) if random.random() < AT_BOUNDS else random.uniform(one.spread.low, one.spread.high)
            )
            change[one.name] = float(value / one.price_factor)
        elif kind == "horizon":
            least = scenario.model.follow_up.months
            change[kind] = f"{int(np.ceil(least / 12)) + random.integers(0, 12)} years"
        elif kind == "people":
            change[kind] = int(random.choice([1, 7, 100, 12_345, 1_000_000]))
        elif kind == "beyond_follow_up":
            change[kind] = str(random.choice(["effects cease", "effects persist", "gap closes"]))
        elif choices:
            name = str(random.choice(choices))
            change[name] = str(random.choice(list(scenario.parameters[name].one_of or {})))
    return change


def as_an_overlay(path: Path, change: dict[str, object], number: int) -> cm.Scenario:
    """The same changes as a file that extends another."""
    scenario = loaded(path)
    paths = {}
    for name, value in change.items():
        key = "use" if isinstance(value, str) else "value"
        paths[name if name not in scenario.parameters else f"parameters.{name}.{key}"] = value
    same = [name for name, value in paths.items() if scenario.tree.data.get(name) == value]
    content = {
        "format": 1,
        "extends": path.name,
        "label": f"overlay {number}",
        "change": {k: v for k, v in paths.items() if k not in same},
    }
    file = path.with_name(f"claims_{path.stem}_{number}.yaml")
    file.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    return cm.load(file)


def spoken_of(scenario: cm.Scenario) -> cm.Scenario:
    """With those conventions about money alone that a sentence names: prices, forms, savings that stop and persist."""
    declared = scenario.model.money_alternatives
    named = {
        name: one for name, one in scenario.conventions.items()
        if declared[name].kind in SHOWN_KINDS or name in (STOPS, PERSISTS)
    }  # fmt: skip
    return replace(scenario, conventions=named)


def false_claims(path: Path, seed: int, runs: int) -> Iterator[str]:
    """What is said falsely of random changes of a scenario file, with the changes that show it."""
    random = np.random.default_rng([seed, FILES.index(str(path.relative_to(path.parents[1])))])
    refused = 0
    for number in range(runs):
        change = random_change(loaded(path), random)
        overlaid, draws = random.random() < UNDER_OVERLAYS, 0 if random.random() < DETERMINISTIC else DRAWS
        try:
            scenario = as_an_overlay(path, change, number) if overlaid else loaded(path).changed(change)
            result = cm.run(spoken_of(scenario), draws=draws, seed=seed % 1_000 + number, workers=1, strata=False)
        except cm.InputError:
            refused += 1
            continue
        pictured = str(random.choice(result.strategies[1:]))
        for strategy in result.strategies[1:]:
            claims = Claims(result, strategy, str(random.choice(list(PERSPECTIVES))))
            faults = claims.faults(claims.sentences(charts_too=strategy == pictured))
            yield from (f"{path.name}, {strategy}, {change}{' (overlay)' * overlaid}: {fault}" for fault in faults)
    assert refused < max(0.7 * runs, 5), f"{refused} of {runs} changes of {path.name} were refused: little was read"


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_of_a_changed_scenario_is_true(folder: Path, name: str) -> None:
    print(f"RANDOM_SEED={SEED}")
    assert list(false_claims(folder / name, SEED, A_FILE)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_what_is_said_of_every_changed_scenario_is_true(folder: Path, name: str) -> None:
    assert list(false_claims(folder / name, SEED + 1, A_FILE_LONG)) == []


@cache
def told() -> Claims:
    """A run of which much can be said: priced by the user, effects that end and effects that last."""
    scenario = cm.load(ROOT / "depression_short_term" / "model.yaml").changed({"session_price": 120, "people": 40})
    return Claims(cm.run(scenario, draws=DRAWS), "stpp", "public_sector")


def swapped(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text)


FALSEHOODS = {
    "a payer that was not chosen": ("headline", swapped("the public sector", "the NHS")),
    "a cost told as a saving": (
        "headline",
        swapped(r"costs the public sector (£[\d,]+) more", r"saves the public sector \1"),
    ),
    "an interval from elsewhere": ("headline", swapped(r"interval £[\d,]+", "interval £12")),
    "a horizon that is not that of the run": ("lines", swapped("within 5 years", "within 10 years")),
    "more simulations than paid back": ("lines", swapped(r"\(none in 100", "(98 in 100")),
    "a word for another chance": ("lines", swapped("does not repay", "open whether it repays")),
    "health on the other side of the range": ("lines", swapped("(above|in) NICE", "below NICE")),
    "a price at which fewer are back": ("verdict", swapped(r"at £[\d,.]+ a session", "at £999 a session")),
    "effects that cease where some last": (
        "beside",
        swapped(r"\(1 effect .+by then\)", "(effects cease from then on)"),
    ),
    "the user's price credited to a source": ("beside", swapped("your own figure", "NHS average cost of a contact")),
    "the default price where another is used": ("beside", swapped("£120 a session", "£173.55 a session")),
    "most of what comes back from less than half": (
        "bridge",
        swapped("therapy comes back.+", "therapy comes back, most of it from hospital."),
    ),
    "an entry in the place of its values": ("changes", swapped("→ .+", "→ a new entry")),
}


@pytest.mark.parametrize("falsehood", FALSEHOODS)
def test_a_planted_falsehood_is_found(falsehood: str) -> None:
    kind, plant = FALSEHOODS[falsehood]
    true = {kind: told().sentences()[kind]}
    false = {kind: [plant(text) for text in true[kind]]}
    assert false != true, true
    assert told().faults(true) == []
    assert told().faults(false) != []


def test_what_is_checked_is_said_of_every_payer() -> None:
    assert set(PAYERS) == set(PERSPECTIVES)
    said = told().sentences()
    assert [kind for kind in said if not said[kind]] == ["structures"]
