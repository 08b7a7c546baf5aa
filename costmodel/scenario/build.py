"""A checked scenario: types, data, structures and central values, or every reason why not."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from costmodel.content import by_content, digest
from costmodel.errors import InputError, Problem, listed, nearest, one_of, plain, shown, true_or_false
from costmodel.inputs.lifetable import LifeTable
from costmodel.inputs.matrices import Matrices
from costmodel.inputs.prices import PriceIndex
from costmodel.scenario import joint, overlay
from costmodel.scenario.attached import attach
from costmodel.scenario.consistency import check
from costmodel.scenario.conventions import Repriced, conventions_of
from costmodel.scenario.fields import Block, Instant
from costmodel.scenario.joint import Posterior
from costmodel.scenario.leaves import Leaf, central_values, derived_problems, group_problems, leaves_of, provenance
from costmodel.scenario.overlay import Change
from costmodel.scenario.parameter import CENTRES, DERIVED, STRENGTH, Parameter, behind, order, pieces
from costmodel.scenario.read import Place, Tree
from costmodel.scenario.schema import ModelFile, SettingFile, Source
from costmodel.scenario.structure import ONLY, Structure, Subject, overlaid, readings_of, structures_of, uses
from costmodel.scenario.validate import number_hint, validate
from costmodel.scenario.warnings import warnings
from costmodel.units import Duration

WORDS = {
    "label", "title", "description", "population", "leaves_out", "price_basis", "people", "format", "source",
    "sources", "status", "estimand", "setting", "table", "file", "lacks", "outside_verdicts",
}  # fmt: skip
"""Fields of a model that say something, or name a file whose content is taken, and move no answer per person."""
APART = {
    "parameters", "groups", "strata", "alternatives", "states", "money_base", "money_mixture", "money_alternatives",
    "scores",
}  # fmt: skip
"""Fields of a model that are taken by themselves: what is used of parameters and groups, each structure and convention
complete, the names of states without their definitions, and nothing of scores."""
SILENT = "so it is 0 here. Counted, it would speak against therapy."
IN_ORDER = {"strategies"}
"""Named entries whose order counts: the first strategy is the comparator. Others are looked up by name."""
IN_ANY_ORDER = {"absorbing", "only_in", "covers"}
"""Lists that say what belongs together, and not in which order."""


@by_content
@dataclass(frozen=True)
class Scenario:
    """A checked scenario with the data that it names. Make one with `load`; change one with `changed`."""

    path: Path
    model: ModelFile
    setting: SettingFile
    structures: tuple[Structure, ...]
    """The alternatives, or the strata, or every stratum of each alternative in turn; the model itself where it has
    neither.
    """
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
    conventions: "Mapping[str, Repriced[Scenario]]" = field(default_factory=dict)
    """Conventions about money, each the same people priced otherwise."""

    def __repr__(self) -> str:
        where, model = f"{self.path.resolve().parent.name}/{self.path.name}", self.model
        size = f"{len(model.strategies)} strategies, {len(model.states)} states, {len(self.parameters)} parameters"
        return f"<Scenario {where}: {model.title} ({model.label}); {size}>"

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of everything that moves an answer per person, and of nothing else (`build.sha256`)."""
        return sha256(self)

    @cached_property
    def words_sha256(self) -> str:
        """SHA-256 of what else an output shows of it: titles, labels, sources, changes, warnings, people; no folder."""
        words = json.dumps(self.tree.data, ensure_ascii=False)
        shown = (self.setting, self.sources, self.origins, self.changes, self.warnings, self.part)
        return digest((self.path.name, words, *shown))

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """All records, the setting's among them."""
        return self.model.parameters

    @cached_property
    def central(self) -> Mapping[str, float]:
        """Central value of each parameter in the setting's price year, as the deterministic run uses it."""
        return central_values(self.parameters, self.leaves)

    def value(self, reference: str | int) -> float:
        """Central value of a reference: of a parameter, or the structural number that it is. Raises InputError."""
        if isinstance(reference, int) and not isinstance(reference, bool):
            return float(reference)
        return float(self.central[one_of("reference", reference, self.parameters)])

    @property
    def readings(self) -> tuple[Structure, ...]:
        """What results are mixed of: alternatives and weighted uses of money. Strata are one cohort."""
        return readings_of(self.model) if self.model.strata else self.structures

    @property
    def parts(self) -> tuple[tuple[Structure, tuple[Structure, ...]], ...]:
        """Each reading with its strata; with itself where there are none."""
        count = max(1, len(self.model.strata))
        return tuple((one, self.structures[count * i : count * (i + 1)]) for i, one in enumerate(self.readings))

    def stratum(self, name: str) -> "Scenario":
        """The scenario of one stratum's people alone. It stays theirs when it is changed.

        Raises InputError where there is no such stratum.
        """
        if self.part:
            found = f"these are the people of the stratum {self.part} alone"
            raise InputError.at(f'stratum "{str(name)[:40]}"', found, "Ask the scenario of the whole cohort.")
        one_of("stratum", name, self.model.strata)
        at, block = list(self.model.strata).index(name), self.model.strata[name]
        theirs = self.parts[0][1][at].model
        if self.model.weighted:  # what they are before any alternative
            theirs = overlaid(self.tree, [(name, block)], set(), []) or theirs
        model, *others = (
            one.model_copy(update={"strata": {}}) for one in (theirs, *(parts[at].model for _, parts in self.parts))
        )
        structures = tuple(
            Structure(one.name, block.label if one.name == ONLY else one.label, one.factors, other)
            for one, other in zip(self.readings, others, strict=True)
        )
        conventions = {
            convention: replace(one, scenario=one.scenario.stratum(name))
            for convention, one in self.conventions.items()
        }
        base = self.base or self
        return replace(self, model=model, structures=structures, part=name, base=base, conventions=conventions)

    def status(self, name: str) -> str:
        """The standing of a parameter: its own, or the weakest of what it is made of. Raises InputError for no name."""
        records = [self.parameters[one] for one in self.behind([one_of("parameter", name, self.parameters)])]
        return max((one.status or "derived" for one in records if not one.operands), key=STRENGTH.index)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the model leaves out, in its file's words, and which way it counts; and what it says nothing of."""
        said = list(self.model.leaves_out)
        for strategy in self.model.strategies.values():
            therapy, silent = strategy.therapy, []
            if therapy and not therapy.per_session:
                silent.append("what a session takes beside its price (the patient's time and journey, supervision)")
            if therapy and not therapy.once and therapy.set_up == 0:
                silent.append("what a course takes before it begins (set-up, training)")
            said += [f"{strategy.label}: the file says nothing of {one}, {SILENT}" for one in silent]
        return tuple(said)

    @cached_property
    def used(self) -> tuple[str, ...]:
        """Parameters that feed the answer, in the order of the file, with everything that they are made of."""
        found = set(self.behind(_references(self)))
        return tuple(name for name in self.parameters if name in found)

    def behind(self, references: Iterable[str | int | None]) -> list[str]:
        """The parameters at some references and all that they are made of; of a choice, the option in use.

        What is no reference is made of nothing. Raises InputError for what is no list.
        """
        return behind(self.parameters, listed("references", references))

    @property
    def to_be_checked(self) -> tuple[str, ...]:
        """Used parameters that were recalled, or rest on a recalled source."""
        return tuple(name for name in self.used if self.is_recalled(name))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Used parameters that are assumptions."""
        return tuple(name for name in self.used if self.parameters[name].status == "assumption")

    @property
    def origins(self) -> tuple[str, ...]:
        """The trials behind used draws of a synthesis: a line a file, with how much is known and assumed."""
        leaves = [self.leaves[name] for name in self.used if name in self.leaves]
        drawn = {leaf.posterior[0] for leaf in leaves if leaf.posterior}
        said = {path.name: joint.origin(one) for path, one in self.posteriors.items() if path in drawn}
        return tuple(f"{name}: {words}" for name, words in said.items() if words)

    def is_recalled(self, name: str) -> bool:
        """Whether a parameter or one of its own sources was recalled and not checked. Raises InputError for no name."""
        record = self.parameters[one_of("name", name, self.parameters)]
        return "recalled" in (record.status, *(self.sources[source].status for source in record.sources))

    def moved_by(self, name: str) -> str | None:
        """Who moved the centre of a parameter away from its source's figure: a file's label, an option or "you".

        None where nobody did, or where whoever moved it named a source of his own. Raises InputError for no name.
        """
        own, record = f"parameters.{name}.", self.parameters[one_of("name", name, self.parameters)]
        moves = [one.by for one in self.changes if one.path in {own + key for key in CENTRES}]
        sourced = [one.by for one in self.changes if one.path == f"{own}source"]
        chosen = record.one_of and record.moved_to is None and record.fixed is None
        return None if not moves or moves[-1] in sourced or chosen else moves[-1]

    def changed(
        self, changes: Mapping[str, Any], by: str = "you", *, fix: bool = False, whole: bool = True
    ) -> "Scenario":
        """The scenario with other values.

        changes: by path (`strategies.ltpp.therapy.wait`), or for a number by parameter name; text for a
        parameter that is a choice selects the option and its own number. A changed centre keeps its relative
        spread; `fix` holds the value in every draw, and what is held stays held when it is changed. What stands
        already is left alone. Of a stratum's people, what they share with the cohort is changed: `stratum` and
        `changed` may come in either order.
        by: who asks, for messages and the list of changes. whole: with conventions about money other than forms too.
        Raises InputError and leaves this scenario as it is.
        """
        fix, whole = true_or_false("fix", fix), true_or_false("whole", whole)
        change: dict[str, Any] = {}
        add: dict[str, Any] = {}
        names: dict[str, str] = {}
        problems: list[Problem] = []
        for name, value in _wanted(changes, by).items():
            try:
                path, value, new = self._place_of(name, value, fix)
            except ValueError as error:
                problems.append(Problem(f"{by} {name}", *error.args))
                continue
            (add if new else change)[path] = value
            names |= dict.fromkeys((f"parameters.{name}.{key}" for key in ("use", "fixed", "value")), name)
        change = {path: value for path, value in change.items() if not overlay.stands(self.tree, path, value)}
        where = {path: Place(self.path, 0, f"{by} {names.get(path, path)}") for path in (*change, *add)}
        tree, made, wrong = overlay.apply(self.tree, change=change, add=add, by=by, where=where)
        problems += wrong
        if not made and not problems:
            return self
        made = [self._with_old_value(one, names.get(one.path)) for one in made]
        built = build(self.path, tree, self.changes + tuple(made), problems, whole)
        said = (*self.remarks, *built.warnings)
        built = replace(built, base=self.base or self, remarks=self.remarks, warnings=said)
        return built.stratum(self.part) if self.part else built

    def _place_of(self, name: str, value: Any, fix: bool) -> tuple[str, Any, bool]:
        """Where a change belongs in the file, the value there, and whether nothing stands there yet.

        Raises ValueError with what is wrong and the remedy.
        """
        strata = self.tree.data.get("strata", {})
        own = strata[self.part].get("change", {}) if self.part else {}
        if any(name == one or name.startswith(f"{one}.") for one in own):
            found = f"the stratum {self.part} gives {name} itself, so that a change for the cohort would not reach it"
            raise ValueError(found, "Change the parameter that the stratum names there.")
        record = self.parameters.get(name)
        if "." in name or (name in ModelFile.model_fields and record is None):
            if fix:
                raise ValueError(f"{name} is a path", "Only a parameter can be held; name it alone.")
            return name, value, name in ModelFile.model_fields and name not in self.tree.data
        if record is None:
            raise ValueError(f'there is no parameter "{name}"', nearest(name, self.parameters))
        if record.kind in DERIVED:
            remedy = f"Change what it is made of: {', '.join(record.operands)}."
            raise ValueError(f'"{name}" is derived ({record.kind})', remedy)
        if isinstance(value, str) and record.one_of:
            return f"parameters.{name}.use", value, False
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = number_hint(value) or "in digits"
            raise ValueError(f'"{name}" was given {shown(value)}', f"Wanted: a number, {hint}.")
        return f"parameters.{name}.{'fixed' if fix else 'value'}", float(value), fix and record.fixed is None

    def _with_old_value(self, made: Change, name: str | None) -> Change:
        """A change of a number that the file gives by counts or a posterior, with what it was before."""
        if made.old is not None or name is None or name not in self.leaves:
            return made
        return replace(made, old=self.leaves[name].central)


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


def build(path: Path, tree: Tree, changes: tuple[Change, ...], problems: list[Problem], whole: bool = True) -> Scenario:
    """Check a resolved tree and everything it names; its conventions too, if whole. Raises InputError with all."""
    problems = list(problems)
    model, wrong, faulty = validate(ModelFile, tree)
    problems += wrong
    if model is None:
        raise InputError(*problems)
    attached = attach(model, tree, problems)
    leaves = leaves_of(model, tree, attached, faulty)
    try:
        order(model.parameters)
    except ValueError as error:
        at = str(tree.place(("parameters",)))
        raise InputError(*dict.fromkeys((*problems, Problem(at, *error.args)))) from error
    central = central_values(model.parameters, leaves)
    problems += derived_problems(model, central, tree)
    structures = structures_of(tree, model, faulty, problems)
    for structure in structures:
        problems += check(Subject(structure.model, dict(central), tree, faulty, attached.matrices))
    problems += provenance(model, attached, tree, leaves, faulty)
    problems += joint.strangers(tree, model, [structure.model for structure in structures], attached.labels)
    problems += group_problems(model.groups, model.parameters, leaves, tree)
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
    kinds = attached.setting.categories
    unusual = warnings(model, scenario.changes, scenario.central, leaves, scenario.life_table, kinds)
    columns = {
        path: {leaf.posterior[1] for leaf in leaves.values() if leaf.posterior and leaf.posterior[0] == path}
        for path in attached.labels
    }
    said = dict.fromkeys((*unusual, *joint.outdated(attached.labels, scenario.central, attached.made_from, columns)))
    conventions = conventions_of(scenario, lambda other: build(path, other, changes, []), problems, whole)
    for name, one in conventions.items():
        said |= {f"{name}: {text}": None for text in one.scenario.warnings if text not in said}
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return replace(scenario, warnings=tuple(said), conventions=conventions)


def sha256(scenario: Scenario) -> str:
    """The digest of everything that moves an answer per person, and of nothing else.

    Strategies, strata and alternatives count in their order, other entries by their names. Files count by the numbers
    that they hold, parameters by what the model is given of them; of a choice every option counts, since an answer
    may be asked for each. Words, layout, the number of people, draws and versions do not count.
    """
    setting, names = scenario.setting, _reached(scenario)
    leaves = [scenario.leaves[name] for name in names & scenario.leaves.keys()]
    fitted = {leaf.posterior[0] for leaf in leaves if leaf.posterior}
    posteriors = {
        path.name: [one.columns, one.best] if path in fitted else None
        for path, one in sorted(scenario.posteriors.items())
    }
    structures = [(one.name, one.factor, sorted(one.model.states), _plain(one.model)) for one in scenario.structures]
    readings = [(one.name, one.factor) for one in scenario.readings]
    conventions = {name: one.scenario.sha256 for name, one in sorted(scenario.conventions.items())}
    groups = [group for group in scenario.model.groups.values() if names.issuperset(group.members)]
    return digest(
        {
            "structures": structures,
            **({"readings": readings} if len(readings) > 1 and scenario.model.strata else {}),
            **({"conventions": conventions} if conventions else {}),
            "parameters": {name: _content(scenario, name) for name in sorted(names)},
            "groups": sorted((_plain(group) for group in groups), key=lambda group: str(group["members"])),
            "drawn": sorted(name for name, leaf in scenario.leaves.items() if leaf.distribution is not None),
            "price_year": [setting.currency.code, setting.price_year],
            "indices": {name: dict(sorted(one.levels.items())) for name, one in sorted(scenario.indices.items())},
            "discount": _plain(setting.discount) | setting.own,
            "thresholds": setting.thresholds,
            "life_table": scenario.life_table,
            "matrices": dict(sorted(scenario.matrices.items())),
            "posteriors": posteriors,
        }
    )


def _references(scenario: Scenario) -> list[str]:
    """Names of the parameters at every place that feeds the answer, over and over."""
    discount = scenario.setting.discount
    found = [str(reference) for reference in (discount.costs, discount.health, scenario.setting.thresholds[0])]
    for structure in scenario.structures:
        found += [str(use.reference) for use in uses(structure.model) if use.keys[0] != "scores"]
    return found


def _reached(scenario: Scenario) -> set[str]:
    """Parameters that an answer can come to rest on: used ones, every option of choices, and those drawn with them."""
    groups = [group.members for group in scenario.model.groups.values()]

    def also(name: str) -> list[str]:
        options = (scenario.parameters[name].one_of or {}).values()
        return [*options, *(one for members in groups if name in members for one in members)]

    return set(behind(scenario.parameters, [*_references(scenario), *scenario.setting.thresholds], also))


def _content(scenario: Scenario, name: str) -> dict[str, Any]:
    """What the model is given of a parameter."""
    record, leaf = scenario.parameters[name], scenario.leaves.get(name)
    found: dict[str, Any] = {"unit": record.unit.text, "range": record.range}
    if leaf is None:
        return found | {"made": _made(record), "moved": record.moved_to, "fixed": record.fixed}
    posterior = (leaf.posterior[0].name, leaf.posterior[1]) if leaf.posterior else None
    return found | {"leaf": [leaf.central, leaf.distribution, leaf.price_factor, posterior, leaf.moved]}


def _made(record: Parameter) -> list[Any]:
    """How a derived parameter is made; the order of factors and terms makes nothing else of them."""
    if record.over_time:
        return [record.kind, pieces(record)]
    if record.one_of:
        return [record.kind, record.use, dict(sorted(record.one_of.items()))]
    operands: Iterable[str] = record.operands
    return [record.kind, sorted(operands) if record.product_of or record.mean_of else list(operands)]


def _plain(value: Any, in_order: bool = False) -> Any:
    """A part of a model without its words."""
    if isinstance(value, Block):
        told = {name: getattr(value, name) for name in type(value).model_fields if name not in WORDS | APART}
        return {  # what is left out says nothing, so that a key that the grammar gains moves no digest
            name: sorted(entry) if name in IN_ANY_ORDER else _plain(entry, name in IN_ORDER)
            for name, entry in told.items()
            if entry is not None
        }
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in (value if in_order else sorted(value))}
    if isinstance(value, Duration):
        return value.months
    if isinstance(value, Instant):
        return [value.anchor, value.months, *(_plain(one) for one in (value.or_later,) if one is not None)]
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
