# ruff: noqa: E501 (rows of tables)
"""Files that are no scenario at all, faults side by side, and what is unusual without being wrong."""

import time
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.scenario.read import parse_text
from costmodel.scenario.schema import ModelFile
from tests.scenario.slips import INDEX, MODEL, OVERLAY, SETTING, problems, replace
from tests.support.example import documented, example, load_example

LONGEST = 10.0
"""Seconds in which a hostile file is refused."""


def bomb() -> bytes:
    """Nine levels of aliases: a billion nodes once expanded."""
    lines = ["a0: &a0 [lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


HOSTILE = {
    "F21_file_of_five_megabytes": (b"title: x\n" + b"# filler\n" * 560_000, "bytes", "At most 1,000,000"),
    "F21_too_many_nodes": (b"a: [" + b"1," * 60_000 + b"1]", "line 1: ", "50,000 nodes"),
    "F21_too_deep": (b"a: " + b"[" * 5_000, "line 1: ", "20 levels"),
    "F7_alias_bomb": (bomb(), "line 1: anchors and aliases", "Write the value out"),
    "F11_windows_1252": (b"title: \xa3100\n", "byte 7 is not UTF-8", "Save the file as UTF-8"),
    "F11_utf_16": ("title: x\n".encode("utf-16"), "byte 0 is not UTF-8", "Save the file as UTF-8"),
    "F5_tab": (b"cohort:\n\tage: 40\n", "line 2: not valid YAML", "Indent with spaces"),
    "F5_broken": (b"cohort: {age: 40\nstates: [\n", "line ", "Check quotes"),
    "F6_python_tag": (b'a: !!python/object/apply:os.system ["id"]\n', "line 1: the tag", "Write plain values"),
    "F2_duplicate_key": (b"title: a\nlabel: b\ntitle: c\n", 'line 3: the key "title" stands here and in line 1', "Keep one"),
    "F22_empty": (b"", "the file holds no keys", "format.md"),
    "F22_picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "byte 0 is not UTF-8", "Save the file as UTF-8"),
    "F22_only_a_list": (b"- 1\n- 2\n", "the file holds no keys", "format.md"),
    "key_that_is_a_list": (b"[1, 2]: 3\n", "line 1: a key must be a plain name", "Give it one"),
    "G6_control_character": (b'title: "a\\x1b[31m"\n', "line 1: the text holds the character U+001B", "Remove it"),
    "G8_text_that_runs_backwards": ("title: a\u202eb\n".encode(), "line 1: the text holds the character U+202E", "Remove it"),
    "G8_invisible_character_in_a_key": ("ti\u200btle: a\n".encode(), "line 1: the key holds the character U+200B", "Remove it"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_quickly_and_by_name(name: str, tmp_path: Path) -> None:
    content, found, remedy = HOSTILE[name]
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)
    began = time.monotonic()
    said = problems(path)
    assert time.monotonic() - began < LONGEST
    assert any(line.startswith("hostile.yaml") and found in line and remedy in line for line in said), said


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere.yaml") == [
        "nowhere.yaml: the file cannot be opened (No such file or directory)."
    ]
    assert "cannot be opened" in problems(tmp_path)[0]


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        text = f"format: 1\nextends: {other}.yaml\nlabel: {name}\nchange: {{people: 50}}\n"
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    assert problems(tmp_path / "a.yaml") == [
        "b.yaml, line 2: the files extend each other: a.yaml → b.yaml → a.yaml. One of them must be a model file."
    ]


def test_a_third_overlay_is_refused(tmp_path: Path) -> None:
    example(tmp_path)
    for name, parent in (("two", "cautious"), ("three", "two")):
        text = f"format: 1\nextends: {parent}.yaml\nlabel: {name}\nchange: {{people: {len(name)}}}\n"
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    assert cm.load(tmp_path / "two.yaml").model.people == 3
    said = problems(tmp_path / "three.yaml")
    assert len(said) == 1
    assert "stacked too deep. At most 2" in said[0]


def test_twenty_levels_are_read_and_no_more() -> None:
    assert not parse_text(b"a: " + b"[" * 19 + b"1" + b"]" * 19, Path("x.yaml")).problems
    with pytest.raises(cm.InputError, match="too deep"):
        parse_text(b"a: " + b"[" * 20 + b"1" + b"]" * 20, Path("x.yaml"))


def test_an_overlay_that_lists_no_change_is_refused(tmp_path: Path) -> None:
    example(tmp_path)
    (tmp_path / "idle.yaml").write_text("format: 1\nextends: model.yaml\nlabel: idle\n", "utf-8")
    assert problems(tmp_path / "idle.yaml") == [
        "idle.yaml, line 2: the overlay changes nothing. Fill change, add or remove."
    ]


FAULTS = (  # file, text, slip, and a piece of the message that it must give
    (MODEL, "people: 100", "people: 100\npeople: 99", 'the key "people" stands here'),
    (MODEL, "population:", "poplation:", 'unknown key "poplation"'),
    (MODEL, "value: 0.8", "value: .nan", ".nan is not a finite"),
    (MODEL, "horizon: 5 years", "horizon: 5", "horizon: 5: wanted"),
    (MODEL, "start: {ill: 1}", "start: {il: 1}", '"il" is not a declared state'),
    (MODEL, "value: 44,", "value: -44,", "−44 is outside"),
    (MODEL, "value: 40,", 'value: "40",', "'40'"),
    (MODEL, "unit: hazard ratio", "unit: odds ratio", "never a hazard ratio"),
    (MODEL, "        until: follow-up\n", "", "how long the effect lasts"),
    (MODEL, "value: 0.2, distribution: gamma", "value: 20, distribution: gamma", "percentage? 0.2"),
    (MODEL, "product_of: [gp_ill, gp_ratio]", "product_of: [gp_ill, gp_ratoi]", '"gp_ratio"?'),
    (MODEL, "utility_well: {label: \"Utility while well\", unit: utility, value: 0.7, distribution: beta, se: 0.02, source: X001, status: assumption}",
     "utility_well: {label: \"Utility while well\", unit: utility, value: 0.7, distribution: beta, se: 0.02}", "the source is missing"),
    (SETTING, "title:", "titel:", 'unknown key "titel"'),
    (SETTING, "value: 20000", "value: .inf", ".inf is not a finite"),
    (INDEX, "2022/23", "2019/20", "no year between"),
)  # fmt: skip


def test_all_faults_of_a_scenario_are_reported_at_once(tmp_path: Path) -> None:
    path = example(tmp_path)
    for file, old, new, _ in FAULTS:
        replace(tmp_path / file, old, new)
    said = problems(path)
    for *_, message in FAULTS:
        assert any(message in line for line in said), (message, "\n".join(said))
    assert len(said) == len(set(said))


@pytest.mark.parametrize("pair", range(len(FAULTS) - 1))
def test_two_faults_give_no_third(pair: int, tmp_path: Path) -> None:
    """A fault that was reported does not make others appear that are none."""
    path = example(tmp_path)
    wanted = 0
    for file, old, new, message in FAULTS[pair : pair + 2]:
        replace(tmp_path / file, old, new)
        wanted += (
            2 if message.startswith(("unknown key", "no year", "the source")) else 1
        )  # the right one is missing too
    said = problems(path)
    assert len(said) <= wanted, "\n".join(said)


def test_faults_of_an_overlay_and_its_parent_are_reported_together(tmp_path: Path) -> None:
    example(tmp_path)
    replace(tmp_path / MODEL, "value: 40,", "value: -40,")
    replace(tmp_path / OVERLAY, "0.7", ".nan")
    replace(tmp_path / OVERLAY, "3 months", "3 moons")
    said = "\n".join(problems(tmp_path / OVERLAY))
    assert "model.yaml, line 33: age: −40" in said
    assert "cautious.yaml, line 7: .nan is not" in said
    assert 'cautious.yaml, line 8: strategies.therapy.therapy.wait: "3 moons" is not a duration' in said


@pytest.mark.parametrize(
    ("name", "convert"),
    [
        ("F11_byte_order_mark", lambda text: b"\xef\xbb\xbf" + text.encode()),
        ("F12_windows_line_ends", lambda text: text.replace("\n", "\r\n").encode()),
        ("F12_old_line_ends", lambda text: text.replace("\n", "\r").encode()),
        ("F12_no_last_line_end", lambda text: text.rstrip("\n").encode()),
    ],
)
def test_ways_of_saving_a_text_do_not_matter(name: str, convert: object, tmp_path: Path) -> None:
    usual = load_example(tmp_path)
    (tmp_path / MODEL).write_bytes(convert(documented()["model"]))  # type: ignore[operator]
    assert cm.load(tmp_path / MODEL).sha256 == usual.sha256


@pytest.mark.parametrize(
    ("name", "value", "central"),
    [
        ("hr_recover", 0, 0.0),
        ("gp_visit", -0.0, 0.0),
        ("age", 17.5, 17.5),
        ("recover", 0.1000000000000000055511151231257827, 0.1),
        ("recover", 3e-1, 0.3),
    ],
    ids=["A11_ratio_of_zero", "B13_negative_zero", "D11_half_a_year_of_age", "B14_many_digits", "exponent"],
)
def test_what_is_right_is_accepted(name: str, value: float, central: float, tmp_path: Path) -> None:
    record = load_example(tmp_path).tree.data["parameters"][name] | {"value": value}
    plain = {key: record[key] for key in record if key not in ("distribution", "cv", "ci95")}
    scenario = load_example(tmp_path, **{f"parameters.{name}": plain})
    assert scenario.central[name] == central
    assert not str(scenario.central[name]).startswith("-")


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "<script>", "{__class__} %s $(id)", "+1", "@x", "[red]x"])
def test_free_text_is_kept_as_it_is(words: str, tmp_path: Path) -> None:
    assert load_example(tmp_path, title=words).model.title == words


