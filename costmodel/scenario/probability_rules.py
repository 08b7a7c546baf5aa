"""The rules of a model of probabilities: conventions declared, moves between states, rows that sum to 1."""

from collections.abc import Iterator

from costmodel.errors import Problem, nearest
from costmodel.scenario.clock import cycle_months, cycles
from costmodel.scenario.probabilities import DEAD, REST, Chances, Look, all_states, declared, faults
from costmodel.scenario.read import Keys
from costmodel.scenario.schema import Matrices
from costmodel.scenario.subject import Subject
from costmodel.units import period_months

WEIGHED = ("half-cycle", "weights")
"""Countings that weigh the people at each instant; their discounting is "at each count"."""
OF_PROBABILITIES = ("counting", "weights", "discounting", "absorbing", "matrices", "qalys_on_transition")
OF_STRATEGIES = ("transitions", "matrices", "utilities")
OF_COSTS = ("on_transition", "at_start", "only_in")


def strangers(subject: Subject) -> Iterator[Problem]:
    """Keys of models of probabilities in a model of rates."""
    model = subject.model
    blocks: list[tuple[Keys, object, tuple[str, ...]]] = [((), model, OF_PROBABILITIES)]
    blocks += [(("strategies", name), strategy, OF_STRATEGIES) for name, strategy in model.strategies.items()]
    blocks += [(("costs", name), item, OF_COSTS) for name, item in model.costs.items()]
    for keys, block, names in blocks:
        for key in names:
            if getattr(block, key):
                found = f'"{key}" belongs to models of probabilities'
                yield subject.problem((*keys, key), found, "It is not yet supported with model: rates.")


def check(subject: Subject) -> Iterator[Problem]:
    """Every problem that only a model of probabilities can have."""
    for rule in (_conventions, _moves, _costs, _periods, _fading, _matrices, _rows):
        yield from rule(subject)


