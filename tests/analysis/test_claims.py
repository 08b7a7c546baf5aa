"""Claims give the figure that was printed, and are walked to the evidence by the same function, one number a step."""

import io
import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from rich.console import Console
from ruamel.yaml import YAML
from streamlit.testing.v1 import AppTest

import costmodel as cm
from costmodel.analysis.claims import Claims, Number
from costmodel.page import SCREEN, Table
from costmodel.report import render
from costmodel.report.workbook.run_sheets import RunSheet
from costmodel.report.workbook.sheet import Sheet, formats
from scripts import claims as script
from tests.cli.commands import done, parsed, refused
from tests.support.pounds import POUNDS

FOLDER = Path(__file__).parents[2] / "scenarios" / "claims"
SUMMED = ["K001", "K002", "K003", "K004", "K005", "K011", "K013", "K014", "K016"]
WALKED = SUMMED[:5]
QUOTED = ["K006", "K009", "K010", "K012", "K017", "K019"]


@pytest.fixture(scope="module")
def shipped() -> Claims:
    return cm.claims()


PRINTED = {
    "K001": (750 / 750, "100%"), "K002": (0.04 * 25 * 650 / 650, "100%"), "K003": (0.325 * 2_000 / 650, "100%"),
    "K004": (0.05 * 20_000 / 1_000, "100%"), "K005": (18_200 / 282_000, "6.45%"), "K011": (12_658 / 25_641, "49%"),
    "K013": (12_628 / 708, "17.8"), "K014": (463 / 1_348, "34%"), "K016": ((5_500 - 5_000) / 5_500, "9%"),
}  # fmt: skip
"""Each claim's own numbers, and the figure in print."""
WALKS = {
    "K001": [750 / 1_284, 575 / 1_284, 0.18 * 575 / 1_284, 0.45 * 575 / 1_284],
    "K002": [0.04 * 25 * 650 / 1_284, 0.04 * 25 * 575 / 1_284, 0.0075 * 25 * 575 / 1_284],
    "K003": [650 / 1_284, 0.325 * 2_642 / 1_284, 0.1264 * 2_642 / 1_284],
    "K004": [1_000 / 1_284, 0.05 * 34_510 / 1_284, 0.0075 * 34_510 / 1_284],
    "K005": [0.0075],
}
"""What each step gives, by the function of the claim written out."""
HIGHEST = {"K001": 0.36 * 933 / 1_284, "K002": 0.015 * 25 * 933 / 1_284, "K003": 4 * 360 / 1_284,
           "K004": 0.015 * 55_965 / 1_284, "K005": 0.015}  # fmt: skip


@pytest.mark.parametrize("name", SUMMED)
def test_a_claim_gives_the_figure_that_was_printed_to_its_digits(name: str, shipped: Claims) -> None:
    ours, figure = PRINTED[name]
    line = shipped.claim(name).frame.iloc[0]
    assert line.value == pytest.approx(ours, rel=1e-12)
    digits, scale = len(figure.rstrip("%").partition(".")[2]), 100 if "%" in figure else 1
    assert f"{line.value * scale:.{digits}f}{figure[len(figure.rstrip('%')) :]}" == figure
    assert f": {figure} (" in " ".join(shipped.claim(name).page().sentences)


@pytest.mark.parametrize("name", WALKED)
def test_a_walk_is_the_same_function_at_each_step_and_sums_exactly(name: str, shipped: Claims) -> None:
    claim = shipped.claim(name)
    assert list(claim.frame.value[1:]) == pytest.approx(WALKS[name], rel=1e-12)
    first, last = claim.lines[0].ends[1], claim.lines[-1].ends[1]
    assert sum((line.change for line in claim.lines), first) == last  # of fractions: no tolerance
    assert claim.answer is not None
    assert float(claim.answer.ends[2]) == pytest.approx(HIGHEST[name], rel=5e-4)


