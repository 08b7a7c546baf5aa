"""Who pays, who receives, what for, in what currency: what a setting file says of its country.

Every name of a payer, a perspective or a category in a model is one that its setting declares.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from costmodel.currency import Currency
from costmodel.errors import Problem, nearest, one_of
from costmodel.scenario.fields import Block, Name, Names, Text, each_once, weeks_of
from costmodel.scenario.read import Keys, Tree, parse_file
from costmodel.units import Unit, parse_unit

NOBODY = "nobody"
"""Pays where output is created, and receives where a resource is used up."""
THERAPY, COMPOSITE = "therapy", "composite"
"""The category of a strategy's sessions, and that of an item which covers several categories."""
PACKAGE = Path(__file__).parents[1]
RESERVED = ("all", NOBODY)


class Party(Block):
    """Somebody who pays or receives."""

    name: Text
    """Shown in tables."""
    within: Text
    """The name inside a sentence, with its article.
    One that takes the singular: "the fund has its money back".
    """


class Perspective(Block):
    """Whose accounts are added up."""

    name: Text
    """Shown in tables."""
    within: Text
    """The name inside a sentence, with its article."""
    parties: Names | Literal["all"]
    """The parties whose accounts it adds up, or `all`.
    It holds every party of the perspective before it; the last holds all.
    """


class Category(Block):
    """A line of the ledger."""

    kind: Literal["care", "hospital", "benefit", "tax", "work"] = "care"
    """What it is, for warnings: a hospital's unit is not cheap, and a benefit or a tax has two sides."""


def _currency(value: object) -> object:
    """A currency by its code alone: the symbol of the shipped setting's own, and the code itself for any other."""
    if not isinstance(value, str):
        return value
    return currency_of(value) if value == home().currency.code else {"code": value, "symbol": value}


class Channel(Block):
    """Where money is spent on people that a therapy might take out: a set of categories."""

    name: Text
    """Shown in tables."""
    categories: list[Text] = Field(min_length=1)
    """The categories it holds.
    A category is in one channel at most, and `therapy` in none.
    """
    unmeasured: "Unmeasured | None" = None
    """How far its cost with therapy may lie from the model's where no trial measured it apart.
    It widens an interval that stands beside; no mean, chance or word uses it.
    """


class Unmeasured(Block):
    """A factor of mean 1 that nobody has measured."""

    sd: float = Field(gt=0, le=1)
    """Its standard deviation."""
    source: Text
    """Id of the source that says so."""


