"""Serve the dashboard to this machine only and print its address once it answers."""

import socket
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

HOST = "127.0.0.1"
USUAL_PORT = 8501
DASHBOARD = Path(__file__).parents[1] / "dashboard.py"


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


def main() -> None:
    from streamlit.web.cli import main as streamlit

    port = free_port()
    threading.Thread(target=announce, args=[port], daemon=True).start()
    sys.exit(streamlit(["run", str(DASHBOARD), f"--server.port={port}", f"--server.address={HOST}"]))


if __name__ == "__main__":
    main()
