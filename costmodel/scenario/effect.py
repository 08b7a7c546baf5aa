"""What a therapy changes, and whom it harms, as types. The text under a field is its documentation."""

from typing import Literal

from pydantic import Field, model_validator

from costmodel.scenario.fields import Block, Moment, Name, Reference, Text, Time, Transition


class Estimand(Block):
    source: Text
    """Source id of the effect."""
    comparator: Text
    """Against what it was measured."""
    outcome: Text
    """The outcome measured."""
    time: Time
    """When it was measured."""
    analysis: Literal["intention to treat", "per protocol", "before and after"]
    """The population analysed; before and after: there was no control group."""
    assumed_for: Text | None = None
    """The scenario's comparator, where the source's was another and the effect is assumed to hold against it too."""


class Dose(Block):
    """How an effect depends on the sessions delivered."""

    studied: Reference
    """Sessions delivered in the source; unit `sessions`. More add nothing."""
    least: Reference
    """The fewest sessions that were studied; unit `sessions`."""
    shape: Reference
    """Exponent of the share of the studied dose, 0 to 1; unit `share`."""


class Effect(Block):
    transition: Transition | None = None
    """The transition whose rate changes; or"""
    quantity: Name | None = None
    """the cost item whose quantity changes."""
    hazard_ratio: Reference | None = None
    """Multiplies the comparator's rate; unit `hazard ratio`."""
    rate: Reference | None = None
    """Replaces the comparator's rate; unit `per year`."""
    relative_risk: Reference | None = None
    """Multiplies the comparator's probability; unit `relative risk`. In models of probabilities."""
    rate_ratio: Reference | None = None
    """Multiplies the quantity of a cost item; unit `rate ratio`."""
    from_: Moment = Field(alias="from")
    """When the effect begins."""
    onset: Time | None = None
    """Time in which it grows to its full size, in a straight line; at full size at once where left out."""
    until: Moment | None = None
    """When it ends, or begins to fade where there is a half-life."""
    half_life: Time | None = None
    """Time in which a fading effect halves."""
    dose: Dose | None = None
    """How it depends on the sessions delivered."""
    optimism: Reference | None = None
    """Share of the effect, on the log scale, that is taken off; unit `share`."""
    controlled_share: Reference | None = None
    """Part of a before–after change, on the log scale, that a control group would not have shown; unit `share`."""
    estimand: Estimand
    """What was estimated, against what, when, and from whom."""

    @model_validator(mode="after")
    def _one_size(self) -> "Effect":
        for names in (("transition", "quantity"), ("hazard_ratio", "rate", "relative_risk", "rate_ratio")):
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) != 1:
                raise ValueError(
                    f"an effect has exactly one of {', '.join(names)}; found: {', '.join(given) or 'none'}"
                )
        if (self.quantity is None) != (self.rate_ratio is None):
            raise ValueError("the effect on a quantity is a rate_ratio, and that on a transition is not")
        return self

    @property
    def size(self) -> str | int:
        """The reference to how large it is."""
        sizes = (self.hazard_ratio, self.rate, self.relative_risk, self.rate_ratio)
        return next(size for size in sizes if size is not None)

    @property
    def target(self) -> str:
        """What changes: a transition by its arrow, or a cost item by its name."""
        return " -> ".join(self.transition) if self.transition else str(self.quantity)


class Harm(Block):
    label: Text
    """What happens to them."""
    share: Reference
    """Share of those who start; unit `share`."""
    utility_loss: Reference
    """Loss of utility while it lasts; unit `utility`."""
    from_: Moment = Field(alias="from")
    """When it begins."""
    lasting: Time
    """How long it lasts."""
