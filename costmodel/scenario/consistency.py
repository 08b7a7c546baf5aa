"""Does one structure of a scenario hang together? Names, units, states, windows, double counting.

Each check is a function from a `Subject` to problems; `check` runs them all.
"""

from collections.abc import Callable, Iterator, Mapping

from costmodel.errors import Problem, nearest
from costmodel.scenario import effect_rules, probabilities
from costmodel.scenario.blocks import Alternative, Strategy, Stratum
from costmodel.scenario.clock import CYCLES, MONTHS_A_YEAR, cycle_months, in_whole_cycles, inside_a_cycle, window
from costmodel.scenario.fields import RESERVED
from costmodel.scenario.parameter import pieces, varies
from costmodel.scenario.probabilities import REST
from costmodel.scenario.read import Keys
from costmodel.scenario.structure import Subject, uses
from costmodel.units import price_fits_quantity

MAX_CYCLES = 1_200
RESERVED_ITEMS = ("therapy",)
"""The ledger's own item: the sessions."""
RESERVED_ALTERNATIVES = ("expected", "deterministic")
"""The names of the runs that stand beside alternatives and strata."""


def check(subject: Subject) -> list[Problem]:
    """Every problem of one structure, in the order of the file."""
    checks = (
        _references,
        _held,
        _states,
        _labels,
        _start,
        probabilities.check if subject.model.in_probabilities else _rates,
        effect_rules.check,
        _costs,
        _double_counting,
        _clock,
        _cuts,
        _weights,
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
            remedy = f"Here a {wanted} is wanted."
            if unit.kind == "odds_ratio":
                remedy = (
                    "An odds ratio belongs to an outcome at a stated time and is never a hazard ratio; "
                    "find the hazard ratio that reproduces that outcome, or the trial's own."
                )
            yield subject.problem(use.keys, f'"{name}" has the unit "{unit.text}"', remedy)
        elif use.thing and unit.thing != use.thing:
            yield subject.problem(use.keys, f'"{name}" has the unit "{unit.text}"', f"Wanted: GBP per {use.thing}.")
    basis = subject.model.price_basis
    if basis and basis not in parameters and basis not in subject.faulty:
        yield subject.problem(("price_basis",), f'there is no parameter "{basis}"', nearest(basis, parameters))


def _held(subject: Subject) -> Iterator[Problem]:
    """Numbers that a run takes at their central values: uncertain, their spread would be ignored."""
    model = subject.model
    held: list[tuple[Keys, str | int | None]] = [(("cohort", "age"), model.cohort.age)]
    held.append((("cohort", "female"), model.cohort.female))
    held += [(("alternatives", name, "weight"), one.weight) for name, one in model.alternatives.items()]
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
    for block, names, reserved in (
        ("costs", model.costs, RESERVED_ITEMS),
        ("alternatives", model.alternatives, RESERVED_ALTERNATIVES),
        ("strata", model.strata, RESERVED_ALTERNATIVES),
    ):
        for name in names:
            if name in reserved:
                yield subject.problem((block, name), f'"{name}" is reserved', "Choose another name.")
    named: list[tuple[str, Keys, bool]] = [(s, ("cohort", "start", s), False) for s in model.cohort.start]
    named += [(s, ("utilities", s), False) for s in model.utilities]
    for name, item in model.costs.items():
        named += [(s, ("costs", name, "while_in", s), True) for s in item.while_in]
        if item.gap_from:
            named.append((item.gap_from, ("costs", name, "gap_from"), False))
        missing = [s for s in model.states if s not in item.while_in]
        if missing and "others" not in item.while_in:
            yield subject.problem(
                ("costs", name, "while_in"),
                f"nothing is said of {', '.join(missing)}",
                "Name each state, or others.",
            )
    for state, keys, others in named:
        if state not in model.states and not (others and state == "others"):
            yield subject.problem(keys, f'"{state}" is not a declared state', nearest(state, model.states))
    for state in model.states:
        if state not in model.utilities:
            yield subject.problem(("utilities",), f'the utility of "{state}" is missing', "Give one for each state.")


def _labels(subject: Subject) -> Iterator[Problem]:
    """Labels stand for strategies, alternatives and strata wherever a person reads."""
    model = subject.model
    blocks: dict[str, Mapping[str, Strategy | Alternative | Stratum]] = {
        "strategies": model.strategies, "alternatives": model.alternatives, "strata": model.strata
    }  # fmt: skip
    for block, entries in blocks.items():
        seen: dict[str, str] = {}
        for name, entry in entries.items():
            first = seen.setdefault(entry.label, name)
            if first != name:
                remedy = "Give each its own: tables and charts name them by it."
                yield subject.problem((block, name, "label"), f'"{entry.label}" is also the label of "{first}"', remedy)


def _start(subject: Subject) -> Iterator[Problem]:
    values = [subject.value(reference) for reference in subject.model.cohort.start.values()]
    known = [value for value in values if value is not None]
    if len(known) == len(values) and abs(sum(known) - 1) > 1e-9:
        yield subject.problem(("cohort", "start"), f"the shares of the cohort sum to {sum(known):g}", "They sum to 1.")


def _rates(subject: Subject) -> Iterator[Problem]:
    """What belongs to models of rates alone, and what does not belong to them."""
    model = subject.model
    for path in ("mortality", "cohort.age", "cohort.female"):
        holder, key = (model.cohort, path.partition(".")[2]) if "." in path else (model, path)
        if getattr(holder, key) is None:
            keys: Keys = ("cohort",) if "." in path else ("model",)
            yield subject.problem(keys, f'the key "{key}" is missing ({path})', "A model of rates needs it.")
    yield from probabilities.strangers(subject)
    yield from _transitions(subject)


def _transitions(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for arrow in model.transitions:
        keys: Keys = ("transitions", arrow)
        origin, found, destination = arrow.partition(" -> ")
        if not found:
            yield subject.problem(keys, f'"{arrow}" is not a transition', 'Write "from -> to".')
            continue
        for state in (origin, destination):
            if state == "dead":
                remedy = (
                    "Remove this transition: deaths from one state are not yet supported. Raise the "
                    "rate_ratio for everybody, or write a model of probabilities, where states have their own deaths."
                )
                yield subject.problem(keys, "deaths come from mortality, the same for every state", remedy)
            elif state not in model.states:
                yield subject.problem(keys, f'"{state}" is not a declared state', nearest(state, model.states))
        if origin == destination:
            yield subject.problem(keys, "a transition leads to another state", "Remove it.")
    reached = {state for state, share in model.cohort.start.items() if share != 0}
    for arrow in model.transitions:
        reached.add(arrow.partition(" -> ")[2])
    for state in model.states:
        if state not in reached:
            yield subject.problem(("states", state), f'nobody can be in "{state}"', "Add a transition, or remove it.")


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
                    "Both count the same thing, as in GBP per visit and visits per year.",
                )
        differs = len({item.quantity(state) for state in model.states}) > 1
        if differs and item.causal_share is None and not model.in_probabilities:
            yield subject.problem(
                keys,
                "the quantity differs by state and causal_share is missing",
                "Say which part of the gap treatment closes (0 to 1) and gap_from.",
            )


def _double_counting(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, item in model.costs.items():
        for other, component in model.costs.items():
            if component.category in item.covers:
                yield subject.problem(
                    ("costs", name),
                    f'the composite covers {component.category}, which "{other}" counts too',
                    "Remove the composite or its components.",
                )


def _clock(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    cycle = cycle_months(model)
    if model.horizon.months <= 0:
        yield subject.problem(("horizon",), f"{model.horizon.text} is no horizon", "Give a time above 0.")
    elif not in_whole_cycles(model.horizon.months, cycle):
        yield subject.problem(
            ("horizon",),
            f"{model.horizon.text} is not a whole number of cycles of {model.cycle}",
            "Change one of them.",
        )
    if model.horizon.months / cycle > MAX_CYCLES:
        yield subject.problem(("horizon",), f"{model.horizon.text} is too long", f"At most {MAX_CYCLES:,} cycles.")
    if model.follow_up.months <= 0:
        yield subject.problem(("follow_up",), f"{model.follow_up.text} is no follow-up", "Give a time above 0.")
    if model.follow_up.months > model.horizon.months > 0:
        yield subject.problem(("follow_up",), "the follow-up is longer than the horizon", "Lengthen the horizon.")
    for name, item in model.costs.items():
        if not in_whole_cycles(item.lag.months, cycle):
            yield subject.problem(
                ("costs", name, "lag"),
                f"{item.lag.text} is not a whole number of cycles",
                f"The cycle is {model.cycle}.",
            )
    payers = dict.fromkeys(strategy.therapy.paid_by for strategy in model.strategies.values() if strategy.therapy)
    if len(payers) > 1:
        found = f"therapies are paid by different parties ({', '.join(payers)})"
        yield subject.problem(("strategies",), found, "This is not yet supported: give all the same payer.")
    for name, strategy in model.strategies.items():
        if strategy.therapy and strategy.therapy.over.months <= 0:
            yield subject.problem(("strategies", name, "therapy", "over"), "the therapy takes no time", "Above 0.")


def _cuts(subject: Subject) -> Iterator[Problem]:
    """Times inside a cycle at which sums end or something begins to differ.

    What a cycle costs and gains is known for the cycle as a whole, and its rates are constant: an answer for a part of
    it would be a guess. Sessions and harms may begin and end at any time, because sums to the end of a cycle hold them
    whole.
    """
    model = subject.model
    first: dict[float, tuple[Keys, str]] = {}
    for keys, what, months in _instants(subject):
        if 0 < months < model.horizon.months and inside_a_cycle(model, months):
            first.setdefault(round(months, 6), (keys, what))
    for months, (keys, what) in first.items():
        fitting = [cycle for cycle in CYCLES if in_whole_cycles(months, cycle)]
        shorter = f", or write cycle: {fitting[-1]} month{'s' * (fitting[-1] > 1)}" if fitting else ""
        remedy = f"Give whole cycles of {model.cycle}{shorter}: a cycle has one rate and its sum is known as a whole."
        if model.in_probabilities:
            remedy = f"A probability holds for a whole cycle of {model.cycle}."
        inside = inside_a_cycle(model, months)
        yield subject.problem(keys, f"{what}, month {months:.6g}, is within a cycle: {inside}", remedy)


def _instants(subject: Subject) -> Iterator[tuple[Keys, str, float]]:
    """Where it stands, what it is, and its month after referral: every time that has to be the edge of a cycle."""
    model = subject.model
    yield ("follow_up",), "the follow-up", model.follow_up.months
    for name, record in model.parameters.items():
        if record.over_time and name not in subject.faulty:
            for years, _ in pieces(record):
                yield ("parameters", name), f'a change of "{name}"', years * MONTHS_A_YEAR
    for number, (name, strategy) in enumerate(model.strategies.items()):
        wait = strategy.therapy.wait.months if strategy.therapy else 0.0
        if number and model.beyond_follow_up == "gap closes" and not model.in_probabilities:
            yield ("beyond_follow_up",), f"the end of {name}'s follow-up", wait + model.follow_up.months
        for key, effect in strategy.effects.items():
            begin, end = window(model, name, key, effect)
            at: Keys = ("strategies", name, "effects", key)
            yield (*at, "from"), f'the beginning of "{key}"', begin * MONTHS_A_YEAR
            yield (*at, "until"), f'the end of "{key}"', end * MONTHS_A_YEAR


def _weights(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for block, what, references in (
        ("alternatives", "weights", [one.weight for one in model.alternatives.values()]),
        ("strata", "shares of the strata", [one.share for one in model.strata.values()]),
    ):
        found = [subject.value(reference) for reference in references]
        known = [value for value in found if value is not None]
        if found and len(known) == len(found) and abs(sum(known) - 1) > 1e-9:
            yield subject.problem((block,), f"the {what} sum to {sum(known):g}", "They sum to 1.")
    if model.strata and model.alternatives:
        remedy = "Together they are not yet supported: make one of them an overlay."
        yield subject.problem(("strata",), "there are strata and alternatives", remedy)
    if model.strata and model.in_probabilities:
        remedy = "Remove them: write a scenario for each group, and weight the results by its share."
        yield subject.problem(("strata",), "strata are not yet supported with probabilities", remedy)


JUDGED_BY: dict[Callable[[Subject], Iterator[Problem]], set[str]] = {
    _rates: {"model"},
    probabilities.check: {"model", "cycle"},
    effect_rules.check: {"model"},
    _costs: {"model"},
    _clock: {"cycle", "horizon", "follow_up"},
}
"""The keys of the file that a check judges by: where one was refused, what stands for it proves nothing."""