@pytest.mark.parametrize(
    ("edits", "warning"),
    [
        ({"parameters.utility_ill.value": -0.2, "parameters.utility_ill.distribution": "normal"}, "worse than being dead"),
        ({"parameters.sessions.value": 0}, "sessions is 0, so the therapy costs nothing"),
        ({"parameters.gp_visit.value": 350_000}, "pence typed as pounds"),
        ({"strategies.therapy.therapy.wait": "59 months"}, "ends before the therapy"),
        ({"strategies.therapy.effects.recovers_faster.until": "referral + 10 years"}, "lasts longer than the horizon"),
        ({"parameters.gp_ill.cv": 4}, "gp_ill: the standard error is 4.0 times the mean"),
    ],
    ids=[
        "C12_utility_below_0", "C15_no_sessions", "C3_pence", "D16_therapy_beyond_horizon",
        "A30_effect_beyond_horizon", "E4_variance_as_standard_error",
    ],
)  # fmt: skip
def test_what_is_unusual_is_warned_about(edits: dict[str, object], warning: str, tmp_path: Path) -> None:
    assert any(warning in text for text in load_example(tmp_path, **edits).warnings)


def test_an_overlay_lists_each_change_with_the_old_value(tmp_path: Path) -> None:
    example(tmp_path)
    other = (tmp_path / SETTING).read_text("utf-8").replace("An invented place", "Elsewhere")
    (tmp_path / "settings/other.yaml").write_text(other, "utf-8")
    replace(tmp_path / OVERLAY, "change:\n", "change:\n  setting: settings/other.yaml\n")
    scenario = cm.load(tmp_path / OVERLAY)
    assert scenario.setting.title == "Elsewhere"
    assert [str(change) for change in scenario.changes] == [
        "setting: settings/example.yaml → settings/other.yaml",
        "parameters.attendance.value: 0.8 → 0.7",
        "strategies.therapy.therapy.wait: 0 months → 3 months",
    ]


