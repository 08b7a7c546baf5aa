"""A checked scenario: types, data, structures and central values, or every reason why not."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from costmodel.content import by_content, digest
from costmodel.errors import InputError, Problem, nearest, one_of, plain, shown, true_or_false
from costmodel.inputs.datasets import Matrices, Posterior, PriceIndex
from costmodel.inputs.lifetable import LifeTable
from costmodel.scenario import belongs, groups, overlay
from costmodel.scenario.attached import Attached, attach
from costmodel.scenario.consistency import check
from costmodel.scenario.derived import combine, order
from costmodel.scenario.faults import number_hint, validate
from costmodel.scenario.leaves import Leaf, leaf
from costmodel.scenario.overlay import Change
from costmodel.scenario.parameter import DERIVED, STRENGTH, Parameter
from costmodel.scenario.provenance import provenance
from costmodel.scenario.read import Place, Tree
from costmodel.scenario.schema import Alternative, ModelFile, SettingFile, Source, Stratum
from costmodel.scenario.subject import Subject
from costmodel.scenario.used import sha256
from costmodel.scenario.warn import warnings
from costmodel.units import out_of_support

ONLY = "only"
"""The name of a structure that has no others beside it."""
REFERENCES = re.compile(r"(transitions|utilities)\.[^.]+|mortality\.rate_ratio")
USE = re.compile(r"costs\.[^.]+\.while_in\.[^.]+|cohort\.start\.[^.]+")
"""What a stratum may touch beside: how much its people use, and where they start."""
EFFECTS = re.compile(r"strategies\.[^.]+\.(effects|harms)(\..+)?")
"""What an alternative may touch: it changes which parameters stand where, and has effects and harms of its own.

