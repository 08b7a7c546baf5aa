"""`python -m scripts.format_tables`: the tables of keys in docs/format.md, made from the types of the files.

A table stands between `<!-- keys: Therapy -->` and `<!-- end -->`. The first marker names one class or more, parted by
semicolons: `Effect except rate; Dose at dose` are the keys of an effect but for `rate`, and those of a dose as
`dose.…`; `Strategy only effects harms` are two keys. What a key means is the string under its field, whose first line
is also what an error message says of it. A unit in that string (`; unit `share``) stands beside the type.
"""

import re
import sys
import types
import typing
from pathlib import Path
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from costmodel import currency
from costmodel.analysis.calibration import file as calibration
from costmodel.analysis.validation import target as validation
from costmodel.scenario import blocks, fields, parameter, schema, setting, work

PAGE = Path(__file__).resolve().parents[1] / "docs" / "format.md"
TABLE = re.compile(r"<!-- keys: (.+?) -->\n.*?<!-- end -->", flags=re.DOTALL)
HEAD = "| Key | Type | Default | Meaning |\n|---|---|---|---|"
PARTS = {
    name: kind
    for module in (currency, setting, blocks, work, schema, parameter, calibration, validation)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, BaseModel)
}
"""The blocks of all files by the name of their class."""
WORDS: tuple[tuple[object, str, str], ...] = (
    (fields.Version, "`1`", ""),
    (fields.Reference, "REF", "REFs"),
    (fields.Names, "list of names, each once", ""),
    (fields.Name, "name", "names"),
    (fields.Text, "text", "texts"),
    (fields.Time, "duration", "durations"),
    (fields.Span, "duration above 0", "durations above 0"),
    (fields.DrawnTime, "duration, or name of a parameter in `months` or `years`", ""),
    (fields.DrawnSpan, "duration above 0, or name of a parameter in `months` or `years`", ""),
    (fields.Moment, "instant", "instants"),
    (fields.Transition, "`from -> to`", ""),
    (fields.PriceYear, "financial year", "financial years"),
    (setting.UnitText, "[unit](#units)", "[units](#units)"),
    (setting.PartyOrNobody, "[party](#the-setting-file) or `nobody`", ""),
    (setting.Payer, "[party](#the-setting-file)", ""),
    (setting.Household, "[party](#the-setting-file)", ""),
    (setting.CategoryName, "[category](#the-setting-file)", "[categories](#the-setting-file)"),
    (setting.ChannelNames, "list of [channels](#the-setting-file), each once", ""),
    (fields.Digest, "SHA-256", ""),
    (fields.CatalogueName, "name of a folder or file", ""),
    (calibration.Observed, "`all` or list of names", ""),
    (str, "text", "texts"),
    (float, "number", "numbers"),
    (int, "whole number", "whole numbers"),
    (bool, "`true` or `false`", ""),
    (object, "value", "values"),
)
"""Types in the words of a reader: of one, and of many."""
UNIT = re.compile(r"; unit (`[^`]+`)")
LONG = 5
"""So many words and more are listed once in a table; a second key that takes them says "as" and the first."""


def made(text: str) -> str:
    """The page with every table made again. Raises ValueError where a field says nothing, or stands in no table."""
    anchors = _anchors(text)
    shown: dict[str, set[str]] = {}
    left: dict[str, set[str]] = {}

    def table(found: re.Match[str]) -> str:
        here = _anchor(text[: found.start()])
        beside = {name: "" if anchor == here else anchor for name, anchor in anchors.items()}
        rows: list[str] = [HEAD]
        listed: dict[str, str] = {}
        for part in found[1].split(";"):
            name, keys, excepted, prefix = _part(part)
            shown[name] = shown.get(name, set()) | set(keys)
            left[name] = left.get(name, set()) | excepted
            for key in keys:
                row, kind = _row(PARTS[name], key, prefix, beside)
                if kind.count("`") >= 2 * LONG and (first := listed.setdefault(kind, row[0])) != row[0]:
                    row = (row[0], f"as {first}", *row[2:])
                rows.append(f"| {' | '.join(row)} |")
        return f"<!-- keys: {found[1]} -->\n" + "\n".join(rows) + "\n<!-- end -->"

    page = TABLE.sub(table, text)
    for name, keys in shown.items():
        for key in sorted(_keys(PARTS[name]).keys() - keys):
            if key not in left[name] or not re.search(rf"[`.]{key}\b", TABLE.sub("", text)):
                raise ValueError(f"{name}.{key} stands in no table")
    return page


