"""Print what scripts/mutate.sh found: mutants by file, the share that a test notices, and the others by name."""

import json
import sys
from pathlib import Path

KILLED = {1, 3, 36, 24, -24, 152, 255}
"""Exit statuses of mutmut's workers: a test failed, pytest broke, or the mutant ran on without end."""
NOT_RUN = None
FLOOR = 0.85
"""Share of the mutants of each package that must be noticed."""


def line(name: str, statuses: list[int | None]) -> str:
    killed = sum(status in KILLED for status in statuses)
    return f"{name:40} {len(statuses):6} {killed:8} {len(statuses) - killed:8} {killed / len(statuses):8.1%}"


def main() -> int:
    packages: dict[Path, list[int | None]] = {}
    survivors: list[str] = []
    print(f"{'':40} {'mutants':>6} {'noticed':>8} {'not':>7} {'score':>8}")
    for path in sorted(Path("mutants/costmodel").rglob("*.py.meta")):
        results = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        if not results:
            continue
        file = path.relative_to("mutants").with_suffix("")
        print(line(str(file), list(results.values())))
        packages.setdefault(file.parent, []).extend(results.values())
        survivors += [
            f"{name}{'  (not run)' * (status is NOT_RUN)}" for name, status in results.items() if status not in KILLED
        ]
    for package, statuses in packages.items():
        print(line(f"{package} in all", statuses))
    print("\nNot noticed (scripts/mutate.sh show NAME):", *survivors, sep="\n  ")
    enough = all(sum(s in KILLED for s in statuses) >= FLOOR * len(statuses) for statuses in packages.values())
    return 0 if packages and enough else 1


if __name__ == "__main__":
    sys.exit(main())