Everything else is computed once for all alternatives, so that a change of it would be ignored.
"""


@by_content
@dataclass(frozen=True)
class Structure:
    """One alternative, or one stratum: a complete model, and the reference to its weight or share (1 where it is the
    only one).
    """

    name: str
    label: str
    weight: str | int
    model: ModelFile


@by_content
@dataclass(frozen=True)
class Scenario:
    """A checked scenario with the data that it names. Make one with `load`; change one with `changed`."""

    path: Path
    model: ModelFile
    setting: SettingFile
    structures: tuple[Structure, ...]
    """The alternatives, or the strata; the model itself where it has neither."""
    sources: Mapping[str, Source]
    leaves: Mapping[str, Leaf]
    life_table: LifeTable | None
    """None where deaths are among the transitions."""
    indices: Mapping[str, PriceIndex]
    """Price indices of the setting, by name."""
    matrices: Mapping[str, Matrices]
    """Tables of transition probabilities, by strategy."""
    posteriors: Mapping[Path, Posterior]
    changes: tuple[Change, ...]
    """What overlays and the user changed, oldest first."""
    warnings: tuple[str, ...]
    tree: Tree = field(repr=False, compare=False)
    base: "Scenario | None" = field(default=None, repr=False, compare=False)
    """The scenario of the catalogue's file that saved changes name as theirs; None where this is still it."""
    remarks: tuple[str, ...] = ()
    """What is to be said of the files that it came from; stands among the warnings too."""
    part: str = ""
    """The stratum whose people alone these are; "" for the whole cohort."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of everything that moves an answer per person, and of nothing else (`used.sha256`)."""
        return sha256(self)

    @cached_property
    def words_sha256(self) -> str:
        """SHA-256 of what else an output shows of it: titles, labels, sources, changes, warnings, people; no folder."""
        words = json.dumps(self.tree.data, ensure_ascii=False)
        return digest((self.path.name, words, self.setting, self.sources, self.changes, self.warnings, self.part))

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """All records, the setting's among them."""
        return self.model.parameters

    @cached_property
    def central(self) -> Mapping[str, float]:
        """Central value of each parameter in the setting's price year, as the deterministic run uses it."""
        return _central(self.parameters, self.leaves)

    @property
    def readings(self) -> tuple[Structure, ...]:
        """What results are shown for beside their mixture: the alternatives. Strata are one cohort."""
        return (only(self.model),) if self.model.strata else self.structures

    def stratum(self, name: str) -> "Scenario":
        """The scenario of one stratum's people alone. It stays theirs when it is changed.

        Raises InputError where there is no such stratum.
        """
        if self.part:
            found = f"these are the people of the stratum {self.part} alone"
            raise InputError.at(f'stratum "{str(name)[:40]}"', found, "Ask the scenario of the whole cohort.")
        one_of("stratum", name, self.model.strata)
        (one,) = (structure for structure in self.structures if structure.name == name)
        model = one.model.model_copy(update={"strata": {}})
        alone = (Structure(ONLY, one.label, 1, model),)
        return replace(self, model=model, structures=alone, part=name, base=self.base or self)

    def status(self, name: str) -> str:
        """The standing of a parameter: its own, or the weakest of what it is made of. Raises InputError for no name."""
        record = self.parameters[one_of("parameter", name, self.parameters)]
        if record.operands:
            return max((self.status(operand) for operand in record.operands), key=STRENGTH.index)
        return record.status or "derived"

    def changed(self, changes: Mapping[str, Any], by: str = "you", *, fix: bool = False) -> "Scenario":
        """The scenario with other values.

        changes: by path (`strategies.ltpp.therapy.wait`), or for a number by parameter name; text for a
        parameter that is a choice selects the option and its own number. A changed centre keeps its relative
        spread; `fix` holds the value in every draw, and what is held stays held when it is changed. What stands
        already is left alone. Of a stratum's people, what they share with the cohort is changed: `stratum` and
        `changed` may come in either order.
        by: who asks, named in messages and in the list of changes.
        Raises InputError and leaves this scenario as it is.
        """
        fix = true_or_false("fix", fix)
        change: dict[str, Any] = {}
        add: dict[str, Any] = {}
        names: dict[str, str] = {}
        problems: list[Problem] = []
        for name, value in _wanted(changes, by).items():
            is_path = "." in name or (name in ModelFile.model_fields and name not in self.parameters)
            if self._is_of_the_stratum(name):
                found = (
                    f"the stratum {self.part} gives {name} itself, so that a change for the cohort would not reach it"
                )
                problems.append(Problem(f"{by} {name}", found, "Change the parameter that the stratum names there."))
            elif is_path and fix:
                remedy = "Only a parameter can be held; name it alone."
                problems.append(Problem(f"{by} {name}", f"{name} is a path", remedy))
            elif is_path and name in ModelFile.model_fields and name not in self.tree.data:
                add[name] = value  # the file leaves it at its default
            elif is_path:
                change[name] = value
            elif (problem := self._unchangeable(name, value, by)) is not None:
                problems.append(problem)
            elif isinstance(value, str):
                change[f"parameters.{name}.use"] = value
            elif fix and self.parameters[name].fixed is not None:
                change[f"parameters.{name}.fixed"] = float(value)
            elif fix:
                add[f"parameters.{name}.fixed"] = float(value)
            else:
                change[f"parameters.{name}.value"] = float(value)
            names |= dict.fromkeys((f"parameters.{name}.{key}" for key in ("use", "fixed", "value")), name)
        change = {path: value for path, value in change.items() if not overlay.stands(self.tree, path, value)}
        where = {path: Place(self.path, 0, f"{by} {names.get(path, path)}") for path in (*change, *add)}
        tree, made, wrong = overlay.apply(self.tree, change=change, add=add, by=by, where=where)
        problems += wrong
        if not made and not problems:
            return self
        made = [self._with_old_value(one, names.get(one.path)) for one in made]
        built = build(self.path, tree, self.changes + tuple(made), problems)
        said = (*self.remarks, *built.warnings)
        built = replace(built, base=self.base or self, remarks=self.remarks, warnings=said)
        return built.stratum(self.part) if self.part else built

    def _is_of_the_stratum(self, path: str) -> bool:
        """Whether the stratum says itself what stands at a path of the cohort's model."""
        strata = self.tree.data.get("strata", {})
        own = strata[self.part].get("change", {}) if self.part else {}
        return any(path == one or path.startswith(f"{one}.") for one in own)

    def _with_old_value(self, made: Change, name: str | None) -> Change:
        """A change of a number that the file gives by counts or a posterior, with what it was before."""
        if made.old is not None or name is None or name not in self.leaves:
            return made
        return replace(made, old=self.leaves[name].central)

    def _unchangeable(self, name: str, value: Any, by: str) -> Problem | None:
        record = self.parameters.get(name)
        if record is None:
            return Problem(f"{by} {name}", f'there is no parameter "{name}"', nearest(name, self.parameters))
        if record.kind in DERIVED:
            remedy = f"Change what it is made of: {', '.join(record.operands)}."
            return Problem(f"{by} {name}", f'"{name}" is derived ({record.kind})', remedy)
        if isinstance(value, str) and record.one_of:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = number_hint(value) or "in digits"
            return Problem(f"{by} {name}", f'"{name}" was given {shown(value)}', f"Wanted: a number, {hint}.")
        return None


