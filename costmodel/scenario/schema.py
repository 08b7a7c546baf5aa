"""The scenario file as types. The text under a field is its documentation, as in `blocks`."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from costmodel.scenario.blocks import (
    Alternative,
    Cohort,
    Convention,
    CostItem,
    Group,
    MatricesBlock,
    MoneyAlternative,
    MoneyUse,
    Mortality,
    Strategy,
    Stratum,
)
from costmodel.scenario.fields import (
    Block,
    CatalogueName,
    Digest,
    Name,
    Names,
    PriceYear,
    Reference,
    Span,
    Text,
    Version,
)
from costmodel.scenario.parameter import INTERNAL, Parameter, Status
from costmodel.scenario.setting import Accounts
from costmodel.scenario.work import Work
from costmodel.units import CYCLE_WEEKS_A_YEAR, WEEKS_A_YEAR

NOT_YET = {
    "subgroups": "",
    "budget": "The people who enter each year cannot be followed here: multiply the result for one by their number.",
    "difference": "",
    "odds_ratio": "",
    "smd": "",
    "real_growth": "",
    "vat": "",
}
"""Keys of the grammar that are refused as "not yet supported", some at one place only; and what to do instead."""
TOO_MANY = {
    "strategies": "Put the others into a second scenario with the same first strategy: each is compared with it.",
}
"""What to do where a block has more entries than it may."""

CYCLES_OF_WEEKS = ("1 week", "2 weeks", "4 weeks")
"""Cycles that only a model of probabilities may have."""


def weeks_a_year(cycle: object) -> float:
    """Weeks in a year of a model with such a cycle."""
    return CYCLE_WEEKS_A_YEAR if cycle in CYCLES_OF_WEEKS else WEEKS_A_YEAR


def _cycle(value: object, info: ValidationInfo) -> object:
    months = [length for length in get_args(Length) if length not in CYCLES_OF_WEEKS]
    if (info.context or {}).get("model") == "rates" and value not in months:
        allowed = f"Allowed: {', '.join(map(repr, months[:-1]))} or {months[-1]!r}"
        remedy = f"{allowed}; with rates the length of a cycle does not bias the answer."
        raise PydanticCustomError("unknown_name", "not with rates", {"remedy": remedy})
    return value


Length = Literal["1 month", "2 months", "3 months", "4 months", "6 months", "12 months", "1 week", "2 weeks", "4 weeks"]
Cycle = Annotated[Length, BeforeValidator(_cycle)]


class Score(Block):
    label: Text
    """Shown name."""
    while_in: dict[Name, Reference]
    """The mean score of people in each state; `others` stands for the states not named; unit `points`.
    Or with unit `share`, the share of them on one side of a cut-off, 0 and 1 among them.
    """
    spread: dict[Name, Reference] = {}
    """The standard deviation of their scores within each state, 0 where left out; unit `points`."""

    def references(self, states: Iterable[str], spread: bool = False) -> list[str | int]:
        """References to the mean score of each state, or to the standard deviation within it."""
        given = self.spread if spread else self.while_in
        return [given.get(state, given.get("others", 0)) for state in states]


class ModelFile(Block):
    """A decision problem: one population, its strategies, costs and every number behind them."""

    format: Version
    """The version of this grammar."""
    title: Text
    """Shown on every output.
    The dashboard's menu shows a title "therapy for people" as "People: therapy".
    """
    label: Name
    """The scenario's word in menus: base, cautious, favourable."""
    population: Text
    """Who is treated.
    Shown on every output.
    """
    description: Text | None = None
    """A paragraph for the first screen."""
    lacks: Text | None = None
    """What evidence is wanting, in a sentence: the first line of an answer."""
    outside_verdicts: Text | None = None
    """What a named scenario takes for granted beyond the evidence, in a sentence.
    A verdict then prints it and gives no word.
    """
    model: Literal["rates", "probabilities"]
    """How transitions are given: as rates per year, or as probabilities per cycle (published textbook models)."""
    setting: Text
    """The setting file, from this file's folder.
    Place, price year, life table, discounting.
    """
    sources: Text | None = None
    """A sources file of its own, beside the setting's.
    A path from this file's folder; an id stands in one of the two files.
    """
    follow_up: Span
    """The evidence's last observation; the headline's horizon.
    A whole number of cycles.
    """
    beyond_follow_up: Literal["effects cease", "effects persist", "gap closes"]
    """What happens to effects that were observed until the follow-up.
    That is, to those whose `until` is `follow-up`.
    """
    horizon: Span
    """How far the model looks; a whole number of cycles.
    At most 100 years.
    """
    cycle: Cycle = "1 month"
    """Step of calculation; with rates it does not bias the answer.
    Rates, effects and sums change or end where a cycle does; a time inside a cycle is refused. Weeks are for models of
    probabilities, whose year then is 52 weeks.
    """
    people: int = Field(default=100, ge=1, le=10_000_000)
    """Size of the group in which results are worded."""
    cohort: Cohort
    """Who they are at referral."""
    states: dict[Name, Text] = Field(min_length=1, max_length=40)
    """Clinical states with their definitions; `dead` exists always.
    A definition says who is placed there.
    """
    mortality: Mortality | None = None
    """Deaths; required with rates, and no part of a model of probabilities."""
    counting: Literal["start", "end", "life-table", "half-cycle", "weights"] | None = None
    """Who counts in a cycle; required with probabilities.
    Those at its `start`, at its `end`, or the mean of both (`life-table`); or the people at each instant 0 … n with
    weights: `half-cycle` (½, 1, …, 1, ½) or `weights`.
    """
    weights: list[float] | None = Field(default=None, max_length=1_201)
    """Weight of each instant 0 … n, where `counting: weights`.
    n + 1 numbers from 0, taken literally.
    """
    discounting: Literal["start of cycle", "middle of cycle", "end of cycle", "at each count"] | None = None
    """When a cycle is discounted; required with probabilities.
    `half-cycle` and `weights` are discounted `at each count`, the others at a point of the cycle.
    """
    absorbing: list[Name] = []
    """States that nobody leaves, beside `dead`. In models of probabilities."""
    transitions: dict[str, Reference] = {}
    """Usual care, by `from -> to`: rates per year, or probabilities (`remainder`: what the others leave).
    A transition that is not declared cannot happen. A rate to `dead` adds to the deaths of `mortality`.
    """
    matrices: MatricesBlock | None = None
    """Probabilities of all strategies as a table. In models of probabilities.
    Instead of `transitions`.
    """
    qalys_on_transition: dict[str, Reference] = {}
    """QALYs gained, or lost if negative, at a transition; unit `utility`.
    By `from -> to`, for each person who makes the transition.
    """
    utilities: dict[Name, Reference]
    """Utility of each state; unit `utility`."""
    scores: dict[Name, Score] = {}
    """Scores by which studies describe people, as states have them; they move no answer.
    Calibration and targets ask for them.
    """
    strategies: dict[Name, Strategy] = Field(min_length=2, max_length=20)
    """The first is the comparator; there are at least two."""
    alternatives: dict[Name, Alternative] = {}
    """Structures for the same question, weighted."""
    strata: dict[Name, Stratum] = {}
    """Shares of the cohort that differ in use or in response."""
    money_mixture: dict[Name, MoneyUse] = {}
    """Uses of care that are weighted: like alternatives, and beside them, of the same people."""
    money_base: dict[Convention, Text] = {}
    """What every chance of the base is given, by kind: `price: at staff prices`, `form: as a fraction`.
    Each is the words of what `money_alternatives` replace.
    """
    money_alternatives: dict[Name, MoneyAlternative] = {}
    """Conventions about money side by side, each run on the same people; never drawn and never averaged."""
    costs: dict[Name, CostItem]
    """What is used, by whom it is paid, by whom received."""
    work: Work | None = None
    """Who moves into paid work by effects on jobs, and what a job moves. In models of rates."""
    groups: dict[Name, Group] = {}
    """Parameters that are drawn together."""
    price_basis: Name | None = None
    """The parameter whose chosen option names the price basis in the headline.
    Where left out, each therapy's own `price`.
    """
    leaves_out: list[Text]
    """What the model leaves out.
    Shown beside the answer.
    """
    parameters: dict[Name, Parameter]
    """Every number, with its source."""

    @property
    def in_probabilities(self) -> bool:
        """Whether transitions are given as probabilities per cycle."""
        return self.model == "probabilities"

    @property
    def health(self) -> bool:
        """Whether health is modelled: a state or a transition has a value of it."""
        return any(one != 0 for one in (*self.utilities.values(), *self.qalys_on_transition.values()))

    @property
    def weighted(self) -> dict[str, Alternative]:
        """Alternatives and weighted uses of money by name: what results are mixed of."""
        return {**self.alternatives, **self.money_mixture}

    @property
    def deaths(self) -> Mortality:
        """Deaths of a model of rates."""
        assert self.mortality is not None, "a model of probabilities has its deaths among the transitions"
        return self.mortality


