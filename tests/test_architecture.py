"""The shape of the project: who imports whom, how long a file may be, and what no file may name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.long_ones import COLLECTED, listed

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 450
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

GATE = "costmodel/inputs/files.py"
"""The only file that opens others for reading."""
READERS = {
    "open", "read_text", "read_bytes", "read_csv", "read_table", "read_excel", "read_parquet", "read_json",
    "read_pickle", "ParquetFile", "ZipFile", "load_workbook", "loadtxt", "genfromtxt", "fromfile", "memmap", "fdopen",
    "copyfile", "copyfileobj", "FileIO", "np.load", "numpy.load", "shutil.copy",
}  # fmt: skip
"""Functions by which Python or a library opens a file."""
OURS = {"read_bytes", "read_table"}
"""Functions of the package that go through the gate, where they are called by their bare names."""
OF_MEMORY = {"BytesIO", "StringIO"}
NOT_FOR_READING = {
    ("costmodel/report/workbook/compared.py", "book._archive.open(book[name]._worksheet_path)"),
    ("costmodel/report/workbook/reader.py", "book._archive.open(sheet._worksheet_path)"),
}
"""A part of a workbook that is in memory."""


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
    files = list((ROOT / "costmodel").rglob("*.py"))
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert files
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_names_a_package_registry_or_a_place_on_this_machine() -> None:
    named = []
    for path in files_of_the_project():
        content = path.read_bytes().decode("utf-8", errors="ignore")
        named += [f"{path.relative_to(ROOT)}: {place}" for place in FORBIDDEN if place in content]
    assert named == []


def _reads_a_file(call: ast.Call) -> bool:
    """Whether a call may open a file for reading; files opened to write, and bytes in memory, may not."""
    words = ast.unparse(call.func)
    *of, name = words.split(".")
    if not {name, words} & READERS or (not of and name in OURS):
        return False
    arguments = [*call.args, *(one.value for one in call.keywords)]
    if name == "open" and any(
        isinstance(one, ast.Constant) and str(one.value)[:1] in tuple("wxa") for one in arguments
    ):
        return False
    first = call.args[0] if call.args else None
    made = first.func if isinstance(first, ast.Call) else first
    return not (made is not None and ast.unparse(made).rpartition(".")[2] in OF_MEMORY)


def _reading(text: str) -> Iterator[str]:
    yield from (
        ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and _reads_a_file(node)
    )


def test_every_file_is_read_through_the_one_gate() -> None:
    files = [path for path in (ROOT / "costmodel").rglob("*.py") if path.relative_to(ROOT).as_posix() != GATE]
    found = [(path.relative_to(ROOT).as_posix(), call) for path in files for call in _reading(path.read_text("utf-8"))]
    assert [one for one in found if one not in NOT_FOR_READING] == []
    assert set(found) >= NOT_FOR_READING


def test_no_path_is_asked_in_a_way_that_fails_where_it_is_too_long() -> None:
    """`Path.exists` and its like raise an error where `os.path.exists` says no."""
    asking = {"exists", "is_dir", "is_file", "is_symlink"}
    found = []
    for path in (ROOT / "costmodel").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asking:
                found += [] if ast.unparse(node.func).startswith("os.path.") else [f"{path.name}: {ast.unparse(node)}"]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "open(path)", "open(path, 'rb')", "path.open()", "path.open('rb')", "os.open(path, os.O_RDONLY)",
        "path.read_text()", "self.path.read_bytes()", "pd.read_csv(path)", "pq.ParquetFile(path)",
        "zipfile.ZipFile(path)", "np.load(path)",
        "openpyxl.load_workbook(path)", "shutil.copy(path, other)", "io.FileIO(path)", "np.loadtxt(path)",
    ],
)  # fmt: skip
def test_another_way_of_reading_a_file_is_seen(text: str) -> None:
    assert list(_reading(text))


def _imports() -> dict[str, set[str]]:
    """Which modules each module imports, anywhere in it: inside functions and for types alone too."""
    folder = ROOT / "costmodel"
    files = {
        ".".join(("costmodel", *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in folder.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for name, path in files.items():
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{one.name}" for one in node.names}
                imported |= whole & files.keys() or {node.module}
        found[name] = (imported & files.keys()) - {name}
    return found


def _in_a_circle(imports: dict[str, set[str]]) -> set[str]:
    """The modules that reach themselves: what is left when modules that import nothing that is left are taken away,
    and modules that nothing imports.
    """
    left = dict(imports)
    while True:
        needed = set().union(*left.values()) if left else set()
        ends = {name for name, others in left.items() if not others & left.keys() or name not in needed}
        if not ends:
            return set(left)
        left = {name: others - ends for name, others in left.items() if name not in ends}


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert _in_a_circle(_imports()) == set()


def test_a_circle_is_noticed() -> None:
    assert _in_a_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == {"a", "b", "c"}
    assert _in_a_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == set()


SMALL, MOST_APART = 80, 10
APART = "Apart because "


def _with_one_importer(lines: int) -> dict[str, str]:
    """Text of each module under so many lines that one other imports."""
    imports = {name: others for name, others in _imports().items() if not name.startswith("costmodel.app")}
    importers = {name: sum(name in others for others in imports.values()) for name in imports}
    found = {}
    for name, count in importers.items():
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if path.exists() and count == 1 and len((text := path.read_text("utf-8")).splitlines()) < lines:
            found[name] = text
    return found


def test_a_small_module_with_one_importer_says_why_it_stands_apart() -> None:
    small = _with_one_importer(SMALL)
    assert [name for name, text in small.items() if APART not in (ast.get_docstring(ast.parse(text)) or "")] == []
    assert len(small) <= MOST_APART
    assert _with_one_importer(LONGEST_FILE)


def test_what_is_left_to_the_long_run_exists(pytestconfig: pytest.Config) -> None:
    there = pytestconfig.stash[COLLECTED]
    in_part = {name.partition("::")[0] for name in pytestconfig.args if "::" in name}
    whole = {name.partition("::")[0] for name in there} - in_part
    assert {name for name in listed() if name.partition("::")[0] in whole} <= there
