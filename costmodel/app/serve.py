"""Serve the dashboard to this machine only, and print its address once it answers."""

import gc
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn

from costmodel.errors import InputError

HOST = "127.0.0.1"
USUAL_PORT = 8501
SCRIPT = Path(__file__).with_name("main.py")
ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "100000000"}
"""glibc's allocator gives the arrays of a finished simulation back to the system; by default it keeps a heap of its own
for every thread that has come and gone.
"""

OPTIONS = {"runner.postScriptGC": "false"}
"""Otherwise all garbage is collected after every run of a page: over the scenarios and results that are kept, a quarter
of a second each time in which nothing moves. Python collects by itself as objects come up.
"""


def free_port() -> int:
    """The usual port, or any free one if it is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError(f"no free port on {HOST}")


def answers(port: int) -> bool:
    """Whether a healthy dashboard listens on the port."""
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def announce(port: int) -> None:
    while not answers(port):
        time.sleep(0.1)
    print(f"Dashboard: http://{HOST}:{port} (Ctrl-C ends it)", flush=True)


def warm_up() -> None:
    """Load what every page needs and what opens, and take it out of the reach of the garbage collector."""
    from costmodel.app.parts import beside, browser, choice, compute, first_page, further, how_sure, service, targets  # noqa: F401 (to be loaded)

    browser.install()
    with suppress(InputError, StopIteration):  # a visitor is told
        compute.central(choice.scenario_of(choice.first()))
    gc.collect()
    gc.freeze()
    beside.begin(compute.WORKERS["answer"])


def serve(port: int | None = None) -> NoReturn:
    """Serve until the program is stopped. port: the usual one, or a free one where that is taken, if None."""
    if not ALLOCATOR.keys() <= os.environ.keys():  # read when a program starts, so it starts again
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**ALLOCATOR, **os.environ})
    from streamlit.web.cli import main as streamlit

    warm_up()
    port = port or free_port()
    threading.Thread(target=announce, args=[port], daemon=True).start()
    options = {"server.port": port, "server.address": HOST, **OPTIONS}
    sys.exit(streamlit(["run", str(SCRIPT), *(f"--{name}={value}" for name, value in options.items())]))
