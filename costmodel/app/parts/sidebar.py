"""The few controls that matter, each with unit, default, reason, a changed mark and a reset."""

import math
from collections.abc import Mapping

import streamlit as st

from costmodel.analysis.beyond import lasting
from costmodel.app.parts import catalogue, choice, compute, show
from costmodel.app.parts.records import Record, counted, record, records, why
from costmodel.app.parts.text import literal, number
from costmodel.errors import InputError
from costmodel.report.sentence import whose
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import Locked

DURABILITY = {
    "effects cease": "Effects cease then",
    "effects persist": "Effects persist",
    "gap closes": "The gap closes at once",
}
OWN_PRICE = "your own price"
YOU = "you"
MONTHS_A_YEAR = 12
LONGEST_HORIZON = 40
WEIGHT_STEP = 0.05
MARK = "● "
"""Stands before the label of a changed control."""


def sidebar() -> None:
    """All controls. What they change is in the session's choice when this returns."""
    with st.sidebar:
        _files()
        base, scenario = choice.base(), choice.scenario()
        changes = choice.current().changed
        rows = records(base, scenario, changes)
        _people(base, rows)
        _sessions(base, scenario)
        price_field(base, scenario)
        durability_field(base, rows)
        _weight(base, scenario)
        _horizon(base, rows)
        st.caption(literal(counted(base, rows, changes)))
        if changes:
            st.button("Reset all", key="reset all", on_click=choice.reset, args=("all",))


def locked_sidebar(locked: Locked) -> None:
    """The way to another population, and no control: a locked scenario has nothing that could be changed."""
    with st.sidebar:
        _population(locked.file.population)
        st.caption("This population is locked. There is nothing to set.")
        said()


def _choose() -> None:
    """Choose the population of the menu; nothing where a page without it was shown last."""
    if (name := st.session_state.get("population")) in catalogue.populations():
        choice.select(name, catalogue.base_name(name))


def _population(people: str) -> None:
    populations = catalogue.populations()
    st.session_state["population"] = choice.current().population
    st.selectbox(
        "Population",
        list(populations),
        key="population",
        format_func=lambda name: populations[name].title,
        on_change=_choose,
        help=literal(f"Who is treated: {people}."),
    )


def _files() -> None:
    here = choice.current()
    files = catalogue.scenarios(here.population)
    _population(choice.base().model.population)
    own = [catalogue.UPLOADED] if here.upload is not None else []
    st.session_state["file"] = here.file
    st.selectbox(
        "Scenario",
        [*files, *own],
        key="file",
        format_func=lambda name: "your file" if name == catalogue.UPLOADED else files[name].label.replace("_", " "),
        on_change=_select,
        help="The base case, or a set of changes to it. Each is a file beside the model.",
    )
    with st.expander("Use your file"):
        uploader()
    said()


def uploader() -> None:
    """Where a file of the reader's comes in."""
    st.file_uploader(
        "A scenario file, changes saved here (YAML, up to 1 MB), or the workbook with your values (Excel)",
        type=["yaml", "yml", "xlsx"],
        key="upload",
        max_upload_size=5,
        on_change=_upload,
    )


def said() -> None:
    """Why a choice of file was refused, or what came of it."""
    if "file" in choice.faults():
        show.refusal(choice.faults()["file"])
    if choice.PENDING in st.session_state:
        _ask_population()
    if notice := st.session_state.pop(choice.NOTICE, None):
        st.info(literal(notice))


def _ask_population() -> None:
    """A file that names no population waits until the reader has chosen one, and said so."""
    here = choice.current().population
    title = catalogue.populations()[here].title
    st.warning(
        literal(
            "Your file does not say to which population it belongs: version 0.1.0 saved it, or it was written by hand. "
            f"Choose the population above; now it is “{title}”. Then open the file."
        )
    )
    if choice.locked() is None:
        content = st.session_state[choice.PENDING]
        st.button("Open it for this population", key="open unnamed", on_click=choice.upload, args=(content, here))


def _select() -> None:
    wanted = st.session_state["file"]
    if wanted != catalogue.UPLOADED:
        choice.select(choice.current().population, wanted)


def _upload() -> None:
    file = st.session_state["upload"]
    if file is not None:
        choice.upload(file.getvalue())


