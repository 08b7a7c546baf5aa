"""A server that many use and some attack: what it keeps, whom it lets work, what it opens, what it refuses."""

import asyncio
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import costmodel as cm
from benchmarks.visitors import Pace, load
from costmodel.app.parts import catalogue, choice, compute
from costmodel.app.parts.kept import BYTES_OF_A_SCENARIO, Kept, weight
from costmodel.model.parallel import go_on
from costmodel.scenario.read import read_file
from tests.support.dashboard import opened
from tests.support.example import example
from tests.support.protocol import FIELDS, WHOLE, Server, Visitor, Widget, field_of, served

PRICE = "control parameters.session_price.value"
SHIPPED = Path(__file__).parents[2] / "scenarios"
NEVER_OFFERED = (
    "../../README.md", "/etc/passwd", "/dev/zero", "/dev/urandom", "/proc/self/environ", "model.yaml/../../x", "..",
    "", " ", "x" * 100_000, "\0", "<script>alert(1)</script>", "=1+1", "None", "nan", -1.0, 1e308, float("nan"),
    float("inf"), float("-inf"), 2.5,
)  # fmt: skip


def send(at: AppTest, state: WidgetState) -> None:
    """Run the page with what a browser would send, but for one control."""
    states = at._tree.get_widget_states()
    kept = [one for one in states.widgets if one.id != state.id]
    del states.widgets[:]
    states.widgets.extend([*kept, state])
    at._run(states)


def words(at: AppTest) -> str:
    return " ".join(error.value.replace("\\", "") for error in at.error)


# What is kept, and who works.


def test_what_is_kept_never_exceeds_its_bytes_and_the_least_recently_used_goes() -> None:
    kept = Kept(100)
    for name in "abc":
        kept.put(name, name, 30)
    assert kept.get("a") == "a"
    kept.put("d", "d", 30)
    assert [name for name in "abcd" if name in kept] == ["a", "c", "d"]
    kept.put("e", "e", 101)
    assert kept.bytes <= 100
    assert "e" not in kept


def test_what_two_share_counts_once_and_until_both_are_gone() -> None:
    kept, shared = Kept(10_000), np.zeros(500)
    kept.put("run", shared)
    of_the_run = kept.bytes
    kept.put("analysis", (shared, "found"))
    assert of_the_run <= kept.bytes < of_the_run + 500
    kept.put("run", "made anew", 0)
    assert kept.bytes >= 4_000
    kept.put("analysis", "made anew", 0)
    assert kept.bytes == 0


def test_a_result_weighs_what_its_arrays_do(example_result: cm.Result) -> None:
    assert example_result.expected is not None
    arrays = sum(array.nbytes for array in vars(example_result.expected).values() if isinstance(array, np.ndarray))
    assert arrays < weight(example_result) < 2 * arrays + 2 * BYTES_OF_A_SCENARIO


@pytest.mark.long
@pytest.mark.parametrize(("population", "runs"), [("depression_resistant", 5), ("borderline", 1)])
def test_runs_are_kept_with_all_their_conventions(population: str, runs: int) -> None:
    """Of the base that opens so many side by side; of the largest one and what else a page asks for."""
    base = compute.for_pages(cm.load(population), 2000, compute.SEED)
    assert base.conventions
    assert (runs + 0.5) * weight(base) < compute.MOST_KEPT


def test_no_more_than_the_allowed_work_at_a_time_in_the_order_of_asking() -> None:
    turns, order, at_work, most = compute.Turns(2), [], [0], [0]
    first = [threading.Event() for _ in range(2)]
    begun = threading.Event()

    def work(number: int) -> None:
        turns.take()
        order.append(number)
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        if number < 2:
            first[number].wait()
        at_work[0] -= 1
        turns.give()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        waiting = len(turns._waiting) + len(order)
        thread.start()
        while len(turns._waiting) + len(order) == waiting:
            begun.wait(0.001)
    for event in first:
        event.set()
    for thread in threads:
        thread.join()
    assert sorted(order[:2]) == [0, 1]
    assert order[2:4] == [2, 3] or most[0] == 2
    assert most[0] <= 2


def test_a_session_that_ended_has_no_turn() -> None:
    turns = compute.Turns(1)
    gone = threading.Thread(target=turns.take)
    gone.start()
    gone.join()
    turns.take()
    assert turns._having == {threading.current_thread()}


