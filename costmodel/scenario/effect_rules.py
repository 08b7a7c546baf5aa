"""Does each effect hang together? Its target, its window, what weakens it, and whom it was measured against."""

from collections.abc import Iterator

from costmodel.errors import Problem, nearest
from costmodel.scenario.blocks import CostItem, Effect
from costmodel.scenario.clock import window
from costmodel.scenario.read import Keys
from costmodel.scenario.structure import Subject

RATES_ALONE = ("quantity", "onset", "dose", "optimism", "controlled_share")
"""Keys of an effect that models of probabilities do not have yet."""


def check(subject: Subject) -> Iterator[Problem]:
    """Every problem of the effects and harms of one structure."""
    model = subject.model
    comparator = next(iter(model.strategies))
    for name, strategy in model.strategies.items():
        windows: dict[str, list[tuple[float, float, str]]] = {}
        for key, effect in strategy.effects.items():
            keys: Keys = ("strategies", name, "effects", key)
            if name == comparator:
                yield subject.problem(keys, "the first strategy is the comparator and has no effects", "Move it.")
            untreated = strategy.therapy is None and "therapy" not in subject.faulty
            if untreated and not model.in_probabilities:
                yield subject.problem(keys, "an effect without a therapy costs nothing", "Add the therapy block.")
            yield from _target(subject, keys, name, effect)
            yield from _estimand(subject, keys, effect)
            yield from _weakened(subject, keys, effect)
            yield from _window(subject, keys, name, key, windows)
        if strategy.harms and strategy.therapy is None and "therapy" not in subject.faulty:
            yield subject.problem(("strategies", name, "harms"), "a harm without a therapy", "Add the therapy block.")
        for key, harm in strategy.harms.items():
            if harm.lasting.months <= 0:
                yield subject.problem(
                    ("strategies", name, "harms", key, "lasting"), "the harm takes no time", "Above 0."
                )


def _target(subject: Subject, keys: Keys, strategy: str, effect: Effect) -> Iterator[Problem]:
    model = subject.model
    if effect.quantity is not None:
        if effect.quantity not in model.costs:
            remedy = nearest(effect.quantity, model.costs)
            yield subject.problem((*keys, "quantity"), f'there is no cost item "{effect.quantity}"', remedy)
    else:
        arrows = {**model.transitions, **model.strategies[strategy].transitions}
        if effect.target not in arrows:
            remedy = nearest(effect.target, arrows)
            yield subject.problem((*keys, "transition"), f'"{effect.target}" is not a declared transition', remedy)
    if model.in_probabilities:
        for key in RATES_ALONE:
            if getattr(effect, key) is not None:
                yield subject.problem((*keys, key), f"{key} is not yet supported with probabilities", "Leave it out.")
    if effect.quantity is None and (effect.relative_risk is None) == model.in_probabilities:
        wanted = "relative_risk" if model.in_probabilities else "hazard_ratio or rate"
        found = f"in a model of {model.model} an effect is a {wanted}"
        yield subject.problem(keys, found, "A hazard ratio is not a relative risk: convert it at the source.")


def _estimand(subject: Subject, keys: Keys, effect: Effect) -> Iterator[Problem]:
    """An effect holds against the comparator it was measured against; another is an assumption, and said."""
    model, estimand = subject.model, effect.estimand
    if model.in_probabilities:
        return
    label = next(iter(model.strategies.values())).label
    assumed = estimand.assumed_for
    if estimand.comparator.casefold() == label.casefold():
        if assumed:
            yield subject.problem((*keys, "estimand", "assumed_for"), "it was measured against that", "Leave it out.")
        return
    found = f'it was measured against "{estimand.comparator}" and the costs are those of "{label}"'
    if assumed is None:
        remedy = f'If it is assumed to hold here too, say so: assumed_for: "{label}", with an assumption as a source.'
        yield subject.problem((*keys, "estimand", "comparator"), found, remedy)
    elif assumed.casefold() != label.casefold():
        remedy = f'The comparator is "{label}".'
        yield subject.problem((*keys, "estimand", "assumed_for"), f'it is assumed for "{assumed}"', remedy)
    else:
        record = model.parameters.get(str(effect.size))
        if record is not None and not any(source.startswith("A") for source in record.sources):
            remedy = "Add the id of the assumption (A…) to the source of its size."
            yield subject.problem((*keys, "estimand", "assumed_for"), f"{found}, without an assumption", remedy)


