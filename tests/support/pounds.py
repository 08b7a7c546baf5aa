"""The currency of the scenarios that ship."""

from functools import partial

from costmodel.scenario.setting import home
from costmodel.units import parse_unit

POUNDS = home().currency
unit_of = partial(parse_unit, currency=POUNDS)
"""A unit in pounds."""