class SettingFile(Accounts):
    """A place: who pays, in what currency, prices, life table, discounting."""

    format: Version
    """The version of this grammar."""
    title: Text
    """The place's name."""
    price_year: PriceYear
    """The year in whose prices all money is shown."""
    sources: Text
    """The sources file."""
    price_indices: dict[Name, Text]
    """Price indices by name: CSV files."""
    life_tables: dict[Name, Text]
    """Life tables by name: CSV files."""
    discount: "Discount"
    """Discount rates per year."""
    thresholds: Names = Field(min_length=1)
    """Parameters: the value of a QALY; the first is used for net monetary benefit."""
    qaly_ranges: list["QalyRange"] = []
    """Ranges in which a QALY is worth its money.
    The first is that of the verdict's line on health, others stand beside it; left out, a verdict names none.
    """
    parameters: dict[Name, Parameter]
    """Prices and methods of the place."""

    @field_validator("qaly_ranges")
    @classmethod
    def _between_thresholds(cls, ranges: list["QalyRange"], info: ValidationInfo) -> list["QalyRange"]:
        for one in ranges:
            for end in (one.low, one.high):
                if end not in info.data.get("thresholds", (end,)):
                    raise ValueError(f'"{end}" is not among the thresholds; add it there')
        return ranges

    @property
    def prices(self) -> str:
        """The unit of a table of money: the currency's symbol and the year of prices."""
        return f"{self.currency.symbol} of {self.price_year}"


