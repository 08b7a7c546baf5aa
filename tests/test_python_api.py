"""Every public function, asked with wrong names, wrong types and NumPy's numbers.

The functions are found by looking, so that one that is added without right arguments in RIGHT, or with an argument of
which WRONG knows no wrong value, fails here.
"""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import costmodel as cm
from costmodel.analysis import beyond as after
from costmodel.analysis import (
    calibration,
    evidence,
    psa,
    sensitivity,
    spectrum,
    validation,
    verification,
    voi,
)
from costmodel.analysis import sweep as sweeps
from costmodel.cases import replicate
from costmodel.content import digest
from costmodel.report import workbook
from tests.support.example import load_example

ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "scenarios"
DRAWS = 100
MODULES: tuple[ModuleType, ...] = (
    cm, after, calibration, evidence, psa, replicate, sensitivity, spectrum, sweeps, validation,
    verification, voi, workbook,
)  # fmt: skip
NOT_ASKED = {
    "InputError.at": "it makes an error",
    "Question.rows": "a step of an analysis", "Question.measure": "a step of an analysis",
    "Question.finding": "a step of an analysis", "Question.curve": "a step of an analysis",
    "Question.spent_and_returned": "a step of an analysis", "Question.net_benefits": "a step of an analysis",
    **{f"spectrum.{name}": "words of a line" for name in ("record", "disagreement", "price", "use", "threat")},
    "Rule.measure": "a step of an analysis", "Plan.part": "a step of a sweep",
    "Plan.scenario": "a step of a sweep", "State": "a class of choices",
}  # fmt: skip
"""Public by their names, and no question that a user puts."""