def _wanted(changes: object, by: object) -> dict[str, Any]:
    """Changes with plain numbers in the place of NumPy's. Raises InputError for what is none, and where none asks."""
    if not isinstance(by, str):
        raise InputError.at("by", f"{shown(by)} is no name", "Write who asks, as a text.")
    if not isinstance(changes, Mapping):
        remedy = 'Give them by name: {"session_price": 80}.'
        raise InputError.at("changes", f"{shown(changes)} does not say what becomes of what", remedy)
    if wrong := [name for name in changes if not isinstance(name, str)]:
        raise InputError.at("changes", f"{shown(wrong[0])} is no name", "Name a parameter, or a path.")
    return {str(name): plain(value) for name, value in changes.items()}


def build(path: Path, tree: Tree, changes: tuple[Change, ...], problems: list[Problem]) -> Scenario:
    """Check a resolved tree and everything it names. Raises InputError with all problems."""
    problems = list(problems)
    model, wrong, faulty = validate(ModelFile, tree)
    problems += wrong
    if model is None:
        raise InputError(*problems)
    try:
        attached = attach(model, tree, problems)
    except InputError as error:
        raise InputError(*dict.fromkeys((*problems, *error.problems))) from error
    leaves = _leaves(model, tree, attached, problems, faulty)
    try:
        order(model.parameters)
    except ValueError as error:
        at = str(tree.place(("parameters",)))
        raise InputError(*dict.fromkeys((*problems, Problem(at, *error.args)))) from error
    central = _central(model.parameters, leaves)
    problems += _derived_values(model, central, tree)
    structures = _structures(tree, model, faulty, problems)
    for structure in structures:
        problems += check(Subject(structure.model, dict(central), tree.place, faulty, attached.matrices))
    problems += provenance(model, attached, tree, leaves, faulty)
    problems += belongs.strangers(tree, model, [structure.model for structure in structures], attached.posteriors)
    problems += groups.problems(model.groups, model.parameters, leaves, tree)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    scenario = Scenario(
        path=path,
        model=model,
        setting=attached.setting,
        structures=tuple(structures),
        sources=attached.sources,
        leaves=leaves,
        life_table=attached.life_tables[model.mortality.table] if model.mortality else None,
        indices=attached.indices,
        matrices=attached.matrices,
        posteriors=attached.posteriors,
        changes=changes,
        warnings=(),
        tree=tree,
    )
    unusual = warnings(scenario.model, scenario.changes, scenario.central, leaves, scenario.life_table)
    outdated = belongs.outdated(attached.posteriors, scenario.central, attached.calibration)
    return replace(scenario, warnings=(*unusual, *outdated))