class Accounts(Block):
    """The parties of a country, the perspectives on them, categories of costs with their channels, and the currency.

    What is left out is that of the setting that ships.
    """

    currency: Annotated[Currency, BeforeValidator(_currency, json_schema_input_type=str | Currency)]
    """The currency of all prices: a block, or its code alone, which then stands beside every sum."""
    parties: dict[Name, Party] = Field(default_factory=lambda: home().parties, min_length=1, max_length=20)
    """Who pays and receives.
    The first pays for sessions where a therapy does not say.
    """
    perspectives: dict[Name, Perspective] = Field(
        default_factory=lambda: home().perspectives, min_length=1, max_length=10
    )
    """Whose accounts are added up; each holds the parties of the one before, the last all parties."""
    main_perspective: Name | None = None
    """The perspective of an answer where none is asked for; the first if left out.
    The one after it stands beside the answer.
    """
    categories: dict[Text, Category] = Field(default_factory=lambda: home().categories, min_length=1, max_length=40)
    """What money is spent on.
    `therapy` is always one, and `composite` is for items that cover several.
    """
    channels: dict[Name, Channel] = Field(default_factory=lambda: home().channels, min_length=1, max_length=20)
    """Where money is spent on these people without the therapy: named sets of categories.
    Each category but `therapy` is a channel of its own where there are categories and no channels.
    """
    household: Name | None = None
    """The party of the people who are ill: what becomes of its account stands beside the answer."""

    @model_validator(mode="before")
    @classmethod
    def _as_shipped(cls, data: Any) -> Any:
        """What goes with parties and perspectives is left out with them."""
        if not isinstance(data, Mapping):
            return data
        if isinstance(data.get("categories"), Mapping) and "channels" not in data:
            data = {**data, "channels": _one_each(data["categories"])}
        if {"parties", "perspectives"} & data.keys():
            return data
        shipped = {"main_perspective": home().main_perspective, "household": home().household}
        return {**shipped, **data}

    @field_validator("perspectives")
    @classmethod
    def _everybody(cls, perspectives: dict[str, Perspective], info: ValidationInfo) -> dict[str, Perspective]:
        every = {"parties": list(info.data.get("parties", ()))}
        return {
            name: one.model_copy(update=every) if one.parties == "all" else one for name, one in perspectives.items()
        }

    def members(self, perspective: str) -> tuple[str, ...]:
        """The parties of a perspective."""
        return tuple(self.perspectives[perspective].parties)

    @property
    def first(self) -> str:
        """The narrowest perspective."""
        return next(iter(self.perspectives))

    @property
    def main(self) -> str:
        """The perspective of an answer where none is asked for."""
        return self.main_perspective or self.first

    @property
    def second(self) -> str | None:
        """The perspective that stands beside the main one; None where that is the last."""
        names = list(self.perspectives)
        after = names[names.index(self.main) + 1 :]
        return after[0] if after else None

    @property
    def everyone(self) -> str:
        """The perspective of all parties."""
        return list(self.perspectives)[-1]

    @property
    def own(self) -> dict[str, Any]:
        """Parties of each perspective and categories of each channel, where they are not those that ship: they move
        answers.
        """
        ours, shipped = ([(name, one.members(name)) for name in one.perspectives] for one in (self, home()))
        found: dict[str, Any] = {} if ours == shipped else {"perspectives": ours}
        if (channels := self._channels()) != home()._channels():
            found["channels"] = channels
        return found

    def _channels(self) -> list[tuple[str, list[str]]]:
        return [(name, channel.categories) for name, channel in self.channels.items()]

    def channel_of(self, category: str) -> str | None:
        """The channel that holds a category; None for therapy, and for a category that none holds."""
        return next((name for name, channel in self.channels.items() if category in channel.categories), None)

    def asked(self, perspective: str | None) -> str:
        """The perspective that is asked for, the main one where none is. Raises InputError with the nearest name."""
        return self.main if perspective is None else one_of("perspective", perspective, self.perspectives)

    def index(self, perspective: str) -> int:
        """Where a perspective stands among all."""
        return list(self.perspectives).index(perspective)

    def name(self, perspective: str) -> str:
        """A perspective as a table names it."""
        return self.perspectives[perspective].name

    def payer(self, perspective: str) -> str:
        """A perspective inside a sentence."""
        return self.perspectives[perspective].within

    def weight(self, perspective: str, paid_by: str, received_by: str) -> int:
        """What one unit of a flow costs a perspective: 1 if only its payer belongs, −1 if only its receiver, else 0."""
        parties = self.perspectives[perspective].parties
        return (paid_by in parties) - (received_by in parties)


def _one_each(categories: Mapping[Any, Any]) -> dict[str, Any]:
    """Each category but that of sessions as a channel of its own."""
    named = {str(name): re.sub(r"\W+", "_", str(name).casefold()).strip("_") for name in categories if name != THERAPY}
    return {key: {"name": name[:1].upper() + name[1:], "categories": [name]} for name, key in named.items()}


def account(party: str, paid_by: str, received_by: str) -> int:
    """What one unit of a flow costs a party: 1 if it pays, −1 if it receives, else 0."""
    return (paid_by == party) - (received_by == party)


def home() -> Accounts:
    """What a setting file leaves out: the parties, perspectives, categories and currency of the setting that ships."""
    return _shipped()


def currency_of(unit: str) -> Currency | None:
    """The currency in which a unit is, by its code alone; None for what is no money."""
    code = unit.split()[0]
    if not re.fullmatch("[A-Z]{3}", code):
        return None
    return home().currency if code == home().currency.code else Currency(code=code, symbol=code)


def shipped() -> Path:
    """The folder of scenarios of the installed package, or of the checkout."""
    installed = PACKAGE / "scenarios"
    return installed if os.path.isdir(installed) else PACKAGE.parent / "scenarios"


@lru_cache(maxsize=1)
def _shipped() -> Accounts:
    data = parse_file(shipped() / "settings" / "england.yaml").data
    return Accounts.model_validate({key: data[key] for key in Accounts.model_fields if key in data})


