"""Sentences whose untruth had a cause of its own: a choice, an entry, a price, a bill without an effect."""

from pathlib import Path

import pandas as pd
import pytest

import costmodel as cm
from costmodel.report.charts import bridge_title
from costmodel.report.sentence import answer
from costmodel.scenario.load import catalogue
from costmodel.scenario.overlay import Change
from costmodel.words import qalys
from tests.support.example import example, load_example
from tests.support.pounds import POUNDS, money, short_money

PRICE = {"unit": "GBP per session", "price_year": "2024/25", "source": "X001", "status": "assumption"}
OPTIONS = {
    "parameters.full": PRICE | {"label": "Full cost", "value": 100},
    "parameters.staff": PRICE | {"label": "Staff cost", "value": 55},
    "parameters.basis": {"label": "Price basis", "unit": "GBP per session", "use": "full"}
    | {"one_of": {"full": "full", "staff": "staff"}},
    "strategies.therapy.therapy.price": "basis",
    "parameters.session_price": PRICE | {"label": "Unused", "value": 1},
}


def price_line(scenario: cm.Scenario) -> str:
    return next(line for line in answer(cm.run(scenario, draws=0)).beside if line.startswith("Price basis"))


def test_an_option_takes_the_place_of_a_number_of_ones_own(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **OPTIONS)
    own = scenario.changed({"basis": 200})
    assert own.central["basis"] == 200
    assert own.changed({"basis": "staff"}).central["basis"] == 55
    assert own.changed({"basis": "full"}).sha256 == scenario.sha256
    held = scenario.changed({"basis": 200}, fix=True)
    assert held.changed({"basis": "staff"}).sha256 == scenario.changed({"basis": "staff"}).sha256
    both = {"parameters.basis.use": "staff", "parameters.basis.value": 200}
    assert scenario.changed(both).sha256 == scenario.changed(dict(reversed(both.items()))).sha256


def test_a_price_is_credited_to_whoever_gave_it(tmp_path: Path) -> None:
    scenario = load_example(tmp_path, **OPTIONS)
    assert "£100 a session (full cost)" in price_line(scenario)
    assert "£200 a session (your own figure)" in price_line(scenario.changed({"basis": 200}))
    assert "£60 a session (your own figure)" in price_line(scenario.changed({"full": 60}))
    assert "£55 a session (staff cost)" in price_line(scenario.changed({"basis": 200}).changed({"basis": "staff"}))
    assert "£70 a session (the figure of “dearer”)" in price_line(scenario.changed({"basis": 70}, by="dearer"))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({"a": 1, "b": "x"}, {"a": 2, "b": "x", "c": [1.5, "y"]}, "costs.gp.a: 1 → 2; costs.gp.c: nothing → [1.5, y]"),
        (None, {"a": 1, "b": {"c": 0.25}}, "costs.gp: nothing → {a: 1, b: {c: 0.25}}"),
        ([1, 2], None, "costs.gp: [1, 2] → nothing"),
        ({"a": 1}, None, "costs.gp: {a: 1} → nothing"),
    ],
)
def test_a_change_of_an_entry_lists_its_values(old: object, new: object, text: str) -> None:
    assert str(Change("costs.gp", old, new, "you")) == text


def test_a_price_in_another_currency_than_the_settings_is_refused_once(tmp_path: Path) -> None:
    path = example(tmp_path)
    setting = path.parent / "settings" / "example.yaml"
    text = setting.read_text("utf-8")
    assert "currency: GBP" in text
    setting.write_text(text.replace("currency: GBP", "currency: USD").replace("GBP per", "USD per"), "utf-8")
    with pytest.raises(cm.InputError) as error:
        cm.load(path)
    assert {str(problem).partition("unit: ")[2] for problem in error.value.problems} == {
        f'"GBP per {thing}" is not in the setting\'s currency. '
        f'Did you mean "USD per {thing}"? Then convert the price too.'
        for thing in ("session", "visit")
    }
    path.write_text(path.read_text("utf-8").replace("GBP per", "USD per"), "utf-8")
    assert "USD\xa0" in str(answer(cm.run(cm.load(path), draws=0)))