def test_the_rest_stand_as_printed_or_as_quoted(shipped: Claims) -> None:
    frame = shipped.frame
    assert list(frame.claim[frame.claimed.notna()]) == SUMMED
    assert list(frame.claim[frame.value.notna()]) == WALKED
    assert list(frame.claim[frame.printed == "quotation"]) == QUOTED
    for name in set(SUMMED) - set(WALKED):
        assert len(shipped.claim(name).lines) == 1
    for name in ("K011", "K013", "K014"):
        assert [one for one in shipped.claim(name).record.evidence if {"C250", "C251"} <= set(one.source)]
    for name in QUOTED:
        claim = shipped.claim(name)
        assert claim.frame.empty
        assert "“" in (claim.record.quotation.says if claim.record.quotation else "")
        assert "no number of ours" in " ".join(claim.page().sentences)


def test_no_factor_of_another_setting_is_put_on_a_claim(shipped: Claims) -> None:
    used = {value for one in shipped.file.evidence.values() for value in one.ends}
    assert not used & {Fraction("0.27"), Fraction("0.57")}


def test_the_editorial_is_told_as_it_was_written(shipped: Claims) -> None:
    claim = shipped.claim("K006")
    assert claim.record.verdict.startswith("In some circumstances: supported where usual care holds much hospital")
    for words in ("resistant depression", "medicines are too cheap", "welfare is unproven"):
        assert words in claim.record.verdict
    assert "“in some circumstances”" in " ".join(claim.page().sentences)


