"""A structure of a scenario, its alternative or stratum as a complete model, and every reference in it.

The rules of a scenario look at one structure at a time.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any

from costmodel.content import by_content
from costmodel.errors import Problem, nearest
from costmodel.inputs.matrices import Matrices
from costmodel.scenario import overlay
from costmodel.scenario.blocks import Alternative, MoneyUse, Stratum
from costmodel.scenario.read import Keys, Place, Tree
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.validate import validate
from costmodel.units import Duration

ONLY = "only"
"""The name of a structure that has no others beside it."""
REFERENCES = re.compile(r"(transitions|utilities)\.[^.]+|mortality\.rate_ratio(s\.[^.]+)?")
USE = re.compile(
    r"costs\.[^.]+\.while_in\.[^.]+|(strategies\.[^.]+\.)?cohort\.start\.[^.]+"
    r"|strategies\.[^.]+\.(transitions|utilities)\.[^.]+"
)
"""What a stratum may touch beside: how much its people use, where they start, and what strategies have of their own."""
EFFECTS = re.compile(r"strategies\.[^.]+\.(effects|harms)(\..+)?")
"""What an alternative may touch: it changes which parameters stand where, and has effects and harms of its own.

Everything else is computed once for all alternatives, so that a change of it would be ignored.
"""
OF_MONEY = re.compile(r"costs\.[^.]+\.while_in\.[^.]+|strategies\.[^.]+\.effects\.[^.]+(\..+)?")
"""What a weighted use of money may touch, but for effects on transitions: its people are those of the others."""
ON_PEOPLE = ("transition", "hazard_ratio", "rate", "relative_risk")
"""Keys of an effect on a transition."""


@by_content
@dataclass(frozen=True)
class Structure:
    """One alternative, one weighted use of money, one stratum, or one under another: a complete model.

    factors: references whose product is its weight, or the stratum's share; 1 where it is the only one.
    """

    name: str
    label: str
    factors: tuple[str | int, ...]
    model: ModelFile

    @property
    def factor(self) -> str | int | tuple[str | int, ...]:
        """Its only factor, or all of them."""
        return self.factors[0] if len(self.factors) == 1 else self.factors

    def weight(self, look: Callable[[str | int], Any], alone: str = "") -> Any:
        """Its weight among the readings, or its share among the strata, of what references are worth.

        alone: the alternative or use that counts alone: the weight beside it, and 0 of a reading without it.
        """
        factors, names = self.factors, self.name.split(".")
        if alone:
            factors = tuple(one for name, one in zip(names, factors, strict=True) if name != alone) or (1,)
        first, *others = (look(reference) for reference in factors)
        if alone and alone not in names:
            return 0.0
        for other in others:
            first = first * other
        return first


@dataclass(frozen=True)
class Subject:
    """What is checked: the model, central values by parameter, the tree of the file, names already faulted.

    matrices: tables of probabilities by strategy.
    """

    model: ModelFile
    central: dict[str, float]
    tree: Tree
    faulty: set[str] = field(default_factory=set)
    matrices: Mapping[str, Matrices] = field(default_factory=dict)

    def problem(self, keys: Keys, found: str, remedy: str = "") -> Problem:
        return self.tree.problem(keys, found, remedy)

    def undeclared(self, keys: Keys, name: str, allowed: Iterable[str], what: str = "state") -> Iterator[Problem]:
        """The problem of a name that the file does not declare; nothing where it does."""
        if name not in allowed:
            yield self.problem(keys, f'"{name}" is not a declared {what}', nearest(name, allowed))

    def arrow(self, keys: Keys, arrow: str, states: Iterable[str]) -> Iterator[Problem]:
        """What is wrong with a transition by its states; death is looked at elsewhere where it is none of them."""
        origin, found, destination = arrow.partition(" -> ")
        if not found:
            yield self.problem(keys, f'"{arrow}" is not a transition', 'Write "from -> to".')
            return
        for state in (origin, destination):
            if state != "dead":
                yield from self.undeclared(keys, state, states)

    def value(self, reference: str | int) -> float | None:
        """Central value of a reference, or None where it could not be worked out."""
        return float(reference) if isinstance(reference, int) else self.central.get(reference)

    def years(self, time: Duration | str | None) -> float | None:
        """A duration in years, at its central value where it is a parameter; None where there is none."""
        if not isinstance(time, str):
            return time.years if time is not None else None
        value, record = self.central.get(time), self.model.parameters.get(time)
        if value is None or record is None:
            return None
        return value / record.unit.in_a_year


@dataclass(frozen=True)
class Use:
    """A reference, where it stands, and the kinds of unit that may stand there."""

    reference: str | int
    keys: Keys
    kinds: tuple[str, ...]
    thing: str = ""


UNITS = {
    "cohort.age": "years",
    "cohort.female": "share",
    "cohort.start.*": "share",
    "mortality.rate_ratio": "rate_ratio",
    "mortality.rate_ratios.*": "rate_ratio",
    "transitions.*": "rate",
    "qalys_on_transition.*": "utility",
    "utilities.*": "utility",
    "scores.*.while_in.*": "points share",
    "scores.*.spread.*": "points",
    "strategies.*.therapy.sessions": "sessions",
    "strategies.*.therapy.attendance": "share",
    "strategies.*.therapy.price": "price",
    "strategies.*.therapy.set_up": "price",
    "strategies.*.therapy.per_session.*": "share multiplier",
    "strategies.*.therapy.once.*": "share multiplier",
    "strategies.*.effects.*.hazard_ratio": "hazard_ratio",
    "strategies.*.effects.*.rate": "rate",
    "strategies.*.effects.*.relative_risk": "relative_risk",
    "strategies.*.effects.*.rate_ratio": "rate_ratio",
    "strategies.*.effects.*.jobs": "people_per_100",
    "strategies.*.effects.*.onset": "months years",
    "strategies.*.effects.*.half_life": "months years",
    "strategies.*.effects.*.cost_ratio": "cost_ratio",
    "strategies.*.effects.*.purse.low": "price",
    "strategies.*.effects.*.purse.high": "price",
    "strategies.*.effects.*.dose.studied": "sessions",
    "strategies.*.effects.*.dose.least": "sessions",
    "strategies.*.effects.*.dose.shape": "share",
    "strategies.*.effects.*.dose.half_dose": "sessions",
    "strategies.*.effects.*.dose.flat_from": "sessions",
    "strategies.*.effects.*.optimism": "share",
    "strategies.*.effects.*.controlled_share": "share",
    "strategies.*.harms.*.share": "share",
    "strategies.*.harms.*.utility_loss": "utility",
    "strategies.*.cohort.start.*": "share",
    "strategies.*.transitions.*": "rate",
    "strategies.*.utilities.*": "utility",
    "alternatives.*.weight": "share",
    "money_mixture.*.weight": "share",
    "strata.*.share": "share",
    "costs.*.price": "price",
    "costs.*.while_in.*": "quantity share multiplier",
    "costs.*.on_transition.*": "share multiplier",
    "costs.*.at_start": "share multiplier",
    "costs.*.causal_share": "share",
    "costs.*.cashable": "share",
    "work.employed": "share",
    "work.origins.*.share": "share",
    "work.flows.*.in_work.*": "price",
    "work.flows.*.out_of_work.*": "price",
    "work.displaced.share": "share",
}
"""Where a model refers to parameters, * standing for any name, and the kinds of unit that may stand there."""
THINGS = {
    "strategies.*.therapy.price": "session",
    "strategies.*.therapy.set_up": "person",
    "strategies.*.effects.*.purse.low": "year",
    "strategies.*.effects.*.purse.high": "year",
    "work.flows.*.in_work.*": "year",
    "work.flows.*.out_of_work.*": "year",
}
"""What a price is a price of."""


def uses(model: ModelFile) -> Iterator[Use]:
    """Every reference of a model to a parameter."""
    for path, kinds in UNITS.items():
        if path.endswith("transitions.*") and model.in_probabilities:
            kinds = "probability"
        for keys, reference in _entries(model, path.split(".")):
            if not isinstance(reference, Duration):
                yield Use(reference, keys, tuple(kinds.split()), THINGS.get(path, ""))


def _entries(block: Any, path: Sequence[str], keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """What stands at a path of a block, and where; nothing where a part of the way is left out."""
    if block is not None and path:
        for key in block if path[0] == "*" else path[:1]:
            entry = block[key] if path[0] == "*" else getattr(block, key)
            yield from _entries(entry, path[1:], (*keys, key))
    elif block is not None:
        yield keys, block


def start_of(model: ModelFile, strategy: str) -> dict[str, str | int]:
    """References to the shares of a strategy's people in each state at referral."""
    own = model.strategies[strategy].cohort
    return own.start if own else model.cohort.start


