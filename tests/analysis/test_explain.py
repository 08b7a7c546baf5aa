"""Why two runs differ: the parts sum to the difference, turn with the two, and are Shapley's where these are known."""

import math
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.explain import Explanation
from costmodel.analysis.explain_changes import ITSELF, between
from costmodel.model.run import run_at
from costmodel.report import render
from tests.cli.commands import done, parsed, refused
from tests.report.test_one_page import book_of, printed
from tests.support.example import REMOVED, derived, documented_model, example, load_example, number, price
from tests.support.random_models import random_scenario

DRAWS = 20
OVERLAYS = sorted(
    path
    for path in (Path(__file__).parents[2] / "scenarios").glob("*/*.yaml")
    if "\nextends:" in path.read_text("utf-8")
)
DOCUMENTED = Path(__file__).parents[2] / "docs" / "cli.md"
CHANGED = {"session_price": 80, "attendance": 0.7, "gp_ill": 15, "hr_recover": 2}
STEPS = """
format: 1
from: model.yaml
steps:
  - {label: Price, reason: "It is dearer.", expected: away, changes: [session_price]}
  - {label: Course, reason: "Fewer come, and later.", expected: towards therapy, changes: ["strategies.*"],
     overlays: [cautious]}
"""
"""From the example to its cautious overlay at another price; of the two changes of the overlay one is named twice."""
OF_TWO = """
format: 1
from: model.yaml
steps:
  - {{label: First, reason: "It is tried.", expected: either, changes: {}}}
  - {{label: Second, reason: "It is tried.", expected: either, changes: {}}}
"""


def amounts(found: Explanation) -> dict[str, float]:
    return {part.paths[0].removeprefix("parameters."): part.amount for part in found.parts}


def as_read(text: str) -> str:
    """A text of the dashboard without the marks that keep it literal and in one line."""
    return text.replace("\\", "").replace("\u2060", "")


@pytest.fixture
def base(tmp_path: Path) -> cm.Scenario:
    return load_example(tmp_path)


@pytest.fixture
def cautious(base: cm.Scenario) -> cm.Scenario:
    return cm.load(base.path.with_name("cautious.yaml")).changed({"session_price": 130})


def order(folder: Path, text: str = STEPS, old: str = "", new: str = "") -> Path:
    path = folder / "order.yaml"
    assert old in text
    path.write_text(text.replace(old, new) if old else text, "utf-8")
    return path


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-9)


