"""A visitor without a browser: speaks the dashboard's server protocol, and may send what no page offers.

with served() as server:
    asyncio.run(walk(server))

async def walk(server):
    async with Visitor(server.url) as visitor:
        visitor.set("Sessions planned", 20.0)
        await visitor.rerun()
        assert not visitor.errors
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds, for a machine that does other things too."""
TEXTS = {"markdown": "body", "html": "body", "alert": "body", "exception": "message", "text": "body", "heading": "body"}
WHOLE = "int_value"
FIELDS = {
    "number_input": "double_value",
    "slider": "double_array_value",
    "selectbox": "string_value",
    "radio": "string_value",
    "text_input": "string_value",
    "checkbox": "bool_value",
    "button_group": "string_array_value",
    "button": "trigger_value",
    "download_button": "trigger_value",
    "file_uploader": "file_uploader_state_value",
}
"""The field in which a browser sends a widget's value, by the kind of widget; see `field_of`."""


def field_of(widget: "Widget") -> str:
    """The field in which a browser sends a widget's value: of a field for whole numbers, as a whole number."""
    if widget.kind == "number_input" and widget.proto.data_type == NumberInput.INT:
        return WHOLE
    return FIELDS[widget.kind]


@dataclass(frozen=True)
class Widget:
    """A control of the last run; `proto` is what the page sent: its options, limits and help."""

    id: str
    kind: str
    label: str
    proto: Any


class Visitor:
    """One visitor. widgets: by id, of the last run. texts: what the page says, in order; errors: its red panels."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("http", "ws", 1) + "/_stcore/stream"
        self.widgets: dict[str, Widget] = {}
        self.states: dict[str, WidgetState] = {}
        self.texts: list[str] = []
        self.errors: list[str] = []
        self.pages: dict[str, str] = {}
        self.page = ""
        self.query = ""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> float:
        """Connect and wait until the first page is complete. Returns seconds."""
        self.socket = await websockets.connect(
            self.url, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE, ping_interval=None
        )
        return await self.rerun()

    async def close(self) -> None:
        await self.socket.close()

    def find(self, label: str) -> Widget:
        """The widget that came last of those whose label contains the words."""
        for widget in reversed(self.widgets.values()):
            if label in widget.label:
                return widget
        raise KeyError(label)

    def set(self, label: str, value: Any, field: str | None = None) -> None:
        """A widget's value at the next send, whatever the page offered; `field` sends it as another type's."""
        self.put(self.find(label), value, field)

    def put(self, widget: Widget, value: Any, field: str | None = None) -> None:
        """As `set`, of a widget that was found."""
        field = field or field_of(widget)
        state = WidgetState(id=widget.id)
        if field.endswith("_array_value"):
            getattr(state, field).data.extend(value if isinstance(value, list | tuple) else [value])
        else:
            setattr(state, field, int(value) if field == WHOLE else value)
        self.states[widget.id] = state

    def forget(self, widget: Widget) -> None:
        """Send nothing more of a widget."""
        self.states.pop(widget.id, None)

    async def send(self) -> None:
        """Ask for a run with the values that were set; wait for nothing. A press of a button is sent once."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.widget_states.widgets.extend(self.states.values())
        self.states = {key: state for key, state in self.states.items() if not state.HasField("trigger_value")}
        await self.socket.send(message.SerializeToString())

    async def receive(self, timeout: float = PATIENCE) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await asyncio.wait_for(self.socket.recv(), timeout))
        self._take(message)
        return message

    async def rerun(self) -> float:
        """Send, and wait until the page is complete. Returns seconds."""
        self.texts, self.errors, self.widgets = [], [], {}
        start = time.perf_counter()
        await self.send()
        while True:
            message = await self.receive()
            finished = message.WhichOneof("type") == "script_finished"
            if finished and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return time.perf_counter() - start

    async def visit(self, page: str) -> float:
        """Go to a page by the name in its link. Returns seconds."""
        self.page = self.pages[page]
        return await self.rerun()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {page.page_name: page.page_script_hash for page in message.navigation.app_pages}
        if kind in ("new_session", "navigation"):
            self.page = getattr(message, kind).page_script_hash or self.page
        if kind != "delta" or message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        name = element.WhichOneof("type")
        proto = getattr(element, name) if name else None
        if name in TEXTS:
            text = getattr(proto, TEXTS[name]).replace("\\", "")
            self.texts.append(text)
            if name == "exception" or (name == "alert" and proto.format == proto.ERROR):
                self.errors.append(text)
        elif name and getattr(proto, "id", "") and name in FIELDS:
            self.widgets[proto.id] = Widget(proto.id, name, proto.label, proto)


@dataclass(frozen=True)
class Server:
    """A dashboard that runs in a process of its own."""

    url: str
    pid: int

    def status(self) -> dict[str, int]:
        """Memory now, the most it has had, both in megabytes, and threads. Linux only."""
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines())
        mb = {name: int(lines[key].split()[0]) // 1024 for name, key in (("rss_mb", "VmRSS"), ("peak_mb", "VmHWM"))}
        return {**mb, "threads": int(lines["Threads"])}

    def processes(self) -> list[int]:
        """The server's process and those it has begun. Linux only."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("utf-8").split()
        return [self.pid, *map(int, children)]

    def memory_mb(self) -> int:
        """Megabytes of all its processes, what they share counted once. Linux only."""
        found = 0
        for pid in self.processes():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
            found += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return found // 1024

    def processor_seconds(self) -> float:
        """Processor time that all its processes have spent so far. Linux only."""
        found = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            found += int(fields[11]) + int(fields[12])
        return found / os.sysconf("SC_CLK_TCK")

    def health(self, timeout: float = 10) -> float | None:
        """Seconds until the server says that it is well; None where it does not."""
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=timeout) as answer:
                answer.read()
            return time.perf_counter() - start
        except OSError:
            return None


@contextmanager
def served(log: Path | None = None, **environment: str) -> Iterator[Server]:
    """The dashboard as `./run` serves it, on a free port; `log` receives what it says on its terminal."""
    with socket.socket() as probe:  # several may be started at the same time: not the usual port
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    errors = log.open("wb") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "costmodel", "dashboard", str(port)], cwd=ROOT, env={**os.environ, **environment},
        stderr=errors, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, f"the dashboard did not start: {first!r}"
        yield Server(found[0], process.pid)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        if process.stdout:
            process.stdout.close()
        if log:
            errors.close()  # type: ignore[union-attr]