def test_work_that_nobody_waits_for_is_dropped_and_begun_again_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "LEFT", 0.0)
    held, times = threading.Event(), []

    def long(name: str) -> Callable[[], str]:
        def work() -> str:
            times.append(name)
            held.wait()
            for _ in range(3):
                go_on()
            return name

        return work

    def ask_and_go() -> None:
        compute._pending("superseded", long("superseded"), "further")
        compute._pending("never begun", long("never begun"), "further")

    visitor = threading.Thread(target=ask_and_go)
    visitor.start()
    visitor.join()
    held.set()
    last = compute._pending("last", lambda: "answer", "further")
    assert last.result() == "answer"
    assert "never begun" not in times
    assert "superseded" not in compute.KEPT
    assert compute._pending("superseded", lambda: "again", "further").result() == "again"
    compute.KEPT.clear()


def test_simulations_are_begun_when_the_reader_has_paused(scenarios: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[str] = []
    usual = compute.settle
    monkeypatch.setattr(compute, "settle", lambda meanwhile: (paused.append("paused"), usual(meanwhile)))
    begun: list[int] = []
    monkeypatch.setattr(compute, "begin", _noted(compute.begin, lambda: begun.append(len(paused))))
    example(scenarios / "example", title="Paused for")
    opened()  # the first page pauses for its own draws, the answer page for its own
    assert begun
    assert begun[0] == 2


def test_the_pause_of_a_reader_begins_with_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "SETTLED", 0.3)
    with compute.turn():
        time.sleep(0.3)
        began = time.monotonic()
        compute.settle(lambda: None)
        assert time.monotonic() - began < 0.2
    with compute.turn():
        began = time.monotonic()
        compute.settle(lambda: None)
        assert time.monotonic() - began >= 0.3


def _noted(usual: Callable[..., Any], note: Callable[[], None]) -> Callable[..., Any]:
    def noted(*words: Any) -> Any:
        note()
        return usual(*words)

    return noted


# What is opened.