@pytest.mark.parametrize("parameters", ["", "  - age", "  none"])
def test_an_overlay_of_a_model_without_parameters_is_refused(tmp_path: Path, parameters: str) -> None:
    path = example(tmp_path)
    text = path.read_text("utf-8")
    path.write_text(f"{text[: text.index('parameters:')]}parameters:\n{parameters}\n", "utf-8")
    assert any("parameters" in line for line in problems(tmp_path / "cautious.yaml"))


@pytest.mark.parametrize("key", ["extends", "setting"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, key: str) -> None:
    example(tmp_path)
    path = tmp_path / ("cautious.yaml" if key == "extends" else "model.yaml")
    lines = [
        f"{key}: {'a' * 300}" if line.startswith(f"{key}:") else line for line in path.read_text("utf-8").splitlines()
    ]
    path.write_text("\n".join(lines), "utf-8")
    assert any("does not exist" in line and "Check the path" in line for line in problems(tmp_path / "cautious.yaml"))


def test_two_hundred_faults_take_no_schema_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the JSON schema, from which messages take a key's meaning, takes longer than all the rest."""
    made: list[str] = []
    schema = ModelFile.model_json_schema

    def counted(**options: bool) -> object:
        made.append("model")
        return schema(**options)

    monkeypatch.setattr(ModelFile, "model_json_schema", counted)
    path = example(tmp_path)
    path.write_text(path.read_text("utf-8").replace("\nparameters:\n", "\n"), "utf-8")
    assert len(problems(path)) > 100
    assert len(made) <= 1
