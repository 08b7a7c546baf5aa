"""What a browser sends is held to what the page offered, before anything sees it.

A browser offers a reader the options of a menu and the limits of a field; a program that speaks the server's protocol
may send anything. So every message passes here first: a value that its control did not offer, or of a control that the
session has not drawn, is taken out and refused in words. It holds for every control of every page without being told:
what was offered is read from the control itself.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

REFUSED = "refused"
"""Where a session keeps what was refused of the last message, in words."""
WHOLE = "int_value"
"""As which a browser sends the value of a field for whole numbers, though Streamlit registers it as any number's."""
LONGEST_TEXT = 6_000
"""Characters of a text that is typed: a link with two hundred changes has fewer."""
MOST_UPLOADS = 2
"""Files that one session keeps on the server: the one in use and the one that comes."""


def install() -> None:
    """Stand between Streamlit's messages and the session's state, and bound what a session uploads. Once a process."""
    if not hasattr(SessionState.on_script_will_rerun, "gate"):
        SessionState.on_script_will_rerun = _checked(SessionState.on_script_will_rerun)  # type: ignore[method-assign]
        MemoryUploadedFileManager.add_file = _few(MemoryUploadedFileManager.add_file)  # type: ignore[method-assign]


def _checked(usual: Any) -> Any:
    def on_script_will_rerun(self: SessionState, fresh: WidgetStates | None, *args: Any, **named: Any) -> None:
        refused: list[str] = []
        if fresh is not None:
            known = self._new_widget_state.widget_metadata
            kept = WidgetStates()
            for state in fresh.widgets:
                wrong = fault(known[state.id], state) if state.id in known else ""
                if wrong:
                    refused.append(wrong)
                elif state.id in known:
                    kept.widgets.append(state)
            fresh = kept
        self[REFUSED] = [_counted(*one) for one in Counter(refused).items()]
        with _uninterrupted():
            usual(self, fresh, *args, **named)

    on_script_will_rerun.gate = True  # type: ignore[attr-defined]
    return on_script_will_rerun


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What a reader has changed is taken whole, though the next change comes meanwhile, which would end it half-way."""
    context = get_script_run_ctx()
    if context is None:
        yield
        return
    state, usual = context.session_state, context.session_state._yield_callback
    object.__setattr__(state, "_yield_callback", lambda: None)  # its own would be an entry of the session
    try:
        yield
    finally:
        object.__setattr__(state, "_yield_callback", usual)


def _counted(wrong: str, times: int) -> str:
    return f"{wrong}." if times == 1 else f"{wrong} ({times} times)."


def fault(offered: WidgetMetadata[Any], sent: WidgetState) -> str:
    """Why a value was not among those that a control offered; "" where it was, or where the control was cleared."""
    field = sent.WhichOneof("value")
    if field is None:
        return ""
    control: Any = getattr(offered.deserializer, "__self__", None)
    if field != offered.value_type and not (field == WHOLE and isinstance(getattr(control, "min_value", None), int)):
        return "A control was sent a value of another type than its own"
    value = getattr(sent, field)
    options = getattr(control, "formatted_options", None)
    if options is not None:
        chosen = [value] if isinstance(value, str) else list(value.data)
        if len(chosen) > 1 or any(one not in options for one in chosen):
            return "A menu was sent what is not among its options"
        return ""
    if hasattr(control, "min_value"):
        return _outside(control, [float(value)] if isinstance(value, float | int) else list(value.data))
    if isinstance(value, str) and (len(value) > LONGEST_TEXT or not value.isprintable()):
        return f"A field for text was sent more than {LONGEST_TEXT:,} characters, or some that cannot be shown"
    if field == "file_uploader_state_value" and len(value.uploaded_file_info) > 1:
        return "More than one file was sent where one is read"
    return ""


def _outside(control: Any, values: list[float]) -> str:
    low, high = float(control.min_value), float(control.max_value)
    if len(values) != 1 or not all(math.isfinite(value) for value in values):
        return "A field for a number was sent what is no number"
    (value,) = values
    if not low <= value <= high:
        slip = f" ({value:g} as a percentage is {value / 100:g})" if high == 1 and 1 < value <= 100 else ""
        return f"{value:.10g} is outside what the field offers, {low:,.10g} to {high:,.10g}{slip}"
    if isinstance(control.min_value, int) and not value.is_integer():
        return f"{value:.10g} was sent to a field for whole numbers"
    return ""


def _few(usual: Any) -> Any:
    """A session keeps its latest files only, however many it sends."""

    def add_file(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        usual(self, session_id, file)
        with self._lock:
            older = list(self.file_storage[session_id])[:-MOST_UPLOADS]
        for name in older:
            self.remove_file(session_id, name)

    return add_file
