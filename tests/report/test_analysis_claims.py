"""Every claim of the analyses' sentences is true. The list of claims is in `tests.support.analysis_claims`."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import costmodel as cm
from costmodel.analysis.spectrum import _lines
from tests.report.test_claims import FILES, ROOT, SEED, loaded, random_change
from tests.support.analysis_claims import (
    Analysed,
    false_of_break_even,
    false_of_spectrum,
    false_of_tornado,
    said_of_spectrum,
)
from tests.support.claims import PAYERS
from tests.support.example import REMOVED, load_example
from tests.support.pounds import PERSPECTIVES

DRAWS = 200
A_FILE_LONG = 4
AT_ONCE = 2
"""Files of a run that is not long, one change each, others for another seed."""


def false_claims(path: Path, seed: int, runs: int) -> Iterator[str]:
    """What analyses say falsely of random changes of a scenario file, with the changes that show it."""
    random = np.random.default_rng([seed, FILES.index(str(path.relative_to(path.parents[1]))), 1])
    for number in range(runs):
        change = random_change(loaded(path), random)
        perspective = str(random.choice(list(PERSPECTIVES)))
        try:
            scenario = loaded(path).changed(change)
            result = cm.run(scenario, draws=DRAWS, seed=number + 1, workers=1)
        except cm.InputError:
            continue
        strategy = str(random.choice(result.strategies[1:]))
        about = f"{path.name}, {strategy}, {perspective}, {change}"
        claims = Analysed(result, strategy, perspective)
        yield from (f"{about}: {fault}" for fault in claims.faults(claims.analysed()))
        of = {"strategy": strategy, "perspective": perspective}
        others = (
            false_of_tornado(cm.tornado(scenario, **of)),
            false_of_break_even(cm.break_even(scenario, **of)),
            false_of_spectrum(list(_lines(path.parent.name, result, ["nhs", "nhs_pss"], None))),
        )
        yield from (f"{about}: {fault}" for faults in others for fault in faults)


@pytest.mark.parametrize("draws", [0, 30])
@pytest.mark.parametrize("perspective", ["nhs", "public_sector"])
def test_of_a_therapy_that_changes_nothing_there_is_nothing_to_pay_back(
    tmp_path: Path, draws: int, perspective: str
) -> None:
    """No “£0 more”, no “not within 5 years” where nothing is paid: the household pays for what has no effect."""
    idle = {"strategies.therapy.effects": REMOVED, "strategies.therapy.therapy.paid_by": "household"}
    result = cm.run(load_example(tmp_path, **idle), draws=draws)
    claims = Analysed(result, "therapy", perspective)
    said = claims.sentences() | (claims.analysed() if draws else {})
    assert said["lines"][0] == f"Money: no course for {PAYERS[perspective]} to repay"
    for kind in ("cash", "curve", *(["by_when", "beyond"] if draws else [])):
        assert "nothing to pay back" in " ".join(said[kind]), kind
    assert claims.faults(said) == []


@pytest.mark.parametrize("turn", range(AT_ONCE))
def test_what_analyses_say_of_a_changed_scenario_is_true(turn: int) -> None:
    name = FILES[(SEED * AT_ONCE + turn) % len(FILES)]
    print(f"{name}, RANDOM_SEED={SEED}")
    assert list(false_claims(ROOT / name, SEED, 1)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_what_analyses_say_of_every_changed_scenario_is_true(name: str) -> None:
    assert list(false_claims(ROOT / name, SEED + 1, A_FILE_LONG)) == []


@cache
def told() -> Analysed:
    """A run with draws that pay back and others that do not."""
    scenario = cm.load(ROOT / "borderline" / "symptoms_favourable.yaml")
    return Analysed(cm.run(scenario, draws=DRAWS, workers=1, strata=False), "mbt_outpatient", "nhs")


@cache
def said() -> dict[str, list[str]]:
    return told().analysed()


def swapped(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, count=1)


FALSEHOODS = {
    "a payer that was not chosen": ("by_when", swapped("The NHS", "Society")),
    "a chance of another horizon": ("by_when", swapped(r"in \w+ of 100", "in 99 of 100")),
    "a percentile sooner than it is": ("by_when", swapped(r"the 25th \S+ .+?(?=,|\.)", "the 25th after 1 month")),
    "an interval from elsewhere": ("how_much", swapped(r"95 of 100 between \S+", "95 of 100 between £3")),
    "the mean as the worst tenth": (
        "how_much",
        swapped(r"tenth comes to \S+", "tenth comes to £1"),
    ),
    "a quarter that is empty": ("how_much", swapped("(more|less) health", "no health")),
    "a choice that loses nothing": ("decision", swapped("still loses .+ always the best", "loses nothing")),
    "enough draws where more are needed": ("exact", swapped("It would take about .+ draws", "That is enough")),
    "higher told as lower": ("central", swapped("(higher|lower) than", "nothing than")),
    "all of the saving unobserved": ("beyond", swapped(r"\d+% of the saving", "all of the saving")),
    "a stop with another's saving": ("beyond", swapped(r"net saving \S+", "net saving £12")),
    "another stop as the scenario's own": ("beyond", swapped(r" \(as the scenario says\)", "")),
}


@pytest.mark.parametrize("falsehood", FALSEHOODS)
def test_a_planted_falsehood_is_found(falsehood: str) -> None:
    kind, plant = FALSEHOODS[falsehood]
    true = {kind: said()[kind]}
    false = {kind: [plant(text) for text in true[kind]]}
    assert false != true, true
    assert told().faults(true) == []
    assert told().faults(false) != []


def test_a_planted_falsehood_of_one_input_is_found() -> None:
    of = {"strategy": "mbt_outpatient", "perspective": "nhs"}
    scenario = told().result.scenario
    tornado, roots = cm.tornado(scenario, **of), cm.break_even(scenario, **of)
    lines = list(_lines("borderline", told().result, ["nhs"], None))
    page = said_of_spectrum(lines)
    assert [*false_of_tornado(tornado), *false_of_break_even(roots), *false_of_spectrum(lines)] == []
    for old, new in ((r"most: \S+", "most: £3"), (r"; \S+ in the det", "; £3 in the det"), ("“.+?”", "“Another”")):
        assert list(false_of_tornado(tornado, swapped(old, new)(tornado.takeaway))), old
    other = {"is met": "is not met", "is not met": "is met"}
    for old, new in ((r"is (not )?met(?= at)", lambda found: other[found[0]]), (r" at \S+,", " at 99%,")):
        assert list(false_of_break_even(roots, re.sub(old, new, roots.takeaway))), old
    for old, new in (
        (r"session price of \S+", "session price of £9,000"),
        (r"costs it (£\S+ a year|no level)", "costs it £3 a year"),
        (r"now £[\d,]+\)(?=\. Main)", "now £3)"), (r"threat: (.+): \S+ at", r"threat: \1: £3 at"),
    ):  # fmt: skip
        assert list(false_of_spectrum(lines, [swapped(old, new)(text) for text in page])), old