def _people(base: Scenario, rows: list[Record]) -> None:
    row = next(row for row in rows if row.path == "people")
    number_field(base, row, "People treated", step=1, whole=True)


def _horizon(base: Scenario, rows: list[Record]) -> None:
    row = next(row for row in rows if row.path == "horizon")
    key = "control horizon"
    months = choice.scenario().model.horizon.months
    years = months % MONTHS_A_YEAR == 0
    unit = MONTHS_A_YEAR if years else 1
    now = st.session_state[key] = round(months / unit)

    def moved() -> None:
        length = st.session_state[key]
        word = "year" if years else "month"
        choice.change(row.path, {row.path: f"{length} {word}{'' if length == 1 else 's'}"})

    st.number_input(
        f"{_mark(row)}Horizon, {'years' if years else 'months'}",
        key=key,
        step=1,
        on_change=moved,
        min_value=min(math.ceil(base.model.follow_up.months / unit), now),
        max_value=max(min(LONGEST_HORIZON, compute.longest_horizon(base)) * MONTHS_A_YEAR // unit, now),
        help=f"How far the model looks. Default: {row.default}. Beyond the last observation it extrapolates.",
    )
    _under(row, str(row.default))


def _sessions(base: Scenario, scenario: Scenario) -> None:
    for strategy in base.model.strategies.values():
        if strategy.therapy and isinstance(strategy.therapy.sessions, str):
            name = strategy.therapy.sessions
            row = record(base, scenario, choice.current().changed, name)
            number_field(base, row, "Sessions planned", step=1, whole=False)
            return


def price_field(base: Scenario, scenario: Scenario) -> None:
    therapy = next((s.therapy for s in base.model.strategies.values() if s.therapy), None)
    if therapy is None:
        return
    name = base.model.price_basis or str(therapy.price)
    if name not in base.parameters:
        return
    row = record(base, scenario, choice.current().changed, name)
    options, currency = base.parameters[name].one_of, base.setting.currency
    if not options:
        number_field(base, row, f"Price of a session, {currency.symbol}", step=5, whole=False)
        return
    key, use, value = f"control {name}", f"parameters.{name}.use", f"parameters.{name}.value"
    moved_to = {one: scenario.moved_by(one) for one in (name, *options.values())}
    own = moved_to[name] is not None or st.session_state.get("own price", False)
    st.session_state[key] = OWN_PRICE if own else scenario.parameters[name].use

    def moved() -> None:
        wanted = st.session_state[key]
        st.session_state["own price"] = wanted == OWN_PRICE
        if wanted != OWN_PRICE:
            choice.change(name, {use: wanted, value: None})

    def shown(option: str) -> str:
        if option == OWN_PRICE and moved_to[name] not in (None, YOU):
            return f"{currency.written(f'{scenario.central[name]:,.0f}')}: {whose(str(moved_to[name]))}"
        if option == OWN_PRICE:
            return "Your own price"
        by = f" ({whose(moved)})" if (moved := moved_to[options[option]]) is not None else ""
        return f"{currency.written(f'{scenario.central[options[option]]:,.0f}')}: {option.replace('_', ' ')}{by}"

    st.selectbox(
        f"{_mark(row)}Price of a session, {base.setting.price_year} prices",
        [*options, OWN_PRICE],
        key=key,
        format_func=shown,
        on_change=moved,
        help=literal(f"{_all_of(base, options)} {why(base, row)}"),
    )
    if own:
        number_field(base, row, f"Your price, {currency.symbol} per session", step=5, whole=False, reset=False)
    _under(row, shown(base.parameters[name].use or ""), use, value)


def _all_of(base: Scenario, options: Mapping[str, str]) -> str:
    """What the words of a menu stand for."""
    meant = (f"{option.replace('_', ' ')}: {base.parameters[name].label}" for option, name in options.items())
    return f"{'; '.join(meant)}."


def durability_field(base: Scenario, rows: list[Record]) -> None:
    row = next(row for row in rows if row.path == "beyond_follow_up")
    key = "control beyond_follow_up"
    st.session_state[key] = row.now
    st.selectbox(
        f"{_mark(row)}After {base.model.follow_up.text}",
        list(DURABILITY),
        key=key,
        format_func=DURABILITY.get,
        on_change=lambda: choice.change(row.path, {row.path: st.session_state[key]}),
        help=f"Nobody was observed beyond {base.model.follow_up.text}. What comes then is assumed. "
        f"Default: {row.default}.",
    )
    if longer := list(dict.fromkeys(name.partition(": ")[2].replace("_", " ") for name in lasting(base))):
        count = f"{len(longer)} effect{'' if len(longer) == 1 else 's'}"
        st.caption(literal(f"Whatever is chosen, the file lets {count} last longer: {', '.join(longer)}."))
    _under(row, str(row.default))


def _weight(base: Scenario, scenario: Scenario) -> None:
    """How far one structure is believed against the other: the first's weight; the second has the rest."""
    structures = base.structures if len(base.readings) == 1 else base.readings
    if len(structures) != 2 or any(len(one.factors) > 1 for one in structures):
        return
    names = [str(structure.factors[0]) for structure in structures]
    free = [name for name in names if name in base.leaves]
    if not free:
        return
    first = free[0]
    other = free[1] if len(free) == 2 else None
    this = structures[names.index(first)]
    row = record(base, scenario, choice.current().changed, first)
    key = f"control {first}"
    now = st.session_state[key] = float(row.now or 0)
    low, high = choice.limits(row.path, WEIGHT_STEP, 0.0, 1.0, f"parameters.{other}.value" if other else None)

    def moved() -> None:
        weight = float(st.session_state[key])
        values = {row.path: weight}
        if other is not None:
            values[f"parameters.{other}.value"] = 1 - weight
        choice.change(row.path, values)

    st.slider(
        f"{_mark(row)}{'Share of people' if len(base.readings) == 1 else 'Weight'}: “{literal(this.label)}”",
        min(low, now),
        max(high, now),
        step=WEIGHT_STEP,
        key=key,
        on_change=moved,
        help=literal(f"{why(base, row)} {_meant_by_weight(base)}"),
    )
    _under(row, number(float(row.default or 0)), *([f"parameters.{other}.value"] if other else []))


def _meant_by_weight(base: Scenario) -> str:
    """A share of people is counted or assumed; a belief in a structure is judgement, whatever it rests on."""
    if len(base.readings) == 1:
        return "So many of the people treated; the others have the rest."
    return "Judgement, not probability: the other structure has the rest."


def number_field(base: Scenario, row: Record, label: str, *, step: float, whole: bool, reset: bool = True) -> None:
    """A field for a number between the lowest and the highest that the scenario takes."""
    key = f"control {row.path}"
    kind = int if whole else float
    now = kind(row.now or 0)
    st.session_state[key] = now
    low, high = choice.limits(row.path, step, *row.support) if row.kind != "derived" else (now, now)

    def moved() -> None:
        value = st.session_state[key]
        if value is not None:
            choice.change(row.path, {row.path: value if whole else float(value)})

    st.number_input(
        f"{_mark(row) if reset else ''}{label}",
        key=key,
        step=kind(step),
        min_value=min(kind(low), now),
        max_value=max(kind(high), now),
        on_change=moved,
        format=None if whole else "%.10g",
        help=literal(why(base, row)),
        disabled=row.kind == "derived",
    )
    if reset:
        _under(row, number(float(row.default or 0)))
    elif row.path in choice.faults():
        show.refusal(choice.faults()[row.path])


def _mark(row: Record) -> str:
    return MARK if row.changed else ""


def fault(at: str) -> None:
    """Why what was typed or chosen at a control was refused, where it was."""
    if at in choice.faults():
        show.refusal(choice.faults()[at])


def _under(row: Record, default: str, *others: str) -> None:
    """What stands under a control: why a value was refused, and the way back to the default."""
    for at in dict.fromkeys((row.path, row.name)):
        if at in choice.faults():
            show.refusal(choice.faults()[at])
    if row.changed:
        st.button(
            literal(f"Reset to {default}"),
            key=f"reset {row.path}",
            type="tertiary",
            on_click=_reset,
            args=(row.path, *others),
        )


def _reset(*paths: str) -> None:
    st.session_state["own price"] = False
    choice.faults().pop(paths[0], None)
    choice.reset(paths[0], *paths)


def broken(error: InputError) -> None:
    """What to show where not even the base scenario can be read."""
    show.refusal(str(error), kept=False)
