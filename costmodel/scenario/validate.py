"""A file against its types: unknown, missing and mistyped keys, all of them, told in the words of the file's author.

And against the sources that it cites.

A faulty entry is cut out after it was reported and the rest is checked again, so that one slip does not hide the next.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from costmodel.errors import Problem, nearest
from costmodel.scenario.parameter import INTERNAL, STRENGTH, Status
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.schema import NOT_YET, TOO_MANY, Source, weeks_a_year
from costmodel.scenario.setting import of

FileType = TypeVar("FileType", bound=BaseModel)

SHRINKAGES = ("causal_share", "controlled_share", "optimism")
_TYPES = {
    "string_type": "text",
    "float_type": "a number",
    "finite_number": "a number that is not too large",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a block of names",
    "model_type": "a block of keys",
    "bool_type": "true or false",
}


def validate(file_type: type[FileType], tree: Tree) -> tuple[FileType | None, list[Problem], set[str]]:
    """Check a tree against a file type.

    Returns what could be read (None when too much is missing), every problem, and the names of
    the entries that were cut out as faulty.
    """
    data = tree.data
    problems = [*_double_shrinkage(tree, tree.data)]
    model, weeks = tree.data.get("model"), weeks_a_year(tree.data.get("cycle"))
    context = {"accounts": of(tree), "model": model, "weeks_a_year": weeks}
    faulty: set[str] = {key for keys in tree.unreadable for key in keys if isinstance(key, str)}
    damaged: list[Keys] = list(tree.unreadable)
    for _ in range(len(tree.places) + len(STAND_INS)):
        try:
            return file_type.model_validate(data, context=context), problems, faulty
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in details:
            block = detail["loc"][:-1] if detail["type"] == "missing" else detail["loc"]
            if detail["loc"] not in tree.unreadable and not any(cut[: len(block)] == block for cut in damaged):
                problems.append(_problem(file_type, tree, detail))
        for detail in details:
            if detail["type"] != "extra_forbidden":
                damaged.append(detail["loc"])
                faulty |= {key for key in detail["loc"] if isinstance(key, str)}
        data = copy.deepcopy(tree.data) if data is tree.data else data  # a sound tree, the usual one, is not copied
        mended = [_cut(data, detail) or _stand_in(data, detail) for detail in details]
        if not all(mended):
            return None, problems, faulty
    return None, problems, faulty


def internal_keys(tree: Tree) -> list[Problem]:
    """Keys of parameter records that only controls and options may set."""
    return [
        Problem(
            str(place),
            f'unknown key "{keys[2]}" ({".".join(map(str, keys))})',
            "Change the value in an overlay.",
        )
        for keys, place in tree.places.items()
        if len(keys) == 3 and keys[0] == "parameters" and keys[2] in INTERNAL
    ]


def citations(
    tree: Tree,
    keys: Keys,
    cited: Sequence[str],
    sources: Mapping[str, Source],
    status: Status | None = None,
    who: str = "",
) -> Iterator[Problem]:
    """Sources that do not exist, and those that know less than what is said on their word claims to know.

    keys: where they are cited. status: of what is said; None where it claims nothing. who: begins each problem.
    """
    for one in cited:
        if one not in sources:
            yield tree.problem(keys, f'{who}there is no source "{one[:60]}"', nearest(one, sources))
        elif status is not None and STRENGTH.index(status) < STRENGTH.index(sources[one].status):
            found = f'{who}the status is "{status}" and its source {one} is "{sources[one].status}"'
            yield tree.problem(keys, found, "Say what the source is.")


STAND_INS: dict[str, Any] = {
    "format": 1, "title": "–", "label": "none", "population": "–", "model": "rates", "follow_up": "1 month",
    "beyond_follow_up": "effects cease", "horizon": "100 years", "leaves_out": [], "costs": {},
}  # fmt: skip
"""What stands for a missing or faulty key at the top of a file once it was reported, so that the rest is checked."""


def _stand_in(data: Any, detail: ErrorDetails) -> bool:
    loc = detail["loc"]
    if len(loc) != 1 or loc[0] not in STAND_INS:
        return False
    data[loc[0]] = STAND_INS[str(loc[0])]
    return True


def _keys(tree: Tree, detail: ErrorDetails) -> Keys:
    """The part of pydantic's location that exists in the file."""
    keys: Keys = ()
    for key in detail["loc"]:
        if key == "[key]" or (*keys, key) not in tree.places:
            break
        keys = (*keys, key)
    return keys


