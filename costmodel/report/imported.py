"""A workbook's values, or changes that were saved, as an overlay of the scenario that they belong to."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from costmodel.errors import InputError
from costmodel.inputs.files import check_folder, read_bytes, write_whole
from costmodel.page import Notes, Page, Paged, Paragraph
from costmodel.report.render import changes, identity
from costmodel.report.saved import FILE, overlay_text, path_from, saved
from costmodel.report.workbook.reader import MOST_BYTES, PROVENANCE, changes_of, is_workbook, opened
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import find, load, load_text, nameless
from costmodel.scenario.overlay import Change
from costmodel.scenario.read import parse_text

Brought = tuple[Scenario, Scenario, tuple[str, ...]]
"""A scenario before and after, and what is to be said."""

LABEL = "imported"
ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, repr=False)
class Imported(Paged):
    """What came of a file. scenario: before it. written: the overlay, or None where nothing changed."""

    scenario: Scenario
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    written: Path | None

    def page(self) -> Page:
        """What was changed, and where it was written."""
        model, file = self.scenario.model, self.written
        said = f"{file} written." if file else "The workbook changes nothing. Nothing was written."
        data = {
            "schema": "costmodel/import/1",
            "scenario": identity(self.scenario),
            "written": file.name if file else None,
            "changes": changes(self.changes),
        }
        blocks = (Notes("Changed", tuple(map(str, self.changes))), Paragraph(said))
        return Page(f"{model.title} ({model.label})", blocks, warnings=self.warnings, data=data)


def bring(file: Path, scenario: Path | None, overlay: Path, label: str = LABEL) -> Imported:
    """Write what a workbook, or a file of saved changes, changes in its scenario as an overlay, whole or not at all.

    scenario: where the file does not say itself, or where another one is meant; then it is the overlay's base.
    Raises InputError for a file that cannot be used, and for an overlay that could not be loaded again.
    """
    _check_options(file, scenario, overlay, label)
    if scenario is not None:
        load(scenario)  # one that is locked, or wrong, says so before the file is looked at
    content = read_bytes(file, MOST_BYTES)
    brought = _workbook(content, file, scenario) if is_workbook(content) else _changes(content, file, scenario)
    before, after, warnings = brought
    made = after.changes[len(before.changes) :]
    known = {*before.warnings, *warnings}
    unusual = tuple(text for text in after.warnings if text not in known)
    if worth := bool(made) or after.part != before.part:
        base = after.base or before
        text = overlay_text(saved(after, label, path_from(overlay, base.path)))
        load_text(text, overlay)
        write_whole(overlay, lambda path: path.write_bytes(text))
    return Imported(before, made, (*warnings, *unusual), overlay if worth else None)


def _workbook(content: bytes, file: Path, scenario: Path | None) -> Brought:
    """What a workbook holds: the scenario it was made from, found by what it says of it, with what was typed since."""
    book = opened(content)
    if scenario is not None:
        before = replace(load(scenario), base=None)
        if book.base is not None and book.base.stratum is not None and not before.part:
            before = replace(before.stratum(book.base.stratum), base=None)
        of_it = book.base is None or book.base.file == before.path.name
        returned = changes_of(book, before, another_version=of_it and book.title == before.model.title)
        return before, returned.scenario, returned.warnings
    if book.base is None:
        found = f"a workbook of version 0.1.0 does not say to which population its {book.file or 'scenario'} belongs"
        raise InputError.at(file.name, found, "Say it: --scenario POPULATION/model.yaml.")
    beside = [file.parent / book.base.file, file.parent / book.base.population / book.base.file]
    base = find(book.base, beside, f"{file.name}, {PROVENANCE}")
    before = load_text(book.saved, base.path.with_name(FILE))
    returned = changes_of(book, before, another_version=bool(base.remarks) or before.sha256 != book.sha256)
    return base.scenario, returned.scenario, returned.warnings


def _changes(content: bytes, file: Path, scenario: Path | None) -> Brought:
    """What a file of changes holds, as changes of the scenario that it names, or of the one that was chosen."""
    tree = parse_text(content, file)
    if tree.problems:
        raise InputError(*tree.problems)
    if "extends" not in tree.data:
        raise InputError.at(file.name, "this is neither a workbook nor a file of changes", "Give one of the two.")
    if scenario is None:
        after = load(file) if nameless(tree) else load_text(content, file)
        return after.base or after, after, after.remarks
    chosen = load(scenario)
    rest = {key: value for key, value in tree.data.items() if key != "base"}
    text = overlay_text({**rest, "extends": scenario.name})
    after = replace(load_text(text, scenario.with_name(file.name)), base=chosen)
    named = tree.data.get("base")
    if isinstance(named, dict) and named.get("stratum") is not None and not after.part:
        after = after.stratum(str(named["stratum"]))
    people = chosen.model.population
    said = f"{file.name} does not say to which population it belongs. It was taken as changes of: {people}."
    return chosen, after, () if "base" in tree.data else (said,)


def _check_options(file: Path, scenario: Path | None, overlay: Path, label: str) -> None:
    place = f"-o {overlay}"
    if overlay.suffix.lower() not in ENDINGS:
        raise InputError.at(place, "a scenario file's name ends in .yaml", f"Did you mean {overlay.stem}.yaml?")
    check_folder(overlay, "-o")
    if scenario is not None and os.path.exists(overlay) and os.path.exists(scenario) and overlay.samefile(scenario):
        raise InputError.at(place, "this is the scenario itself", "Name another file: the overlay only adds to it.")
    if os.path.exists(overlay) and os.path.realpath(overlay) == os.path.realpath(file):
        raise InputError.at(place, "this is the file that is brought in", "Name another file.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", label):
        remedy = "Lower-case letters, digits and _, beginning with a letter."
        raise InputError.at(f"--label {label[:60]}", "this is not a label", remedy)
