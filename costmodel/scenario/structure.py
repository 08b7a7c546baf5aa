"""A structure of a scenario, its alternative or stratum as a complete model, and every reference in it.

The rules of a scenario look at one structure at a time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from costmodel.content import by_content
from costmodel.errors import Problem
from costmodel.inputs.datasets import Matrices
from costmodel.scenario import overlay
from costmodel.scenario.blocks import Alternative, Stratum
from costmodel.scenario.faults import validate
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.schema import ModelFile

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


@dataclass(frozen=True)
class Subject:
    """What is checked: the model, central values by parameter, where things stand, names already faulted.

    matrices: tables of probabilities by strategy.
    """

    model: ModelFile
    central: dict[str, float]
    place: Callable[[Keys], object]
    faulty: set[str] = field(default_factory=set)
    matrices: Mapping[str, Matrices] = field(default_factory=dict)

    def problem(self, keys: Keys, found: str, remedy: str = "") -> Problem:
        return Problem(str(self.place(keys)), found, remedy)

    def value(self, reference: str | int) -> float | None:
        """Central value of a reference, or None where it could not be worked out."""
        return float(reference) if isinstance(reference, int) else self.central.get(reference)


@dataclass(frozen=True)
class Use:
    """A reference, where it stands, and the kinds of unit that may stand there."""

    reference: str | int
    keys: Keys
    kinds: tuple[str, ...]
    thing: str = ""


def uses(model: ModelFile) -> Iterator[Use]:
    """Every reference of a model to a parameter."""
    cohort = model.cohort
    if cohort.age is not None:
        yield Use(cohort.age, ("cohort", "age"), ("age",))
    if cohort.female is not None:
        yield Use(cohort.female, ("cohort", "female"), ("share",))
    for state, reference in cohort.start.items():
        yield Use(reference, ("cohort", "start", state), ("share",))
    if model.mortality is not None:
        yield Use(model.mortality.rate_ratio, ("mortality", "rate_ratio"), ("rate_ratio",))
    moving = ("probability",) if model.in_probabilities else ("rate",)
    for arrow, reference in model.transitions.items():
        yield Use(reference, ("transitions", arrow), moving)
    for arrow, reference in model.qalys_on_transition.items():
        yield Use(reference, ("qalys_on_transition", arrow), ("utility",))
    for state, reference in model.utilities.items():
        yield Use(reference, ("utilities", state), ("utility",))
    for name, strategy in model.strategies.items():
        at: Keys = ("strategies", name)
        if therapy := strategy.therapy:
            yield Use(therapy.sessions, (*at, "therapy", "sessions"), ("sessions",))
            yield Use(therapy.attendance, (*at, "therapy", "attendance"), ("share",))
            yield Use(therapy.price, (*at, "therapy", "price"), ("price",), "session")
            yield Use(therapy.set_up, (*at, "therapy", "set_up"), ("price",), "person")
        for key, effect in strategy.effects.items():
            if effect.hazard_ratio is not None:
                yield Use(effect.hazard_ratio, (*at, "effects", key, "hazard_ratio"), ("hazard_ratio",))
            if effect.rate is not None:
                yield Use(effect.rate, (*at, "effects", key, "rate"), ("rate",))
            if effect.relative_risk is not None:
                yield Use(effect.relative_risk, (*at, "effects", key, "relative_risk"), ("relative_risk",))
            if effect.rate_ratio is not None:
                yield Use(effect.rate_ratio, (*at, "effects", key, "rate_ratio"), ("rate_ratio",))
            if effect.dose is not None:
                for part, kind in (("studied", "sessions"), ("least", "sessions"), ("shape", "share")):
                    yield Use(getattr(effect.dose, part), (*at, "effects", key, "dose", part), (kind,))
            for part in ("optimism", "controlled_share"):
                if (reference := getattr(effect, part)) is not None:
                    yield Use(reference, (*at, "effects", key, part), ("share",))
        for key, harm in strategy.harms.items():
            yield Use(harm.share, (*at, "harms", key, "share"), ("share",))
            yield Use(harm.utility_loss, (*at, "harms", key, "utility_loss"), ("utility",))
        for arrow, reference in strategy.transitions.items():
            yield Use(reference, (*at, "transitions", arrow), ("probability",))
        for state, reference in strategy.utilities.items():
            yield Use(reference, (*at, "utilities", state), ("utility",))
    for name, alternative in model.alternatives.items():
        yield Use(alternative.weight, ("alternatives", name, "weight"), ("share",))
    for name, stratum in model.strata.items():
        yield Use(stratum.share, ("strata", name, "share"), ("share",))
    for name, item in model.costs.items():
        at = ("costs", name)
        yield Use(item.price, (*at, "price"), ("price",))
        for state, reference in item.while_in.items():
            yield Use(reference, (*at, "while_in", state), ("quantity", "share", "multiplier"))
        for arrow, reference in item.on_transition.items():
            yield Use(reference, (*at, "on_transition", arrow), ("share", "multiplier"))
        yield Use(item.at_start, (*at, "at_start"), ("share", "multiplier"))
        if item.causal_share is not None:
            yield Use(item.causal_share, (*at, "causal_share"), ("share",))
        yield Use(item.cashable, (*at, "cashable"), ("share",))


def only(model: ModelFile) -> Structure:
    """A model that has one structure."""
    return Structure(ONLY, model.title, 1, model)


def structures_of(tree: Tree, model: ModelFile, faulty: set[str], problems: list[Problem]) -> list[Structure]:
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
