"""What the digits of a sweep depend on, beside its grid and scenarios."""

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from costmodel.inputs.files import read_bytes
from costmodel.version import __version__

NAMES = {
    "costmodel": "the engine's version",
    "source": "the engine's source",
    "python": "the version of Python",
    "numpy": "the version of NumPy",
    "scipy": "the version of SciPy",
    "pandas": "the version of pandas",
    "pyarrow": "the version of pyarrow",
    "machine": "the kind of processor",
}


@cache
def versions() -> dict[str, str]:
    """Of this process. `source` is the SHA-256 of the package's files: a version may be worked on."""
    packages = {name: version(name) for name in ("numpy", "scipy", "pandas", "pyarrow")}
    return {
        "costmodel": __version__, "source": _source(), "python": platform.python_version(), **packages,
        "machine": platform.machine(),
    }  # fmt: skip


def _source() -> str:
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(read_bytes(path)).digest())
    return digest.hexdigest()
