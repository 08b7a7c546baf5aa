"""Paid work: who moves into it, what money a job moves, who pays and who receives; and whether that hangs together.

How many move is an effect of a strategy (`jobs`). Every flow has two sides, so that what one pays another receives and
only output that is created, or a resource that is used up, is left in society's account.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from pydantic import Field, model_validator

from costmodel.errors import Problem
from costmodel.scenario.fields import Block, Name, Reference, Text
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.setting import NOBODY, THERAPY, CategoryName, Household, PartyOrNobody, Payer, of

DISPLACED = "displaced_"
"""How the line of the ledger begins that holds what others lose whose jobs are taken."""


class Origin(Block):
    label: Text
    """Where they come from: what they lived on out of work."""
    share: Reference
    """Share of those who move into work; the shares sum to 1 in every draw; unit `share`."""


class JobFlow(Block):
    label: Text
    """Shown name."""
    category: CategoryName
    """The line of the ledger it belongs to.
    An item of `costs` in this category may not be moved by anything else.
    """
    paid_by: PartyOrNobody
    """Who pays; nobody where output is created."""
    received_by: PartyOrNobody
    """Who receives; nobody where a resource is used up."""
    in_work: dict[Name, Reference] = {}
    """What is paid in a year in work, by origin; unit `CUR per year`.
    `others` stands for the origins not named.
    """
    out_of_work: dict[Name, Reference] = {}
    """What is paid in a year out of work, by origin; unit `CUR per year`.
    A job moves `in_work − out_of_work`. At least one of the two is given.
    """

    @model_validator(mode="after")
    def _complete(self) -> "JobFlow":
        if self.paid_by == self.received_by:
            raise ValueError("a flow needs a payer or a receiver, and they differ")
        if not self.in_work and not self.out_of_work:
            raise ValueError("a flow says what is paid in_work, out_of_work, or both")
        return self

    def change(self, origin: str) -> tuple[str | int, str | int]:
        """References to what is paid in a year in work and in one out of work."""
        in_work, out_of_work = (one.get(origin, one.get("others", 0)) for one in (self.in_work, self.out_of_work))
        return in_work, out_of_work


class Displaced(Block):
    """Jobs that are taken from other people."""

    share: Reference
    """Share of the jobs gained that others lose; unit `share`."""
    others: Payer
    """The party of those others.
    What their jobs moved is undone: theirs, the Exchequer's and society's accounts count it; the household's does not.
    """
    household: Household = Field(default="", validate_default=True)
    """The party in whose place they stand; the setting's household if left out."""


class Work(Block):
    """Who moves into paid work, and what money a job moves, who pays and who receives."""

    employed: Reference
    """Share in paid work without the therapy; unit `share`.
    No more jobs are gained than people are out of work, and no more lost than are in it.
    """
    origins: dict[Name, Origin] = Field(min_length=1, max_length=20)
    """Where those who move come from."""
    flows: dict[Name, JobFlow] = Field(min_length=1, max_length=20)
    """What is paid, by whom and to whom; each is a line of the ledger."""
    displaced: Displaced | None = None
    """Jobs that are taken from others; none where left out."""

    def lines(self) -> dict[str, tuple[str, str, str, str]]:
        """Label, category, payer and receiver of each line of the ledger; others have lines of their own."""
        found = {}
        for name, flow in self.flows.items():
            found[name] = (flow.label, flow.category, flow.paid_by, flow.received_by)
            if self._of_others(flow) and self.displaced:
                swap = {self.displaced.household: self.displaced.others}
                paid_by, received_by = (swap.get(party, party) for party in (flow.paid_by, flow.received_by))
                found[DISPLACED + name] = (f"{flow.label}: of others", flow.category, paid_by, received_by)
        return found

    def money_of_a_job(self, line: str, look: Callable[[str | int], Any]) -> Any:
        """What a line moves in a year of a job: the origins by their shares.

        look: the value of a reference: a float, draws, or a cell.
        """
        flow = self.flows[line.removeprefix(DISPLACED)]
        amounts = [flow.change(origin) for origin in self.origins]
        shares = [look(origin.share) for origin in self.origins.values()]
        total, *more = (
            share * (look(in_work) - look(out_of_work))
            for share, (in_work, out_of_work) in zip(shares, amounts, strict=True)
        )
        return sum(more, total)

    def money_of_an_extra_job(self, line: str, look: Callable[[str | int], Any]) -> Any:
        """What a line moves in a year of an extra job, some of which are taken from others.

        What those jobs moved is undone: in the line of others where the household is a side, else in the line itself.
        """
        money = self.money_of_a_job(line, look)
        if self.displaced is None:
            return money
        taken = look(self.displaced.share)
        if line not in self.flows:
            return money * (0 - taken)
        return money if self._of_others(self.flows[line]) else money * (1 - taken)

    def _of_others(self, flow: JobFlow) -> bool:
        """Whether what a flow is to others, whose jobs are taken, is another line."""
        return self.displaced is not None and self.displaced.household in (flow.paid_by, flow.received_by)


