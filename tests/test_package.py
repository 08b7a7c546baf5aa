"""The package as it is installed elsewhere: built, put into an environment of its own, used away from the checkout."""

import contextlib
import http.client
import re
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

import costmodel as cm
from tests.test_architecture import files_of_the_project

ROOT = Path(__file__).parents[1]
LARGEST = 250
"""Megabytes of what is installed, without extras, bytecode and the installer."""
LONGEST_IMPORT = 0.7
"""Seconds of processor time that `import costmodel` may take."""
PATIENCE = 120
"""Seconds until a dashboard must answer."""

pytestmark = pytest.mark.long


class Elsewhere:
    """An environment with the package, and a folder outside the checkout."""

    def __init__(self, home: Path) -> None:
        source, self.away, self.environment = home / "source", home / "away", home / "environment"
        for path in files_of_the_project():
            copied = source / path.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
        self.away.mkdir()
        venv.create(self.environment, with_pip=True)
        self.pip("wheel", "--no-deps", "--wheel-dir", str(home), str(source))
        (self.wheel,) = home.glob("*.whl")
        self.pip("install", "--no-compile", str(self.wheel))

    def pip(self, *words: str) -> None:
        self.run("python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words)

    def command(self, program: str, *words: str) -> list[str]:
        return [str(self.environment / "bin" / program), *words]

    def run(self, program: str, *words: str) -> str:
        result = subprocess.run(self.command(program, *words), cwd=self.away, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


def test_every_module_and_scenario_is_in_the_wheel(elsewhere: Elsewhere) -> None:
    (home,) = elsewhere.environment.glob("lib/*/site-packages/costmodel")
    shipped = {
        path.relative_to(ROOT).as_posix().removeprefix("costmodel/")
        for path in files_of_the_project()
        if path.is_relative_to(ROOT / "costmodel") or path.is_relative_to(ROOT / "scenarios")
    }
    assert {path.relative_to(home).as_posix() for path in home.rglob("*") if "__pycache__" not in path.parts} >= shipped


def test_a_scenario_is_found_by_its_name_and_is_the_one_of_the_checkout(elsewhere: Elsewhere) -> None:
    for name in ("depression_resistant", "panic/cautious"):
        said = elsewhere.run("python", "-c", f"import costmodel as cm; print(cm.load({name!r}).sha256)")
        assert said.strip() == cm.load(name).sha256


def test_what_is_installed_is_small_and_quickly_imported(elsewhere: Elsewhere) -> None:
    (home,) = elsewhere.environment.glob("lib/*/site-packages")
    files = [path for path in home.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    ours = [path for path in files if path.relative_to(home).parts[0].split("-")[0] not in ("pip", "setuptools")]
    assert sum(path.stat().st_size for path in ours) < LARGEST * 1e6
    code = "import time; t = time.process_time(); import costmodel; print(time.process_time() - t)"
    assert min(float(elsewhere.run("python", "-c", code)) for _ in range(3)) < LONGEST_IMPORT


def test_the_python_of_the_readme_runs(elsewhere: Elsewhere) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    elsewhere.run("python", "-c", code)
    assert (elsewhere.away / "report.xlsx").stat().st_size > 10_000


def test_the_command_prints_every_population_and_says_how_to_run_one_again(elsewhere: Elsewhere) -> None:
    said = elsewhere.run("costmodel", "spectrum", "--draws", "20")
    populations = [path.parent.name for path in (ROOT / "scenarios").glob("*/model.yaml")]
    assert [name for name in populations if f"{name}: " not in said] == []
    said = elsewhere.run("costmodel", "run", "panic/cautious", "--draws", "20")
    (again,) = re.findall(r"^Again: costmodel (.*)$", said, flags=re.MULTILINE)
    assert elsewhere.run("costmodel", *again.replace("'", "").split()[:2], "--draws", "20") == said


def test_what_needs_no_chart_needs_no_plotly(elsewhere: Elsewhere) -> None:
    assert "panic" in elsewhere.run("costmodel", "tornado", "panic")
    code = "import costmodel as cm; print(cm.tornado(cm.load('panic'))._repr_html_()[:99])"
    assert "<" in elsewhere.run("python", "-c", code)


def test_what_needs_an_extra_names_it(elsewhere: Elsewhere) -> None:
    for words, extra in ((["dashboard"], "app"), (["sweep", "grid.yaml", "-o", "out"], "sweep")):
        result = subprocess.run(
            elsewhere.command("costmodel", *words), cwd=elsewhere.away, capture_output=True, text=True
        )
        assert (result.returncode, f"psychotherapy-costmodel[{extra}]" in result.stderr) == (2, True)


def test_the_dashboard_is_served_with_its_extra(elsewhere: Elsewhere) -> None:
    elsewhere.pip("install", f"{elsewhere.wheel}[app]")
    command = elsewhere.command("costmodel", "dashboard")
    with subprocess.Popen(command, cwd=elsewhere.away, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = next(line for line in process.stdout if line.startswith("Dashboard: "))
            connection = http.client.HTTPConnection(said.split("/")[2].split()[0], timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                assert connection.getresponse().status == 200
        finally:
            process.kill()
    page = (
        "import costmodel.app.main as main; from streamlit.testing.v1 import AppTest; "
        "at = AppTest.from_file(main.__file__, default_timeout=300).run(); "
        "assert not at.exception; print([one.proto.body for one in at.get('html')])"
    )
    assert "repay the NHS" in elsewhere.run("python", "-c", page)
