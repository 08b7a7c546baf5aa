"""A workbook's values as an overlay of the scenario that it was made from."""

import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text
from ruamel.yaml import YAML

from costmodel.errors import InputError
from costmodel.inputs.files import read_bytes
from costmodel.report import json_report
from costmodel.report.files import check_folder, write_whole
from costmodel.report.terminal import headed, listed
from costmodel.report.workbook import package
from costmodel.report.workbook.reader import read_changes
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import load, load_text
from costmodel.scenario.overlay import Change

SCHEMA = "costmodel/import/1"
LABEL = "imported"
ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Imported:
    """What came of a workbook. scenario: before it. written: the overlay, or None where nothing changed."""

    scenario: Scenario
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    written: Path | None


def bring(workbook: Path, scenario: Path, overlay: Path, label: str = LABEL) -> Imported:
    """Write what a workbook changes in its scenario as an overlay, whole or not at all.

    Raises InputError for a workbook that cannot be used, and for an overlay that could not be loaded again.
    """
    _check_options(scenario, overlay, label)
    before = load(scenario)
    returned = read_changes(read_bytes(workbook, package.MOST_BYTES), before)
    made = returned.scenario.changes[len(before.changes) :]
    unusual = tuple(text for text in returned.scenario.warnings if text not in before.warnings)
    if made:
        text = overlay_text(
            {"format": 1, "extends": _name(scenario, overlay), "label": label, "change": returned.paths}
        )
        load_text(text, overlay)
        write_whole(overlay, lambda path: path.write_bytes(text))
    return Imported(before, made, (*returned.warnings, *unusual), overlay if made else None)


def overlay_text(content: Mapping[str, Any]) -> bytes:
    """The content of an overlay as it stands in a file."""
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(dict(content), text)
    return text.getvalue().encode()


def document(brought: Imported) -> dict[str, Any]:
    """Everything that `costmodel import --json` prints."""
    return {
        "schema": SCHEMA,
        "scenario": json_report.identity(brought.scenario),
        "engine": json_report.engine(),
        "written": brought.written.name if brought.written else None,
        "changes": json_report.changes(brought.changes),
        "warnings": list(brought.warnings),
    }


def pieces(brought: Imported) -> Iterator[Text]:
    """What `costmodel import` prints, piece by piece."""
    model = brought.scenario.model
    yield Text(f"{model.title} ({model.label})", style="bold")
    yield from headed("Changed", listed(map(str, brought.changes)))
    yield from headed("Warnings", listed(brought.warnings))
    yield Text("")
    nothing = "The workbook changes nothing. Nothing was written."
    yield Text(f"{brought.written} written." if brought.written else nothing)


def _check_options(scenario: Path, overlay: Path, label: str) -> None:
    place = f"-o {overlay}"
    if overlay.suffix.lower() not in ENDINGS:
        raise InputError.at(place, "a scenario file's name ends in .yaml", f"Did you mean {overlay.stem}.yaml?")
    check_folder(overlay, "-o")
    if overlay.exists() and scenario.exists() and overlay.samefile(scenario):
        raise InputError.at(place, "this is the scenario itself", "Name another file: the overlay only adds to it.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", label):
        remedy = "Lower-case letters, digits and _, beginning with a letter."
        raise InputError.at(f"--label {label[:60]}", "this is not a label", remedy)


def _name(scenario: Path, overlay: Path) -> str:
    """How an overlay names the scenario that it extends: from its own folder, with / between folders."""
    return Path(os.path.relpath(scenario.resolve(), overlay.parent.resolve())).as_posix()