def _part(text: str) -> tuple[str, list[str], set[str], str]:
    """A class named in a marker: its name, the keys to show, those left out, and what stands before each."""
    name, *words = text.split()
    if name not in PARTS:
        raise ValueError(f"there is no block {name}")
    lists: dict[str, list[str]] = {"only": [], "except": [], "at": []}
    for word in words:
        if word in lists:
            into = lists[word]
        else:
            into.append(word)
    every = [*_keys(PARTS[name])]
    if unknown := {*lists["only"], *lists["except"]} - {*every}:
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}")
    keys = lists["only"] or [key for key in every if key not in lists["except"]]
    return name, keys, set(lists["except"]), "".join(f"{word}." for word in lists["at"])


def _keys(kind: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    """Field name and field by the key of the file, without what no file may hold."""
    internal = parameter.INTERNAL if kind is parameter.Parameter else ()
    return {one.alias or name: (name, one) for name, one in kind.model_fields.items() if name not in internal}


def _row(kind: type[BaseModel], key: str, prefix: str, anchors: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """The four cells of a key, and its type."""
    name, field = _keys(kind)[key]
    if not field.description:
        raise ValueError(f"{kind.__name__}.{name} has no text under it that says what it means")
    meaning = " ".join(field.description.split())
    unit = UNIT.search(meaning)
    hint = typing.get_type_hints(kind, include_extras=True)[name]
    words = _type(_without_none(hint), anchors) + _bounds(field) + (f", unit {unit[1]}" if unit else "")
    cells = f"`{prefix}{key}`", words, _default(field), UNIT.sub("", meaning)
    return tuple(cell.replace("|", "\\|") for cell in cells), words


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "those of England"
    value = field.get_default()
    if value in (None, {}, [], ""):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _without_none(hint: Any) -> Any:
    """A type that may be left out, as it is where it is not."""
    if typing.get_origin(hint) is typing.Annotated and hint not in [alias for alias, *_ in WORDS]:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return typing.Union[tuple(one for one in typing.get_args(hint) if one is not types.NoneType)]  # noqa: UP007 (of a list)
    return hint


def _type(hint: Any, anchors: dict[str, str], *, many: bool = False) -> str:
    """A type in the reader's words."""
    for alias, one, several in WORDS:
        if hint == alias:
            return several if many and several else one
    inner = typing.get_args(hint)
    match typing.get_origin(hint):
        case types.UnionType | typing.Union:
            return " or ".join(_type(one, anchors, many=many) for one in inner)
        case origin if origin is Literal:
            return ", ".join(f"`{one}`" for one in inner)
        case origin if origin is list:
            return f"{'lists' if many else 'list'} of {_type(inner[0], anchors, many=True)}"
        case origin if origin is dict:
            key = "NAME" if inner[0] == fields.Name else "…"
            value = _type(inner[1], anchors)
            return f"{{{key}: {value}}}" if "](" in value else f"`{{{key}: {value}}}`"
        case _ if isinstance(hint, type) and issubclass(hint, BaseModel):
            if hint.__name__ not in anchors:
                raise ValueError(f"{hint.__name__} has no table")
            word, at = "blocks" if many else "block", anchors[hint.__name__]
            return f"[{word}](#{at})" if at else word
    raise ValueError(f"there are no words for the type {hint}")


def _bounds(field: FieldInfo) -> str:
    """Ends of a number, and the fewest and most entries of a list or block."""
    hint = _without_none(field.annotation)
    least: float | None = None
    most: float | None = None
    if hint not in (int, float) and typing.get_origin(hint) not in (list, dict):
        return ""
    above = False
    for one in field.metadata:
        match one:
            case Ge(ge=end) | MinLen(min_length=end):
                least = typing.cast(float, end)
            case Gt(gt=end):
                least, above = typing.cast(float, end), True
            case Le(le=end) | Lt(lt=end) | MaxLen(max_length=end):
                most = typing.cast(float, end)
    if least is not None and least == most:
        return f", exactly {least:,}"
    if least is not None and most is not None:
        return f", {least:,} to {most:,}"
    if least is not None:
        return f", {'above' if above else 'at least'} {least:,}"
    return f", at most {most:,}" if most is not None else ""


def _anchors(text: str) -> dict[str, str]:
    """Where each class has its table: the anchor of the heading above."""
    found: dict[str, str] = {}
    for table in TABLE.finditer(text):
        for part in table[1].split(";"):
            found.setdefault(_part(part)[0], _anchor(text[: table.start()]))
    return found


def _anchor(before: str) -> str:
    """The anchor of the last heading; a comment in an example is none."""
    text = re.sub(r"^```.*?^```", "", before, flags=re.DOTALL | re.MULTILINE)
    heading = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)[-1]
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def main() -> int:
    """Write the page again where a table is not what the types say."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(made(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
