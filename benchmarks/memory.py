"""Peak memory of one piece of work in a process of its own: `python -m benchmarks.memory WHAT DRAWS`. Linux only."""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1]


def peak(what: str, draws: int) -> float:
    """Megabytes at the highest."""
    command = [sys.executable, "-m", "benchmarks.memory", what, str(draws)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, check=True, text=True)
    return float(done.stdout)


def _work(what: str, draws: int) -> None:
    import costmodel as cm
    from benchmarks.depression import SCENARIO
    from benchmarks.models import MONTHLY, monthly
    from benchmarks.numpy_programs import dense

    scenario = cm.load(SCENARIO if what == "depression" else MONTHLY)
    if what == "monthly":
        cm.run(scenario, draws=draws)
    elif what == "monthly, dense":
        dense(monthly(draws))
    elif what == "depression":
        cm.run(scenario, draws=draws).table()


if __name__ == "__main__":
    _work(sys.argv[1], int(sys.argv[2]))
    highest = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    assert highest
    print(int(highest[1]) / 1_024)
