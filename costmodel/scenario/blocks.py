"""The blocks of a model file as types.

The text under a field is its documentation: it flows to the JSON schema and to docs/format.md (`python -m
scripts.format_tables`), and its first line to error messages.
"""

from typing import Literal, get_args

from pydantic import Field, model_validator

from costmodel.scenario.fields import Block, DrawnSpan, DrawnTime, Moment, Name, Reference, Span, Text, Time, Transition
from costmodel.scenario.parameter import Status
from costmodel.scenario.setting import COMPOSITE, NOBODY, THERAPY, CategoryName, ChannelNames, PartyOrNobody, Payer

PAID_WORK = "paid work"
"""What an effect on jobs changes; the name of no cost item."""


class Estimand(Block):
    source: Text
    """Source id of the effect."""
    comparator: Text
    """Against what it was measured.
    The label of the scenario's comparator, unless `assumed_for` is given.
    """
    outcome: Text
    """The outcome measured."""
    time: Time
    """When it was measured."""
    analysis: Literal["intention to treat", "observed cases", "per protocol", "before and after"]
    """The population analysed; observed cases: those measured; before and after: there was no control group."""
    assumed_for: Text | None = None
    """The scenario's comparator, where the source's was another and the effect is assumed to hold against it too."""


DOSE_RULES = ("shape", "half_dose", "flat_from")
"""Keys of a dose that say how it works, of which it has one."""


class Dose(Block):
    """How an effect depends on the sessions delivered."""

    studied: Reference
    """Sessions delivered in the source; unit `sessions`. More add nothing."""
    shape: Reference | None = None
    """Exponent of the share of the studied dose, 0 to 1; unit `share`.
    One of `shape`, `half_dose` and `flat_from`.
    """
    least: Reference | None = None
    """The fewest sessions that were studied; unit `sessions`. With `shape`, and only there."""
    half_dose: Reference | None = None
    """Sessions that do half of what ever more of them would; unit `sessions`."""
    flat_from: Reference | None = None
    """Sessions from which more add nothing; below them it falls to 0 in proportion; unit `sessions`."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Dose":
        given = [rule for rule in DOSE_RULES if getattr(self, rule) is not None]
        if len(given) != 1:
            raise ValueError(f"a dose has exactly one of {', '.join(DOSE_RULES)}; found: {', '.join(given) or 'none'}")
        if (self.shape is None) != (self.least is None):
            raise ValueError("shape and least come together")
        return self

    @property
    def rule(self) -> tuple[str, str | int]:
        """Which of DOSE_RULES it has, and the reference to its number."""
        return next((rule, number) for rule in DOSE_RULES if (number := getattr(self, rule)) is not None)


class Purse(Block):
    low: Reference | None = None
    """The least, a person-year; unit `GBP per year`, in the setting's currency."""
    high: Reference | None = None
    """The most; unit as of `low`. The ratio changes no more than this sum a person-year, in falls and rises alike."""

    @model_validator(mode="after")
    def _one_end(self) -> "Purse":
        if self.low is None and self.high is None:
            raise ValueError("a purse has a low, a high or both: leave it out where trials saw any")
        return self


