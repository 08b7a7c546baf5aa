"""The kinds of value that a field of a scenario file may hold."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from reprlib import Repr
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from costmodel.inputs.prices import parse_price_year
from costmodel.units import WEEKS_A_YEAR, Duration, parse_duration

RESERVED = ("dead", "others", "all", "remainder")


SHORT = Repr()
SHORT.maxother = SHORT.maxstring = 40
SHORT.maxlevel, SHORT.maxdict, SHORT.maxlist = 1, 2, 2
"""How much of a block is shown."""


class Block(BaseModel):
    """Base of every block: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def __repr__(self) -> str:
        """The keys that were given, each of a few words: a whole model is no line of a notebook."""
        given = (f"{key}={SHORT.repr(value)}" for key, value in self if key in self.model_fields_set)
        return f"{type(self).__name__}({', '.join(given)})"


def _version(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("wanted: 1, the version of this grammar")
    return value


Version = Annotated[Literal[1], BeforeValidator(_version)]
"""The version of the grammar; `true` and `1.0` are not 1."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""Lower-case ASCII letters, digits and _, beginning with a letter."""


def _catalogue_name(text: str) -> str:
    if not re.fullmatch(r"[^./\\:\x00-\x1f][^/\\:\x00-\x1f]{0,99}", text):
        raise ValueError("wanted: the name of a folder or file among the scenarios, not a path")
    return text


CatalogueName = Annotated[str, AfterValidator(_catalogue_name)]
"""The name of a folder or file of the catalogue: no path, and nothing hidden."""


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("wanted: a SHA-256, 64 hexadecimal digits")
    return text


Digest = Annotated[str, AfterValidator(_digest)]
"""A SHA-256 in hexadecimal digits."""


NamesT = TypeVar("NamesT", list[str], tuple[str, ...])


def each_once(names: NamesT) -> NamesT:
    """The same names. Raises ValueError where one stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f'"{name}" stands twice; keep one')
        seen.add(name)
    return names


Names = Annotated[list[Name], AfterValidator(each_once)]
"""Names, each once: what is counted twice is wrong."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=5_000, strip_whitespace=True)]
"""Shown to people, never interpreted."""


def _reference(value: object) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("wanted: the name of a parameter; declare the number under parameters with its source")
    if isinstance(value, int) and value not in (0, 1):
        raise ValueError("only 0 and 1 may stand literally; declare the number under parameters with its source")
    if isinstance(value, str) and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("a parameter's name has lower-case ASCII letters, digits and _")
    return value


Reference = Annotated[
    str | int, PlainValidator(_reference), WithJsonSchema({"anyOf": [{"type": "string"}, {"enum": [0, 1]}]})
]
"""The name of a parameter, or the structural number 0 or 1."""


def _transition(value: object) -> tuple[str, str]:
    match = re.fullmatch(r"([a-z][a-z0-9_]*) -> ([a-z][a-z0-9_]*)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError('wanted: "from -> to", two states with an arrow between')
    return match[1], match[2]


Transition = Annotated[tuple[str, str], PlainValidator(_transition), WithJsonSchema({"type": "string"})]
"""`from -> to`."""


def weeks_of(info: ValidationInfo) -> float:
    """Weeks in a year of the model that is read."""
    return float(info.context["weeks_a_year"]) if info.context else WEEKS_A_YEAR


def _duration(value: object, info: ValidationInfo) -> Duration:
    if not isinstance(value, str):
        raise ValueError('wanted: a number with a unit word, such as "18 months" or "10 years"')
    return parse_duration(value, zero_allowed=True, weeks_a_year=weeks_of(info))


Time = Annotated[Duration, PlainValidator(_duration), WithJsonSchema({"type": "string", "examples": ["18 months"]})]
"""A duration with its unit word."""


def _span(value: object, info: ValidationInfo) -> Duration:
    _duration(value, info)
    return parse_duration(value, weeks_a_year=weeks_of(info))


Span = Annotated[Duration, PlainValidator(_span), WithJsonSchema({"type": "string", "examples": ["18 months"]})]
"""A duration above 0 with its unit word."""


def _financial_year(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError('wanted: a financial year such as "2024/25"')
    return parse_price_year(value)


PriceYear = Annotated[str, BeforeValidator(_financial_year)]
"""A financial year, `2024/25`, or a calendar year, `2024`."""


def _named_or(read: Callable[[object, ValidationInfo], Duration]) -> Callable[[object, ValidationInfo], Duration | str]:
    """The name of a parameter as it is; everything else as a duration."""

    def either(value: object, info: ValidationInfo) -> Duration | str:
        named = isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value)
        return value if named and isinstance(value, str) else read(value, info)

    return either


_NAMED_TIME = WithJsonSchema({"type": "string", "examples": ["18 months", "half_life_of_gains"]})
DrawnTime = Annotated[Duration | str, PlainValidator(_named_or(_duration)), _NAMED_TIME]
"""A duration, or the name of a parameter in months or years."""
DrawnSpan = Annotated[Duration | str, PlainValidator(_named_or(_span)), _NAMED_TIME]
"""A duration above 0, or the name of a parameter in months or years."""


@dataclass(frozen=True)
class Instant:
    """A moment on a strategy's clock: an anchor and months after it, or another moment where that is later."""

    anchor: Literal["referral", "start of therapy", "end of therapy", "follow-up", "horizon"]
    months: float
    text: str
    or_later: "Instant | None" = None

    @property
    def anchors(self) -> tuple[str, ...]:
        """Its anchor, and that of the other moment."""
        return (self.anchor, *(self.or_later.anchors if self.or_later else ()))


_INSTANT = re.compile(r"(referral|start of therapy|end of therapy|follow-up|horizon)(?: \+ (.+))?")


def _instant(value: object, info: ValidationInfo) -> Instant:
    if isinstance(value, str) and (both := re.fullmatch("later of (.+?) and (.+)", value)):
        first, second = (_instant(part, info) for part in both.groups())
        return replace(first, text=value, or_later=second)
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if not match or (match[1] == "horizon" and match[2]):
        raise ValueError(
            'wanted: "referral", "start of therapy", "end of therapy" or "follow-up", '
            'each optionally "+ 6 months", "horizon", or "later of" one "and" another'
        )
    anchor: Any = match[1]
    after = parse_duration(match[2], zero_allowed=True, weeks_a_year=weeks_of(info)).months if match[2] else 0.0
    return Instant(anchor, after, match[0])


Moment = Annotated[Instant, PlainValidator(_instant), WithJsonSchema({"type": "string"})]
"""An instant: an anchor, optionally with a duration after it, or the later of two."""
