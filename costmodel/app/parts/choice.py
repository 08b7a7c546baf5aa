"""What this user has chosen: one immutable scenario, and the changes to it. Lives in the session."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from costmodel.app.parts import catalogue, compute
from costmodel.app.parts.beside import Source
from costmodel.app.parts.kept import BYTES_OF_A_SCENARIO, Kept
from costmodel.errors import InputError
from costmodel.report.saved import overlay_text, saved
from costmodel.report.workbook.reader import changes_of, is_workbook, opened
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Locked, Refused, alone, load
from costmodel.scenario.parameter import DERIVED
from costmodel.scenario.schema import Base
from costmodel.words import upper_first

_NAME = re.compile(r"\b[a-z][a-z0-9]*_[a-z0-9_]+\b|^[a-z][a-z0-9]*(?=:)")
"""What may be the name of a parameter in a message."""
_OURS = re.compile(rf"(?!{re.escape(catalogue.UPLOADED)}).+\.(yaml|csv)\b")
"""A place in a file that is not the reader's own."""
_KIND = re.compile(rf" \(({'|'.join(DERIVED)})\)")
CHOICE, FAULTS, NOTICE, PENDING = "choice", "faults", "notice", "pending"
FIRST = "depression_resistant"
"""The population that opens: the one on which the UK trial of long-term therapy stands."""


@dataclass(frozen=True)
class Choice:
    """A population, one of its files (or the user's own, as bytes), and changes by path: plain values."""

    population: str
    file: str
    upload: bytes | None = None
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def changed(self) -> dict[str, Any]:
        return dict(self.changes)


MOST_SCENARIOS = 100_000_000
"""Bytes of scenarios that are kept."""
_loaded = Kept(MOST_SCENARIOS)


def _load(choice: Choice, stamp: str, whole: bool = True) -> Scenario:
    """Read once for all sessions while the folder stays as it is; changed without its conventions unless whole.

    Raises InputError.
    """
    key = (choice, stamp, whole or not choice.changes)
    scenario: Scenario | None = _loaded.get(key)
    if scenario is None:
        if choice.changes:
            start = _load(replace(choice, changes=()), stamp)
            scenario = start.changed(choice.changed, whole=whole)
        elif choice.upload is not None:
            scenario = catalogue.read_upload(choice.upload, choice.population)
        else:
            scenario = load(catalogue.path_of(choice.population, choice.file))
        _loaded.put(key, scenario, BYTES_OF_A_SCENARIO + len(choice.upload or b""))
    return scenario


def scenario_of(choice: Choice, whole: bool = True) -> Scenario:
    """The scenario of a choice; whole: with its conventions about money. Raises InputError."""
    scenario = _load(choice, catalogue.stamp(), whole)
    if len(scenario.model.strategies) < 2:
        found = "the scenario has one strategy"
        raise InputError.at(scenario.path.name, found, "The dashboard compares a therapy with usual care.")
    if scenario.model.in_probabilities:
        found = "the dashboard shows models of rates, and this is one of probabilities"
        raise InputError.at(scenario.path.name, found, "Run it with costmodel run.")
    return scenario


def current() -> Choice:
    """This session's choice."""
    if CHOICE not in st.session_state:
        st.session_state[CHOICE] = first()
    return st.session_state[CHOICE]


def first() -> Choice:
    """What a session begins with: the base of the population that opens, or of the first."""
    there = catalogue.populations()
    population = FIRST if FIRST in there else next(iter(there))
    return Choice(population, catalogue.base_name(population))


def locked() -> Locked | None:
    """The chosen scenario if no answer may be given for it."""
    try:
        base()
    except Refused as refused:
        return refused.locked
    except InputError:
        return None
    return None


def base() -> Scenario:
    """The chosen scenario without the user's changes."""
    return scenario_of(replace(current(), changes=()))


def scenario() -> Scenario:
    """The chosen scenario as changed."""
    return scenario_of(current())


def asked() -> Scenario:
    """The chosen scenario as changed, for questions that no convention about money is asked for."""
    return scenario_of(current(), whole=False)


def source(whole: bool = True) -> Source:
    """What reads the chosen scenario as changed: as `scenario` does, or `asked` unless whole."""
    return partial(_read_anew, current(), whole)


def _read_anew(choice: Choice, whole: bool) -> Scenario:
    """The same as `scenario_of`, without keeping what is changed. Raises InputError."""
    start = scenario_of(replace(choice, changes=()))
    return start.changed(choice.changed, whole=whole) if choice.changes else start


def with_changes(more: Mapping[str, Any]) -> Scenario:
    """The chosen scenario with further changes that do not become the user's."""
    here = current()
    wanted = here.changed | dict(more)
    start = base()
    kept = tuple((path, value) for path, value in wanted.items() if value != default(start, path))
    return scenario_of(replace(here, changes=kept))