def only(model: ModelFile) -> Structure:
    """A model that has one structure."""
    return Structure(ONLY, model.title, (1,), model)


def readings_of(model: ModelFile) -> tuple[Structure, ...]:
    """What results are mixed of: each weighted use of money under each alternative, without strata."""
    blocks = [[*named.items()] for named in (model.alternatives, model.money_mixture) if named]
    return tuple(
        Structure(
            ".".join(name for name, _ in each),
            ", ".join(one.label for _, one in each),
            tuple(one.weight for _, one in each),
            model,
        )
        for each in (product(*blocks) if blocks else ())
    ) or (only(model),)


def structures_of(tree: Tree, model: ModelFile, faulty: set[str], problems: list[Problem]) -> list[Structure]:
    """The structures of a resolved file: each stratum under each weighted use of money under each alternative, the
    strata innermost, named ALTERNATIVE.USE.STRATUM; or each of those that it has.
    """
    each: list[Mapping[str, Alternative | Stratum]] = [model.alternatives, model.money_mixture, model.strata]
    named = [[*blocks.items()] for blocks in each if blocks]
    for name, block in chain(*named):
        problems += _untouchable(tree, name, block)
    found = [] if named else [only(model)]
    for blocks in product(*named) if named else ():
        theirs = overlaid(tree, blocks, faulty, problems)
        if theirs is not None:
            shares = [block.share for _, block in blocks if isinstance(block, Stratum)]
            weights = [block.weight for _, block in blocks if not isinstance(block, Stratum)]
            label = ", ".join(block.label for _, block in blocks)
            found.append(Structure(".".join(name for name, _ in blocks), label, tuple(shares or weights), theirs))
    return found