def test_the_parts_sum_to_the_difference_of_two_runs(base: cm.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    other, made = base.changed(CHANGED), []

    def counted(*given: Any, **more: Any) -> cm.Result:
        made.append(given[0])
        return run_at(*given, **more)

    monkeypatch.setattr("costmodel.analysis.explain.run_at", counted)
    found = cm.explain(base, other, draws=DRAWS)
    runs = [cm.run(one, draws=DRAWS).summary("net_saving").value[0] for one in (base, other)]
    assert found.at == tuple(runs)
    assert close(math.fsum(part.amount for part in found.parts), runs[1] - runs[0])
    assert set(amounts(found)) == set(CHANGED)
    assert found.orders == 24
    assert found.every
    assert found.runs == len(made) == 16, "a run that is needed more than once is kept"
    assert found.frame.total.iloc[-2] == pytest.approx(runs[1])


def test_swapping_the_two_turns_every_sign_exactly(base: cm.Scenario) -> None:
    other = base.changed(CHANGED)
    there, back = cm.explain(base, other, draws=DRAWS), cm.explain(other, base, draws=DRAWS)
    assert amounts(back) == {name: -amount for name, amount in amounts(there).items()}
    assert back.at == there.at[::-1]
    assert {part.words for part in there.parts} >= {"£100 per session → £80 per session"}
    assert {part.words for part in back.parts} >= {"£80 per session → £100 per session"}


def test_a_product_is_divided_as_shapley_divides_it(tmp_path: Path) -> None:
    """Sessions × attendance × price, whose symmetric division is known in closed form."""
    base = load_example(tmp_path, **{"strategies.therapy.effects": REMOVED})
    other = base.changed({"sessions": 24, "attendance": 0.6, "session_price": 80})
    found = amounts(cm.explain(base, other, draws=0))
    (x1, y1, z1), (x2, y2, z2) = (16, 0.8, 100), (24, 0.6, 80)
    assert close(-found["sessions"], (x2 - x1) * ((y1 * z1 + y2 * z2) / 3 + (y1 * z2 + y2 * z1) / 6))
    assert close(-found["attendance"], (y2 - y1) * ((x1 * z1 + x2 * z2) / 3 + (x1 * z2 + x2 * z1) / 6))
    assert close(-found["session_price"], (z2 - z1) * ((x1 * y1 + x2 * y2) / 3 + (x1 * y2 + x2 * y1) / 6))
    price = next(part for part in cm.explain(base, other, draws=0).parts if "session_price" in part.paths[0])
    assert (round(price.low, 9), round(price.high, 9)) == (20 * 9.6, 20 * 19.2)


def test_a_change_without_an_effect_moves_exactly_nothing(base: cm.Scenario) -> None:
    other = base.changed({"utility_well": 0.8, "session_price": 80, "gp_ill": 15})
    found = next(part for part in cm.explain(base, other, draws=DRAWS).parts if "utility_well" in part.paths[0])
    assert (found.amount, found.low, found.high) == (0.0, 0.0, 0.0)
    assert amounts(cm.explain(base, other, outcome="qaly", draws=DRAWS))["utility_well"] > 0


def test_an_order_and_its_reverse_divide_what_two_changes_move_together(tmp_path: Path) -> None:
    """Of more than seven changes some orders are taken; for a sum of products of two they give Shapley's value."""
    base = load_example(tmp_path, **{"strategies.therapy.effects": REMOVED})
    inert = {"utility_ill": 0.4, "utility_well": 0.8, "cashable": 0.5, "causal": 0.4, "relapse": 0.3, "gp_ill": 9}
    other = base.changed({"sessions": 24, "session_price": 80, **inert})
    found = cm.explain(base, other, draws=0)
    assert not found.every
    assert found.orders == 22
    assert close(amounts(found)["sessions"], -8 * 0.8 * (100 + 80) / 2)
    assert close(amounts(found)["session_price"], 20 * 0.8 * (16 + 24) / 2)


def test_a_spread_alone_is_attributed_with_common_draws(tmp_path: Path) -> None:
    wide = {"parameters.hr_recover.ci95": [0.8, 2.8125]}
    base, other = load_example(tmp_path / "one"), load_example(tmp_path / "other", **wide)
    found = cm.explain(base, other, draws=DRAWS)
    assert [part.words for part in found.parts] == ["1.5, otherwise made or spread"]
    assert amounts(found)["hr_recover"] == found.difference != 0
    assert cm.explain(base, other, draws=0).difference == 0


def test_a_part_of_the_model_brings_along_what_it_refers_to(tmp_path: Path) -> None:
    effect = {"quantity": "gp", "rate_ratio": "rr_gp", "from": "start of therapy", "until": "follow-up",
              "estimand": {"source": "X001", "comparator": "usual care", "outcome": "visits", "time": "24 months",
                           "analysis": "intention to treat"}}  # fmt: skip
    added = {"strategies.therapy.effects.fewer": effect, "parameters.rr_gp": number("rate ratio", 0.8)}
    base = load_example(tmp_path / "one")
    other = load_example(tmp_path / "other", **added).changed({"session_price": 80})
    found = cm.explain(base, other, draws=DRAWS)
    assert {part.paths for part in found.parts} == {
        ("parameters.session_price",),
        ("strategies.therapy.effects.fewer",),
    }
    assert amounts(found)["strategies.therapy.effects.fewer"] > 0


def test_a_part_in_the_place_of_another_turns_too(tmp_path: Path) -> None:
    def item(name: str, price_: float) -> dict[str, Any]:
        cost = documented_model()["costs"]["gp"] | {"label": name, "price": f"price_{name}"}
        return {f"costs.{name}": cost, f"parameters.price_{name}": price("visit", price_)}

    old = [item("nurse", 31.7), item("walk_in", 17.3)]
    new = [item("clinic", 23.9), item("night", 41.3)]
    one, other = (load_example(tmp_path / str(i), **(two[0] | two[1])) for i, two in enumerate((old, new)))
    there, back = cm.explain(one, other, draws=DRAWS), cm.explain(other, one, draws=DRAWS)
    assert len(there.parts) == 4
    assert amounts(back) == {name: -amount for name, amount in amounts(there).items()}
    assert {part.words for part in there.parts} == {"with → without", "without → with"}


def test_changes_that_refer_to_one_new_parameter_are_one() -> None:
    found = between(cm.load("borderline/model"), cm.load("borderline/symptoms_cautious")).differences
    (one,) = [change for change in found if "rr_self_harm_none" in change.brings]
    assert len(one.paths) == 9
    assert one.words == "rr_self_harm → rr_self_harm_none; …"
    assert len(found) == 13


def test_numbers_of_one_posterior_are_one_change() -> None:
    found = between(cm.load("depression_resistant/model"), cm.load("depression_resistant/read_rows")).differences
    assert sorted(len(change.paths) for change in found) == [6, 6]


def test_what_cannot_be_made_alone_is_made_together(tmp_path: Path) -> None:
    alternatives = {
        "one": {"label": "One", "weight": "w_one"},
        "two": {"label": "Two", "weight": "w_two", "change": {"transitions.ill -> well": "relapse"}},
    }
    model = {"alternatives": alternatives} | {f"parameters.w_{one}": number("share", 0.5) for one in alternatives}
    base = load_example(tmp_path, **model)
    other = base.changed({"w_one": 0.2, "w_two": 0.8, "session_price": 80})
    paths = {part.paths for part in cm.explain(base, other, draws=DRAWS).parts}
    assert paths == {("parameters.session_price",), ("parameters.w_one", "parameters.w_two")}


@pytest.mark.long
def test_two_models_of_other_states_differ_in_the_model_itself() -> None:
    found = between(cm.load("high_users/model"), cm.load("panic/model")).differences
    (itself,) = [change for change in found if change.label == ITSELF]
    assert "states.panic" in itself.paths
    assert ("parameters.sessions_planned",) in {change.paths for change in found}


def test_words_within_an_alternative_are_no_change() -> None:
    """Smit's side says what its effect was measured against; the overlay changes numbers, and words there."""
    found = between(cm.load("complex_long_term/model"), cm.load("complex_long_term/symptoms_cautious")).differences
    assert len(found) == 5
    assert not any("estimand" in path for change in found for path in change.paths)


@pytest.mark.long
@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_overlay_is_explained(path: Path) -> None:
    beneath = "/model" if path.stem == "base" else ""
    base, other = cm.load(f"{path.parent.name}{beneath}"), cm.load(path)
    found = cm.explain(base, other, draws=2)
    assert close(math.fsum(part.amount for part in found.parts), found.difference)
    of_other_states = other.model.states.keys() != base.model.states.keys()  # which are taken as a whole
    assert len(found.parts) > 1 or len(other.changes) - len(base.changes) < 25 or of_other_states


def test_words_and_the_order_of_a_file_are_no_change(tmp_path: Path) -> None:
    base = load_example(tmp_path / "one")
    model = {"title": "Other words", "parameters.relapse.source": ["X001"], "parameters.relapse.note": "why"}
    found = cm.explain(base, load_example(tmp_path / "other", **model), draws=DRAWS)
    assert (found.parts, found.difference) == ((), 0.0)
    assert "differ in nothing that moves an answer" in found.takeaway


@pytest.mark.parametrize("seed", [1, 3, *(pytest.param(seed, marks=pytest.mark.long) for seed in (0, 2, 4, 5))])
def test_random_scenarios_sum_and_turn(seed: int, tmp_path: Path) -> None:
    base = random_scenario(seed, tmp_path)
    rng = np.random.default_rng(seed)
    names = [name for name in base.used if name in base.leaves and base.leaves[name].distribution is not None]
    other = base
    for name in rng.permutation(names)[:4]:
        try:
            other = other.changed({str(name): base.leaves[name].central * float(rng.choice([0.9, 1.1]))})
        except cm.InputError:
            continue
    there, back = cm.explain(base, other, draws=5), cm.explain(other, base, draws=5)
    assert close(math.fsum(part.amount for part in there.parts), there.difference)
    assert amounts(back) == {name: -amount for name, amount in amounts(there).items()}


def test_an_order_walks_and_walks_backwards(base: cm.Scenario, cautious: cm.Scenario) -> None:
    path = order(base.path.parent)
    there, back = (cm.explain(*two, path, draws=DRAWS) for two in ((base, cautious), (cautious, base)))
    first = cm.explain(base, base.changed({"session_price": 130}), draws=DRAWS).difference
    assert there.parts[0].amount == first
    assert close(math.fsum(part.amount for part in there.parts), there.difference)
    assert [part.amount for part in back.parts] == [-part.amount for part in there.parts[::-1]]
    assert [(part.label, part.expected, part.moved) for part in there.parts] == [
        ("Price", "away", "away"), ("Course", "towards therapy", "towards therapy"),
    ]  # fmt: skip
    assert [(part.expected, part.moved) for part in back.parts] == [("away", "away"), ("towards therapy",) * 2]
    assert there.parts[1].paths == ("strategies.therapy.therapy.wait", "parameters.attendance")


def test_the_order_in_the_documentation_walks(tmp_path: Path) -> None:
    (text,) = re.findall(
        r"^```text\n(format: 1\nfrom: .*?)^```", DOCUMENTED.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    two = cm.load("depression_resistant/model"), cm.load("depression_resistant/symptoms_cautious")
    found = cm.explain(*two, order(tmp_path, text), draws=0)
    assert [part.moved for part in found.parts] == ["away", "away"]
    assert found.orders == 1


def test_the_range_of_a_step_is_over_the_legal_orders(base: cm.Scenario, cautious: cm.Scenario) -> None:
    free = cm.explain(base, cautious, order(base.path.parent), draws=DRAWS)
    bound = order(base.path.parent, old="overlays: [cautious]", new="overlays: [cautious], after: [Price]")
    held = cm.explain(base, cautious, bound, draws=DRAWS)
    assert (free.orders, held.orders) == (2, 1)
    for part, other in zip(free.parts, held.parts, strict=True):
        assert part.low < part.high
        assert other.low == other.high == other.amount == part.amount
    first, last = free.parts
    assert (-first.undone, -last.undone) == (first.low + first.high - first.amount, last.amount), "as where it is last"
    price, course = held.parts
    assert (price.undone, course.undone) == (-held.difference, -course.amount), "with what needs it, and alone"
    back = cm.explain(cautious, base, bound, draws=DRAWS).parts
    assert (back[0].undone, back[1].undone) == (held.difference, price.amount)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("overlays: [cautious]", "", "takes parameters.attendance"),
        ('["strategies.*"]', "[sessions]", 'no change is at "sessions" here'),
        ("[session_price]", "[session_price, attendance]", '"Price" and "Course" take parameters.attendance'),
        ("[cautious]", "[cautiuos]", 'no overlay changes "cautiuos" here. Did you mean "cautious"?'),
        ("label: Course", "label: Price", 'the step "Price" stands twice'),
        ("from: model.yaml", "from: panic", "the walk begins at panic, base, which is neither A nor B"),
        ("expected: away", "expected: up", "expected is 'up'. Allowed: 'towards therapy'"),
        ("overlays: [cautious]", "overlays: [cautious], after: [Prize]", "which is no step before it"),
        ("changes: [session_price]}", "changes: [session_price], after: [Course]}", "which is no step before it"),
        ("reason: ", "because: ", "because"),
    ],
)  # fmt: skip
def test_an_order_file_takes_every_change_once(
    old: str, new: str, said: str, base: cm.Scenario, cautious: cm.Scenario
) -> None:
    path = order(base.path.parent, old=old, new=new)
    with pytest.raises(cm.InputError) as error:
        cm.explain(base, cautious, path, draws=0)
    assert said in str(error.value)
    assert all(line.startswith("order.yaml, line ") for line in str(error.value).splitlines())