def limits(path: str, step: float, low: float, high: float, rest: str | None = None) -> tuple[float, float]:
    """The lowest and the highest value of a number that the chosen scenario takes, of those between two ends.

    path: what a change changes. step: how far from an end to look where that itself is refused. rest: what is changed
    with it, to 1 less the value.
    """
    start = base()
    key = ("limits", path, step, low, high, start.sha256)

    def taken(value: float) -> bool:
        return _taken(start, {path: value} | ({rest: 1 - value} if rest else {}))

    found: tuple[float, float] | None = _loaded.get(key)
    if found is None:
        lowest = next((end for end in (low, low + step) if taken(end)), float(default(start, path) or low))
        highest = next((end for end in _ends(high, step) if end > lowest and taken(end)), lowest)
        found = lowest, max(highest, float(default(start, path) or lowest))
        _loaded.put(key, found, compute.BYTES * len(key))
    return found


def _ends(high: float, step: float) -> Iterator[float]:
    """An end, what is a step before it, and tenths of it."""
    yield from (high, high - step)
    while high >= 10:
        high = high // 10
        yield high


def _taken(start: Scenario, changes: Mapping[str, float]) -> bool:
    try:
        changes = {path: int(value) if path == "people" else value for path, value in changes.items()}
        compute.try_out(start.changed(changes, whole=False))
    except InputError:
        return False
    return True


def faults() -> dict[str, str]:
    """What was refused, by the control or path it belongs to."""
    return st.session_state.setdefault(FAULTS, {})


def change(at: str, values: Mapping[str, Any]) -> bool:
    """Apply changes by path; a value equal to the default, or None, takes the change back.

    What is refused is kept as a fault of the control `at`, and the previous scenario stays.
    True if it was applied.
    """
    before, wanted = current(), current().changed
    start = base()
    for path, value in values.items():
        wanted.pop(path, None)
        if value is not None and value != default(start, path):
            wanted[path] = value
    return _adopt(at, replace(before, changes=tuple(wanted.items())), values)


def reset(at: str, *paths: str) -> None:
    """Take changes back: of the given paths, or all."""
    wanted = {path: value for path, value in current().changed.items() if paths and path not in paths}
    _adopt(at, replace(current(), changes=tuple(wanted.items())), {})
    if not paths:
        faults().clear()


def select(population: str, file: str) -> None:
    """Choose a shipped scenario; the user's changes go with it where they fit."""
    try:
        catalogue.path_of(population, file)
    except InputError as error:
        faults()["file"] = reasons(error)
        return
    here = current()
    wanted = replace(here, population=population, file=file, upload=None)
    if _adopt("file", wanted, {}):
        if wanted.changes and population != here.population:
            count = len(wanted.changes)
            changed = f"Your {count} changes hold" if count > 1 else "Your change holds"
            st.session_state[NOTICE] = (
                f"{changed} for this population now. “Reset all” takes back what is not meant for it."
            )
        return
    if wanted.changes and _adopt("file", replace(wanted, changes=()), {}):
        st.session_state[NOTICE] = "Your changes did not fit this scenario and were taken back."


def open_linked(wanted: Choice) -> list[str]:
    """Take over the choice of a link, without its changes where they do not fit; what is to be said of it."""
    if _adopt("file", wanted, {}):
        return []
    why = faults().pop("file", "")
    _adopt("file", replace(wanted, changes=()), {})
    return [f"The link's changes did not fit and were left out: {why}"]


class Unnamed(Exception):
    """A file does not say to which population it belongs, and there are several."""


def upload(content: bytes, chosen: str | None = None) -> None:
    """Choose a user's file: changes to a shipped scenario, a scenario of its own, or a workbook with values typed.

    chosen: the population that the reader has named for a file that names none. Such a file waits until then.
    """
    st.session_state.pop(PENDING, None)
    here = current()
    try:
        wanted, said = read_file(content, chosen)
    except Unnamed:
        faults().pop("file", None)
        st.session_state[PENDING] = content
        return
    except InputError as error:
        faults()["file"] = reasons(error)
        return
    if _adopt("file", wanted, wanted.changed):
        if wanted.population != here.population:
            title = catalogue.populations()[wanted.population].title
            said = (f"The file belongs to “{title}”: the page has switched to it.", *said)
        if said:
            st.session_state[NOTICE] = " ".join(said)


def read_file(content: bytes, chosen: str | None = None) -> tuple[Choice, tuple[str, ...]]:
    """The choice that a scenario file or a workbook stands for, and what is to be said of it. Raises InputError,
    Unnamed.
    """
    return (_of_workbook if is_workbook(content) else _of_file)(content, chosen)


def _of_file(content: bytes, chosen: str | None) -> tuple[Choice, tuple[str, ...]]:
    """The choice that a scenario file stands for, and what is to be said of it. Raises InputError, Unnamed."""
    here, said = current(), ()
    base, nameless = catalogue.base_of(content)
    if nameless and chosen is None and len(catalogue.populations()) > 1:
        raise Unnamed
    if base is not None and base.file == catalogue.UPLOADED:
        return _of_own_file(content, base)
    population = base.population if base is not None else chosen or here.population
    if base is not None:
        content = catalogue.beside_its_base(content, base)
        said = catalogue.read_upload(content, population).remarks
    elif nameless:
        title = catalogue.populations()[population].title
        said = (f"The file does not say to which population it belongs. It was taken as changes of “{title}”.",)
    plain = catalogue.changes_of(catalogue.check_upload(content, population), population)
    if base is not None and base.stratum is not None:
        plain = None  # values alone would be the whole cohort's
    if plain is None:
        return Choice(population, catalogue.UPLOADED, content), said
    return Choice(population, plain[0], None, tuple(plain[1].items())), said


