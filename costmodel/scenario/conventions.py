"""Conventions about money: each a scenario of its own with the base's people, priced on what these live through."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from costmodel.errors import InputError, Problem
from costmodel.scenario import overlay
from costmodel.scenario.blocks import CONVENTIONS, Alternative, Convention, MoneyAlternative, Stratum
from costmodel.scenario.parameter import Parameter
from costmodel.scenario.read import Place, Tree
from costmodel.scenario.schema import ModelFile, SettingFile
from costmodel.scenario.structure import Structure, Subject, Use, on_people, uses

NO_EFFECT = "no_effect_on_other_care"
"""The convention that no file declares: beside therapy a strategy's people cost what the comparator's cost."""
NO_EFFECT_LABEL = "no effect on other care"
RUNS = ("expected", "deterministic")
"""The names of the runs that stand beside alternatives and strata."""
MONEY = re.compile(
    r"costs\.[^.]+\.(price|while_in(\.[^.]+)?|on_transition(\.[^.]+)?|at_start|causal_share|gap_from|cashable|lag)"
    r"|strategies\.[^.]+\.(therapy\.(price|set_up)|effects\.[^.]+(\..+)?)"
    r"|work\.(flows\.[^.]+\.(in_work|out_of_work)\.[^.]+|displaced\.share)|parameters\..+"
)
"""What a convention may touch. An effect may not be one on a transition, and a parameter not one behind people."""
DELIVERED = ("sessions", "attendance")
"""What is delivered of a therapy: it is done, whatever it is priced at."""
FORM = "form"
"""The kind of a convention whose chance stands in the line of the verdict itself."""
REMEDY = (
    "It may change prices, what is used, effects on quantities, channels and jobs, and parameters behind them; an "
    "alternative may change what moves people."
)


class Priced(Protocol):
    """What is read here of a scenario."""

    @property
    def model(self) -> ModelFile: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def setting(self) -> SettingFile: ...
    @property
    def structures(self) -> Sequence[Structure]: ...
    @property
    def leaves(self) -> Mapping[str, object]: ...
    @property
    def conventions(self) -> "Mapping[str, Repriced[Any]]": ...
    @property
    def parameters(self) -> Mapping[str, Parameter]: ...
    def behind(self, references: Iterable[str | int | None]) -> list[str]: ...


Whole = TypeVar("Whole", bound=Priced)


@dataclass(frozen=True)
class Repriced(Generic[Whole]):
    """A convention about money, as a scenario of the same people. given: what its chances are given, in words.

    drawn_alike: the leaves that are the base's.
    """

    given: str
    scenario: Whole
    drawn_alike: frozenset[str]


def given_words(base: Mapping[Convention, str], kind: str = "none", label: str = "") -> str:
    """What a chance is given: the base's words, those of one kind replaced; in the order of the kinds."""
    said = [label if one == kind else base[one] for one in CONVENTIONS if one == kind or one in base]
    return ", ".join([*said, label] if kind == "none" and label else said)


def all_given(scenario: Priced) -> dict[str, str]:
    """What chances are given under each convention about money, by name, in words; the undeclared one last."""
    found = {name: one.given for name, one in scenario.conventions.items()}
    if affects_other_care(scenario):
        found[NO_EFFECT] = given_words(scenario.model.money_base, label=NO_EFFECT_LABEL)
    return found


def forms_of(scenario: "Whole") -> "Mapping[str, Repriced[Whole]]":
    """Of its conventions, other forms of an effect, by name."""
    kinds = {name: block.kind for name, block in scenario.model.money_alternatives.items()}
    return {name: one for name, one in scenario.conventions.items() if kinds.get(name) == FORM}


def models_that_price(scenario: Priced) -> Iterator[ModelFile]:
    """Every model that its people are priced by: of each structure, and of each convention."""
    for one in (scenario, *(convention.scenario for convention in scenario.conventions.values())):
        yield from (structure.model for structure in one.structures)


def conventions_of(
    base: Whole, build: Callable[[Tree], Whole], problems: list[Problem], whole: bool
) -> dict[str, Repriced[Whole]]:
    """The conventions of a scenario by name; what is wrong with them is added to the problems.

    build: a scenario of a changed tree. whole: all of them; else other forms of the effect alone.
    """
    found = {}
    bare = replace(base.tree, data={k: v for k, v in base.tree.data.items() if k != "money_alternatives"})
    for name, block in base.model.money_alternatives.items():
        place = base.tree.place(("money_alternatives", name))
        if not whole and block.kind != FORM:
            continue
        if wrong := [*_untouchable(base, block, place)]:
            problems += wrong
            continue
        change = {path: value for path, value in block.change.items() if not overlay.stands(bare, path, value)}
        where = dict.fromkeys((*change, *block.add, *block.remove), place)
        by = f"convention {name}"
        tree, _, wrong = overlay.apply(bare, change=change, add=block.add, remove=block.remove, by=by, where=where)
        try:
            if wrong:
                raise InputError(*wrong)
            theirs = build(tree)
        except InputError as error:
            problems += error.problems
            continue
        problems += [*_people_moved(base, theirs, place), *_mixed_prices(theirs, place)]
        alike = frozenset(leaf for leaf in theirs.leaves if base.leaves.get(leaf) == theirs.leaves[leaf])
        found[name] = Repriced(given_words(base.model.money_base, block.kind, block.label), theirs, alike)
    return found