def _leaves(
    model: ModelFile, tree: Tree, attached: Attached, problems: list[Problem], faulty: set[str]
) -> dict[str, Leaf]:
    """The leaf of every parameter that is not derived; what is wrong is added to `problems`."""
    leaves: dict[str, Leaf] = {}
    for name, record in model.parameters.items():
        if record.kind not in ("value", "joint"):
            continue
        unreadable = record.price_year is None and {name, "price_year"} <= faulty
        if record.index in attached.broken or unreadable:  # said already; the rest of the record is checked
            record = record.model_copy(update={"price_year": attached.setting.price_year})
        keys = ("parameters", name)
        path = None
        if record.joint:
            path = tree.place((*keys, "joint")).path.parent / record.joint
            if path not in attached.posteriors:
                faulty.add(name)
                continue
        try:
            leaves[name] = leaf(
                name,
                record,
                price_year=attached.setting.price_year,
                indices=attached.indices,
                posteriors=attached.posteriors,
                posterior_path=path,
            )
        except ValueError as error:
            faulty.add(name)
            problems.append(Problem(str(tree.place_of_fault(keys)), f"{name}: {error}"))
    return leaves


def _central(parameters: Mapping[str, Parameter], leaves: Mapping[str, Leaf]) -> Mapping[str, float]:
    central: dict[str, float] = {}
    for name in order(parameters):
        record = parameters[name]
        if name in leaves:
            central[name] = leaves[name].central * leaves[name].price_factor
        elif record.kind in ("value", "joint", "over_time") or not central.keys() >= set(record.operands):
            continue
        elif record.one_of and (record.fixed is not None or record.moved_to is not None):
            central[name] = float(record.fixed if record.fixed is not None else record.moved_to or 0)
        else:
            with suppress(ZeroDivisionError):
                central[name] = combine(record, central.__getitem__)
    return central


def _derived_values(model: ModelFile, central: Mapping[str, float], tree: Tree) -> Iterator[Problem]:
    """Derived parameters whose central value their unit does not allow."""
    for name, record in model.parameters.items():
        if record.kind not in DERIVED or record.over_time or not central.keys() >= set(record.operands):
            continue
        made_of = ", ".join(f"{operand} = {central[operand]:g}" for operand in record.operands)
        fault = out_of_support(record.unit, central[name]) if name in central else "it divides by 0"
        if fault:
            at = str(tree.place(("parameters", name)))
            yield Problem(at, f"{name} ({record.kind}): {fault}", f"Check what it is made of: {made_of}.")


def only(model: ModelFile) -> Structure:
    """A model that has one structure."""
    return Structure(ONLY, model.title, 1, model)


def _structures(tree: Tree, model: ModelFile, faulty: set[str], problems: list[Problem]) -> list[Structure]:
    if not model.alternatives and not model.strata:
        return [only(model)]
    structures = []
    blocks: Mapping[str, Alternative | Stratum] = {**model.strata, **model.alternatives}
    for name, block in blocks.items():
        is_stratum = isinstance(block, Stratum)
        where = tree.place(("strata" if is_stratum else "alternatives", name))
        paths = (*block.change, *block.add, *block.remove)
        for path in paths:
            placed = REFERENCES.fullmatch(path) or (is_stratum and USE.fullmatch(path))
            if not EFFECTS.fullmatch(path) and not (path in block.change and placed):
                more = ", quantities (costs.ITEM.while_in.STATE), cohort.start" if is_stratum else ""
                problems.append(
                    Problem(
                        str(where),
                        f"{'a stratum' if is_stratum else 'an alternative'} may not touch {path}",
                        f"It may change transitions, utilities, mortality.rate_ratio{more}, effects and harms.",
                    )
                )
        new, _, wrong = overlay.apply(
            tree,
            change=block.change,
            add=block.add,
            remove=block.remove,
            by=f"{'stratum' if is_stratum else 'alternative'} {name}",
            where=dict.fromkeys(paths, where),
        )
        problems += wrong
        theirs, wrong, cut = validate(ModelFile, new)
        problems += [problem for problem in wrong if problem not in problems]
        faulty |= cut
        if theirs is not None:
            weight = block.share if isinstance(block, Stratum) else block.weight
            structures.append(Structure(name, block.label, weight, theirs))
    return structures