def overlaid(
    tree: Tree, blocks: Sequence[tuple[str, Alternative | Stratum]], faulty: set[str], problems: list[Problem]
) -> ModelFile | None:
    """The model with the changes of an alternative, of a stratum, or of both; what is wrong goes to the problems."""
    by: dict[str, str] = {}
    for name, block in blocks:
        paths = (*block.change, *block.add, *block.remove)
        where, who = _place(tree, name, block), f"{_kind(block)} {name}"
        if twice := [path for path in paths if path in by]:
            found = f"the {who} and the {by[twice[0]]} both change {twice[0]}"
            problems.append(Problem(str(where), found, "Let one of them change it, or write another alternative."))
            return None
        by |= dict.fromkeys(paths, who)
        tree, _, wrong = overlay.apply(
            tree,
            change=block.change,
            add=block.add,
            remove=block.remove,
            by=who,
            where=dict.fromkeys(paths, where),
        )
        problems += [problem for problem in wrong if problem not in problems]
    model, wrong, cut = validate(ModelFile, tree)
    problems += [problem for problem in wrong if problem not in problems]
    faulty |= cut
    return model


def _kind(block: Alternative | Stratum) -> str:
    return "stratum" if isinstance(block, Stratum) else "use" if isinstance(block, MoneyUse) else "alternative"


def _place(tree: Tree, name: str, block: Alternative | Stratum) -> Place:
    block_of = {"stratum": "strata", "use": "money_mixture", "alternative": "alternatives"}
    return tree.place((block_of[_kind(block)], name))


def on_people(data: Mapping[str, Any], path: str, value: Any) -> bool:
    """Whether a path is an effect on a transition, before it has the value or with it."""
    keys = path.split(".")
    if keys[2:3] != ["effects"]:
        return False
    old: Any = data
    for key in keys[:4]:
        old = old.get(key) if isinstance(old, Mapping) else None
    new = value if len(keys) == 4 else {keys[4]: value}
    return any(key in one for one in (old, new) if isinstance(one, Mapping) for key in ON_PEOPLE)


def _untouchable(tree: Tree, name: str, block: Alternative | Stratum) -> Iterator[Problem]:
    """Paths that an alternative or a stratum may not touch."""
    is_stratum = isinstance(block, Stratum)
    if isinstance(block, MoneyUse):
        for path, value in (*block.change.items(), *block.add.items(), *((path, None) for path in block.remove)):
            if not OF_MONEY.fullmatch(path) or on_people(tree.data, path, value):
                remedy = "It may change quantities (costs.ITEM.while_in.STATE) and effects that are on no transition."
                yield Problem(str(_place(tree, name, block)), f"a weighted use of money may not touch {path}", remedy)
        return
    for path in (*block.change, *block.add, *block.remove):
        placed = REFERENCES.fullmatch(path) or (is_stratum and USE.fullmatch(path))
        if not EFFECTS.fullmatch(path) and not (path in block.change and placed):
            more = ", quantities (costs.ITEM.while_in.STATE), cohort.start, a strategy's own" if is_stratum else ""
            yield Problem(
                str(_place(tree, name, block)),
                f"{'a stratum' if is_stratum else 'an alternative'} may not touch {path}",
                f"It may change transitions, utilities, mortality.rate_ratio{more}, effects and harms.",
            )
