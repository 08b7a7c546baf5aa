"""The file of a locked scenario as types: reasons, findings and sources, and no key that could hold a number."""

from typing import Literal

from pydantic import Field

from costmodel.scenario.fields import Block, Name, Text, Version
from costmodel.scenario.parameter import Status

Sources = list[Text]
"""Ids of the sources files."""


class Refusal(Block):
    because: Text
    """Why no answer is given."""
    source: Sources = Field(min_length=1)
    """Ids of the sources behind it."""
    instead: Text
    """What stands in the place of an answer."""


class Finding(Block):
    about: Text
    """What was studied, in a few words."""
    says: Text
    """What was found, in words."""
    source: Sources = Field(min_length=1)
    """Ids of its sources."""
    status: Status
    """How we know it. `recalled` is shown as "to be checked"."""


class LockedFile(Block):
    """A population for which no answer may be given: it has no strategies, costs or parameters."""

    format: Version
    """The version of this grammar."""
    title: Text
    """Shown where a title would stand."""
    label: Name
    """The scenario's word in menus."""
    population: Text
    """Who it is about."""
    description: Text | None = None
    """A paragraph for the first screen."""
    model: Literal["locked"]
    """Says that there is no model."""
    setting: Text
    """The setting file, from this file's folder; only its sources are used."""
    sources: Text | None = None
    """A sources file of its own, beside the setting's."""
    refusal: Refusal
    """Why, on whose word, and what stands instead."""
    findings: list[Finding] = Field(min_length=1, max_length=40)
    """What the studies found: text, not a business case."""
    leaves_out: list[Text]
    """What this leaves out."""