def _of_own_file(content: bytes, base: Base) -> tuple[Choice, tuple[str, ...]]:
    """Changes to a file of the reader's own, which must be open. Raises InputError."""
    start = replace(current(), changes=())
    if start.upload is None or _sha256(start) != base.sha256:
        found = f"it changes a file of your own (SHA-256 {base.sha256[:12]}…), which is not open here"
        raise InputError.at("your file", found, "Open that file first, then this one.")
    plain = catalogue.changes_of(catalogue.check_upload(content, start.population), start.population)
    if plain is None:
        raise InputError.at("your file", "it changes more than values", "Write the changes into your own file.")
    return replace(start, changes=tuple(plain[1].items())), ()


def _of_workbook(content: bytes, chosen: str | None) -> tuple[Choice, tuple[str, ...]]:
    """The choice that a workbook stands for: the scenario that it was made from, and what was typed into it since."""
    book = opened(content)
    here, said = current(), ()
    start = next((one for one in (here, replace(here, changes=())) if _sha256(one) == book.sha256), None)
    if start is None and book.base is not None:
        start, _ = _of_file(book.saved, chosen)
    elif start is None:
        if chosen is None and len(catalogue.populations()) > 1:
            raise Unnamed
        start = Choice(chosen or here.population, book.file)
        title = catalogue.populations()[start.population].title
        said = (f"The workbook does not say to which population it belongs. It was taken as one of “{title}”.",)
        if book.file not in catalogue.scenarios(start.population):
            raise InputError.at("workbook", f'“{title}” has no file "{book.file}"', "Choose its population first.")
    base, before = scenario_of(replace(start, changes=())), scenario_of(start)
    if before.part:
        said = (*said, alone(before))
    returned = changes_of(book, before, another_version=before.sha256 != book.sha256)
    if returned.held:
        held, more = _of_file(overlay_text(saved(returned.scenario)), start.population)
        return held, (*said, *more, *returned.warnings)
    wanted = start.changed
    for path, value in returned.paths.items():
        wanted.pop(path, None)
        if value != default(base, path):
            wanted[path] = value
    count = len(returned.paths)
    typed = (
        f"The workbook changed {count} value{'' if count == 1 else 's'}." if count else "The workbook changes nothing."
    )
    return replace(start, changes=tuple(wanted.items())), (typed, *said, *returned.warnings)


def _sha256(choice: Choice) -> str:
    """Of a choice's scenario; empty where it cannot be shown, as a locked one."""
    try:
        return scenario_of(choice).sha256
    except InputError:
        return ""


def default(scenario: Scenario, path: str) -> Any:
    """What a path holds in a scenario: a centre in its own unit and price year, an option, a text."""
    keys = path.split(".")
    if keys[0] == "parameters" and len(keys) == 3 and keys[2] in ("use", "value"):
        name = keys[1]
        if keys[2] == "use":
            record = scenario.parameters.get(name)
            return record.use if record is not None and record.moved_to is None else None
        if name in scenario.leaves:
            return scenario.leaves[name].central
        return scenario.central.get(name)
    node: Any = scenario.tree.data
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _adopt(at: str, wanted: Choice, typed: Mapping[str, Any]) -> bool:
    """Make a choice the session's if it loads and runs, or is a locked population; else keep the reasons beside it."""
    compute.TURNS.take()
    try:
        scenario = scenario_of(wanted, whole=False)
        compute.check_size(scenario)
        compute.central(scenario)
    except InputError as error:
        if isinstance(error, Refused) and wanted.upload is None and not error.asked:
            st.session_state[CHOICE] = wanted
            faults().clear()
            return True
        said = ", ".join(str(value) for value in typed.values())
        faults()[at] = f"{f'{said}: ' if said else ''}{reasons(error)}"
        return False
    st.session_state[CHOICE] = wanted
    faults().pop(at, None)
    return True


def reasons(error: InputError) -> str:
    """Problems in the reader's words: labels for names, and a place only where it stands in the reader's own file."""
    lines = []
    for problem in error.problems:
        place = "" if problem.place.startswith("you ") or _OURS.match(problem.place) else f"{problem.place}: "
        found = labelled(problem.found) if place else upper_first(labelled(problem.found))
        lines.append(f"{place}{found}. {labelled(problem.remedy)}".strip())
    return "\n".join(dict.fromkeys(lines))


def labelled(text: str) -> str:
    """A text with the labels of parameters in the place of their names, which only a file's author knows."""
    try:
        parameters = base().parameters
    except InputError:
        return text
    text = _KIND.sub("", text)
    return _NAME.sub(lambda name: f"“{parameters[name[0]].label}”" if name[0] in parameters else name[0], text)
