"""Scenarios side by side: which are shown, what differs, what comes of each, and the way to use one of them."""

import html
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.analysis.comparison import LETTERS, Compared, compare
from costmodel.app.parts import catalogue, choice, compute, question, show
from costmodel.app.parts.choice import Choice
from costmodel.app.parts.first_page import CHIPS
from costmodel.app.parts.text import literal
from costmodel.errors import InputError
from costmodel.model.run import SEED
from costmodel.page import Figure, Paragraph
from costmodel.report.link import WITHIN, fitting, of_version, unpacked
from costmodel.report.screen import months_offered
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario

TITLE, YOURS, BASE = "What if?", "Yours", "Base"
JOINED, SHOWN, KNOWN, SAID = "joined", "compared", "known side by side", "joined said"
FEWEST, MOST, MOST_JOINED = 2, len(LETTERS), 2
LAST = "At least two stand side by side. Put another on first."
NO_LINK = "This is no link of the dashboard. Copy it whole, from ?s= on."
FULL = "Two are joined already. Take one away first."
FIFTH = f"At most {MOST} stand side by side. Take one off first."


def show_all() -> None:
    """The whole page."""
    st.title(TITLE, anchor=False)
    there = _there()
    chosen = _chosen(there)
    _join()
    if len(chosen) < FEWEST:
        st.info("These people have one scenario. Change something, or add a link or a file.")
        return
    scenarios = [choice.scenario_of(there[name], whole=False) for name in chosen]
    row = st.container(horizontal=True, vertical_alignment="bottom")
    asked = _asked(row, scenarios)
    status, body = st.empty(), st.empty()

    def working() -> None:
        status.caption(literal(f"An estimate at central values; {compute.DRAWS:,} tries of the model under way …"))

    try:
        central = _compared(chosen, scenarios, asked, 0)
        if not compute.has(_key(chosen, scenarios, asked, compute.DRAWS)):
            with body.container():
                _show(central, there, "central")
            working()
            compute.settle(working)
        found = _compared(chosen, scenarios, asked, compute.DRAWS)
    except InputError as error:
        show.refusal(choice.reasons(error), kept=False)
        return
    with body.container():
        _show(found, there, "expected")
        _explain(chosen, scenarios, asked)
    status.caption(literal(f"{found.page().about[0]}. {found.page().about[1]}."))


def _there() -> dict[str, Choice]:
    """What can be laid side by side, by name."""
    here = choice.current()
    files, base = catalogue.scenarios(here.population), catalogue.base_name(here.population)
    named = {word.capitalize(): base if word == "base" else f"{word}.yaml" for word in CHIPS}
    found = {name: Choice(here.population, file) for name, file in named.items() if file in files}
    if here not in (*found.values(), *joined().values()):
        found[YOURS] = here
    return found | joined()


def joined() -> dict[str, Choice]:
    """What was pasted or uploaded, by name."""
    return st.session_state.setdefault(JOINED, {})


def _chosen(there: Mapping[str, Choice]) -> list[str]:
    """The names of those that are shown: who is new joins while there is room, whom the reader took off stays off."""
    names, known = list(there), st.session_state.get(KNOWN, ())
    shown = [name for name in st.session_state.get(SHOWN, ()) if name in there]
    shown += [name for name in names if name not in (*known, *shown)]
    shown = st.session_state[SHOWN] = (shown if len(shown) >= FEWEST else names)[:MOST]
    st.session_state[KNOWN] = names
    with st.container(horizontal=True, vertical_alignment="center", key="side by side"):
        st.caption("Side by side:")
        for name in names:
            st.session_state[f"shown {name}"] = name in shown
            st.checkbox(
                literal(_name(name, there[name])), key=f"shown {name}", on_change=_moved, args=(name,), width="content"
            )
    if SHOWN in choice.faults():
        show.refusal(choice.faults()[SHOWN])
    return [name for name in names if name in shown]