class Effect(Block):
    transition: Transition | None = None
    """The transition whose rate changes; either this, `quantity` or `channels`."""
    quantity: Name | None = None
    """The cost item that changes.
    With `rate_ratio` its quantity, as the strategy's people use it; with `cost_ratio` what it costs, as `channels` do.
    """
    channels: ChannelNames | None = None
    """The channels of the setting on which less or more is spent than on the comparator's people.
    Every item of these channels then costs what the comparator's people cost in the same cycle, times the ratio: what
    recovery would change besides is inside the ratio.
    """
    jobs: Reference | None = None
    """Extra people in paid work of 100 who start, fewer if negative; unit `people per 100`.
    Instead of a target and a ratio. Who they are and what money a job moves stands in `work`.
    """
    hazard_ratio: Reference | None = None
    """Multiplies the comparator's rate; unit `hazard ratio`.
    On a transition, either this or `rate`.
    """
    rate: Reference | None = None
    """Replaces the comparator's rate; unit `per year`.
    Instead of a hazard ratio, where the comparator's rate is near zero.
    """
    relative_risk: Reference | None = None
    """Multiplies the comparator's probability; unit `relative risk`. In models of probabilities.
    `from` and `until` are whole cycles.
    """
    rate_ratio: Reference | None = None
    """Multiplies the quantity of a cost item; unit `rate ratio`.
    With `quantity`, and only there.
    """
    cost_ratio: Reference | None = None
    """Multiplies the comparator's cost of `channels`, or of the item `quantity`, when it is whole; unit `cost ratio`.
    While it grows or fades it is raised to a power from 0 to 1, worked out in the middle of each month.
    """
    purse: Purse | None = None
    """What `channels` together cost a person-year where trials saw the effect; with `channels` only.
    It is compared with what the comparator's people cost, of all strata together.
    """
    from_: Moment = Field(alias="from")
    """When the effect begins."""
    onset: DrawnTime | None = None
    """Time in which it grows to its full size, in a straight line; at full size at once where left out.
    It is whole before it ends or fades; in a draw in which it is not, it ends or fades from as far as it has grown.
    """
    until: Moment | None = None
    """When it ends, or begins to fade where there is a half-life."""
    half_life: DrawnSpan | None = None
    """Time in which a fading effect halves.
    Instead of ending at `until` (or at `from`) it halves every so often. One of `until` and `half_life` is required:
    silence about durability is refused.
    """
    dose: Dose | None = None
    """How it depends on the sessions delivered."""
    optimism: Reference | None = None
    """Share of the effect, on the log scale, that is taken off; unit `share`.
    The ratio becomes ratio^(1 − optimism).
    """
    controlled_share: Reference | None = None
    """Part of a before–after change, on the log scale, that a control group would not have shown; unit `share`.
    The ratio of an uncontrolled change in a quantity becomes ratio^share. Required with `analysis: before and after`,
    and only there.
    """
    estimand: Estimand
    """What was estimated, against what, when, and from whom."""

    @model_validator(mode="after")
    def _one_size(self) -> "Effect":
        sizes = ("hazard_ratio", "rate", "relative_risk", "rate_ratio", "cost_ratio", "jobs")
        for names in (("transition", "quantity", "channels", "jobs"), sizes):
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) != 1:
                raise ValueError(
                    f"an effect has exactly one of {', '.join(names)}; found: {', '.join(given) or 'none'}"
                )
        if (self.quantity is None) != (self.rate_ratio is None) and not self.on_cost:
            raise ValueError("the effect on a quantity is a rate_ratio or a cost_ratio; a rate_ratio is on no other")
        if (self.channels or self.cost_ratio is not None) and not self.on_cost:
            raise ValueError("the effect on channels is a cost_ratio, which stands with channels or a quantity")
        if self.purse is not None and self.channels is None:
            raise ValueError("a purse is what channels cost: leave it out of other effects")
        return self

    @property
    def on_cost(self) -> bool:
        """Whether it acts on what the comparator's people cost, in channels or for an item."""
        return self.cost_ratio is not None and bool(self.channels or self.quantity)

    @property
    def size(self) -> str | int:
        """The reference to how large it is."""
        sizes = (self.hazard_ratio, self.rate, self.relative_risk, self.rate_ratio, self.cost_ratio, self.jobs)
        return next(size for size in sizes if size is not None)

    @property
    def target(self) -> str:
        """What changes: a transition by its arrow, a cost item by its name, channels, or paid work."""
        if self.jobs is not None:
            return PAID_WORK
        if self.channels:
            return ", ".join(self.channels)
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
    lasting: Span
    """How long it lasts."""


class Cohort(Block):
    age: Reference | None = None
    """Age at referral; unit `years`. Left out only where probabilities of death are given."""
    female: Reference | None = None
    """Share of women; unit `share`. Left out only where probabilities of death are given."""
    start: dict[Name, Reference]
    """Shares of the cohort in each state at referral; they sum to 1."""


class OwnCohort(Block):
    start: dict[Name, Reference] = Field(min_length=1)
    """Shares of the strategy's people in each state at referral; they sum to 1."""