def names_of_runs(subject: Subject) -> Iterator[Problem]:
    """Alternatives, strata and conventions that do not have a name of their own among the runs of a result."""
    model = subject.model
    known: dict[str, str] = {}
    for block, what, names in (
        ("alternatives", "an alternative", model.alternatives), ("money_mixture", "a use", model.money_mixture),
        ("strata", "a stratum", model.strata),
        ("money_alternatives", "a convention", model.money_alternatives),
    ):  # fmt: skip
        for name in names:
            if name in (*RUNS, NO_EFFECT):
                yield subject.problem((block, name), f'"{name}" is reserved', "Choose another name.")
            if name in known:
                yield subject.problem((block, name), f'"{name}" is also {known[name]}', "Choose another name.")
            known[name] = what


def affects_other_care(scenario: Priced) -> bool:
    """Whether a strategy with a therapy may change what other care costs: by effects on it, or by what states use."""
    return any(strategy.therapy for strategy in scenario.model.strategies.values()) and any(
        _differs_by_state(structure.model)
        or any(
            effect.transition is None for one in structure.model.strategies.values() for effect in one.effects.values()
        )
        for structure in scenario.structures
    )


def _differs_by_state(model: ModelFile) -> bool:
    return any(
        item.on_transition or item.only_in or len({item.quantity(state) for state in model.states}) > 1
        for item in model.costs.values()
    )


def _untouchable(base: Priced, block: MoneyAlternative, place: Place) -> Iterator[Problem]:
    """Paths that change people, and those that an alternative or a stratum changes too."""
    others: dict[str, Alternative | Stratum] = {
        **base.model.alternatives, **base.model.money_mixture, **base.model.strata
    }  # fmt: skip
    for path, value in (*block.change.items(), *block.add.items(), *((path, None) for path in block.remove)):
        if not MONEY.fullmatch(path) or on_people(base.tree.data, path, value):
            yield Problem(str(place), f"a convention about money may not touch {path}", REMEDY)
        for name, other in others.items():
            if path in (*other.change, *other.add, *other.remove):
                remedy = "Let one of them change it, or give the other a parameter of its own there."
                yield Problem(str(place), f'"{name}" changes {path} too', remedy)


def _people_moved(base: Priced, theirs: Priced, place: Place) -> Iterator[Problem]:
    """Parameters behind people or health that are not the base's."""
    before, after = (set(one.behind(_behind_people(one))) for one in (base, theirs))
    for name in sorted(before | after):
        same = base.parameters.get(name) == theirs.parameters.get(name) and base.leaves.get(name) == theirs.leaves.get(
            name
        )
        if not same or name not in before & after:
            found = f'a convention about money may not change "{name}", on which people or health rest'
            yield Problem(str(place), found, REMEDY)


def _behind_people(scenario: Priced) -> Iterable[str | int]:
    yield scenario.setting.discount.health
    for structure in scenario.structures:
        for use in uses(structure.model):
            if _is_of_people(structure.model, use):
                yield use.reference


def _is_of_people(model: ModelFile, use: Use) -> bool:
    keys = use.keys
    if keys[0] == "strategies" and keys[2] == "effects":
        return model.strategies[str(keys[1])].effects[str(keys[3])].transition is not None
    if keys[0] == "strategies" and keys[2] == "therapy":
        return keys[3] in DELIVERED
    return keys[0] not in ("costs", "work")


def _mixed_prices(scenario: Priced, place: Place) -> Iterator[Problem]:
    """A therapy on one basis of prices beside contacts on another that could be on the same."""
    model, records = scenario.model, scenario.parameters
    bases = {
        name: records[name].use
        for name in dict.fromkeys(str(one.therapy.price) for one in model.strategies.values() if one.therapy)
        if name in records and records[name].one_of
    }
    for item, cost in model.costs.items():
        record = records.get(str(cost.price))
        for name, basis in bases.items():
            if record is not None and record.one_of and basis in record.one_of and record.use != basis:
                found = f'mixed price bases: "{name}" is at {basis}, and the price of "{item}" at {record.use}'
                yield Problem(str(place), found, f"A contact avoided is priced as one given: use {basis} for both.")