def _moved(name: str) -> None:
    """Put one on or take it off; a fifth, and the last but one, stay as they are."""
    shown = list(st.session_state[SHOWN])
    choice.faults().pop(SHOWN, None)
    if name in shown and len(shown) > FEWEST:
        shown.remove(name)
    elif name not in shown and len(shown) < MOST:
        shown.append(name)
    else:
        choice.faults()[SHOWN] = FIFTH if name not in shown else LAST
    st.session_state[SHOWN] = shown


def _name(name: str, of: Choice) -> str:
    """A name, with what it stands for where that is not clear."""
    if name not in joined() and name != YOURS:
        return name
    count = len(of.changes)
    changed = f", {count} change{'' if count == 1 else 's'}" if count else ""
    entry = catalogue.scenarios(of.population).get(of.file)
    return f"{name}: {of.population.replace('_', ' ')}, {entry.label if entry else 'a file of your own'}{changed}"


def _join() -> None:
    """Where a link or a file comes in, and goes."""
    with st.expander("Add a link or a file of somebody else"):
        left, right = st.columns(2)
        left.text_input("Paste a link", key="pasted", on_change=_pasted, placeholder="…?s=…")
        right.file_uploader(
            "A scenario file (YAML) or a workbook with values typed", type=["yaml", "yml", "xlsx"], key="joined file",
            max_upload_size=5, on_change=_uploaded,
        )  # fmt: skip
        for name in list(joined()):
            st.button(f"Take {name} away", key=f"away {name}", on_click=joined().pop, args=(name,))
    if JOINED in choice.faults():
        show.refusal(choice.faults()[JOINED])
    if said := st.session_state.pop(SAID, None):
        st.info(literal(said))


def _pasted() -> None:
    """Take a link in."""
    text = str(st.session_state["pasted"] or "")
    if not text:
        return
    found = WITHIN.search(text)
    state = unpacked(found[1] if found else text.strip())
    if state is None or state["f"] not in catalogue.scenarios(state["p"]):
        choice.faults()[JOINED] = NO_LINK
        return
    wanted = Choice(state["p"], state["f"])
    try:
        _, left_out, kept = fitting(choice.scenario_of(wanted, whole=False), state["c"])
    except InputError as error:
        choice.faults()[JOINED] = choice.reasons(error)
        return
    st.session_state["pasted"] = ""
    _take("Link", replace(wanted, changes=tuple(kept.items())), (*of_version(state), *left_out))


def _uploaded() -> None:
    """Take a file in."""
    file = st.session_state["joined file"]
    if file is None:
        return
    try:
        wanted, said = choice.read_file(file.getvalue(), choice.current().population)
    except InputError as error:
        choice.faults()[JOINED] = choice.reasons(error)
        return
    _take("File", wanted, said)


def _take(kind: str, wanted: Choice, said: tuple[str, ...]) -> None:
    """Lay a choice beside the others, if it can be run and there is room."""
    choice.faults().pop(JOINED, None)
    if len(joined()) >= MOST_JOINED:
        choice.faults()[JOINED] = FULL
        return
    try:
        compute.central(choice.scenario_of(wanted, whole=False))
    except InputError as error:
        choice.faults()[JOINED] = choice.reasons(error)
        return
    name = next(one for one in (f"{kind} {n}" for n in range(1, MOST_JOINED + 1)) if one not in joined())
    joined()[name] = wanted
    if len(st.session_state.get(SHOWN, ())) >= MOST:
        said = (*said, f"{name} is ready. {FIFTH}")
    st.session_state[SAID] = " ".join(said) or None


Asked = tuple[str, str | None, float | None]
"""Payer, therapy where all have it, and months where all reach them."""