def _functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function, and every public method that a public class has of its own, by name."""
    for module in MODULES:
        own = [name for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", own):
            one = getattr(module, name)
            if inspect.isclass(one):
                own = {m: f for kind in reversed(_kinds(one)) for m, f in vars(kind).items()}
                methods = [(m, f) for m, f in own.items() if callable(f) or isinstance(f, classmethod)]
                yield from ((f"{name}.{m}", getattr(one, m)) for m, f in methods if not m.startswith("_"))
            elif inspect.isfunction(one) and not name.startswith("_"):
                yield name if module is cm else f"{module.__name__.rpartition('.')[2]}.{name}", one


def _kinds(kind: type) -> list[type]:
    """A class, and the sums or the draws that it is built on."""
    return [kind, *(base for base in kind.__mro__[1:] if base.__name__ in ("Sums", "Draws"))]


def _public() -> dict[str, Callable[..., Any]]:
    """The same, each once, without those that are not asked."""
    seen: dict[int, str] = {}
    for name, one in _functions():
        seen.setdefault(id(inspect.unwrap(one)), name)
    kept = set(seen.values())
    return {name: one for name, one in _functions() if name in kept and name not in NOT_ASKED}


PUBLIC = _public()

OF_NAME: list[tuple[Any, str]] = [("", "Allowed: "), (3, "Allowed: "), (None, "Allowed: ")]
NO_NUMBER: list[tuple[Any, str]] = [("1", "'1' is no"), (True, "True is no"), (np.nan, "nan is no"), ([], "a list")]
NO_WHOLE = [*NO_NUMBER, (1.5, "1.5 is no"), (-1, "Whole, from"), (np.int64(-1), "Whole, from")]
NO_TRUTH: list[tuple[Any, str]] = [("no", "Write True or False"), (1, "Write True or False")]
NO_LIST: list[tuple[Any, str]] = [("therapy", "is no list"), (3, "3 is no list")]
NO_FUNCTION: list[tuple[Any, str]] = [("print", "is no function")]
NO_PATH: list[tuple[Any, str]] = [
    (3, "3 is no path"),
    (None, "None is no path"),
    ("nowhere/at.all", "cannot be opened"),
]
OBJECT: list[tuple[Any, str]] = [("model.yaml", "'model.yaml' is no"), (None, "None is no"), (ROOT, "Path is no")]

WRONG: dict[str, list[tuple[Any, str]]] = {
    "scenario": OBJECT, "result": OBJECT, "psa": OBJECT, "found": OBJECT, "fit": OBJECT,
    "perspective": [("nhs_ps", 'Did you mean "nhs_pss"?'), *OF_NAME],
    "strategy": [("therpy", 'Did you mean "therapy"?'), ("usual_care", "Allowed: therapy"), *OF_NAME],
    "run": [("expectd", 'Did you mean "expected"?'), *OF_NAME],
    "view": [("cahs", 'Did you mean "cash"?'), *OF_NAME],
    "by": [("partie", 'Did you mean "party"?'), *OF_NAME],
    "outcome": [("net_savings", 'Did you mean "net_saving"?'), *OF_NAME],
    "question": [("nbm", 'Did you mean "nmb"?'), *OF_NAME],
    "kind": [("nbm", 'Did you mean "nmb"?'), *OF_NAME],
    "stop": [("effects ceased", 'Did you mean "effects cease"?'), *OF_NAME],
    "sampling": [("sobl", 'Did you mean "sobol"?'), *OF_NAME],
    "party": [("nsh", 'Did you mean "nhs"?'), *OF_NAME],
    "category": [("therapie", 'Did you mean "therapy"?'), *OF_NAME],
    "population": [("panick", 'Did you mean "panic"?'), (3, "Allowed: ")],
    "input": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "name": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "first": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "second": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "perspectives": [(["nhs_ps"], 'Did you mean "nhs_pss"?'), *NO_LIST],
    "strategies": [(["therpy"], 'Did you mean "therapy"?'), (["usual_care"], "Allowed: therapy"), *NO_LIST],
    "only": [(["H99"], "there is no only"), *NO_LIST],
    "fits": [(["thiry"], "there is no fit"), *NO_LIST],
    "draws": [*NO_WHOLE, (10**9, "Whole, from")],
    "seed": [*NO_WHOLE, (2**63, "Whole, from 0 to 9,223,372,036,854,775,807")],
    "rows": [*NO_WHOLE, (1, "Whole, from")],
    "workers": [*NO_WHOLE, (0, "Whole, from 1 to 256")],
    "years": [*NO_WHOLE, (0, "Whole, from 1 to 100")],
    "horizon": [*NO_NUMBER, (7, "Answers are read at 2 years"), (np.float64(7), "Answers are read at 2 years")],
    "horizon_months": [*NO_NUMBER, (7, "Answers are read at 2 years")],
    "month": [*NO_NUMBER, (-1, "From 0 to"), (1e6, "From 0 to")],
    "by_month": [*NO_NUMBER, (-1, "between the first payment and"), (1e6, "between the first payment and")],
    "value": [*NO_NUMBER[:3], (np.inf, "inf is not a number")],
    "chance": [*NO_NUMBER, (80, "Write 0.8 for 80 in 100")],
    "threshold": [("1", "'1' is no value"), (True, "True is no value"), (-1, "From 0 to 10,000,000")],
    "thresholds": [(3, "Wanted: 1 to"), ("30000", "Wanted: 1 to"), ([-1], "Wanted: 1 to"), ([], "Wanted: 1 to")],
    "people_a_year": [*NO_NUMBER, (0, "A number above 0"), (-3, "A number above 0")],
    "values": [*NO_LIST, (["1"], "'1' is not a value"), ([], "Name at least one"), ([np.nan], "nan is no")],
    "first_values": [*NO_LIST, (["1"], "'1' is not a value"), ([], "Name at least one")],
    "second_values": [*NO_LIST, (["1"], "'1' is not a value"), ([], "Name at least one")],
    "groups": [(["session_price"], "Give parameters by a name"), ({"mine": "session_price"}, "is no list"),
               ({"mine": ["session_prise"]}, 'Did you mean "session_price"?'), ({"mine": [3]}, "Allowed: ")],
    "given": [([80.0] * DRAWS, "Give them by parameter"), ({"session_prise": [80.0]}, 'Did you mean "session_price"?'),
              ({3: [80.0]}, "Allowed: "), ({"session_price": ["80"] * DRAWS}, f"Wanted: {DRAWS} of them"),
              ({"session_price": [80.0]}, f"Wanted: ({DRAWS},)"), ({"session_price": 80.0}, f"Wanted: ({DRAWS},)")],
    "discounted": NO_TRUTH, "cash": NO_TRUTH, "sustained": NO_TRUTH, "strata": NO_TRUTH, "fix": NO_TRUTH,
    "whole": NO_TRUTH,
    "progress": NO_FUNCTION, "said": NO_FUNCTION,
    "changes": [([], "Give them by name"), ({3: 1}, "3 is no name"), ({"session_prise": 1}, "Did you mean"),
                ({"session_price": "x"}, "Wanted: a number"), ({"session_price": True}, "Wanted: a number"),
                ({"people": np.float64(1.5)}, "people")],
    "path": NO_PATH, "grid": NO_PATH, "service": NO_PATH, "cohort": NO_PATH, "folder": NO_PATH,
    "output": NO_PATH[:2],
    "paths": [*NO_LIST, ([3], "3 is no path")],
    "scheduler": [(3, "3 is no address")],
    "position": [("figure", 'Did you mean "figures"?'), ("matched", "Allowed: "), *OF_NAME],
    "onset_of": [("figure", 'Did you mean "figures"?'), ("matched", "Allowed: "), ("", "Allowed: "), (3, "Allowed: ")],
    "therapy": [("music", "Allowed: psychodynamic"), *OF_NAME],
    "without": [(["TADZ"], 'Did you mean "TADS"?'), *NO_LIST],
    "at": [*NO_LIST, (["1"], "'1' is not a share"), ([1.5], "From 0 to 1")],
    "option": [],
    "place": [],
    "plan": [({"strats": 3}, 'Did you mean "starts"?'), ({"starts": "3"}, "'3' is not a number"), ({3: 1}, "has no 3"),
             ({"starts": True}, "True is not a number"), ({"starts": -1}, "From 0 to"), ({}, "Write a number"),
             ([], "a list is no plan"), (None, "None is no plan"), ("plan", "'plan' is no plan")],
    "a": OBJECT, "b": OBJECT, "order": [(3, "3 is no path"), ("nowhere/at.all", "cannot be opened")],
    "explain.horizon": [*NO_NUMBER, (-1, "From 0 to"), (1e6, "From 0 to")],

    "Result.summary.by": [("partie", 'Did you mean "party"?'), ("perspectiv", 'Did you mean "perspective"?'), *OF_NAME],
    "Result.compared.strategy": [("usual_care", "Allowed: therapy"), *OF_NAME],
    "Psa.choices.thresholds": [(3, "is no list"), ("30000", "is no list"), ([-1], "From 0 to 10,000,000")],
    "validate.population": [("panick", 'Did you mean "panic"?')],
    "calibrate.fits": [("thiry", "is no list"), (3, "3 is no list")],
    "Scenario.changed.by": [(3, "3 is no name")],
    "Scenario.stratum.name": [("heavy", "there is no stratum"), (3, "there is no stratum")],
    "Scenario.status.name": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "Result.run.name": [("expectd", 'Did you mean "expected"?'), *OF_NAME],
    "ValueOfInformation.line.name": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME],
    "ValueOfInformation.of.kind": [("groups", 'Did you mean "group"?'), *OF_NAME],
    "workbook.write.path": [("x.csv", "Did you mean x.xlsx?"), ("x", "Did you mean x.xlsx?"), *NO_PATH[:2]],
    "workbook.named_as_workbook.path": [("x.csv", "Did you mean x.xlsx?"), *NO_PATH[:2]],
    "references": NO_LIST, "reference": [("session_prise", 'Did you mean "session_price"?'), *OF_NAME[:1], OF_NAME[2]],
    "synthesise.path": NO_PATH, "claims.path": NO_PATH,
    "workbook.path": [("x.csv", "Did you mean x.xlsx?"), ("nowhere/x.xlsx", "nowhere"), *NO_PATH[:2]],
    "evidence.evidence.population": [(3, "3 is no name")],
    "evidence.evidence_of_all.folder": [*NO_PATH[:2], ("nowhere", "there is no such folder")],
    "evidence.evidence_of_all.draws": [], "evidence.evidence_of_all.seed": [],  # of each population, by `evidence`
    "validation.targets_name.folder": NO_PATH[:2], "validation.targets_name.population": [],
    "spectrum.populations.folder": NO_PATH[:2],
    "scenarios": [*NO_LIST, ([3, 4], "3 is no Scenario"), ([], "0 scenarios cannot be compared")],
    "names": [*NO_LIST, (["one"], "1 names for 2 scenarios")],
    "explained": [("AZ", "Allowed: AB, BA"), ("A", 'Did you mean "BA"?'), *OF_NAME],
    "compare.horizon": [*NO_NUMBER, (0, "From 1"), (1e6, "From 1")],
    "spectrum.spectrum.horizon": [*NO_NUMBER, (0, "1 or more"), (1e6, "Look less far")],
    "price": [("staf_band_7", 'Did you mean "staff_band_7"?'), *OF_NAME],
    "calibration.write.fits": [*NO_LIST, ([3], "3 is no Fit")],
    "Chances.at.month": [*NO_NUMBER, (-1, "From 0 to"), (1e6, "From 0 to")],
}  # fmt: skip
"""Values that no parameter of this name may have, and what the refusal says; `function.parameter` goes before."""
PLACES: dict[str, list[tuple[Any, str]]] = {
    "horizon": [(-1, "Whole, from 0 to"), (9, "Whole, from 0 to"), *NO_NUMBER],
    "strategy": [(-1, "Whole, from"), (9, "Whole, from"), ("therapy", "Whole, from"), *NO_NUMBER],
    "run": [("expected", "is no Run"), (3, "is no Run")],
    "values": [(3, "a row for each alternative"), ([1.0], "a row for each"), (np.zeros((2, 3)), "a row for each")],
    "happens": [(3, "a row for each alternative"), ([True], "a row for each"), ([["no"]], "a row for each")],
}
"""The same of the methods of a result that take readings, arrays and indices."""

TABLE: dict[str, Any] = {
    "perspective": "public_sector", "strategy": "therapy", "run": "expected", "view": "cash", "by": "category",
    "outcome": "net_saving", "question": "nmb", "kind": "nmb", "stop": "effects cease", "sampling": "sobol",
    "party": None, "category": None, "input": "session_price", "name": "session_price", "first": "session_price",
    "second": "gp_visit", "perspectives": ["nhs"], "strategies": ["therapy"], "only": None, "fits": None,
    "draws": DRAWS, "seed": 2, "rows": 200, "workers": 1, "years": 5, "horizon": 24, "horizon_months": 24,
    "month": 12, "by_month": 24, "value": None, "chance": 0.5, "threshold": 30_000, "thresholds": [20_000, 30_000],
    "people_a_year": 10, "values": [80, 90], "first_values": [80, 90], "second_values": [40, 50],
    "groups": {"mine": ["session_price", "gp_visit"]}, "discounted": True, "cash": False, "sustained": False,
    "strata": False, "fix": False, "whole": True,
    "progress": None, "scheduler": None, "at": [0.25, 0.5], "option": "path",
    "place": "horizon", "order": None, "changes": {"session_price": 85, "people": 50}, "said": lambda name: None,
    "given": {"session_price": [80] * DRAWS}, "folder": SCENARIOS, "population": "panic",
    "plan": {"starts": 10, "months": 6, "therapists": 1.5},
    "claims.path": None, "synthesise.path": None, "position": "figures", "onset_of": "figures",
    "therapy": "psychodynamic",
    "without": ["TADS"],
    "reference": "session_price", "references": ["session_price"],
    "fit": None, "Result.at.place": "here", "Result.net_cost.perspective": None,
    "Result.signs.perspective": None,
    "Result.band.strategy": 1, "Scenario.changed.by": "me",
    "Scenario.stratum.name": None, "Result.run.name": "deterministic", "ValueOfInformation.of.kind": "parameter",
    "break_even.value": 1, "chance_break_even.draws": 20,
    "frontier.value": 1, "chances.view": "value", "verify.only": None,
    "replicate.path": ROOT / "tests" / "published" / "chancellor_1997_exact.json",
    "evidence.evidence.draws": DRAWS, "spectrum.spectrum.draws": 0,
    "spectrum.spectrum.horizon": 24, "price": "staff_band_8a",
    "names": ["One", "Two"], "explained": "AB",
    "calibrate.path": SCENARIOS / "panic" / "calibration.yaml",
    "spectrum.spectrum.paths": [SCENARIOS / "panic" / "model.yaml"],
}  # fmt: skip
"""Right arguments: by the parameter's name, and where that is not enough by `function.parameter`."""
BY_NAME = {
    "Result.run", "Result.at", "Result.compared", "Result.payback", "Result.saving", "Result.summary", "Result.curve",
    "Result.trace", "Result.activity", "Result.ledger", "Result.answers",
}  # fmt: skip
"""Methods of a result that take names; the others take readings, arrays and indices."""
INDICES = {"horizon": 0, "strategy": 1, "at": [0.25, 0.5]}
LONG = {
    "calibrate", "evidence.evidence", "spectrum.spectrum", "validate", "validation.targets_name",
    "verify", "verification.verify_result", "workbook", "workbook.write",
}  # fmt: skip
"""Functions whose right answer takes more than a second."""
NO_ANSWER = {
    "Scenario.stratum", "calibration.posterior_text", "calibration.write", "evidence.evidence_of_all", "sweep",
    "sweep.sweep",
}  # fmt: skip
"""Functions that are asked here for their refusals alone: they take strata, fits, all populations."""


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Objects to be asked, by the name of their class or of a parameter."""
    folder = tmp_path_factory.mktemp("api")
    scenario = load_example(folder)
    result = cm.run(scenario, draws=DRAWS)
    psa, found = cm.psa(result), cm.beyond(result)
    (folder / "grid.yaml").write_text("format: 1\nscenarios: [model.yaml]\nset: {session_price: [80]}\ndraws: 20\n")
    values = result.net_cost(result.headline, 0, 1)
    (folder / "cohort.csv").write_text("column,value\ncohort_size,150\n")
    (folder / "service.csv").write_text(
        "period_start,contacts_attended,contacts_dna,contacts_cancelled,referrals_received,starts,discharges_completed,"
        "discharges_dropout,weeks_to_first_median,waiting_list_end,therapists,therapists_band_7,"
        "therapists_band_8a,contract_price_session,contract_value_month\n"
        + "".join(f"2024-{month:02d}-01,40,6,4,5,4,3,1,,,,,,,\n" for month in range(1, 13))
    )
    pair = (scenario, "session_price", "gp_visit", [80, 90])
    return {
        "load.path": scenario.path, "scenario": scenario, "result": result, "psa": psa, "found": found,
        "a": scenario, "b": scenario.changed({"session_price": 85}),
        "scenarios": [scenario, scenario.changed({"session_price": 85})],
        "a run": result.headline,
        "a values": values, "a happens": values > 0, "grid": folder / "grid.yaml", "output": folder / "swept",
        "service": folder / "service.csv", "cohort": folder / "cohort.csv",
        "workbook.path": folder / "x.xlsx", "Scenario": scenario, "Result": result, "Psa": psa, "Beyond": found,
        "Chances": psa.chances(), "ValueOfInformation": cm.voi(scenario, draws=DRAWS), "Tornado": cm.tornado(scenario),
        "BreakEvens": cm.break_even(scenario, "session_price"), "Grid": cm.grid(*pair, [40, 50]),
        "Frontier": cm.frontier(*pair),
    }  # fmt: skip


def _takes_places(name: str) -> bool:
    """Whether a method of a result takes readings, arrays and indices in the place of names."""
    return name.startswith("Result.") and name not in BY_NAME


def _asked(name: str, things: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """A function, bound to an object where it is a method, and right arguments."""
    function, owner = PUBLIC[name], name.partition(".")[0]
    if owner in things and owner[0].isupper():
        function = function.__get__(things[owner])
    given: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters:
        full = f"{name}.{parameter}"
        if _takes_places(name) and parameter in ("run", "values", "happens"):
            given[parameter] = things[f"a {parameter}"]
        elif _takes_places(name) and parameter in INDICES:
            given[parameter] = INDICES[parameter]
        elif full in TABLE:
            given[parameter] = TABLE[full]
        elif parameter == "path":
            given[parameter] = things["load.path" if name == "load" else "workbook.path"]
        else:
            given[parameter] = things[parameter] if parameter in things else TABLE[parameter]
    return function, given


def _wrong(name: str, parameter: str) -> list[tuple[Any, str]]:
    places = PLACES if _takes_places(name) else {}
    full = f"{name}.{parameter}"
    return WRONG[full] if full in WRONG else (WRONG | places)[parameter]


def _may_be_left_out(function: Callable[..., Any], parameter: str) -> bool:
    return inspect.signature(function).parameters[parameter].default is None


ASKED = [name for name, one in PUBLIC.items() if [p for p in inspect.signature(one).parameters if p != "self"]]


@pytest.mark.parametrize("name", ASKED)
def test_what_no_argument_can_be_is_refused_with_what_it_can(name: str, things: dict[str, Any]) -> None:
    function, given = _asked(name, things)
    for parameter in given:
        for value, says in _wrong(name, parameter):
            if value is None and _may_be_left_out(function, parameter):
                continue
            with pytest.raises(cm.InputError) as refused:
                _all(function(**given | {parameter: value}))
            assert says in str(refused.value), (parameter, value)
            assert len(str(refused.value)) < 1_000, (parameter, value)


def _all(answer: Any) -> Any:
    """An answer, or all the rows of one that is made row by row."""
    return list(answer) if inspect.isgenerator(answer) else answer


def _numpy(value: Any) -> Any:
    """A value as NumPy has it."""
    match value:
        case bool():
            return np.bool_(value)
        case int():
            return np.int64(value)
        case float():
            return np.float64(value)
        case str():
            return np.str_(value)
        case list() if value and not isinstance(value[0], Path):
            return np.array(value)
        case dict():
            return {np.str_(name): _numpy(one) for name, one in value.items()}
    return value


def _whole(value: Any) -> Any:
    """A whole number as a float."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _content(value: Any) -> Any:
    """What is in an answer, so that two can be compared."""
    return value.to_csv() if isinstance(value, pd.DataFrame) else digest(value)


