"""The shape of the project: who imports whom, how long a file may be, and what no file may name."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 400
PLACES = (  # in two pieces, so that this file does not name them itself
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("deb.debian", ".org"),
    ("npmjs", ".org"),
    ("index", "-url ="),
    ("..", "/shared"),
    ("/work", "/"),
    ("/root", "/"),
)
FORBIDDEN = tuple("".join(pieces) for pieces in PLACES)


def files_of_the_project() -> list[Path]:
    """Everything that is committed or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_every_module_imports_only_what_its_layer_may() -> None:
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    result = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_folder_hides_from_the_import_contracts() -> None:
    folders = {path.parent for path in (ROOT / "costmodel").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_file_can_be_read_in_one_sitting() -> None:
    files = [path for folder in ("costmodel", "views") for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert files
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_names_a_package_registry_or_a_place_on_this_machine() -> None:
    named = []
    for path in files_of_the_project():
        content = path.read_bytes().decode("utf-8", errors="ignore")
        named += [f"{path.relative_to(ROOT)}: {place}" for place in FORBIDDEN if place in content]
    assert named == []