def _asked(row: DeltaGenerator, scenarios: list[Scenario]) -> Asked:
    perspective = question.whose_money(scenarios[0].setting, row)
    strategy = question.which_therapy(scenarios[0], row)
    common = set.intersection(*(set(months_offered(one)) for one in scenarios))
    offered = [question.AS_STUDIED, *sorted(common)]
    over = st.session_state.get("over")
    st.session_state["over"] = over if over in offered else question.AS_STUDIED
    months = row.selectbox(
        "Counting savings over", offered, key="over", persist_state="session",
        format_func=lambda one: in_words(one) if one else "each as it was studied",
    )  # fmt: skip
    shared = all(strategy in one.model.strategies for one in scenarios)
    return perspective, strategy if shared else None, months or None


def _key(names: list[str], scenarios: list[Scenario], asked: Asked, draws: int) -> tuple[str, ...]:
    shas = (f"{one.sha256} {one.words_sha256}" for one in scenarios)
    return ("compare", *names, *shas, *map(str, asked), str(draws), str(SEED))


def _compared(names: list[str], scenarios: list[Scenario], asked: Asked, draws: int) -> Compared:
    """All side by side, worked out beside the page and kept. Raises InputError."""
    perspective, strategy, months = asked

    def work() -> Compared:
        return compare(
            scenarios, names=names, perspective=perspective, strategy=strategy, horizon=months, draws=draws, seed=SEED
        )

    return compute.shared(_key(names, scenarios, asked, draws), work, "answer", lambda: None)


def _show(found: Compared, there: Mapping[str, Choice], key: str) -> None:
    """The sentences beside the chart, the way to use one, then the tables, these not of an estimate."""
    left, right = st.columns([1, 1.5], gap="large")
    lines = [
        *found.sentences(),
        *(f"{n}: {line}" for n, line in zip(found.names, found.verdicts, strict=True)),
        *found.notes,
    ]
    left.html(f"<div role=status class=under>{''.join(f'<p>{html.escape(line)}</p>' for line in lines)}</div>")
    with right:
        show.figure(found.figure(), None, f"compared {key}")
        with st.container(horizontal=True, key=f"use {key}"):
            for name in found.names:
                if there[name] != choice.current():
                    st.button(f"Use {name}", key=f"use {name} {key}", on_click=_use, args=(there[name],))
    if key == "expected":
        page = found.page()
        above = ("Verdicts", "Not compared")
        rest = [one for one in page.blocks if not isinstance(one, Figure | Paragraph)]
        show.page(replace(page, blocks=tuple(one for one in rest if getattr(one, "heading", "") not in above)))


def _use(wanted: Choice) -> None:
    """Make one of them the reader's choice."""
    if said := choice.open_linked(wanted):
        st.session_state[choice.NOTICE] = " ".join(said)


def _explain(names: list[str], scenarios: list[Scenario], asked: Asked) -> None:
    """What moves the net saving between two of the same people, at central values, where the reader asks for it."""
    start = scenarios[0].path.parent
    alike = [name for name, one in zip(names, scenarios, strict=True) if one.path.parent == start]
    st.subheader("What moves it, change by change", anchor=False)
    if len(alike) < 2:
        st.caption("No two of these are of the same people.")
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    first = BASE if BASE in alike else alike[0]
    one = row.selectbox("From", alike, index=alike.index(first), key="explain from")
    others = [name for name in alike if name != one]
    other = row.selectbox("To", others, index=len(others) - 1, key="explain to")
    if not row.toggle("Explain", key="explain on"):
        return
    pair = [scenarios[names.index(name)] for name in (one, other)]
    key = ("explain", *_key([one, other], pair, asked, 0))
    place = st.empty()
    perspective, strategy, months = asked

    def work() -> Compared:
        return compare(
            pair, names=(one, other), perspective=perspective, strategy=strategy, horizon=months, draws=0, seed=SEED,
            explained="AB",
        )  # fmt: skip

    try:
        found = compute.shared(key, work, "further", lambda: place.caption("Trying the changes in many orders …"))
    except InputError as error:
        show.refusal(choice.reasons(error), kept=False)
        return
    place.empty()
    if found.explained is not None:
        show.page(found.explained.page())