class Checked(Protocol):
    """What is checked: a `structure.Subject`, whose module stands above this one."""

    @property
    def model(self) -> Any: ...  # a ModelFile
    @property
    def tree(self) -> Tree: ...
    @property
    def faulty(self) -> set[str]: ...

    def problem(self, keys: Keys, found: str, remedy: str = "") -> Problem: ...
    def undeclared(self, keys: Keys, name: str, allowed: Iterable[str], what: str = "state") -> Iterator[Problem]: ...
    def value(self, reference: str | int) -> float | None: ...


def check(subject: Checked) -> Iterator[Problem]:
    """Do the origins of those who move into work hang together, and does each flow have two sides?"""
    model, work = subject.model, subject.model.work
    if work is None:
        return
    if model.in_probabilities:
        yield subject.problem(("work",), "work is not yet supported with probabilities", "Leave it out.")
        return
    shares = [subject.value(origin.share) for origin in work.origins.values()]
    known = [share for share in shares if share is not None]
    if len(known) == len(shares) and abs(sum(known) - 1) > 1e-9:
        yield subject.problem(("work", "origins"), f"the shares of the origins sum to {sum(known):g}", "They sum to 1.")
    for name, flow in work.flows.items():
        keys: Keys = ("work", "flows", name)
        if name in (*model.costs, THERAPY) or name.startswith(DISPLACED):
            yield subject.problem(keys, f'"{name}" is the name of another item', "Choose another name.")
        yield from _sides(subject, keys, flow)
        for way, amounts in (("in_work", flow.in_work), ("out_of_work", flow.out_of_work)):
            for origin in amounts.keys() - {"others"}:
                yield from subject.undeclared((*keys, way, origin), origin, work.origins, "origin")
            if amounts and "others" not in amounts and (missing := work.origins.keys() - amounts.keys()):
                found = f"{way} says nothing of {', '.join(sorted(missing))}"
                yield subject.problem((*keys, way), found, "Name every origin, or give others: 0 where it is nothing.")
        yield from _other_movers(subject, keys, flow)
    if not {"flows", "in_work", "out_of_work", "paid_by"} & subject.faulty:
        for name in work.origins:
            if not any(subject.value(flow.change(name)[0]) for flow in work.flows.values() if flow.paid_by == NOBODY):
                found = f'a job of the origin "{name}" creates no output, so that what is paid comes from nowhere'
                remedy = "Add a flow that is paid_by: nobody, the output that the job creates, with its in_work."
                yield subject.problem(("work", "origins", name), found, remedy)
    if work.displaced and work.displaced.others == work.displaced.household:
        found = f'"{work.displaced.others}" loses the jobs that it gains'
        yield subject.problem(("work", "displaced", "others"), found, "Name the party of other people.")


def _sides(subject: Checked, keys: Keys, flow: JobFlow) -> Iterator[Problem]:
    """What one pays another receives, but for output that is created and resources that are used up."""
    category = of(subject.tree).categories.get(flow.category)
    kind = category.kind if category else None
    if flow.paid_by == NOBODY and kind != "work":
        found = f"what {flow.received_by} receives nobody pays, and only output is created (a category of kind work)"
        yield subject.problem((*keys, "paid_by"), found, "Name who pays.")
    if flow.received_by == NOBODY and kind not in ("care", "hospital"):
        found = f"what {flow.paid_by} pays nobody receives, and {flow.category} is no resource that is used up"
        yield subject.problem((*keys, "received_by"), found, "Name who receives it.")


def _other_movers(subject: Checked, keys: Keys, flow: JobFlow) -> Iterator[Problem]:
    """Cost items of the same category that something else moves: one month off benefits would be counted twice."""
    model = subject.model
    remedy = "Nothing else moves what a job moves: take one of them out, or give the item a category of its own."
    effects = [one for strategy in model.strategies.values() for one in strategy.effects.items()]
    moved = {effect.quantity: key for key, effect in effects}
    channel = of(subject.tree).channel_of(flow.category)
    for key, effect in effects:
        if channel in (effect.channels or ()):
            yield subject.problem(
                keys, f'the effect "{key}" moves the channel "{channel}", and jobs move it too', remedy
            )
    for name, item in model.costs.items():
        if item.category != flow.category:
            continue
        if name in moved:
            found = f'the effect "{moved[name]}" moves "{name}", and jobs move {flow.category} too'
            yield subject.problem(keys, found, remedy)
        elif len({item.quantity(state) for state in model.states}) > 1 and subject.value(
            1 if item.causal_share is None else item.causal_share
        ):
            found = f'recovery moves "{name}" (causal_share), and jobs move {flow.category} too'
            yield subject.problem(keys, found, remedy)