NOTED = {
    "month_in_work": (6_902 / 12, 1_477 / 12, 11_193 / 12), "five_years_in_work": (6_902 * 5, 1_477 * 5, 11_193 * 5),
    "months_in_two_years": (0.0075 * 24, 0, 0.015 * 24), "months_in_five_years": (0.0075 * 60, 0, 0.015 * 60),
    "fall_of_physical_care": (0.26 * 1_284 / 2_642, -0.02 * 1_284 / 2_642, 4 * 360 / 2_642),
    "left_benefits_because_of_therapy": (0.0075 * 282_000, 0, 0.015 * 282_000), "extra_in_work": (0.015 / 2, 0, 0.015),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_a_derived_number_is_the_arithmetic_of_its_note(name: str, shipped: Claims) -> None:
    low, value, high = map(float, shipped.file.evidence[name].ends)
    assert (value, low, high) == pytest.approx(NOTED[name], rel=1.5e-3, abs=1e-4)


def test_every_number_and_sentence_has_its_sources_and_status(shipped: Claims) -> None:
    for one in shipped.of:
        page = one.page()
        said = "\n".join(page.sentences)
        for cited in (one.record, *one.record.evidence, *one.record.factors.values()):
            assert f"({', '.join(cited.source)}; {cited.status}" in said
            assert all(f"{name}: " in said for name in cited.source)
    assert "recalled, to be checked" in "\n".join(shipped.claim("K010").page().sentences)


def test_populations_of_claims_exist(shipped: Claims) -> None:
    named = {name for one in shipped.of for name in one.record.populations}
    assert named <= {path.parent.name for path in FOLDER.parent.glob("*/model.yaml")}


SMALL: dict[str, Any] = {
    "format": 1, "title": "Small", "sources": ["sources.yaml"],
    "evidence": {
        name: {"label": name, "value": value, "unit": unit, "source": "X1", "status": "read"}
        for name, value, unit in (
            ("dearer", 200, "£"), ("fewer", 0.1, "share"), ("less", 5, "£ a month"), ("no", 0, "£"),
        )
    },
    "claims": {"K1": {
        "label": "One", "who": "She", "when": "now", "payer": "NHS", "horizon": "1 year", "design": "a sum",
        "says": "It pays", "source": "X1", "status": "read", "divided_by": "price", "gives": "of a course repaid",
        "factors": {
            name: {"label": name, "value": value, "unit": unit, "source": "X1", "status": "read"}
            for name, value, unit in (("share", 0.5, "share"), ("worth", 200, "£ a month"), ("price", 100, "£"))
        },
        "printed": {"says": "100%", "source": "X1", "status": "read"},
        "steps": [{"replaces": "price", "by": "dearer"}, {"replaces": "worth", "by": "less"},
                  {"replaces": "share", "by": "fewer"}],
        "evidence": [{"says": "No", "source": "X1", "status": "read"}], "verdict": "No", "populations": ["panic"],
    }},
}  # fmt: skip
SOURCES = {"sources": {"X1": {"citation": "A", "where": "b", "figure": "c", "status": "read"}}}


def written(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda file: None) -> Path:
    """A small file of claims with a change to it, block by block, so that every entry has a line."""
    file = json.loads(json.dumps(SMALL))
    change(file)
    stream = io.StringIO()
    YAML(typ="safe").dump(file, stream)
    (folder / "claims.yaml").write_text(stream.getvalue(), "utf-8")
    (folder / "sources.yaml").write_text(json.dumps(SOURCES), "utf-8")
    return folder / "claims.yaml"


def _claim(**keys: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file["claims"]["K1"].update(keys)


def _step(**keys: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file["claims"]["K1"]["steps"][1].update(keys)


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file["claims"]["K1"].pop(key)


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "K1_own_figure_not_reproduced": (
        _claim(printed={"says": "99%", "source": "X1", "status": "read"}), "the numbers of K1 give 100.00%, not 99%",
        "Write the numbers as they are printed",
    ),
    "K1_one_digit_off": (
        _claim(printed={"says": "100.1%", "source": "X1", "status": "read"}), "give 100.000%, not 100.1%", "",
    ),
    "K1_no_figure": (
        _claim(printed={"says": "all", "source": "X1", "status": "read"}), "not all", 'as "34%" or "17.8"',
    ),
    "K2_step_changes_the_function": (
        _step(replaces="share"), "a step of K1 puts £ a month in the place of share, which changes its function",
        "Put in a number in share.",
    ),
    "K2_step_with_a_function": (_step(divided_by="worth"), 'unknown key "divided_by"', "Allowed: replaces, by, beside"),
    "K3_step_replaces_two_factors": (
        _step(replaces=["price", "worth"]), "a step replaces one factor", "write a step for each",
    ),
    "K4_factor_that_does_not_exist": (
        _step(replaces="wroth"), 'a step of K1 replaces "wroth", which is no factor of it', 'Did you mean "worth"?',
    ),
    "K4_divisor_that_does_not_exist": (_claim(divided_by="prise"), 'divided by "prise"', 'Did you mean "price"?'),
    "K4_number_that_does_not_exist": (_step(by="lesss"), "which is no number of the evidence", 'Did you mean "less"?'),
    "K5_no_source": (_without("source"), 'the key "source" is missing (claims.K1.source)', "Add it"),
    "K5_empty_source": (_claim(source=[]), "claims.K1.source", "wanted: the id of a source"),
    "K5_unknown_source": (_claim(source="X2"), 'there is no source "X2"', "Allowed: X1."),
    "K6_unknown_status": (_claim(status="seen"), "claims.K1.status is 'seen'", "Allowed: 'read', 'derived'"),
    "K7_half_a_sum": (_without("printed"), "factors, divided_by, gives and printed stand together", ""),
    "K7_quotation_without_words": (
        lambda file: [file["claims"]["K1"].pop(key) for key in ("factors", "divided_by", "gives", "printed", "steps")],
        "a claim without factors has a quotation and no steps", "",
    ),
    "K8_division_by_nothing": (
        lambda file: file["claims"]["K1"]["steps"][0].update(by="no"), "K1 divides by 0", "Divide by another number.",
    ),
    "K8_ends_turned_round": (
        lambda file: file["evidence"]["less"].update(low=7, high=9), "the value is not between low and high", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "found", "remedy"), BAD.values(), ids=BAD)
def test_bad_claims_are_refused_in_a_line_with_the_remedy(
    change: Callable[[dict[str, Any]], Any], found: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(cm.InputError) as refused:
        cm.claims(written(tmp_path, change))
    (line,) = str(refused.value).splitlines()
    assert re.match(r"claims.yaml, line \d+: ", line)
    assert found in line
    assert remedy in line


@pytest.mark.parametrize(
    ("factor", "to", "says", "ratio", "lines"),
    [("share", 0.25, "50%", 0.5, 3), ("worth", 100, "50%", 0.5, 2), ("price", 50, "200%", 2, 1)],
)
def test_a_factor_changed_in_the_file_changes_every_later_step_until_it_is_replaced(
    factor: str, to: float, says: str, ratio: float, lines: int, tmp_path: Path
) -> None:
    def change(file: dict[str, Any]) -> None:
        file["claims"]["K1"]["factors"][factor]["value"] = to
        file["claims"]["K1"]["printed"]["says"] = says

    before = cm.claims(written(tmp_path)).claim("K1").frame
    after = cm.claims(written(tmp_path, change)).claim("K1").frame
    assert list(after.value / before.value) == pytest.approx([ratio] * lines + [1] * (4 - lines))


def test_a_number_of_the_evidence_changes_its_step_and_every_later_one(tmp_path: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["evidence"]["dearer"]["value"] = 400

    before = cm.claims(written(tmp_path))
    after = cm.claims(written(tmp_path, change))
    assert list(after.claim("K1").frame.value / before.claim("K1").frame.value) == pytest.approx([1, 0.5, 0.5, 0.5])
    assert before != after
    assert before.claim("K1") != after.claim("K1")
    assert before == cm.claims(written(tmp_path))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(0.0075, "share", "0.75%"), (575, "£ a month", "£575 a month"), (-12_628, "C$", "−C$12,628"),
     (1, "months", "1 month"), (0.18, "months", "0.18 months"), (282_000, "people", "282,000 people")],
)  # fmt: skip
def test_a_number_is_read_with_its_unit(value: float, unit: str, words: str) -> None:
    assert Number(label="x", value=value, unit=unit, source=["X1"], status="read").words() == words


def test_a_page_comes_out_in_every_medium(shipped: Claims) -> None:
    claim = shipped.claim("K001")
    page = claim.page()
    out = Console(width=200, file=io.StringIO(), record=True)
    out.print(*render.terminal(page))
    assert "8.06%" in out.export_text()
    assert "| 8.06% |" in render.markdown(page)
    assert ">8.06%</td>" in render.html(page)
    document = json.loads(render.text(render.document(page)))
    assert document["schema"] == "costmodel/claims/1"
    assert [row["value"] for row in document["rows"]] == list(claim.frame.value)
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    RunSheet(book, Sheet(book, "K001", formats(book, POUNDS), "K001", "", False), "0").write(page)
    book.close()
    (table,) = openpyxl.load_workbook(stream)["K001"].tables.values()
    assert table.ref
    assert len(repr(claim)) < 2_000
    chart = claim.figure()
    assert "8.06%" in chart.title
    assert [bar.x for bar in chart.figure.data] == [tuple(claim.frame.value)]


def test_the_page_in_the_docs_is_current(shipped: Claims) -> None:
    assert script.PAGE.read_text("utf-8") == script.made(shipped), "python -m scripts.claims writes it again"


def test_the_dashboard_lists_them_and_shows_one(shipped: Claims) -> None:
    at = AppTest.from_function(_section).run(timeout=30)
    assert not at.exception
    (listed,) = [block for block in shipped.page().blocks if isinstance(block, Table)]
    assert [list(map(_plain, row)) for row in at.table[0].value.to_numpy()] == listed.cells(SCREEN)
    one = at.selectbox(key="claim").set_value("K003").run(timeout=30)
    assert shipped.claim("K003").record.verdict in "\n".join(_plain(text.value) for text in one.markdown)


def _section() -> None:
    from costmodel.app.parts import targets

    targets.show_claims()


def _plain(text: object) -> str:
    return str(text).replace("\\", "")


def test_the_command_lists_claims_shows_one_and_reads_a_file(tmp_path: Path) -> None:
    assert [row["claim"] for row in parsed("claims", "--json")["rows"]] == sorted(SUMMED + QUOTED)
    file = written(tmp_path)
    assert done("claims", "K1", "--file", file).startswith("K1: One\n")
    assert refused("claims", "K2", "--file", file) == 'claim: there is no claim "K2" here. Allowed: K1.\n'