def _weakened(subject: Subject, keys: Keys, effect: Effect) -> Iterator[Problem]:
    """The dose, and at most one shrinkage."""
    model = subject.model
    item = model.costs.get(effect.quantity or "")
    if (dose := effect.dose) is not None:
        studied, least = subject.value(dose.studied), subject.value(dose.least)
        if studied is not None and least is not None and not 0 < studied >= least:
            found = f"the studied dose is {studied:g} sessions and the least {least:g}"
            yield subject.problem((*keys, "dose"), found, "The studied dose is above 0 and not below the least.")
    uncontrolled = effect.estimand.analysis == "before and after"
    if uncontrolled and effect.controlled_share is None:
        remedy = "Give controlled_share: the part that a control group would not have shown."
        yield subject.problem(keys, "a change before and after has no control group", remedy)
    if effect.controlled_share is not None:
        at: Keys = (*keys, "controlled_share")
        if not uncontrolled:
            remedy = "A controlled effect needs none: leave it out."
            yield subject.problem(at, f"the effect is controlled ({effect.estimand.analysis})", remedy)
        if effect.quantity is None or (item is not None and _by_state(subject, item)):
            found = "people in usual care recover too, which already covers a part of the change"
            yield subject.problem(at, found, "Only for a quantity that is the same in every state.")
        if effect.optimism is not None:
            yield subject.problem(at, "optimism shrinks the same effect", "One shrinkage an effect: leave one out.")
    if effect.optimism is not None and effect.transition is not None:
        for name, cost in model.costs.items():
            if cost.causal_share not in (None, 1):
                found = f'the causal_share of "{name}" shrinks what this effect saves'
                yield subject.problem((*keys, "optimism"), found, "One shrinkage an effect: leave one out.")
                break


def _by_state(subject: Subject, item: CostItem) -> bool:
    return len({item.quantity(state) for state in subject.model.states}) > 1


def _window(
    subject: Subject, keys: Keys, strategy: str, key: str, windows: dict[str, list[tuple[float, float, str]]]
) -> Iterator[Problem]:
    """How long it lasts; the windows on one target so far are in `windows`."""
    effect = subject.model.strategies[strategy].effects[key]
    if effect.until is None and effect.half_life is None:
        remedy = "Give until (an instant such as follow-up) or half_life."
        yield subject.problem(keys, "nothing says how long the effect lasts", remedy)
        return
    if effect.half_life is not None and effect.half_life.months <= 0:
        remedy = "Give a time above 0, or until where the effect ends at once."
        yield subject.problem((*keys, "half_life"), f"{effect.half_life.text} is no half-life", remedy)
    begin, end = window(subject.model, strategy, key, effect)
    if effect.until is not None and end <= begin:
        yield subject.problem(keys, "the effect ends before it begins", "Check from and until.")
    elif effect.onset is not None and begin + effect.onset.years > end + 1e-9:
        found = f"it has not grown to its full size after {effect.onset.text} when it ends or begins to fade"
        yield subject.problem((*keys, "onset"), found, "Shorten onset, or give a later until.")
    last = float("inf") if effect.half_life else end
    for begin2, end2, other in windows.get(effect.target, []):
        if begin < end2 and begin2 < last:
            yield subject.problem(keys, f'it overlaps with "{other}" on {effect.target}', "Let one end first.")
    windows.setdefault(effect.target, []).append((begin, last, key))