def _conventions(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for key, value in (("counting", model.counting), ("discounting", model.discounting)):
        if value is None:
            found = f'the key "{key}" is missing ({key})'
            yield subject.problem(("model",), found, "A model of probabilities has no default for it.")
    if model.mortality is not None:
        remedy = 'Declare "state -> dead" among the transitions.'
        yield subject.problem(("mortality",), "deaths are probabilities here", remedy)
    if model.beyond_follow_up == "gap closes":
        remedy = "Use effects cease or effects persist."
        yield subject.problem(("beyond_follow_up",), "gap closes is not yet supported with probabilities", remedy)
    if (model.counting == "weights") != (model.weights is not None):
        yield subject.problem(("counting",), "counting: weights and the list weights come together", "Give both.")
    if model.weights is not None and len(model.weights) != cycles(model) + 1:
        found = f"there are {len(model.weights)} weights for {cycles(model)} cycles"
        yield subject.problem(("weights",), found, "One for each instant: cycles + 1.")
    if model.weights is not None and (min(model.weights, default=0) < 0 or not any(model.weights)):
        yield subject.problem(("weights",), "a weight is negative, or all are 0", "Give weights from 0, such as 0.5.")
    if model.counting and model.discounting and (model.counting in WEIGHED) != (model.discounting == "at each count"):
        found = f"counting: {model.counting} does not go with discounting: {model.discounting}"
        remedy = "half-cycle and weights are discounted at each count; the others at a point of the cycle."
        yield subject.problem(("discounting",), found, remedy)


def _moves(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    places: list[tuple[Keys, str]] = [(("transitions", name), name) for name in model.transitions]
    for strategy, block in model.strategies.items():
        places += [(("strategies", strategy, "transitions", name), name) for name in block.transitions]
        if block.transitions and (block.matrices or model.matrices):
            found = "a strategy has transitions or matrices, not both"
            yield subject.problem(("strategies", strategy), found, "Keep one.")
    places += [(("qalys_on_transition", name), name) for name in model.qalys_on_transition]
    for cost, item in model.costs.items():
        places += [(("costs", cost, "on_transition", name), name) for name in item.on_transition]
    if model.transitions and model.matrices:
        yield subject.problem(("matrices",), "a model has transitions or matrices, not both", "Keep one.")
    states = all_states(model)
    for keys, name in places:
        origin, found_arrow, destination = name.partition(" -> ")
        if not found_arrow:
            yield subject.problem(keys, f'"{name}" is not a transition', 'Write "from -> to".')
            continue
        for state in (origin, destination):
            if state not in states:
                yield subject.problem(keys, f'"{state}" is not a declared state', nearest(state, states))
        if origin in (DEAD, *model.absorbing):
            yield subject.problem(keys, f'nobody leaves "{origin}"', "It is absorbing; remove the transition.")
    for state in model.absorbing:
        if state not in states:
            yield subject.problem(("absorbing",), f'"{state}" is not a declared state', nearest(state, states))
    for strategy in model.strategies:
        yield from _remainders(subject, strategy)


def _remainders(subject: Subject, strategy: str) -> Iterator[Problem]:
    rest = [move for move, reference in declared(subject.model, strategy).items() if reference == REST]
    for origin in dict.fromkeys(move[0] for move in rest):
        if sum(move[0] == origin for move in rest) > 1:
            found = f'two transitions from "{origin}" take the remainder ({strategy})'
            yield subject.problem(("transitions",), found, "Keep one.")


def _costs(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, item in model.costs.items():
        for strategy in item.only_in:
            if strategy not in model.strategies:
                remedy = nearest(strategy, model.strategies)
                yield subject.problem(("costs", name, "only_in"), f'"{strategy}" is not a strategy', remedy)
    for name, strategy_block in model.strategies.items():
        for state in strategy_block.utilities:
            if state not in model.states:
                keys = ("strategies", name, "utilities", state)
                yield subject.problem(keys, f'"{state}" is not a declared state', nearest(state, model.states))


def _periods(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    blocks: list[tuple[Keys, dict[str, str | int]]] = [(("transitions",), dict(model.transitions))]
    blocks += [(("strategies", name, "transitions"), dict(s.transitions)) for name, s in model.strategies.items()]
    tables: list[tuple[Keys, Matrices | None]] = [(("matrices",), model.matrices)]
    tables += [(("strategies", name, "matrices"), s.matrices) for name, s in model.strategies.items()]
    remedy = (
        f"The cycle is {model.cycle}. A rate becomes a probability of any period with probability_of; a probability "
        "with competing exits cannot be divided or rescaled by itself: convert the whole matrix at the source."
    )
    for keys, transitions in blocks:
        for name, reference in transitions.items():
            record = model.parameters.get(str(reference))
            if record is None or record.unit.kind != "probability":
                continue
            if abs(period_months(record.unit) - cycle_months(model)) > 1e-9:
                yield subject.problem((*keys, name), f'"{reference}" is a {record.unit.text}', remedy)
    for keys, table in tables:
        if table is not None and abs(table.period.months - cycle_months(model)) > 1e-9:
            yield subject.problem((*keys, "period"), f"the probabilities are those of {table.period.text}", remedy)


def _fading(subject: Subject) -> Iterator[Problem]:
    for name, strategy in subject.model.strategies.items():
        for key, effect in strategy.effects.items():
            if effect.half_life:
                at: Keys = ("strategies", name, "effects", key, "half_life")
                yield subject.problem(at, "fading is not yet supported with probabilities", "Give until.")


def _matrices(subject: Subject) -> Iterator[Problem]:
    model = subject.model
    for name, table in subject.matrices.items():
        keys: Keys = ("matrices",) if model.strategies[name].matrices is None else ("strategies", name, "matrices")
        if table.last < cycles(model):
            found = f"the table ends with cycle {table.last} and the horizon has {cycles(model)}"
            yield subject.problem(keys, found, "Shorten the horizon, or add the missing cycles.")
        for state in (DEAD, *model.absorbing):
            index = table.states.index(state) if state in table.states else None
            if index is not None and (table.values[:, index, index] < 1).any():
                yield subject.problem(
                    keys, f'nobody leaves "{state}", and the table lets people out', "1 in its column."
                )


def _rows(subject: Subject) -> Iterator[Problem]:
    """Rows of declared probabilities, where every one of them is known."""
    model = subject.model
    for name in model.strategies:
        if name in subject.matrices:
            continue
        chances = Chances(model, name)
        try:
            found = list(faults(chances, _looking(subject)))
        except (KeyError, IndexError):  # a reference or a time is faulty, and was reported
            continue
        for what in found:
            yield subject.problem(("transitions",), f"{name}: {what}", "Probabilities are never clipped nor rescaled.")


def _looking(subject: Subject) -> Look:
    return lambda reference: float(reference) if isinstance(reference, int) else subject.central[reference]