def _problem(file_type: type[BaseModel], tree: Tree, detail: ErrorDetails) -> Problem:
    loc, kind = detail["loc"], detail["type"]
    place = str(tree.place_of_fault(_keys(tree, detail)))
    written = (*loc[:-1], "value") if loc[:1] == ("parameters",) and loc[2:] in [(key,) for key in INTERNAL] else loc
    path = ".".join(str(key) for key in written if key != "[key]")
    last = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        if (instead := _instead(loc)) is not None:
            remedy = f"Leave it out; see docs/format.md. {instead}".rstrip()
            return Problem(place, f'"{last}" is not yet supported ({path})', remedy)
        return Problem(place, f'unknown key "{last}" ({path})', nearest(last, _fields(file_type, loc[:-1])))
    if kind == "missing":
        return Problem(place, f'the key "{last}" is missing ({path})', f"Add it{_meaning(file_type, loc)}.")
    found = _shown(detail["input"])
    if kind in _TYPES:
        hint = number_hint(detail["input"]) if kind in ("float_type", "int_type") else _hint(detail["input"])
        return Problem(place, f"{path} is {found}", f"Wanted: {_TYPES[kind]}{', ' * bool(hint)}{hint}.")
    if kind == "literal_error":
        expected = str(detail.get("ctx", {}).get("expected", ""))
        return Problem(place, f"{path} is {found}", f"Allowed: {expected}.")
    if kind == "unknown_name":
        return Problem(place, f"{path} is {found}", detail["ctx"]["remedy"])
    if kind == "string_pattern_mismatch":
        return Problem(place, f"{path} is {found}", "A name has lower-case ASCII letters, digits and _.")
    if kind in ("too_short", "too_long"):
        size = detail.get("ctx", {})
        limit = f"At least {size.get('min_length')}" if kind == "too_short" else f"At most {size.get('max_length')}"
        more = TOO_MANY.get(path, "") if kind == "too_long" else ""
        if kind == "too_long" and all(isinstance(one, int | float) for one in detail["input"]):
            more = "A comma parts two entries: write 1200 for 1,200."
        return Problem(place, f"{path} has {len(detail['input'])} entries", f"{limit}. {more}".rstrip())
    if kind == "string_too_short":
        return Problem(place, f"{path} is empty", "Say it in a few words.")
    if kind == "int_from_float":
        return Problem(place, f"{path} is {found}", "Wanted: a whole number.")
    message = detail["msg"].removeprefix("Value error, ")
    if kind != "value_error":
        return Problem(place, f"{path} is {found}", f"{message}.")
    shown = isinstance(detail["input"], str | int | float) and str(detail["input"])[:40] not in message.split('"')
    said = f"{found}: " if shown else ""
    return Problem(place, f"{path}: {said}{message}")


def _instead(loc: tuple[int | str, ...]) -> str | None:
    """What to do instead of a key that is not yet supported; None for any other key."""
    found = NOT_YET.get(str(loc[-1]))
    return NOT_YET.get(".".join([str(loc[0]), "*", *map(str, loc[2:])])) if found is None else found


def _meaning(file_type: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """What a key means, after a colon: the first line of its documentation."""
    field = _fields(file_type, loc[:-1]).get(str(loc[-1]))
    if field is None or not field.description:
        return ""
    line = field.description.splitlines()[0].rstrip(".")
    return f": {line if line[1:2].isupper() else line[0].lower() + line[1:]}"


def _fields(file_type: Any, loc: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    """The fields of the block at a location, by their names in a file: the types are walked along it."""
    block = file_type
    for key in loc:
        field = _fields(block, ()).get(str(key))
        block = field.annotation if field is not None else (get_args(block) or (None,))[-1]
        if isinstance(block, UnionType) or get_origin(block) is Union:
            block = next(option for option in get_args(block) if option is not NoneType)
    if not (isinstance(block, type) and issubclass(block, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in block.model_fields.items() if name not in INTERNAL}


def _hint(value: Any) -> str:
    if isinstance(value, bool):
        return "not yes or no"
    return "not an empty entry" if value is None else ""


def number_hint(value: Any) -> str:
    """What to write instead of something that is not a number."""
    if isinstance(value, str):
        text = value.strip()
        if text.endswith("%") and text[:-1].strip().replace(".", "", 1).isdigit():
            return f"so {float(text[:-1]) / 100:g} for {text}"
        if text.lower().lstrip("+-") in ("nan", ".nan", "inf", ".inf"):
            return "and a finite one"
        if re.fullmatch(r"[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?", text):
            plain = re.sub("[,' ]", "", text)
            return f"so {plain} for {text}, without quotes or thousands separators"
        return "without quotes, symbols or thousands separators"
    return _hint(value)


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _cut(data: Any, detail: ErrorDetails) -> bool:
    """Take the faulty entry out of the data, or the block that lacks something. False at the top."""
    loc = [key for key in detail["loc"] if key != "[key]"]
    if detail["type"] == "missing":
        loc = loc[:-1]
    while loc:
        block: Any = data
        for key in loc[:-1]:
            block = block[key] if _has(block, key) else None
        if _has(block, loc[-1]):
            del block[loc[-1]]
            return True
        loc.pop()
    return False


def _has(block: Any, key: int | str) -> bool:
    if isinstance(block, dict):
        return key in block
    return isinstance(block, list) and isinstance(key, int) and key < len(block)


def _double_shrinkage(tree: Tree, node: Any, keys: Keys = ()) -> Iterator[Problem]:
    if isinstance(node, dict):
        found = [name for name in SHRINKAGES if name in node]
        if len(found) > 1:
            path = ".".join(map(str, keys))
            yield tree.problem((*keys, found[1]), f"{path} is shrunk twice: {' and '.join(found)}", "Keep one.")
        for key, inner in node.items():
            yield from _double_shrinkage(tree, inner, (*keys, key))
    elif isinstance(node, list):
        for i, inner in enumerate(node):
            yield from _double_shrinkage(tree, inner, (*keys, i))
