"""What leaves the program with a scenario in it: the changes as a file that says where it belongs, and the command."""

import io
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from costmodel.errors import InputError
from costmodel.inputs.files import write_whole
from costmodel.result.result import Result
from costmodel.scenario import overlay
from costmodel.scenario.build import Scenario, build
from costmodel.scenario.load import FOLDER, YOURS, catalogue, load_text
from costmodel.scenario.read import Tree, parse_file, scalar
from costmodel.scenario.schema import OverlayFile
from costmodel.scenario.setting import PACKAGE
from costmodel.scenario.validate import validate
from costmodel.version import engine

WORDS = ("title", "description")
FILE, SCENARIO = "your_changes.yaml", "scenario.yaml"
"""The names of saved changes: where they are not written into a file that has one, and beside draws."""


@dataclass
class Net:
    """What a scenario differs in from its base: what an overlay of the base holds."""

    change: dict[str, Any] = field(default_factory=dict)
    add: dict[str, Any] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    @property
    def blocks(self) -> dict[str, Any]:
        """As keys of an overlay, empty ones left out."""
        return {key: block for key, block in vars(self).items() if block}


def overlay_text(content: Mapping[str, Any]) -> bytes:
    """The content of an overlay as it stands in a file."""
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.width = 10_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(dict(content), text)
    return text.getvalue().encode()


def path_from(overlay: Path, base: Path) -> str:
    """How an overlay names the file that it extends: from its own folder, with / between folders."""
    return Path(os.path.relpath(base.resolve(), overlay.parent.resolve())).as_posix()


def net(scenario: Scenario) -> Net:
    """What differs in a scenario from its base, at the paths that were changed since; not what was changed back."""
    base = scenario.base or scenario
    found = Net()
    for path in dict.fromkeys(one.path for one in scenario.changes[len(base.changes) :]):
        before, now = _at(base.tree, path), _at(scenario.tree, path)
        if now is None and before is not None:
            found.remove.append(path)
        elif before is not None and not overlay.stands(base.tree, path, now):
            found.change[path] = now
        elif before is None and now is not None and not path.endswith(".moved_to"):
            centre = _centre(path) or any(path.startswith(f"{outer}.") for outer in found.add)
            (found.change if centre else found.add)[path] = now
    for path in list(found.change):
        if any(inner.startswith(f"{path}.") for inner in found.change):  # changed as a whole, then within
            found.remove.append(path)
            found.add[path] = found.change.pop(path)
    return found


def explained(scenario: Scenario, reasons: Mapping[str, str], label: str, extends: str, words: str) -> bytes:
    """The changes of a scenario as the text of an overlay, each with its reason beside it.

    reasons: by the path that was changed. words: its description. Raises InputError as `saved`.
    """
    text = overlay_text(saved(scenario, label, extends) | {"description": words}).decode()
    lines = text.splitlines()
    for at, line in enumerate(lines):
        path = line.strip().partition(": ")[0]
        if line.startswith("  ") and path in reasons:
            lines[at] = f"{line}  # {reasons[path]}"
    return ("\n".join(lines) + "\n").encode()


def _at(tree: Tree, path: str) -> Any:
    """What stands at a path; of a number whose centre was moved, the new one. None where there is nothing."""
    node: Any = tree.data
    keys = path.split(".")
    for key in keys[:-1]:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return None
    moved = node.get("moved_to") if _centre(path) else None
    return node.get(keys[-1]) if moved is None else moved


def saved(scenario: Scenario, label: str = YOURS, extends: str | None = None, **words: str) -> dict[str, Any]:
    """The changes of a scenario since its base, as an overlay that says to which file of the catalogue it belongs.

    extends: how the overlay names that file; its name alone where left out. Raises InputError for changes that an
    overlay cannot hold.
    """
    base = scenario.base or scenario
    here, changes = base.path.resolve(), net(scenario)
    own = {key: scenario.tree.data[key] for key in WORDS if scenario.tree.data.get(key) != base.tree.data.get(key)}
    content: dict[str, Any] = {
        "format": 1,
        "extends": extends or base.path.name,
        "base": {
            "population": here.parent.name,
            "file": here.name,
            "sha256": base.sha256,
            "changed_sha256": scenario.sha256,
            "engine": engine(),
            **({"stratum": scenario.part} if scenario.part else {}),
        },
        "label": label,
        **own,
        **changes.blocks,
    }
    if "setting" in changes.change:  # which brings parameters of its own
        again = load_text(overlay_text({**content, "extends": here.name}), here.with_name(FILE))
    else:
        tree, _, _ = overlay.apply(base.tree, by=label, **vars(changes))
        if _numbers(tree) != _numbers(scenario.tree):
            found = "these changes cannot stand in one file: an entry was changed as a whole, and again within"
            raise InputError.at(scenario.path.name, found, "Write them into an overlay by hand.")
        tree.data |= {"label": label, **own}
        if tree.data == scenario.tree.data:
            return content
        again = build(here.with_name(FILE), tree, (), [])
        again = again.stratum(scenario.part) if scenario.part else again
    content["base"]["changed_sha256"] = again.sha256
    return content


def _numbers(tree: Tree) -> dict[str, Any]:
    """What counts in a tree: no words, and no centre that was moved back to where it was."""
    kept = {key: value for key, value in tree.data.items() if key not in (*WORDS, "label")}
    records = kept.get("parameters", {})
    moved_back = {name for name, one in records.items() if "moved_to" in one and one["moved_to"] == one.get("value")}
    plain = {name: {key: x for key, x in records[name].items() if key != "moved_to"} for name in moved_back}
    return kept | {"parameters": records | plain}