def _same(name: str, things: dict[str, Any], turned: Callable[[Any], Any]) -> None:
    """An answer does not depend on who made its numbers and names."""
    function, given = _asked(name, things)
    answer = _content(_all(function(**given)))
    other = {parameter: turned(value) for parameter, value in given.items()}
    assert _content(_all(function(**other))) == answer


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=[pytest.mark.long] if one in LONG else []) for one in ASKED if one not in NO_ANSWER],
)
def test_numbers_and_names_of_numpy_are_numbers_and_names(name: str, things: dict[str, Any]) -> None:
    _same(name, things, _numpy)


@pytest.mark.parametrize("name", ["run", "tornado", "Psa.chances"])
def test_a_whole_float_is_a_whole_number(name: str, things: dict[str, Any]) -> None:
    _same(name, things, _whole)


def test_draws_are_taken_from_a_table(things: dict[str, Any]) -> None:
    prices = np.linspace(70, 90, DRAWS)
    table, mapping = pd.DataFrame({"session_price": prices}), {"session_price": list(prices)}
    one, other = (cm.run(things["scenario"], DRAWS, given=given) for given in (table, mapping))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(one.table(), other.table())


def test_two_names_for_one_thing_are_refused(things: dict[str, Any]) -> None:
    result: cm.Result = things["result"]
    for more, says in (
        ({"perspective": "nhs", "party": "nhs"}, "a perspective is named too"),
        ({"discounted": True, "cash": True}, "cash is not discounted"),
    ):
        with pytest.raises(cm.InputError, match=says):
            result.net_cost(result.headline, 0, 1, **more)  # type: ignore[arg-type]


def test_a_way_to_end_that_cannot_be_had_says_why(things: dict[str, Any]) -> None:
    found = dataclasses.replace(things["found"], results={}, refused={"gap closes": "two strategies share a state"})
    with pytest.raises(cm.InputError, match="two strategies share a state"):
        found.verdict("gap closes")


def test_the_charts_of_a_result_are_functions_of_charts(things: dict[str, Any]) -> None:
    for draw in (cm.charts.cumulative, cm.charts.bridge, cm.charts.structures):
        made = draw(things["result"], "nhs")
        assert isinstance(made, cm.charts.Chart)
        assert made.title
        assert made.figure.data
    assert "charts" in dir(cm)
