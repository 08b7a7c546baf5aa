"""The map of the spectrum: its sentences are true of its table, its shares those of the result, its refusals said."""

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import costmodel as cm
from costmodel.analysis.spectrum import spectrum
from costmodel.analysis.spectrum_map import PUBLISHED, SHARES, Map, Place, bases, mapped, places_of, priced
from costmodel.analysis.verdict import LEADS, WORDS
from costmodel.errors import InputError
from costmodel.model.run import run_at
from costmodel.words import percent
from tests.support.example import example

HOME = Path(__file__).parents[2] / "scenarios"
MONTHS = (12.0, 24.0, 60.0)
DRAWS = 60


@pytest.fixture(scope="module")
def result() -> cm.Result:
    return run_at(cm.load("high_users"), MONTHS, DRAWS, 1, alone=True)


@pytest.fixture(scope="module")
def central() -> cm.Result:
    return run_at(cm.load("panic"), MONTHS, 0, 1, alone=True)


def found(result: cm.Result, months: float | None = 60.0, payer: str = "nhs", price: str | None = None) -> Map:
    return mapped(places_of(result, "here", result.horizons), result.setting, payer, months, price)


def place(
    words: tuple[str, ...], withheld: str = "", number: int = 0, drawn: bool = True, saving: float = 1.0
) -> Place:
    """A place with a verdict."""
    return Place(
        "here", f"people {number}", "therapy", "Therapy", "nhs", 60.0, False, "", 100.0, None, None, 1_000.0, None,
        None, saving, 0.1, "10%", 0.05, None, None, words, withheld, None, drawn,
    )  # fmt: skip


@pytest.mark.parametrize("payer", ["nhs", "societal"])
@pytest.mark.parametrize("months", MONTHS)
def test_shares_and_verdicts_are_those_of_the_result(result: cm.Result, payer: str, months: float) -> None:
    (one,) = found(result, months, payer).places
    table = result.table()
    asked = table[(table.perspective == payer) & (table.horizon_months == months) & (table.run == "expected")]

    def told(outcome: str, channel: str = "all") -> float:
        rows = asked[(asked.outcome == outcome) & (asked.channel == channel) & ~asked.discounted.astype(bool)]
        return float(rows.value.iloc[0])

    assert one.spent == pytest.approx(told("purse"))
    assert one.needed == pytest.approx(told("share_needed"))
    assert one.taken == pytest.approx(told("share_achieved"))
    assert one.needed == pytest.approx(one.course / one.spent)
    line = cm.verdict(result, payer, months)
    assert (one.words, one.withheld, one.chance) == (line.words, line.withheld, line.chance)


@pytest.mark.parametrize("words", [*itertools.combinations(WORDS, 2), *((word,) * 2 for word in WORDS)])
def test_the_first_sentence_counts_those_that_repay_and_those_that_are_likely_to(
    result: cm.Result, words: tuple[str, str]
) -> None:
    places = tuple(place((word,), number=number) for number, word in enumerate(words))
    first, *rest = replace(found(result), places=places).sentences()
    yes, likely = words.count("yes"), words.count("likely")
    repay = {0: "None of 2 therapies repays", 1: "1 of 2 therapies repays", 2: "All of 2 therapies repay"}[yes]
    more = {0: "", 1: "; 1 is likely to", 2: "; 2 are likely to"}[likely]
    assert first == f"{repay} the NHS within 5 years{more}."
    lines = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in rest[:-1]}
    for number, word in enumerate(words):
        assert f"Therapy (people {number})" in lines[LEADS[word]]
    assert sum(line.count("people") for line in rest[:-1]) == 2


def test_two_of_three_repay(result: cm.Result) -> None:
    places = tuple(place((word,), number=number) for number, word in enumerate(("yes", "yes", "no")))
    assert next(replace(found(result), places=places).sentences()) == "2 of 3 therapies repay the NHS within 5 years."


def test_what_has_no_word_is_counted_nowhere_and_said(result: cm.Result) -> None:
    places = (place((), "therapy still runs"), place(("no",), number=1))
    first, *rest = replace(found(result), places=places).sentences()
    assert first == "None of 1 therapy repays the NHS within 5 years."
    assert "No word: therapy still runs: Therapy (people 0)." in rest


