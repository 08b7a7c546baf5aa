"""Does one structure of a scenario hang together? Names, units, states, windows, double counting; times in `clock`.

Each check is a function from a `Subject` to problems; `check` runs them all.
"""

from collections.abc import Callable, Iterator, Mapping

from costmodel.errors import Problem, nearest
from costmodel.scenario import clock, probabilities, work
from costmodel.scenario.blocks import Alternative, CostItem, Effect, MoneyAlternative, Strategy, Stratum
from costmodel.scenario.clock import window
from costmodel.scenario.conventions import names_of_runs
from costmodel.scenario.fields import RESERVED
from costmodel.scenario.parameter import varies
from costmodel.scenario.probabilities import REST
from costmodel.scenario.read import Keys
from costmodel.scenario.setting import of
from costmodel.scenario.structure import Subject, start_of, uses
from costmodel.units import Duration, price_fits_quantity

RESERVED_ITEMS = ("therapy",)
"""The ledger's own item: the sessions."""

RATES_ALONE = ("quantity", "channels", "jobs", "onset", "dose", "optimism", "controlled_share")
"""Keys of an effect that models of probabilities do not have yet."""


def check(subject: Subject) -> list[Problem]:
    """Every problem of one structure, in the order of the file."""
    checks = (
        _references,
        _held,
        _states,
        _labels,
        _start,
        probabilities.check if subject.model.in_probabilities else _rates,
        _effects,
        _costs,
        clock.therapies,
        _double_counting,
        work.check,
        clock.times,
        clock.cuts,
        clock.fades,
        _weights,
        names_of_runs,
    )
    return [problem for one in checks if not subject.faulty & JUDGED_BY.get(one, set()) for problem in one(subject)]


def _references(subject: Subject) -> Iterator[Problem]:
    parameters = subject.model.parameters
    for use in uses(subject.model):
        name = use.reference
        if isinstance(name, int) or name in subject.faulty or (name == REST and "transitions" in use.keys):
            continue
        if name not in parameters:
            yield subject.problem(use.keys, f'there is no parameter "{name}"', nearest(name, parameters))
            continue
        unit = parameters[name].unit
        if parameters[name].over_time and not _may_change(subject, use.keys):
            remedy = "Only the rate of a transition may; in models of probabilities also quantities and utilities."
            yield subject.problem(use.keys, f'"{name}" changes over time', remedy)
        if "model" in subject.faulty and "transitions" in use.keys:
            continue  # rates or probabilities: it is not known which
        if unit.kind not in use.kinds:
            wanted = " or ".join(kind.replace("_", " ") for kind in use.kinds)
            remedy = f"Wanted here: {wanted}."
            if unit.kind == "odds_ratio":
                remedy = (
                    "An odds ratio belongs to an outcome at a stated time and is never a hazard ratio; "
                    "find the hazard ratio that reproduces that outcome, or the trial's own."
                )
            yield subject.problem(use.keys, f'"{name}" has the unit "{unit.text}"', remedy)
        elif use.thing and unit.thing != use.thing:
            wanted = f"Wanted: {unit.text[:3]} per {use.thing}."
            yield subject.problem(use.keys, f'"{name}" has the unit "{unit.text}"', wanted)
    basis = subject.model.price_basis
    if basis and basis not in parameters and basis not in subject.faulty:
        yield subject.problem(("price_basis",), f'there is no parameter "{basis}"', nearest(basis, parameters))


def _held(subject: Subject) -> Iterator[Problem]:
    """Numbers that a run takes at their central values: uncertain, their spread would be ignored."""
    model = subject.model
    held: list[tuple[Keys, str | int | None]] = [(("cohort", "age"), model.cohort.age)]
    held.append((("cohort", "female"), model.cohort.female))
    held += [(("alternatives", name, "weight"), one.weight) for name, one in model.alternatives.items()]
    held += [(("money_mixture", name, "weight"), one.weight) for name, one in model.money_mixture.items()]
    for keys, reference in held:
        if spread := varies(model.parameters, reference):
            remedy = "Hold it fixed, and run it at other values with --set."
            yield subject.problem(keys, f'"{spread}" is uncertain, and here it would not be drawn', remedy)


def _may_change(subject: Subject, keys: Keys) -> bool:
    """Whether what stands at some keys may change over time."""
    return "transitions" in keys or (subject.model.in_probabilities and bool({"while_in", "utilities"} & set(keys)))