class Opened:
    """Paths that this process opens or lists while it watches."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.watching = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, details: tuple[Any, ...]) -> None:
        if self.watching and event in ("open", "os.listdir", "os.scandir"):
            self.paths.append(str(details[0]))

    def under(self, folder: Path) -> list[str]:
        return [path for path in self.paths if path.startswith(str(folder))]


OPENED = Opened()
"""One for all tests: a hook cannot be taken away."""


@pytest.fixture
def watched() -> Iterator[Opened]:
    OPENED.paths.clear()
    OPENED.watching = True
    yield OPENED
    OPENED.watching = False


def test_nothing_is_read_from_the_scenarios_folder_on_a_click(
    app: AppTest, scenarios: Path, watched: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "FRESH", 1e9)
    app.number_input(key=PRICE).set_value(83.0).run()
    assert not app.error
    assert [path for path in watched.under(scenarios) if not path.endswith(".csv")] == []


def test_a_folder_that_has_not_been_looked_at_for_a_second_is(app: AppTest, scenarios: Path, watched: Opened) -> None:
    app.run()
    assert watched.under(scenarios)


def test_a_link_that_leads_out_of_the_folder_is_no_scenario(scenarios: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("label: secret\nextends: model.yaml\nchange: {people: 3}\n", "utf-8")
    (scenarios / "example" / "linked.yaml").symlink_to(tmp_path / "secret.yaml")
    os.mkfifo(scenarios / "example" / "pipe.yaml")
    assert list(catalogue.scenarios("example")) == ["model.yaml", "cautious.yaml"]


def test_the_menu_says_of_a_file_what_the_whole_of_it_says() -> None:
    """Though it reads only the lines that it needs, and of a file of another kind none."""
    paths = sorted(catalogue.folder().glob("*/*.yaml"))
    assert len(paths) > 40
    for path in paths:
        data = read_file(path).data
        words = {key: str(data[key]) for key in ("label", "title", "extends") if key in data}
        comparator = data.get("change", {}).get(catalogue.COMPARATOR)
        assert catalogue._head(path) == words | ({"instead_of": comparator} if comparator else {}), path


def test_a_file_in_flow_style_is_in_the_menu_too(scenarios: Path) -> None:
    (scenarios / "example" / "flow.yaml").write_text(
        "{format: 1, extends: model.yaml, label: flow, change: {people: 3}}"
    )
    assert catalogue.scenarios("example")["flow.yaml"].label == "flow"


# What is refused.


def test_a_menu_takes_only_what_it_offered(app: AppTest, watched: Opened) -> None:
    before = app.session_state[choice.CHOICE]
    for key, sent in (("population", "../../secret"), ("file", "/dev/zero"), ("control beyond_follow_up", "")):
        send(app, WidgetState(id=app.selectbox(key=key).id, string_value=sent))
        assert not app.exception
        assert "not among its options" in words(app)
        assert sent == "" or sent not in words(app)
        assert app.session_state[choice.CHOICE] == before
    assert not any(path.startswith("/dev") or "secret" in path for path in watched.paths)


def test_a_control_takes_only_the_type_of_its_own_values(app: AppTest) -> None:
    send(app, WidgetState(id=app.number_input(key=PRICE).id, string_value="60"))
    assert not app.exception
    assert "another type" in words(app)
    app.run()
    assert words(app) == ""


def test_a_field_for_whole_numbers_takes_a_whole_number_as_a_browser_sends_it(app: AppTest) -> None:
    people = app.number_input(key="control people").id
    send(app, WidgetState(id=people, int_value=250))
    assert not app.exception
    assert words(app) == ""
    assert app.session_state[choice.CHOICE].changed == {"people": 250}
    send(app, WidgetState(id=people, int_value=-250))
    assert "outside what the field offers" in words(app)
    send(app, WidgetState(id=app.number_input(key=PRICE).id, int_value=60))
    assert "another type" in words(app)
    assert app.session_state[choice.CHOICE].changed == {"people": 250}


def test_a_scenario_is_opened_by_its_name_in_the_menu_only(scenarios: Path) -> None:
    for population, file in (("..", "model.yaml"), ("example", "../example/model.yaml"), ("/dev", "zero")):
        with pytest.raises(cm.InputError, match="not among the scenarios"):
            catalogue.path_of(population, file)


def test_two_charts_of_the_same_figures_are_both_drawn() -> None:
    at = AppTest.from_function(_the_same_chart_twice).run()
    assert not at.exception
    assert len(at.markdown) == 2


def _the_same_chart_twice() -> None:
    import pandas as pd
    import plotly.graph_objects as go

    from costmodel.app.parts import show
    from costmodel.report.charts import Chart

    for key in ("central", "expected"):
        show.figure(Chart(go.Figure(go.Scatter(x=[0, 1], y=[0, 0])), "The same", "A line.", pd.DataFrame()), 200, key)


@pytest.mark.long
def test_the_ends_that_a_field_offers_are_taken_and_what_lies_beyond_is_refused_in_words(app: AppTest) -> None:
    held_to_its_ends(app, "control horizon")


@pytest.mark.long
def test_without_sessions_a_page_says_what_no_therapy_costs_and_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(SHIPPED))
    at = opened()
    population = at.selectbox(key="population")
    population.set_value("complex_long_term").run()
    next(field for field in at.number_input if "Sessions planned" in field.label).set_value(0.0).run()
    assert not at.exception
    assert not at.error
    assert at.metric


def held_to_its_ends(at: AppTest, key: str) -> None:
    """Both ends of a field give an answer; beyond them, and for what is no number, a refusal without names or files."""

    def field() -> Any:
        return next(one for one in (*at.number_input, *at.slider) if one.key == key)

    low, high = field().min, field().max
    before = field().value
    for end in (low, high):
        field().set_value(end).run()
        assert not at.exception
        assert not at.error, (key, end, words(at))
        assert at.metric, (key, end)
    for beyond in (low - 1, high + 1, float("nan")):
        field().set_value(beyond).run()
        assert not at.exception
        assert "field" in words(at), (key, beyond)
        assert not any(hint in words(at) for hint in (".yaml", "line ", "_")), words(at)
    field().set_value(before).run()


def test_a_refusal_on_the_page_names_no_parameter_and_no_file_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    base = cm.load(SHIPPED / "depression_resistant" / "model.yaml")
    monkeypatch.setattr(choice, "base", lambda: base)
    with pytest.raises(cm.InputError) as refused:
        base.changed({"sessions_planned": 0})
    assert choice.reasons(refused.value) == (
        "“The trial's own cost of a session”: it divides by 0. "
        "Check what it is made of: “Cost of the therapy in the trial” = 7266.11, “Sessions delivered” = 0."
    )


# Long: a server in a process of its own.


@pytest.mark.long
def test_values_that_no_page_offered_are_refused_and_nothing_is_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    log = tmp_path / "log"
    with served(log) as server:
        asyncio.run(_attack(server, (*NEVER_OFFERED, str(pipe), os.path.relpath(pipe, SHIPPED))))
    said = log.read_text("utf-8")
    assert "Traceback" not in said
    assert str(pipe) not in said


async def _attack(server: Server, values: tuple[Any, ...]) -> None:
    """Every control of every page is sent what it did not offer, many times over, as its own type and as others."""
    pick = random.Random(12)
    sent = 0
    async with Visitor(server.url) as visitor:
        pages = list(visitor.pages)
        for page in pages:  # what every visitor makes the server work out and keep
            await visitor.visit(page)
        before = server.status()["rss_mb"]
        for page in pages:
            await visitor.visit(page)
            controls = [one for one in visitor.widgets.values() if "button" not in one.kind]
            for _ in range(8):
                visitor.query = f"file={pick.choice(values)}&population={pick.choice(values)}"
                sent += sum([_put_wrongly(visitor, control, values, pick) for control in controls])
                await visitor.send()
                visitor.errors = []
                while not visitor.errors:
                    await visitor.receive()
                assert any("sent" in error or "outside" in error for error in visitor.errors), visitor.errors
                assert not any("Something went wrong" in error for error in visitor.errors)
                _nothing_is_open(server)
                visitor.states.clear()
        visitor.query = ""
        await visitor.visit("Assumptions")
        assert any("You changed 0 of" in text for text in visitor.texts)
        assert not any("root:" in text or "Traceback" in text for text in visitor.texts)
    assert sent >= 200
    assert server.status()["rss_mb"] - before < 20


def _put_wrongly(visitor: Visitor, control: Widget, values: tuple[Any, ...], pick: random.Random) -> bool:
    """Whether the control was given a value that it did not offer."""
    for _ in range(50):
        value = pick.choice(values)
        field = field_of(control) if pick.random() < 0.6 else pick.choice([*FIELDS.values(), WHOLE])
        if _could_be_offered(control, field, value):
            continue
        with suppress(TypeError, ValueError, AttributeError, OverflowError):
            visitor.put(control, value, field)
            return True
    return False


def _nothing_is_open(server: Server) -> None:
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        with suppress(OSError):
            path = os.readlink(link)
            assert not any(one in path for one in ("/dev/zero", "/dev/urandom", "/etc", "pipe.yaml")), path


def _could_be_offered(widget: Widget, field: str, value: Any) -> bool:
    if field != field_of(widget):
        return False
    if widget.kind in ("number_input", "slider"):
        return isinstance(value, float) and widget.proto.min <= value <= widget.proto.max
    return widget.kind in ("text_input", "file_uploader")


@pytest.mark.long
def test_a_change_is_kept_though_the_next_one_follows_at_once() -> None:
    async def hurry(server: Server) -> None:
        async with Visitor(server.url) as visitor:
            await visitor.visit("In full")
            menu = visitor.find("Population")
            (other,) = (title for title in menu.proto.options if title.startswith("Panic disorder"))
            visitor.set("Population", other)
            await visitor.send()
            await asyncio.sleep(0.2)  # its scenario is being read
            visitor.set("People treated", 37)
            await visitor.rerun()
            while not any("For 37 people" in text for text in visitor.texts):
                await visitor.receive()
            assert any("panic-focused psychodynamic therapy" in text for text in visitor.texts)

    with served() as server:
        asyncio.run(hurry(server))


@pytest.mark.long
def test_four_impatient_visitors_are_all_answered_and_leave_a_server_at_rest() -> None:
    with served() as server:
        assert load(server, 4, Pace(20, burst=5, every=0.5, read=2)).broken() == []


@pytest.mark.long
def test_a_walk_through_all_pages_of_all_populations_twice_stays_within_its_memory() -> None:
    async def walk(server: Server) -> None:
        async with Visitor(server.url) as visitor:
            await visitor.visit("In full")
            for _ in range(2):
                for population in list(visitor.find("Population").proto.options):
                    visitor.set("Population", population)
                    for page in visitor.pages:
                        await visitor.visit(page)
                        assert not any("Something went wrong" in error for error in visitor.errors)
                        assert server.memory_mb() < 1_500  # of all its processes

    with served() as server:
        asyncio.run(walk(server))
        assert server.status()["peak_mb"] < 1_500


@pytest.mark.long
@pytest.mark.parametrize(
    "population", sorted({path.parent.name for path in SHIPPED.glob("*/model.yaml")} - {"talking_therapies"})
)
def test_the_ends_of_every_field_of_every_population_give_an_answer(
    population: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSTMODEL_SCENARIOS", str(SHIPPED))
    at = opened()
    at.selectbox(key="population").set_value(population).run()
    for key in [field.key for field in (*at.number_input, *at.slider)]:
        held_to_its_ends(at, key)
    for menu in [menu.key for menu in at.selectbox if menu.key not in ("population", "file")]:
        for option in at.selectbox(key=menu).options:
            send(at, WidgetState(id=at.selectbox(key=menu).id, string_value=option))
            assert not at.exception
            assert not at.error, (menu, option, words(at))