def command(
    result: Result, verb: str = "run", perspective: str | None = None, output: str | None = None,
    asked: Sequence[str] | None = None, **more: str | None,
) -> str:  # fmt: skip
    """The command that gives the same digits again: the file, every change, and what the run was made with.

    Changes that options cannot express are read from the file that holds them, which is named instead. asked: options
    in the place of draws and seed, of a command that draws nothing. more: options of the command by name.
    """
    scenario = result.scenario
    base = scenario.base or scenario
    options = None if scenario.part else _options(net(scenario))  # no option names a stratum
    words = ["costmodel", verb, *([_file(base.path), *options] if options is not None else [FILE])]
    words += ["--horizon", shlex.quote(scenario.model.horizon.text)]
    if perspective:
        words += ["--perspective", perspective]
    words += [word for name, value in more.items() if value for word in (f"--{name}", shlex.quote(value))]
    if asked is not None:
        return " ".join((*words, *asked))
    words += ["--draws-from", "FILE.csv"] if result.given else ["--draws", str(result.draws)]
    words += ["--seed", str(result.seed)]
    if result.sampling != "random":
        words += ["--sampling", result.sampling]
    if output:
        words += ["-o", shlex.quote(output)]
    return " ".join(words)


def _options(changes: Net) -> list[str] | None:
    """Changes as --set and --fix; None where they are more than values."""
    values = changes.change | changes.add
    simple = all(isinstance(x, int | float) or (isinstance(x, str) and x == scalar(x)) for x in values.values())
    simple = simple and not any(isinstance(x, bool) for x in values.values())
    if changes.remove or not simple or any("." in path and not _held(path) for path in changes.add):
        return None
    words: list[str] = []
    for path, value in values.items():
        name = path.split(".")[1] if _held(path) or (_centre(path) and isinstance(value, float)) else path
        if path != "horizon":
            words += ["--fix" if _held(path) else "--set", shlex.quote(f"{name}={value}")]
    return words


def _held(path: str) -> bool:
    return path.startswith("parameters.") and path.endswith(".fixed") and path.count(".") == 2


def _centre(path: str) -> bool:
    return path.startswith("parameters.") and path.endswith(".value") and path.count(".") == 2


def _file(path: Path) -> str:
    """A scenario file as a shell finds it: in the catalogue, whose folder a variable may name, or as it was given."""
    try:
        inside = path.resolve().relative_to(catalogue())
    except ValueError:
        return shlex.quote(str(path))
    if os.environ.get(FOLDER):
        return f'"${FOLDER}"/{shlex.quote(inside.as_posix())}'
    if catalogue().parent == PACKAGE:  # installed: a reader has no such folder, and names it as the catalogue does
        return shlex.quote(inside.with_suffix("").as_posix())
    return f"scenarios/{shlex.quote(inside.as_posix())}"


def draws_tables(result: Result) -> dict[str, pd.DataFrame]:
    """By file name: parameters (a column an uncertain input), costs by perspective and effects (a column a strategy).

    A row a draw, the same in all. Costs and QALYs are discounted, to the longest horizon, per person referred. Where
    there are alternatives each draw has one of them, chosen with their weights. Raises InputError without draws, or
    with more than are kept one by one.
    """
    drawn = result.by_draw()
    files = {"parameters.csv": "input", "effects.csv": "qaly"}
    files |= {f"costs_{perspective}.csv": f"cost_{perspective}" for perspective in result.setting.perspectives}
    return {file: pd.DataFrame(drawn.get(what)) for file, what in files.items()}


def write_draws(result: Result, folder: Path) -> list[Path]:
    """Write the tables into a folder, which is made if it is new; numbers in full."""
    content = draws_tables(result)
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise InputError.at(f"-o {folder}", "this is a file", "Name a folder.")
    if not os.path.isdir(folder.parent):
        raise InputError.at(f"-o {folder}", f'the folder "{folder.parent}" does not exist', "Make it first.")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        found = f"the folder cannot be made ({error.strerror})"
        raise InputError.at(f"-o {folder}", found, "Name another.") from error
    for name, table in content.items():
        write_whole(folder / name, partial(table.to_csv, index=False, lineterminator="\n"))
    scenario = result.scenario
    beside = path_from(folder / SCENARIO, (scenario.base or scenario).path)
    text = overlay_text(saved(scenario, scenario.model.label, beside))
    write_whole(folder / SCENARIO, lambda path: path.write_bytes(text))
    return [folder / name for name in (*content, SCENARIO)]


def of_another(draws: Path, scenario: Scenario) -> str:
    """What is to be said of draws that were made from another scenario; "" where nothing is known of theirs."""
    beside = draws.with_name(SCENARIO)
    if not os.path.isfile(beside):
        return ""
    file, _, _ = validate(OverlayFile, parse_file(beside))
    if file is None or file.base is None or file.base.changed_sha256 == scenario.sha256:
        return ""
    theirs = f"{file.base.population}/{file.base.file} with its changes, SHA-256 {file.base.changed_sha256[:12]}…"
    return f"{draws.name} was drawn from another scenario ({theirs}) than this ({scenario.sha256[:12]}…)."