def faults(accounts: Accounts, tree: Tree) -> Iterator[Problem]:
    """Names that do not fit each other."""

    def at(*keys: str | int) -> str:
        return str(tree.place(keys))

    if "parties" in tree.data and "perspectives" not in tree.data:
        yield Problem(at("parties"), "there are parties and no perspectives", "Say whose accounts are added up.")
        return
    for kind, names in (("party", accounts.parties), ("perspective", accounts.perspectives)):
        for name in names:
            if name in RESERVED:
                found = f'"{name}" cannot be the name of a {kind}'
                yield Problem(at("parties" if kind == "party" else "perspectives", name), found, "Call it otherwise.")
    before: tuple[str, ...] = ()
    for name, perspective in accounts.perspectives.items():
        keys: Keys = ("perspectives", name, "parties")
        for party in perspective.parties:
            if party not in accounts.parties:
                yield Problem(at(*keys), f'there is no party "{party}"', nearest(party, accounts.parties))
        parties = accounts.members(name)
        if missing := [party for party in before if party not in parties]:
            remedy = "Order them from the narrowest to the widest: each holds the parties of the one before."
            yield Problem(at(*keys), f'"{name}" lacks {", ".join(missing)}, which the one before it holds', remedy)
        before = parties
    if missing := [party for party in accounts.parties if party not in before]:
        found = f"the last perspective lacks {', '.join(missing)}"
        yield Problem(at("perspectives", accounts.everyone), found, "Write parties: all.")
    for key, name_, known in (
        ("main_perspective", accounts.main_perspective, accounts.perspectives),
        ("household", accounts.household, accounts.parties),
    ):
        if name_ and name_ not in known:
            kind = "party" if key == "household" else "perspective"
            yield Problem(at(key), f'there is no {kind} "{name_}"', nearest(name_, known))
    if THERAPY not in accounts.categories:
        yield Problem(at("categories"), f'there is no category "{THERAPY}"', "Add it: sessions are booked there.")
    held: dict[str, str] = {}
    for name, channel in accounts.channels.items() if "channels" in tree.data else ():
        at_channel: Keys = ("channels", name)
        if name in ("all", "total"):
            yield Problem(at(*at_channel), f'"{name}" cannot be the name of a channel', "Call it otherwise.")
        for category in channel.categories:
            where = at(*at_channel, "categories")
            if category not in accounts.categories:
                yield Problem(where, f'there is no category "{category}"', nearest(category, accounts.categories))
            elif category == THERAPY:
                yield Problem(where, "sessions are what is to be paid back, not a channel", f'Leave out "{THERAPY}".')
            elif category in held:
                found = f'"{category}" is also in the channel "{held[category]}": it would be counted twice'
                yield Problem(where, found, "Leave it in one of them.")
            held.setdefault(category, name)
    for name in accounts.categories:
        if name in ("all", "total"):
            yield Problem(at("categories", name), f'"{name}" cannot be the name of a category', "Call it otherwise.")


def of(tree: Tree) -> Accounts:
    """The accounts by which a tree is read: those of its setting, else those that ship."""
    return home() if tree.accounts is None else tree.accounts


def _accounts(info: ValidationInfo) -> Accounts:
    return info.context["accounts"] if info.context else home()


def _known(name: str, known: Collection[str]) -> str:
    if name in known:
        return name
    raise PydanticCustomError("unknown_name", "not known", {"remedy": nearest(name, known)})


def _party(name: str, info: ValidationInfo) -> str:
    return _known(name, _accounts(info).parties)


def _party_or_nobody(name: str, info: ValidationInfo) -> str:
    return _known(name, (*_accounts(info).parties, NOBODY))


def _payer(name: str, info: ValidationInfo) -> str:
    return _party(name or next(iter(_accounts(info).parties)), info)


def _household(name: str, info: ValidationInfo) -> str:
    if not name and not _accounts(info).household:
        raise PydanticCustomError("unknown_name", "not known", {"remedy": "The setting names no household: name it."})
    return _party(name or str(_accounts(info).household), info)


def _category(name: str, info: ValidationInfo) -> str:
    return _known(name, _accounts(info).categories)


def _channel(name: str, info: ValidationInfo) -> str:
    return _known(name, _accounts(info).channels)


def _unit(value: object, info: ValidationInfo) -> Unit:
    currency = _accounts(info).currency
    if not isinstance(value, str):
        raise ValueError(f'wanted: a unit such as "share", "per year" or "{currency.code} per visit"')
    return parse_unit(value, currency, weeks_of(info))


PartyOrNobody = Annotated[str, AfterValidator(_party_or_nobody)]
"""A party of the setting, or `nobody`."""
Payer = Annotated[str, AfterValidator(_payer)]
"""A party of the setting; "" is its first."""
Household = Annotated[str, AfterValidator(_household)]
"""A party of the setting; "" is its household."""
CategoryName = Annotated[str, AfterValidator(_category)]
"""A category of the setting."""
ChannelName = Annotated[str, AfterValidator(_channel)]
ChannelNames = Annotated[
    tuple[ChannelName, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    AfterValidator(each_once),
    Field(min_length=1),
]
"""Channels of the setting, each once."""
UnitText = Annotated[Unit, PlainValidator(_unit), WithJsonSchema({"type": "string"})]
"""A unit of docs/format.md."""