def test_what_no_model_is_possible_with_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """A share that is half of four multipliers: each may be changed alone, and the first two not without the others."""
    names = ["one", "two", "three", "four"]
    parameters = {f"parameters.{name}": number("multiplier", 1) for name in names} | {
        "parameters.half": number("share", 0.5), "parameters.whole": derived("share", product_of=["half", *names]),
        "costs.gp.causal_share": "whole",
    }  # fmt: skip
    base = load_example(tmp_path, **parameters)
    other = base.changed({"one": 1.5, "two": 1.5, "three": 0.5, "four": 0.5})
    with pytest.raises(cm.InputError) as error:
        cm.explain(base, other, draws=0)
    said = str(error.value)
    assert "parameters.one, parameters.two of" in said
    assert "parameters.three, parameters.four of" in said
    assert "Take those that need one another in one step of an order file." in said
    with pytest.raises(cm.InputError, match="no model has parameters.one, parameters.two of one"):
        cm.explain(base, other, order(tmp_path, OF_TWO.format("[one, two]", "[three, four]")), draws=0)
    assert (
        len(cm.explain(base, other, order(tmp_path, OF_TWO.format("[one, three]", "[two, four]")), draws=0).parts) == 2
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"outcome": "net_savings"}, 'Did you mean "net_saving"?'),
        ({"outcome": "chance_payback", "draws": 0}, "there is no outcome"),
        ({"outcome": "payback_sustained_months"}, "is no number in"),
        ({"outcome": "cash_net_saving", "discounted": True}, "These are the discounted ones"),
        ({"horizon": 61}, "From 0 to 60"),
        ({"horizon": 24.5}, "cycle"),
        ({"strategy": "usual_care"}, "Allowed: therapy"),
    ],
)
def test_an_answer_that_there_is_not_is_refused(more: dict[str, Any], said: str, base: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match=said.replace("?", r"\?")):
        cm.explain(base, base.changed({"session_price": 80}), **{"draws": DRAWS, **more})