class QalyRange(Block):
    """Between which values of a QALY those who judge decide."""

    within: Text
    """The name inside a sentence, as "NICE's range"."""
    low: Name
    """The lower end: one of `thresholds`."""
    high: Name
    """The upper end: one of `thresholds`."""


class Discount(Block):
    costs: Reference
    """For money; unit `discount rate`."""
    health: Reference
    """For QALYs; unit `discount rate`."""


class Source(Block):
    citation: Text
    """Who says it."""
    where: Text
    """Where it was seen."""
    figure: Text
    """What it says."""
    status: Literal["read", "derived", "recalled", "assumption"]
    """How we know.
    It was `read`, `derived`, `recalled`, or is an `assumption` of ours. A parameter may not claim a better status than
    the best of its sources.
    """


class SourcesFile(Block):
    """Who says what."""

    sources: dict[str, Source]
    """By id."""


class Base(Block):
    """Which scenario a file of changes that was saved belongs to: names of the catalogue, never paths."""

    population: CatalogueName
    """The folder of the population among the scenarios."""
    file: CatalogueName
    """The scenario file in it."""
    sha256: Digest
    """Of that scenario when the file was saved."""
    changed_sha256: Digest
    """Of the scenario with the changes."""
    engine: Text
    """The program that saved it."""
    stratum: Name | None = None
    """The stratum whose people alone it is about; left out for the whole cohort."""


class OverlayFile(Block):
    """Changes to another scenario file."""

    format: Version
    """The version of this grammar."""
    extends: Text
    """The scenario file that is changed."""
    base: Base | None = None
    """Where that file is found, whatever folder this one lies in; written where changes are saved."""
    label: Name
    """The scenario's word in menus."""
    title: Text | None = None
    """A title instead of the parent's."""
    description: Text | None = None
    """A description instead of the parent's."""
    change: dict[str, object] = {}
    """Paths that exist, and new values that differ.
    A path is names joined by dots; no path lies within another.
    """
    add: dict[str, object] = {}
    """Paths that do not exist yet, and their values."""
    remove: list[str] = []
    """Paths that exist, to take away."""


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
    """How we know it. `recalled` is shown as "to be checked".
    No better than that of its weakest source.
    """


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


KINDS: dict[str, type[BaseModel]] = {
    "model": ModelFile,
    "setting": SettingFile,
    "overlay": OverlayFile,
    "sources": SourcesFile,
    "locked": LockedFile,
}
"""The files of a scenario by kind."""


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON schema of a kind of file, for editors; keys that no file may hold are left out."""
    schema = KINDS[kind].model_json_schema(by_alias=True)
    for key in INTERNAL:
        schema.get("$defs", {}).get("Parameter", {}).get("properties", {}).pop(key, None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
