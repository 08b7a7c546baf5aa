"""Currency, parties and perspectives of the scenarios that ship."""

from functools import partial

from costmodel.scenario.setting import account, home
from costmodel.units import parse_unit

POUNDS = home().currency
PARTIES = tuple(home().parties)
PERSPECTIVES = {name: home().members(name) for name in home().perspectives}
PERSPECTIVE_NAMES = {name: one.name for name, one in home().perspectives.items()}
unit_of = partial(parse_unit, currency=POUNDS)
"""A unit in pounds."""
weight = home().weight
money, short_money = POUNDS.money, POUNDS.short

__all__ = [
    "PARTIES", "PERSPECTIVES", "PERSPECTIVE_NAMES", "POUNDS", "account", "money", "short_money", "unit_of", "weight",
]  # fmt: skip