def _states(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name in (*model.states, *model.strategies, *model.parameters):
        if name in RESERVED:
            block = "states" if name in model.states else "parameters" if name in model.parameters else "strategies"
            yield subject.problem((block, name), f'"{name}" is reserved', "Choose another name.")
    for name in RESERVED_ITEMS:
        if name in model.costs:
            yield subject.problem(("costs", name), f'"{name}" is reserved', "Choose another name.")
    named: list[tuple[str, Keys, bool]] = [(s, ("cohort", "start", s), False) for s in model.cohort.start]
    named += [(s, ("utilities", s), False) for s in model.utilities]
    for name, strategy in model.strategies.items():
        if strategy.cohort:
            named += [(s, ("strategies", name, "cohort", "start", s), False) for s in strategy.cohort.start]
    if mortality := model.mortality:
        named += [(s, ("mortality", "rate_ratios", s), False) for s in mortality.rate_ratios]
        missing = [s for s in model.states if s not in mortality.rate_ratios]
        if missing and mortality.rate_ratio is None:
            found = f"nothing is said of the deaths in {', '.join(missing)}"
            yield subject.problem(("mortality",), found, "Give a rate_ratio for them.")
    gaps = [(item.gap_from, ("costs", name, "gap_from"), False) for name, item in model.costs.items()]
    named += [(gap, keys, others) for gap, keys, others in gaps if gap]
    named += [(s, ("scores", name, "spread", s), True) for name, score in model.scores.items() for s in score.spread]
    lived = [(("costs", name, "while_in"), item.while_in) for name, item in model.costs.items()]
    lived += [(("scores", name, "while_in"), score.while_in) for name, score in model.scores.items()]
    for where, in_states in lived:
        named += [(s, (*where, s), True) for s in in_states]
        missing = [s for s in model.states if s not in in_states]
        if missing and "others" not in in_states:
            yield subject.problem(where, f"nothing is said of {', '.join(missing)}", "Name each state, or others.")
    for state, keys, others in named:
        if not (others and state == "others"):
            yield from subject.undeclared(keys, state, model.states)
    for state in model.states:
        if state not in model.utilities:
            yield subject.problem(("utilities",), f'the utility of "{state}" is missing', "Give one for each state.")


def _labels(subject: Subject) -> Iterator[Problem]:
    """Labels stand for strategies, alternatives and strata wherever a person reads."""
    model = subject.model
    blocks: dict[str, Mapping[str, Strategy | Alternative | Stratum | MoneyAlternative]] = {
        "strategies": model.strategies, "alternatives": model.alternatives, "strata": model.strata,
        "money_alternatives": model.money_alternatives, "money_mixture": model.money_mixture,
    }  # fmt: skip
    for block, entries in blocks.items():
        seen: dict[str, str] = {}
        for name, entry in entries.items():
            first = seen.setdefault(entry.label, name)
            if first != name:
                remedy = "Give each its own: tables and charts name them by it."
                yield subject.problem((block, name, "label"), f'"{entry.label}" is also the label of "{first}"', remedy)


def _start(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    starts: list[tuple[Keys, dict[str, str | int]]] = [(("cohort", "start"), model.cohort.start)]
    for name, strategy in model.strategies.items():
        if strategy.cohort:
            starts.append((("strategies", name, "cohort", "start"), strategy.cohort.start))
    comparator = next(iter(model.strategies))
    if model.strategies[comparator].cohort:
        found = "the comparator's people are those of cohort.start"
        yield subject.problem(("strategies", comparator, "cohort"), found, "Change them there.")
    for keys, start in starts:
        values = [subject.value(reference) for reference in start.values()]
        known = [value for value in values if value is not None]
        if len(known) == len(values) and abs(sum(known) - 1) > 1e-9:
            yield subject.problem(keys, f"the shares of the cohort sum to {sum(known):g}", "They sum to 1.")


def _rates(subject: Subject) -> Iterator[Problem]:
    """What belongs to models of rates alone, and what does not belong to them."""
    model = subject.model
    for keys, key, given in (
        (("model",), "mortality", model.mortality), (("cohort",), "age", model.cohort.age),
        (("cohort",), "female", model.cohort.female),
    ):  # fmt: skip
        if given is None and key not in subject.faulty:
            path = key if key == "mortality" else f"cohort.{key}"
            yield subject.problem(keys, f'the key "{key}" is missing ({path})', "A model of rates needs it.")
    yield from probabilities.strangers(subject)
    for arrow in model.transitions:
        yield from subject.arrow(("transitions", arrow), arrow, model.states)
        origin, _, destination = arrow.partition(" -> ")
        if origin == "dead":
            yield subject.problem(("transitions", arrow), "nobody comes back from the dead", "Remove this transition.")
        if origin == destination:
            yield subject.problem(("transitions", arrow), "a transition leads to another state", "Remove it.")
    yield from _own_rates(subject)
    yield from _events(subject)
    starts = [start_of(model, name) for name in model.strategies]
    reached = {state for start in starts for state, share in start.items() if share != 0}
    for arrow in model.transitions:
        reached.add(arrow.partition(" -> ")[2])
    for state in model.states:
        if state not in reached:
            yield subject.problem(("states", state), f'nobody can be in "{state}"', "Add a transition, or remove it.")


def _events(subject: Subject) -> Iterator[Problem]:
    """What costs or brings something at a transition of a model of rates."""
    model = subject.model
    named: list[tuple[Keys, str]] = [(("qalys_on_transition", arrow), arrow) for arrow in model.qalys_on_transition]
    named += [(("costs", name, "on_transition", arrow), arrow) for name, item in model.costs.items()
              for arrow in item.on_transition]  # fmt: skip
    for keys, arrow in named:
        if arrow not in model.transitions:
            yield subject.problem(keys, f'"{arrow}" is not a declared transition', nearest(arrow, model.transitions))
        elif model.beyond_follow_up == "gap closes":
            remedy = "Use effects cease or effects persist, or leave it out."
            yield subject.problem(keys, "what happens at a transition is not known where the gap closes", remedy)


def _own_rates(subject: Subject) -> Iterator[Problem]:
    """Rates of a strategy's own: of the model's transitions, where no effect is, and not of the comparator."""
    model = subject.model
    comparator = next(iter(model.strategies))
    for name, strategy in model.strategies.items():
        targets = {effect.target: key for key, effect in strategy.effects.items()}
        for arrow in strategy.transitions:
            keys: Keys = ("strategies", name, "transitions", arrow)
            if name == comparator:
                found = "the comparator's rates are those of transitions"
                yield subject.problem(keys, found, "Change them there.")
            if arrow not in model.transitions:
                remedy = nearest(arrow, model.transitions) or "Declare it among the model's transitions, with 0."
                yield subject.problem(keys, f'"{arrow}" is not a transition of the model', remedy)
            if arrow in targets:
                found = f'"{targets[arrow]}" changes the comparator\'s rate, and the strategy has one of its own'
                yield subject.problem(keys, found, "Leave one of them out.")


def _costs(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, item in model.costs.items():
        keys: Keys = ("costs", name)
        price = model.parameters.get(str(item.price))
        for state, reference in item.while_in.items():
            quantity = model.parameters.get(str(reference))
            if price and quantity and price.unit.kind == "price" and not price_fits_quantity(price.unit, quantity.unit):
                yield subject.problem(
                    (*keys, "while_in", state),
                    f'"{quantity.unit.text}" does not fit the price\'s "{price.unit.text}"',
                    f"Both count the same thing, as in {price.unit.text[:3]} per visit and visits per year.",
                )
        differs = len({item.quantity(state) for state in model.states}) > 1
        if differs and item.causal_share is None and not model.in_probabilities:
            yield subject.problem(
                keys,
                "the quantity differs by state and causal_share is missing",
                "Say which part of the gap treatment closes (0 to 1) and gap_from.",
            )


def _effects(subject: Subject) -> Iterator[Problem]:
    """Does each effect hang together? Its target, its window, what weakens it, and whom it was measured against."""
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


def _target(subject: Subject, keys: Keys, strategy: str, effect: Effect) -> Iterator[Problem]:
    model = subject.model
    if effect.channels is not None:
        yield from _channels(subject, keys, strategy, effect)
    elif effect.jobs is not None:
        if model.work is None and not {"jobs", "work"} & subject.faulty:
            remedy = "Add the block work: who is employed, origins, flows."
            yield subject.problem((*keys, "jobs"), "nothing says who moves into work and what a job moves", remedy)
    elif effect.quantity is not None:
        yield from subject.undeclared((*keys, "quantity"), effect.quantity, model.costs, "cost item")
    else:
        arrows = {**model.transitions, **model.strategies[strategy].transitions}
        yield from subject.undeclared((*keys, "transition"), effect.target, arrows, "transition")
    if model.in_probabilities:
        for key in RATES_ALONE:
            if getattr(effect, key) is not None:
                yield subject.problem((*keys, key), f"{key} is not yet supported with probabilities", "Leave it out.")
    if effect.transition and (effect.relative_risk is None) == model.in_probabilities:
        wanted = "relative_risk" if model.in_probabilities else "hazard_ratio or rate"
        found = f"in a model of {model.model} an effect is a {wanted}"
        yield subject.problem(keys, found, "A hazard ratio is not a relative risk: convert it at the source.")


def _channels(subject: Subject, keys: Keys, strategy: str, effect: Effect) -> Iterator[Problem]:
    """What is spent in the channels of an effect: something, moved by nothing else, and not by who is in work."""
    model, at = subject.model, (*keys, "channels")
    accounts = of(subject.tree)
    effects = model.strategies[strategy].effects.items()
    moved = {effect.quantity: key for key, effect in effects if effect.quantity}
    for channel in effect.channels or ():
        held = [name for name, item in model.costs.items() if accounts.channel_of(item.category) == channel]
        if not held:
            found = f'no cost of the model is in the channel "{channel}"'
            yield subject.problem(at, found, "Leave it out, or add what is spent there.")
        for name in held:
            kind = accounts.categories[model.costs[name].category].kind
            if kind in ("benefit", "tax", "work"):
                found = f'"{name}" moves with people in work, and "{channel}" would move it too'
                yield subject.problem(at, found, "Leave the channel out.")
            if name in moved:
                found = f'"{moved[name]}" changes the quantity of "{name}", and this its channel "{channel}"'
                yield subject.problem(at, found, "Both count the same saving: leave one of them out.")
    ends = [subject.value(end) for end in (effect.purse.low, effect.purse.high) if end] if effect.purse else []
    given = [value for value in ends if value is not None]
    if given != sorted(given) or min(given, default=1.0) <= 0:
        found = f"trials saw {' to '.join(f'{value:g}' for value in given)} a year"
        yield subject.problem((*keys, "purse"), found, "Give sums above 0, the least first.")


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
        what, fewer = ("the least", dose.least) if dose.flat_from is None else ("flat_from", dose.flat_from)
        studied, least = subject.value(dose.studied), subject.value(fewer or 0)
        if studied is not None and least is not None and not 0 < studied >= least:
            found = f"the studied dose is {studied:g} sessions and {what} {least:g}"
            yield subject.problem((*keys, "dose"), found, f"The studied dose is above 0 and not below {what}.")
    uncontrolled = effect.estimand.analysis == "before and after"
    if uncontrolled and effect.controlled_share is None:
        remedy = "Give controlled_share: the part that a control group would not have shown."
        yield subject.problem(keys, "a change before and after has no control group", remedy)
    if effect.controlled_share is not None:
        at: Keys = (*keys, "controlled_share")
        if not uncontrolled:
            remedy = "A controlled effect needs none: leave it out."
            yield subject.problem(at, f"the effect is controlled ({effect.estimand.analysis})", remedy)
        if effect.transition is not None or (item is not None and _by_state(subject, item)):
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
    begin, end = window(subject.model, strategy, key, effect)
    if effect.until is not None and end <= begin:
        yield subject.problem(keys, "the effect ends before it begins", "Check from and until.")
    elif (onset := subject.years(effect.onset)) is not None and begin + onset > end + 1e-9:
        time = effect.onset.text if isinstance(effect.onset, Duration) else f"{onset:.3g} years"
        found = f"it has not grown to its full size after {time} when it ends or begins to fade"
        yield subject.problem((*keys, "onset"), found, "Shorten onset, or give a later until.")
    if subject.years(effect.half_life) == 0:
        found = f'"{effect.half_life}" is 0: this time must be above 0'
        yield subject.problem((*keys, "half_life"), found, "Leave half_life out where the effect ends at once.")
    last = float("inf") if effect.half_life else end
    for target in effect.channels or [effect.target]:
        for begin2, end2, other in windows.get(target, []):
            if begin < end2 and begin2 < last:
                yield subject.problem(keys, f'it overlaps with "{other}" on {target}', "Let one end first.")
        windows.setdefault(target, []).append((begin, last, key))


def _double_counting(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    counted: dict[str, CostItem | work.JobFlow] = {**model.costs, **(model.work.flows if model.work else {})}
    for name, item in model.costs.items():
        for other, component in counted.items():
            if component.category in item.covers:
                yield subject.problem(
                    ("costs", name),
                    f'the composite covers {component.category}, which "{other}" counts too',
                    "Remove the composite or its components.",
                )


def _weights(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for block, what, references in (
        ("alternatives", "weights", [one.weight for one in model.alternatives.values()]),
        ("money_mixture", "weights", [one.weight for one in model.money_mixture.values()]),
        ("strata", "shares of the strata", [one.share for one in model.strata.values()]),
    ):
        found = [subject.value(reference) for reference in references]
        known = [value for value in found if value is not None]
        if found and len(known) == len(found) and abs(sum(known) - 1) > 1e-9:
            yield subject.problem((block,), f"the {what} sum to {sum(known):g}", "They sum to 1.")


JUDGED_BY: dict[Callable[[Subject], Iterator[Problem]], set[str]] = {
    _rates: {"model"},
    probabilities.check: {"model", "cycle"},
    _effects: {"model"},
    _costs: {"model"},
    clock.times: {"cycle", "horizon", "follow_up"},
    clock.cuts: {"cycle"},
    clock.fades: {"model"},
}
"""The keys of the file that a check judges by: where one was refused, what stands for it proves nothing."""