def test_sessions_that_change_only_the_bill_are_said_to(tmp_path: Path) -> None:
    billed = load_example(tmp_path / "billed")
    assert not any(effect.dose for effect in billed.model.strategies["therapy"].effects.values())
    for notes in (
        cm.tornado(billed).page().sentences,
        cm.break_even(billed).page().sentences,
        cm.grid(billed, "sessions", "attendance").page().sentences,
    ):
        (said,) = [note for note in notes if "only the bill" in note]
        assert said.endswith(": sessions, attendance")
    number = {"source": "X001", "status": "assumption"}
    dose = {"studied": "studied", "least": "least", "shape": "shape"}
    first = next(iter(billed.model.strategies["therapy"].effects))
    dosed = load_example(
        tmp_path / "dosed",
        **{
            f"strategies.therapy.effects.{first}.dose": dose,
            "parameters.studied": number | {"label": "Studied", "unit": "sessions", "value": 16},
            "parameters.least": number | {"label": "Least", "unit": "sessions", "value": 4},
            "parameters.shape": number | {"label": "Shape", "unit": "share", "value": 0.5},
        },
    )
    assert not [note for note in cm.tornado(dosed).page().sentences if "only the bill" in note]


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ({"hospital": -40, "community": -35, "medication": -25}, "the largest part, £40, from hospital."),
        ({"hospital": -60, "community": -40}, "most of it from hospital."),
        ({"hospital": -60}, "all from hospital."),
        (
            {"hospital": -60, "community": 20},
            "£40 of the £1,000 spent on therapy comes back: £60 less on care, all from",
        ),
        ({"hospital": -1_500}, "£1,500, more than the £1,000 spent on therapy comes back, all from hospital."),
        ({"hospital": 30}, "therapy costs the NHS £1,000, and care used costs £30 more."),
    ],
)
def test_what_comes_back_is_called_most_only_over_half(costs: dict[str, float], words: str) -> None:
    assert words in bridge_title(POUNDS, pd.Series({"therapy": 1_000.0, **costs}), "the NHS", "2 years")


def test_the_headline_speaks_of_the_payer_that_was_asked_for(example_result: cm.Result) -> None:
    for perspective, said in (("nhs", "the NHS "), ("public_sector", "the public sector "), ("societal", "society ")):
        words = answer(example_result, perspective=perspective)
        assert f" {said}" in words.headline
        assert "NHS and social care" not in words.headline + "".join(words.beside[:2])


def test_effects_that_run_to_the_horizon_are_not_said_to_cease(tmp_path: Path) -> None:
    scenario = load_example(tmp_path)
    effects = scenario.model.strategies["therapy"].effects
    lasting = scenario.changed({f"strategies.therapy.effects.{name}.until": "horizon" for name in effects})
    said = ["\n".join(answer(cm.run(one, draws=0)).beside) for one in (scenario, lasting)]
    assert "(effects cease from then on)" in said[0]
    assert "(effects are assumed to last to the horizon)" in said[1]


@pytest.mark.parametrize(
    ("amount", "words"),
    [(13.476, "£13"), (-95.4636, "−£95"), (999.4, "£999"), (999.6, "£1,000"), (12_349.9, "£12,300"),
     (0.3451, "£0.35"), (-0.0349, "−£0.03"), (9.996, "£10")],
)  # fmt: skip
def test_money_is_rounded_once(amount: float, words: str) -> None:
    """£13.48 to three figures is £13.5, which is no £14; £0.3451 is £0.345, which is no £0.34."""
    assert money(amount) == words


def test_large_figures_are_written_out() -> None:
    assert (short_money(3_754_923_700_326), short_money(-999_600_000)) == ("£3,750bn", "−£1bn")
    assert (qalys(12_345.6), qalys(-999.6), qalys(0.01234)) == ("+12,300 QALYs", "−1,000 QALYs", "+0.0123 QALYs")


def test_money_in_few_characters_is_rounded_once() -> None:
    assert [short_money(amount) for amount in (2.504, 0.4996, -1.4999, 1_234.6)] == ["£3", "£0", "−£1", "£1,230"]


def test_a_value_within_a_plausible_range_is_not_said_to_lie_outside() -> None:
    """Set-up costs meet it and have no range; what is used in remission has a plausible one, and meets it there."""
    scenario = cm.load(catalogue() / "borderline" / "structured_care.yaml").changed({"horizon": "5 years"})
    found = cm.break_even(scenario, strategy="mbt_outpatient", perspective="nhs")
    inside = [one for one in found.found if any(root.place == "inside its plausible range" for root in one.roots)]
    assert inside, "none has a range alone"
    assert "a value within its own uncertainty meets it" in found.takeaway
    assert all(one.input.label in found.takeaway for one in inside)
