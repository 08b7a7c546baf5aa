"""Whatever is done to a workbook, reading it ends soon, with changes or with a refusal in words."""

import random
import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.report.imported import bring
from costmodel.report.workbook.reader import read_changes
from tests.support.example import load_example
from tests.support.fuzz import BYTES, JUNK, accepted, cases, cut, flipped
from tests.support.workbooks import INPUTS, exported, repacked

SOME, FEW, MANY = 100, 200, 5_000
LONGEST = 5.0
"""Seconds for one file; a sound one takes a tenth of one."""

PARTS = (INPUTS, INPUTS, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml",
         "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/worksheets/sheet11.xml", "docProps/core.xml")  # fmt: skip
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
TOKEN = re.compile(rb'(?<==")[^"]*(?=")|(?<=>)[^<]+(?=<)|(?<=<)/?[A-Za-z:]+')
BLANK = re.compile(rb'<c r="(E\d+)" s="(\d+)"\s*/>')
SOUND = ("0.5", "0", "1", "-1", "3", "12", "45750", "1e-9", "0.1", "120")


def _tokens(random_: random.Random, part: bytes) -> bytes:
    """Values, names and texts of the XML replaced by junk or by one another."""
    for _ in range(random_.choice((1, 1, 2, 10))):
        found = list(TOKEN.finditer(part))
        one = random_.choice(found)
        junk = random_.choice(JUNK).replace("<", "&lt;").replace('"', "").encode("utf-8", "ignore")
        new = random_.choice((junk, random_.choice(found)[0], b"", NUMBER.sub(lambda _, junk=junk: junk, one[0])))
        part = part[: one.start()] + new + part[one.end() :]
    return part


def _cells(random_: random.Random, part: bytes) -> bytes:
    """Values of every type in blank cells, and cells of another type than their value."""
    blank = list(BLANK.finditer(part))
    for one in sorted(random_.sample(blank, min(len(blank), random_.choice((1, 3, 12)))), key=lambda m: -m.start()):
        kind, value, style = "n", random_.choice(SOUND), one[2].decode()
        if random_.random() < 0.2:
            kind = random_.choice(("s", "str", "b", "e", "d", "inlineStr", "x", ""))
            value = random_.choice((*JUNK, *SOUND, "2025-03-01", "#N/A", "")).replace("&", "&amp;").replace("<", "&lt;")
            style = random_.choice((style, style, "0", "14", "999999", "-1"))
        formula = random_.choice(("", "", "", "<f>1+1</f>", "<f/>", '<f t="shared" si="0"/>'))
        body = f"<is><t>{value}</t></is>" if kind == "inlineStr" else f"{formula}<v>{value}</v>"
        cell = f'<c r="{one[1].decode()}" s="{style}" t="{kind}">{body}</c>'.encode("utf-8", "ignore")
        part = part[: one.start()] + cell + part[one.end() :]
    other = random_.choice((part.replace(b't="s"', b't="n"', 3), part.replace(b"<row ", b'<row hidden="1" ', 2)))
    return other if random_.random() < 0.2 else part


def _in_a_part(random_: random.Random, content: bytes) -> bytes:
    """One part changed, and the file packed again so that its checksums hold."""
    change = random_.choice((*BYTES, _tokens, _tokens, _tokens))
    return repacked(content, {random_.choice(PARTS): lambda part: change(random_, part)})


def _in_cells(random_: random.Random, content: bytes) -> bytes:
    return repacked(content, {INPUTS: lambda part: _cells(random_, part)})


def _without_a_part(random_: random.Random, content: bytes) -> bytes:
    """A part left out, empty, doubled, or in another's place."""
    with zipfile.ZipFile(BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name, other = random_.sample(sorted(parts), 2)
    parts[name] = random_.choice((b"", parts[other], b"<x/>", b"\x00" * 100))
    if random_.random() < 0.3:
        del parts[name]
    out = BytesIO()
    with zipfile.ZipFile(
        out, "w", random_.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    ) as new:
        for one, part in parts.items():
            new.writestr(one, part)
    return out.getvalue()


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    flipped, cut, *BYTES, _in_a_part, _in_a_part, _in_a_part, _in_a_part, *(_in_cells,) * 8,
    _without_a_part,
)  # fmt: skip


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> cm.Scenario:
    return load_example(tmp_path_factory.mktemp("example"), follow_up="6 months", horizon="1 year")


@pytest.fixture(scope="module")
def book(scenario: cm.Scenario) -> bytes:
    return exported(scenario)


def _read(content: bytes, scenario: cm.Scenario) -> None:
    returned = read_changes(content, scenario)
    assert returned.scenario.central
    assert set(returned.paths.values()) == set(returned.changes.values())


def _fuzz(book: bytes, scenario: cm.Scenario, count: int) -> None:
    read = 0
    for words, random_ in cases(count):
        content = random_.choice(MUTATIONS)(random_, book)
        read += accepted(lambda content=content: _read(content, scenario), LONGEST, words)
    assert 0 < read < count


def test_a_few_mutated_workbooks_are_read_or_refused(book: bytes, scenario: cm.Scenario) -> None:
    _fuzz(book, scenario, FEW)


def test_a_mutated_workbook_leaves_a_whole_overlay_or_none(book: bytes, scenario: cm.Scenario, tmp_path: Path) -> None:
    out = tmp_path / "overlay.yaml"
    written = 0
    for words, random_ in cases(SOME):
        (tmp_path / "book.xlsx").write_bytes(random_.choice(MUTATIONS)(random_, book))
        read = accepted(lambda: bring(tmp_path / "book.xlsx", scenario.path, out), LONGEST, words)
        assert {path.name for path in tmp_path.iterdir()} <= {"book.xlsx", "overlay.yaml"}, words
        assert read or not out.exists(), words
        if out.exists():
            assert cm.load(out).changes, words
            out.unlink()
            written += 1
    assert written


@pytest.mark.long
def test_many_mutated_workbooks_are_read_or_refused(book: bytes, scenario: cm.Scenario) -> None:
    _fuzz(book, scenario, MANY)
