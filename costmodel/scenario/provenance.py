"""Does each number rest on a source that the sources file knows, and do ranges, life table and derived units hold?"""

from collections.abc import Iterator, Mapping

from costmodel.errors import Problem, nearest
from costmodel.scenario.attached import Attached
from costmodel.scenario.leaves import Leaf
from costmodel.scenario.parameter import STRENGTH, Parameter
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.schema import ModelFile
from costmodel.scenario.subject import varies
from costmodel.units import parse_duration


def provenance(
    model: ModelFile, attached: Attached, tree: Tree, leaves: Mapping[str, Leaf], faulty: set[str]
) -> Iterator[Problem]:
    """Problems of the parameters' records and of the setting's references, `faulty` ones left alone."""
    for name, record in model.parameters.items():
        at = str(tree.place(("parameters", name)))
        for found, remedy in _record(name, record, model.parameters, attached, faulty):
            yield Problem(at, found, remedy)
    yield from _setting(model, attached, faulty)
    if model.mortality is None:
        return
    table, tables = model.mortality.table, attached.setting.life_tables
    if table not in tables:
        yield Problem(
            str(tree.place(("mortality", "table"))),
            f'there is no life table "{table}"',
            nearest(table, tables),
        )
    elif table in attached.life_tables:
        oldest = len(attached.life_tables[table].female) - 1
        age = leaves.get(str(model.cohort.age))
        if age and age.central > oldest:
            yield Problem(
                str(tree.place(("cohort", "age"))),
                f"an age of {age.central:g} is outside the life table",
                f"At most {oldest}.",
            )


def _record(
    name: str, record: Parameter, parameters: Mapping[str, Parameter], attached: Attached, faulty: set[str]
) -> Iterator[tuple[str, str]]:
    for key in ("source", "status"):
        if record.kind == "value" and not record.constant and not getattr(record, key):
            yield f"{name}: the {key} is missing", f"A number without a {key} is not accepted."
    for source in record.sources:
        if attached.sources and source not in attached.sources:
            yield f'{name}: there is no source "{source}"', nearest(source, attached.sources)
    known = [attached.sources[source].status for source in record.sources if source in attached.sources]
    if known and record.status:
        best = min(known, key=STRENGTH.index)
        if STRENGTH.index(record.status) < STRENGTH.index(best):
            yield (
                f'{name}: the status is "{record.status}" and its best source is "{best}"',
                "Say what the source is.",
            )
    if record.range and not record.range[0] <= record.range[1]:
        yield f"{name}: the range {record.range[0]:g} to {record.range[1]:g} is upside down", "Low first."
    missing = [operand for operand in record.operands if operand not in parameters]
    for operand in missing:
        if operand in faulty:
            continue
        yield f'{name}: there is no parameter "{operand}"', nearest(operand, parameters)
    if not missing:
        yield from _units(name, record, [parameters[operand] for operand in record.operands])
    for operand in dict.fromkeys((*record.operands, *(record.one_of or {}).values())):
        if operand in parameters and parameters[operand].over_time:
            yield (
                f'{name}: it is made of "{operand}", which changes over time',
                "Put what it is made of into the pieces.",
            )
    if record.over_time:
        yield from _times(name, record.over_time)
    if record.one_of:
        for option in record.one_of.values():
            if option in faulty:
                continue
            if option not in parameters:
                yield f'{name}: there is no parameter "{option}"', nearest(option, parameters)
            elif parameters[option].unit.text != record.unit.text:
                yield (
                    f'{name}: "{option}" has the unit "{parameters[option].unit.text}"',
                    f"Wanted: {record.unit.text}.",
                )
        if record.moved_to is not None and record.unit.kind not in (
            "price",
            "quantity",
            "sessions",
            "multiplier",
            "rate",
        ):
            yield f"{name}: it is a choice", f"Change the option behind it: {record.operands[0]}."


def _units(name: str, record: Parameter, operands: list[Parameter]) -> Iterator[tuple[str, str]]:
    wanted = record.unit.text
    same = record.mean_of or record.over_time
    for operand in operands:
        if same and operand.unit.text != wanted:
            yield f'{name}: "{operand.label}" has the unit "{operand.unit.text}"', f"Wanted: {wanted}."
    if record.product_of:
        plain = ("share", "multiplier", "hazard_ratio", "rate_ratio", "sessions")
        rest = [operand.unit for operand in operands if operand.unit.kind not in plain]
        if record.unit.kind not in plain and [unit.text for unit in rest] != [wanted]:
            found = " × ".join(operand.unit.text for operand in operands)
            yield f'{name}: {found} is not "{wanted}"', "Exactly one operand has the unit of the product."
    if record.complement_of and not {record.unit.kind, operands[0].unit.kind} <= {"share", "probability"}:
        yield f"{name}: a complement is taken of a share or a probability", "Check the units."
    if record.probability_of and (record.unit.kind, operands[0].unit.kind) != ("probability", "rate"):
        remedy = "Its unit is probability per TIME, and the rate's is per year."
        yield f"{name}: a probability is made of a rate", remedy
    if record.rebased and [operand.unit.kind for operand in operands] != ["rate_ratio", "share"]:
        yield f"{name}: rebasing needs a rate ratio and a share", "Check the units."


def _times(name: str, over_time: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    times = []
    for text in over_time:
        try:
            times.append(parse_duration(text, zero_allowed=True).months)
        except ValueError as error:
            yield f"{name}: {error}", ""
    if len(times) == len(over_time) and (sorted(set(times)) != times or times[0] != 0):
        yield (
            f"{name}: the times are not in order from 0 months",
            "Begin with 0 months; each later than the last.",
        )


def _setting(model: ModelFile, attached: Attached, faulty: set[str]) -> Iterator[Problem]:
    setting = attached.setting
    wanted: list[tuple[str | int, str, Keys]] = [
        (setting.discount.costs, "discount_rate", ("discount", "costs")),
        (setting.discount.health, "discount_rate", ("discount", "health")),
    ]
    wanted += [(name, "price", ("thresholds",)) for name in setting.thresholds]
    for reference, kind, keys in wanted:
        if isinstance(reference, int) or reference in faulty:
            continue
        at = str(attached.tree.place(keys))
        if reference not in model.parameters:
            yield Problem(at, f'there is no parameter "{reference}"', nearest(reference, model.parameters))
        elif model.parameters[reference].unit.kind != kind:
            unit = model.parameters[reference].unit.text
            yield Problem(at, f'"{reference}" has the unit "{unit}"', f"Wanted: {kind.replace('_', ' ')}.")
        elif model.parameters[reference].over_time:
            remedy = "Only the rate of a transition may. Give one rate for all years, and run the others with --set."
            yield Problem(at, f'"{reference}" changes over time', remedy)
        elif kind == "price" and (spread := varies(model.parameters, reference)):
            remedy = "Hold it fixed, and run it at other values with --set."
            yield Problem(at, f'"{spread}" is uncertain, and a threshold is not drawn', remedy)
