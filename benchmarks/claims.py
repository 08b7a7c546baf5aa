"""`python -m benchmarks.claims`: every claim of every sentence about 200 random changes of each scenario file.

About a quarter of an hour of one processor. Prints each false claim with the change that shows it, and a line a file.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.report.test_claims import FILES, ROOT, false_claims

CHANGES = 200
"""Of each file."""


def main() -> int:
    """1 where anything that is said is false."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("files", nargs="*", default=FILES, help="as population/file.yaml; all if left out")
    given = parser.parse_args()
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT, Path(folder) / "scenarios"))
        for name in given.files:
            faults = list(false_claims(copy / name, given.seed, given.changes))
            print(f"{name}: {given.changes} changes, {len(faults)} false claims", *faults, sep="\n  ", flush=True)
            total += len(faults)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
