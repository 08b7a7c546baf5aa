"""The page "In full" says what Python says, and follows its controls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.purse import purse
from costmodel.app.parts import compute
from costmodel.app.parts.records import basis, standing
from costmodel.app.parts.text import WORD_JOINER, literal
from costmodel.drawing import wrapped
from costmodel.page import SCREEN, Heading, Page, Table
from costmodel.report.answer import by_convention
from costmodel.report.charts import cumulative, states
from costmodel.report.sentence import answer, pick
from tests.support.dashboard import opened
from tests.support.example import derived, documented_model, load_example, number

REAL = Path(__file__).parents[2] / "scenarios" / "depression_resistant" / "base.yaml"
PERSPECTIVES = ("nhs", "nhs_pss", "public_sector", "societal")


def exact_figures(at: AppTest) -> list[str]:
    """The unrounded net savings of the page, in the order of the perspectives."""
    (table,) = [t.value for t in at.table if "net saving, £ per person" in t.value]
    return list(table["net saving, £ per person"])


def python_figures(scenario: cm.Scenario) -> list[str]:
    result = cm.run(scenario, draws=compute.DRAWS)
    return [repr(float(pick(result, "net_saving", perspective=p).value)) for p in PERSPECTIVES]


@pytest.mark.usefixtures("all_draws")
def test_the_headline_is_that_of_python_digit_for_digit(scenarios: Path) -> None:
    app = opened()
    scenario = cm.load(scenarios / "example" / "model.yaml")
    assert exact_figures(app) == python_figures(scenario)
    said = answer(cm.run(scenario))
    assert literal(said.headline) in [m.value for m in app.markdown]
    assert exact_figures(app)[1] in app.metric[0].help.replace("\\", "")


@pytest.mark.usefixtures("all_draws")
def test_the_shipped_scenario_opens_with_the_headline_of_python() -> None:
    at = opened()
    assert not at.error
    assert exact_figures(at) == python_figures(cm.load(REAL))


def test_the_page_has_four_metrics_and_says_what_the_figures_are(app: AppTest) -> None:
    assert len(app.metric) == 4
    assert all(metric.value for metric in app.metric)
    assert any("assumptions only" in one.value for one in app.caption)


def test_the_verdict_stands_on_the_first_page_and_no_second_time(app: AppTest, example_result: cm.Result) -> None:
    said = answer(example_result).verdict
    assert not [one for one in app.markdown if one.value.startswith(("Money:", "Health: £"))]
    assert said.money not in " ".join(one.value.replace("\\", "") for one in app.markdown)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("base", "File “base”, with other care as trials found it: "),
        ("trial_prices", "File “trial_prices”: "),
    ],
    ids=["base", "trial_prices"],
)
def test_what_the_figures_are_names_the_file_and_what_it_rests_on(file: str, words: str) -> None:
    scenario = cm.load(REAL.with_name(f"{file}.yaml"))
    count = standing(scenario)
    found = basis(scenario, scenario, 0)
    assert found.startswith(words)
    assert f": {count['figures']} figures, {count['assumptions']} of them assumptions, " in found
    assert found.endswith(f", {count['to be checked']} still to be checked.")
    assert "2 values changed by you" in basis(scenario, scenario, 2)


@pytest.mark.parametrize(
    ("key", "value", "change"),
    [
        ("control parameters.sessions.value", 30.0, {"sessions": 30}),
        ("control parameters.session_price.value", 55.0, {"session_price": 55}),
        ("control horizon", 8, {"horizon": "8 years"}),
        ("control people", 250, {"people": 250}),
    ],
)
def test_a_control_changes_the_answer_as_python_would(
    app: AppTest, scenarios: Path, key: str, value: float, change: dict[str, object]
) -> None:
    app.number_input(key=key).set_value(value).run()
    changed = cm.load(scenarios / "example" / "model.yaml").changed(change)
    assert not app.error
    assert exact_figures(app) == python_figures(changed)
    assert literal(answer(cm.run(changed, draws=compute.DRAWS)).headline) in [m.value for m in app.markdown]


def test_a_changed_control_is_marked_counted_and_can_be_reset(app: AppTest) -> None:
    before = exact_figures(app)
    app.number_input(key="control parameters.sessions.value").set_value(30.0).run()
    assert app.number_input(key="control parameters.sessions.value").label.startswith("●")
    assert any("You changed 1 of" in c.value for c in app.caption)
    assert any("1 value changed by you" in c.value for c in app.caption)
    app.button(key="reset parameters.sessions.value").click().run()
    assert exact_figures(app) == before
    assert not app.number_input(key="control parameters.sessions.value").label.startswith("●")


def test_durability_is_a_control(app: AppTest, scenarios: Path) -> None:
    app.selectbox(key="control beyond_follow_up").set_value("effects persist").run()
    changed = cm.load(scenarios / "example" / "model.yaml").changed({"beyond_follow_up": "effects persist"})
    assert app.metric[3].value == "None of 100"
    assert exact_figures(app) == python_figures(changed)


def test_overlays_appear_in_the_menu_by_existing(app: AppTest, scenarios: Path) -> None:
    assert app.selectbox(key="file").options == ["base", "cautious"]
    app.selectbox(key="file").set_value("cautious.yaml").run()
    assert exact_figures(app) == python_figures(cm.load(scenarios / "example" / "cautious.yaml"))


def test_the_weight_between_structures_is_a_control(app_with: Callable[..., AppTest]) -> None:
    record = {"label": "Weight", "unit": "share", "source": "X001", "status": "assumption"}
    at = app_with(
        alternatives={
            "one": {"label": "One", "weight": "w_one"},
            "two": {"label": "Two", "weight": "w_two", "change": {"transitions.well -> ill": "recover"}},
        },
        **{
            "parameters.w_one": record | {"value": 0.5},
            "parameters.w_two": {"label": "The rest", "unit": "share", "complement_of": "w_one"},
        },
    )
    before = exact_figures(at)
    at.slider(key="control w_one").set_value(0.9).run()
    assert exact_figures(at) != before
    assert any("Two readings of the evidence" in h.value for h in at.header)


def test_a_refused_value_is_explained_and_the_previous_result_kept(app: AppTest) -> None:
    before = exact_figures(app)
    app.number_input(key="control people").set_value(0).run()
    assert len(app.error) == 1
    assert any("previous result" in c.value for c in app.caption)
    assert exact_figures(app) == before
    app.number_input(key="control people").set_value(50).run()
    assert not app.error


def test_text_of_a_scenario_is_shown_letter_for_letter(app_with: Callable[..., AppTest]) -> None:
    nasty = "<script>alert(1)</script> **x** ![p](http://x.example/p.png) :smile: :material/home:"
    at = app_with(**{"strategies.therapy.label": nasty, "leaves_out": [nasty]})
    everything = [e.value for e in (*at.title, *at.markdown)]
    assert any("script" in text for text in everything)
    for text in everything:
        for live in ("<script>", "![p](", "**x**", ":smile:", ":material/home:"):
            assert live not in text.replace("\\<", "")


def test_it_never_says_that_it_pays_for_itself_when_it_does_not(app: AppTest) -> None:
    said = " ".join(e.value for e in (*app.markdown, *app.caption))
    assert "pays for itself" not in said
    assert "It pays for itself" not in said


def test_the_price_basis_can_be_chosen_or_be_ones_own(app_with: Callable[..., AppTest]) -> None:
    staff = {"label": "Staff cost", "unit": "GBP per session", "value": 55, "price_year": "2024/25"}
    at = app_with(
        **{
            "strategies.therapy.therapy.price": "basis",
            "parameters.staff": staff | {"source": "X001", "status": "assumption"},
            "parameters.basis": {
                "label": "Price of a session",
                "unit": "GBP per session",
                "use": "full",
                "one_of": {"full": "session_price", "staff": "staff"},
            },
        }
    )

    def said() -> str:
        return " ".join(m.value for m in at.markdown).replace("\\", "")

    assert "£100 a session" in said()
    menu = at.selectbox(key="control basis")
    assert menu.options == ["£100: full", "£55: staff", "Your own price"]
    assert "full: Price of a session; staff: Staff cost." in menu.help.replace("\\", "")
    menu.set_value("staff").run()
    assert "£55 a session (staff cost)" in said()
    at.selectbox(key="control basis").set_value("your own price").run()
    at.number_input(key="control parameters.basis.value").set_value(80.0).run()
    assert "£80 a session" in said()
    at.button(key="reset parameters.basis.value").click().run()
    assert "£100 a session" in said()


def test_the_people_stand_first_in_the_menu_of_populations(app: AppTest) -> None:
    assert app.selectbox(key="population").options == ["An invented condition: talking therapy"]


def test_a_title_without_people_stands_in_the_menu_as_it_is(app_with: Callable[..., AppTest]) -> None:
    assert app_with(title="Before formation").selectbox(key="population").options == ["Before formation"]


def test_a_minus_sign_stays_on_the_line_of_its_pounds() -> None:
    assert literal("from −£5 to −£2") == f"from −{WORD_JOINER}£5 to −{WORD_JOINER}£2"
    assert WORD_JOINER not in literal("5 − 2")


def test_the_headline_speaks_of_the_evidence_and_not_of_a_trial(example_result: cm.Result) -> None:
    assert answer(example_result).headline.startswith("For 100 people over the 24 months of the evidence, talking")


def test_people_in_states_are_shown_for_usual_care_and_the_chosen_therapy_alone(tmp_path: Path) -> None:
    longer = documented_model()["strategies"]["therapy"] | {"label": "Longer wait"}
    result = cm.run(load_example(tmp_path, **{"strategies.longer": longer}), draws=0)
    drawn = states(result, "longer")
    assert [text.text for text in drawn.figure.layout.annotations] == ["Usual care", "Longer wait"]
    assert set(drawn.table["strategy"]) == {"usual_care", "longer"}
    assert drawn.title.startswith("In the state “well” after 24 months: ")


def test_a_narrow_label_breaks_at_hyphens_too() -> None:
    assert wrapped("Psychodynamic-interpersonal <b>", 20) == "Psychodynamic-<br>interpersonal &lt;b&gt;"


def test_what_is_said_of_payback_stands_beside_the_chart_and_not_on_its_bands(example_result: cm.Result) -> None:
    drawn = cumulative(example_result, "nhs_pss").figure
    assert [trace.name for trace in drawn.data][-1].startswith(("Not paid back within 5 years", "Paid back"))
    assert {text.text.strip() for text in drawn.layout.annotations} == {"observed", "extrapolation"}


@pytest.mark.usefixtures("all_draws")
def test_each_therapy_has_its_own_answer(app_with: Callable[..., AppTest], scenarios: Path) -> None:
    longer = documented_model()["strategies"]["therapy"] | {"label": "Longer wait"}
    longer["therapy"] = longer["therapy"] | {"wait": "9 months"}
    at = app_with(**{"strategies.longer": longer})
    assert [one.label for one in at.selectbox if one.key == "strategy"] == ["Which therapy?"]
    at.selectbox(key="strategy").set_value("longer").run()
    assert [title.value for title in at.title] == [literal("Longer wait over 5 years")]
    result = cm.run(cm.load(scenarios / "example" / "model.yaml"), draws=compute.DRAWS)
    wanted = [pick(result, "net_saving", perspective=p, strategy="longer") for p in PERSPECTIVES]
    assert exact_figures(at) == [repr(float(row.value)) for row in wanted]
    assert literal(answer(result, "longer").headline) in [m.value for m in at.markdown]


def test_a_single_therapy_has_no_menu(app: AppTest) -> None:
    assert not [one for one in app.selectbox if one.key == "strategy"]


def test_parts_of_the_cohort_stand_beside_everybody(app_with: Callable[..., AppTest]) -> None:
    at = app_with(
        **{
            "strata": {
                "heavy": {"label": "Heavy users", "share": "share_heavy"},
                "light": {
                    "label": "Light users",
                    "share": "share_light",
                    "change": {"costs.gp.while_in.ill": "gp_light"},
                },
            },
            "parameters.share_heavy": number("share", 0.3),
            "parameters.share_light": derived("share", complement_of="share_heavy"),
            "parameters.gp_light": number("visits per year", 3),
        }
    )
    (table,) = [t.value for t in at.table if "who" in t.value]
    parts = ["Heavy users (30% of people)", "Light users (70% of people)"]
    assert list(table["who"]) == [literal(text) for text in (*parts, "Everybody, by their shares")]
    assert len(set(table.iloc[:, 1])) == 3


def test_what_is_spent_and_every_convention_about_money_stand_in_tables(app: AppTest, scenarios: Path) -> None:
    result = cm.run(cm.load(scenarios / "example" / "model.yaml"), draws=compute.DRAWS)
    blocks = [*by_convention(result, result.strategies[1], ["nhs_pss"])]
    for horizon in result.horizons:
        blocks += purse(result, "nhs_pss").blocks(result.strategies[1], horizon, "nhs_pss")
    wanted = list(Page("", tuple(blocks), scenario=result.scenario).for_(SCREEN))
    tables = [
        [[literal(cell) for cell in row] for row in one.cells(SCREEN)] for one in wanted if isinstance(one, Table)
    ]
    assert len(tables) == 1 + len(result.horizons)
    shown = [table.value.to_numpy().tolist() for table in app.table]
    assert [table for table in tables if table not in shown] == []
    assert {one.text for one in wanted if isinstance(one, Heading)} <= {
        one.value.replace("\\", "") for one in app.subheader
    }


HOSTILE = [
    "[a](http://x.y) **b** www.x.com a@b.com <b> :red[x] :tada: $x$", "1. x", "2017) x", "- x", "+ x", "# h", "> q",
    "a_b_c `d` ~~e~~", "| a | b |", "GP visits, per year (2017/18 prices): £5.30; 50% - or more?",
    "![p](q)", "&copy; \\* ^ {x}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_shown_letter_for_letter(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(literal(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children).replace(WORD_JOINER, "") == text


def test_a_label_that_is_read_aloud_has_no_backslash_where_none_is_needed() -> None:
    label = "Unplanned hospital care while depressed, £ per year (2017/18 prices); 5% or £1.50"
    assert literal(label) == label