class Mortality(Block):
    table: Name
    """A life table of the setting.
    The table's hazards of women and men are mixed by the share of each still alive, change at birthdays, and the last
    age is continued.
    """
    rate_ratio: Reference | None = None
    """Multiplies the table's hazard in every living state that `rate_ratios` does not name; unit `rate ratio`.
    One ratio for all states sees to it that no saving comes from deaths.
    """
    rate_ratios: dict[Name, Reference] = {}
    """Multiplies the table's hazard in a state; unit `rate ratio`.
    Every state needs a ratio. Deaths beside the table's, such as suicides, are transitions to `dead`.
    """

    def ratio(self, state: str) -> str | int:
        """The reference to the ratio in a state."""
        return self.rate_ratios.get(state, 1 if self.rate_ratio is None else self.rate_ratio)


class Therapy(Block):
    sessions: Reference
    """Sessions planned; unit `sessions`."""
    over: Span
    """From the first session to the last."""
    wait: Time
    """From referral to the first session."""
    attendance: Reference
    """Sessions delivered as a share of those planned, among all who start; unit `share`.
    It contains drop-out and death.
    """
    price: Reference
    """Price of a session, paid when it happens; unit `CUR per session`, in the setting's currency."""
    set_up: Reference = 0
    """Paid once, at the first session; unit `CUR per person`."""
    per_session: dict[Name, Reference] = {}
    """What a session takes of cost items beside its price: the patient's hours, a journey, supervision.
    Quantity by item: 0, 1, or a parameter with the unit `share` or `multiplier`. People do not use these items by
    themselves: their `while_in` is 0.
    """
    once: dict[Name, Reference] = {}
    """What a course takes of cost items, once, at its first session: training.
    Quantity by item, as in `per_session`.
    """
    paid_by: Payer = Field(default="", validate_default=True)
    """The party that pays for sessions; the setting's first if left out."""


class MatricesBlock(Block):
    """Transition probabilities as a table, for models too large to declare one by one."""

    file: Text
    """CSV with columns first, last (cycles from 1), from, and one for each state and `dead`.
    In any order. Rows sum to 1 within a millionth and are never rescaled.
    """
    period: Time
    """The time over which the probabilities are stated; the model's cycle."""
    source: Text
    """Source id."""
    status: Status
    """How we know them."""


class Strategy(Block):
    label: Text
    """Shown name.
    No other strategy has it (likewise of alternatives and strata).
    """
    therapy: Therapy | None = None
    """The sessions and their price; absent in usual care."""
    effects: dict[Name, Effect] = {}
    """What the therapy changes."""
    harms: dict[Name, Harm] = {}
    """What it does to some who start."""
    cohort: OwnCohort | None = None
    """Where its people are at referral, if not where the comparator's are: a screening finds cases."""
    transitions: dict[str, Reference] = {}
    """Rates or probabilities of its own, by `from -> to`.
    With rates, a transition of the model that no effect of the strategy changes.
    """
    matrices: MatricesBlock | None = None
    """Probabilities of its own as a table. In models of probabilities."""
    utilities: dict[Name, Reference] = {}
    """Utilities of its own, by state; unit `utility`. In models of probabilities."""


class Alternative(Block):
    label: Text
    """The structure in a few words."""
    weight: Reference
    """Weight in the mixture of outcomes; judgement, not probability; unit `share`.
    The weights sum to 1.
    """
    change: dict[str, object] = {}
    """Paths and new values, as in an overlay."""
    add: dict[str, object] = {}
    """Paths that do not exist yet."""
    remove: list[str] = []
    """Paths to take away."""


class MoneyUse(Alternative):
    label: Text
    """What is spent otherwise, in a few words."""
    change: dict[str, object] = {}
    """Paths and new values, as in an overlay: effects that are not on transitions, and quantities of items."""


Convention = Literal["reading", "price", "form", "dial"]
"""What a convention about money is about."""
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)