def test_without_draws_it_says_that_it_is_an_estimate(central: cm.Result) -> None:
    first, second, *_ = found(central).sentences()
    assert first == "None of 2 therapies repays the NHS within 5 years, at central values."
    assert second.startswith("Does not repay at central values: ")
    assert all(one.saving < 0 for one in found(central).places)


def test_the_nearest_is_the_one_that_needs_the_smallest_share(central: cm.Result) -> None:
    the_map = found(central)
    *_, last = the_map.sentences()
    near = min(the_map.places, key=lambda one: one.needed or math.inf)
    assert near.name in last
    assert f"{percent(near.needed or 0.0, 2)}; the evidence takes out {percent(near.taken or 0.0, 2)}" in last


def test_points_stand_where_the_table_has_them_and_lines_join_equal_shares(result: cm.Result) -> None:
    the_map = found(result)
    figure = the_map.figure().figure
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    for share, line in zip(SHARES, lines, strict=True):
        assert [x / y for x, y in zip(line.x, line.y, strict=True)] == pytest.approx([share, share])
    (points,) = [trace for trace in figure.data if trace.customdata is not None]
    (one,) = the_map.places
    assert (points.x, points.y) == ((one.course,), (one.spent,))
    assert points.error_y.array[0] == pytest.approx(one.spent_high - one.spent)  # type: ignore[operator]
    assert list(points.customdata[0]) == ["here", "pit"]


def test_a_basis_of_prices_acts_on_all_that_have_it_and_the_others_are_named() -> None:
    scenario = cm.load("panic")
    dearer = priced(scenario, "staff_band_8a")
    (before, *_), (after, *_) = (places_of(cm.run(one, draws=0), "panic", [15]) for one in (scenario, dearer))
    assert after.course > before.course
    assert after.spent == before.spent
    assert after.price == "staff_band_8a"
    assert bases(scenario)["session_price"] >= {"staff_band_8a", "talking_therapies"}
    assert priced(scenario, "published_model") is scenario
    kept = mapped([before], scenario.setting, before.perspective, 15, "published_model")
    assert any("on their own basis: Panic-focused" in line for line in kept.page().sentences)


def test_M1_a_basis_that_no_population_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='Did you mean "staff_band_7"'):
        spectrum([HOME / "panic" / "model.yaml"], price="staff_band_77", draws=0)


def test_M2_a_time_at_which_no_population_has_an_answer_and_one_at_which_one_has_none(tmp_path: Path) -> None:
    near, far = example(tmp_path / "near"), example(tmp_path / "far", horizon="20 years")
    with pytest.raises(InputError, match="no population has an answer at 30 years"):
        spectrum([near, far], draws=0, horizon=360)
    said = spectrum([near, far], draws=0, horizon=240)
    assert {line.population for line in said.lines} == {"far"}
    assert {line.months for line in said.lines} == {240}
    assert "Not on the map: near, which has no answer at that time." in said.page().sentences


def test_published_figures_are_those_of_their_sources() -> None:
    sources: dict[str, str] = {}
    for path in (*HOME.glob("*sources.yaml"), *HOME.glob("*/sources.yaml")):
        sources |= {name: str(one) for name, one in yaml.safe_load(path.read_text("utf-8"))["sources"].items()}
    claims = (HOME / "claims" / "claims.yaml").read_text("utf-8")
    rows = list(csv.DictReader((HOME / "data" / PUBLISHED).read_text("utf-8").splitlines()))
    assert rows
    for row in rows:
        ids = row["source"].split(", ")
        assert all(one in sources for one in ids), row["id"]
        texts = " ".join(sources[one] for one in ids).replace(",", "") + claims
        for figure in (row["course"], row["spent_a_year"]):
            assert figure in texts, (row["id"], figure)


def test_what_was_published_stands_beside_its_population_for_as_long_as_the_map_looks() -> None:
    result = cm.run(cm.load("high_users"), draws=0)
    places = places_of(result, "high_users", [12, 24] if 12 in result.horizons else result.horizons[:1])
    one = mapped(places, result.setting, "nhs", places[0].horizon_months, None)
    assert [row.id for row in one.beside] == ["M002", "M003"]
    years = places[0].horizon_months / 12
    assert one.beside[0].spent == pytest.approx(2_000 * years)
    assert one.beside[0].share == pytest.approx(650 / (2_000 * years))