def test_two_that_are_not_of_the_same_people_are_refused(base: cm.Scenario) -> None:
    with pytest.raises(cm.InputError, match="by default it is therapy in A and pfpp in B. Name one"):
        cm.explain(base, cm.load("panic"))
    heavy = cm.load("high_users/model").stratum("heavy")
    with pytest.raises(cm.InputError, match="are of people"):
        cm.explain(heavy, cm.load("high_users/model"))


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Explanation:
    base = load_example(tmp_path_factory.mktemp("explained"))
    return cm.explain(base, base.changed({"session_price": 80, "attendance": 0.7, "utility_ill": 0.4}), draws=DRAWS)


def of_the_dashboard(page) -> None:  # type: ignore[no-untyped-def]
    from costmodel.app.parts import show

    show.page(page)


def test_every_medium_says_the_same(explained: Explanation) -> None:
    page, money = explained.page(), explained.after.setting.currency.money
    takeaway = explained.takeaway
    assert "From A to B net saving moves by £" in takeaway
    at = AppTest.from_function(of_the_dashboard, kwargs={"page": page}, default_timeout=30).run()
    assert not at.exception
    sheet = book_of(page)["Toy"]
    (table,) = sheet.tables.values()
    said = {
        "terminal": " ".join(printed(page).split()), "markdown": render.markdown(page), "html": render.html(page),
        "json": " ".join(render.document(page)["notes"]), "worksheet": " ".join(str(c.value) for c in sheet["A"]),
        "streamlit": " ".join(as_read(one.value) for one in at.markdown),
    }  # fmt: skip
    for medium, text in said.items():
        assert takeaway in text, medium
        assert "expected values of 20 draws (seed 1)" in text, medium
    for part in explained.parts[:2]:
        for medium in ("terminal", "markdown", "html"):
            assert money(part.amount) in said[medium]
        assert money(part.amount) in as_read(at.table[0].value.to_string())
    assert [row[2].value for row in sheet[table.ref]][1:] == [part.amount for part in explained.parts[:2]]
    assert len(sheet._charts) == 1
    assert any(element.type == "plotly_chart" for element in at.main)
    assert "Utility while ill" in said["html"], "what moves nothing is named"
    assert repr(explained).splitlines()[0] == "Why two runs differ"
    assert len(repr(explained)) < 1_000
    assert [row["amount"] for row in render.document(page)["rows"]][1:3] == [
        part.amount for part in explained.parts[:2]
    ]