class MoneyAlternative(Block):
    label: Text
    """What its chances are given, in a few words, as "at the prices of the national accounts".
    No other has it. Every chance of its run says it.
    """
    kind: Literal["reading", "price", "form", "dial", "none"]
    """What it is about: how the money is read, its `price` basis, the `form` of an effect, the `dial` of evidence.
    Its words take the place of those that `money_base` has of this kind; those of `none` stand beside them.
    """
    change: dict[str, object] = {}
    """Paths and new values, as in an overlay: what moves money, and neither people nor health."""
    add: dict[str, object] = {}
    """Paths that do not exist yet."""
    remove: list[str] = []
    """Paths to take away."""

    @model_validator(mode="before")
    @classmethod
    def _side_by_side(cls, data: object) -> object:
        if isinstance(data, dict) and "weight" in data:
            raise ValueError("conventions stand side by side and are never averaged: leave its weight out")
        if isinstance(data, dict) and not any(data.get(key) for key in ("change", "add", "remove")):
            raise ValueError("it changes nothing: fill change, add or remove")
        return data


class Stratum(Block):
    label: Text
    """Who they are."""
    share: Reference
    """Share of the cohort; the shares sum to 1 in every draw; unit `share`."""
    change: dict[str, object] = {}
    """Paths and new values, as in an overlay."""
    add: dict[str, object] = {}
    """Paths that do not exist yet."""
    remove: list[str] = []
    """Paths to take away."""


class CostItem(Block):
    label: Text
    """Shown name."""
    category: CategoryName
    """The line of the ledger it belongs to."""
    paid_by: PartyOrNobody
    """Who pays; nobody where output is created."""
    received_by: PartyOrNobody = NOBODY
    """Who receives; nobody where a resource is used up."""
    price: Reference
    """Price of one unit; unit `CUR per …`.
    Always positive, with price year.
    """
    while_in: dict[Name, Reference]
    """Quantity per person-year in each state; `others` stands for the states not named.
    Every state must be covered.
    """
    on_transition: dict[str, Reference] = {}
    """Quantity at each transition, by `from -> to`; with rates, of those who make it by its own rate.
    0, 1, or a parameter with the unit `share` or `multiplier`.
    """
    at_start: Reference = 0
    """Quantity at time 0, never discounted nor weighted. In models of probabilities."""
    only_in: list[Name] = []
    """The strategies that use it; all where left out. In models of probabilities."""
    causal_share: Reference | None = None
    """Part of the gap between states that moving a person closes; unit `share`.
    Required where quantities differ by state.
    """
    gap_from: Name | None = None
    """The state whose quantity is taken as observed.
    Required with `causal_share`; others are `q(gap_from) + causal_share × (q − q(gap_from))`.
    """
    cashable: Reference
    """Part of a reduction that releases cash; unit `share`."""
    lag: Time
    """From the reduction to the cash.
    A whole number of cycles.
    """
    covers: list[CategoryName] = []
    """The categories that a composite contains.
    Required for `composite`, which is refused beside an item of a category that it covers.
    """

    @model_validator(mode="after")
    def _complete(self) -> "CostItem":
        if self.paid_by == self.received_by:
            raise ValueError("a flow needs a payer or a receiver, and they differ")
        if (self.category == COMPOSITE) != bool(self.covers):
            raise ValueError("a composite, and only a composite, says which categories it covers")
        if self.category == THERAPY and self.used:
            raise ValueError(
                "the cost of therapy comes from the strategy's therapy block: its sessions, and items of which they "
                "take some (per_session, once) and people nothing (while_in is 0)"
            )
        if (self.causal_share is None) != (self.gap_from is None):
            raise ValueError("causal_share and gap_from come together")
        return self

    @property
    def used(self) -> bool:
        """Whether people use it by themselves, and not sessions alone."""
        return {*self.while_in.values(), *self.on_transition.values(), self.at_start} != {0}

    def quantity(self, state: str) -> str | int:
        """The reference to the quantity in a state."""
        return self.while_in.get(state, self.while_in.get("others", 0))


class Group(Block):
    """Parameters that are drawn together."""

    together: Literal["dirichlet", "correlated"]
    """Shares that sum to 1 in every draw, or numbers that go together."""
    members: list[Name] = Field(min_length=2, max_length=40)
    """Parameters with distributions of their own, which stay as they are.
    A parameter belongs to one group at most.
    """
    correlation: float | list[list[float]] | None = None
    """Of normal scores: one for every pair, or a matrix in the order of the members.
    With `correlated`, and only there.
    """