def test_the_waterfall_begins_at_one_answer_and_ends_at_the_other(explained: Explanation) -> None:
    (bars,) = explained.figure().figure.data
    assert (bars.x[0], bars.x[-1]) == explained.at
    assert bars.x[1:-1] == tuple(part.amount for part in explained.parts if part.amount)
    assert bars.measure[0] == "absolute"
    assert bars.measure[-1] == "total"
    assert sum(bars.x[:-1]) == pytest.approx(bars.x[-1])


def test_the_command_says_it_and_writes_its_rows(tmp_path: Path) -> None:
    path, rows = example(tmp_path), tmp_path / "rows.csv"
    cautious = path.with_name("cautious.yaml")
    found = parsed("explain", path, cautious, "--set", "session_price=130", "--draws", DRAWS, "--json", "--csv", rows)
    assert found["schema"] == "costmodel/explain/1"
    parts = [row["amount"] for row in found["rows"] if row["kind"] == "part"]
    assert close(math.fsum(parts), found["difference"])
    assert found["settings"]["orders"] == math.factorial(3) == len([*permutations(parts)])
    assert len(rows.read_text("utf-8").splitlines()) == 6
    walk = done("explain", path, cautious, "--set", "session_price=130", "--draws", DRAWS, "--order", order(tmp_path))
    assert "Fewer come, and later." in " ".join(walk.split())
    assert "One order, of order.yaml" in walk
    later = parsed("explain", path, cautious, "--draws", DRAWS, "--horizon", "5 years", "--outcome", "qaly", "--json")
    assert later["settings"]["horizon_months"] == 60
    assert later["settings"]["unit"] == "QALY"
    assert "--horizon" in refused("explain", path, cautious, "--horizon", "soon")
    assert "the file cannot be opened" in refused("explain", path, "nowhere.yaml")
