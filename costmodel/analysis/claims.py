"""Claims that therapy pays for itself, each in its own numbers, and walked to what controlled evidence has instead.

A claim is one function: the product of its named numbers ÷ one of them. It gives the share of a course's price that
comes back, or a ratio of two counts. A step replaces one number and keeps the function, so that the steps sum exactly:
the arithmetic is of fractions. Claims without numbers are pages of quotation and evidence.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainValidator, model_validator

from costmodel.content import by_content, digest
from costmodel.currency import MINUS, significant
from costmodel.errors import InputError, Problem, nearest, one_of, path_of
from costmodel.page import Column, Drawn, Figure, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.attached import read_sources
from costmodel.scenario.fields import Block, Name, Names, Text, Version
from costmodel.scenario.load import catalogue
from costmodel.scenario.parameter import Status
from costmodel.scenario.read import Keys, Tree, read_file
from costmodel.scenario.schema import Source
from costmodel.scenario.validate import citations, validate
from costmodel.words import lower_first, percent

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart

FOLDER, FILE, SCHEMA = "claims", "claims.yaml", "costmodel/claims/1"
LOW, VALUE, HIGH = ENDS = range(3)
STEPS = (
    Column("label", "Number", "text"), Column("old", "Before", words="before"),
    Column("new", "Evidence", words="after"), Column("between", "Low to high"),
    Column("value", "Gives", words="gives"), Column("change", "Change", words="moved"),
    Column("ends", "At low to high"), Column("status", "Status"),
    Column("source", "Source", "text", right=False), Column("note", "", "text", right=False),
)  # fmt: skip
LISTED = (
    Column("claim", "Claim", "text"), Column("label", "What", "text"), Column("when", "When", "text"),
    Column("payer", "Who pays", "text"), Column("claimed", "As claimed", words="printed"),
    Column("value", "Evidence (low to high)", words="walked"), Column("verdict", "Verdict", "text", right=False),
)  # fmt: skip


def _one(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a step replaces one factor; write a step for each")
    return value


def _ids(value: object) -> object:
    ids = [value] if isinstance(value, str) else value
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) and one for one in ids):
        raise ValueError("wanted: the id of a source, or a list of them")
    return ids


class Cited(Block):
    source: Annotated[list[str], PlainValidator(_ids)]
    status: Status

    @property
    def origin(self) -> str:
        """Source ids and status, as they stand behind a number or a sentence."""
        return f"{', '.join(self.source)}; {self.status}{', to be checked' * (self.status == 'recalled')}"


class Said(Cited):
    says: Text


class Number(Cited):
    label: Text
    value: float
    low: float | None = None
    high: float | None = None
    unit: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Number":
        low, value, high = self.ends
        if not low <= value <= high:
            raise ValueError("the value is not between low and high")
        return self

    @property
    def ends(self) -> tuple[Fraction, ...]:
        """Low, value and high, exactly as they are written."""
        return tuple(Fraction(str(self.value if one is None else one)) for one in (self.low, self.value, self.high))

    def words(self, end: int = VALUE) -> str:
        """A value with its unit: 0.75%, £575 a month, 25 months."""
        return _with_unit(self.ends[end], self.unit)


class Step(Block):
    replaces: Annotated[Name, PlainValidator(_one)]
    """A factor of the claim."""
    by: Name
    """A number of the evidence in the same unit: another one would change the function."""
    beside: Text | None = None
    """What it shows beside the claim's own terms; the answer is the last step without."""


class Record(Said):
    label: Text
    who: Text
    when: Text
    payer: Text
    horizon: Text
    design: Text
    quotation: Said | None = None
    factors: dict[Name, Number] = {}
    divided_by: Name | None = None
    """The factor by which the product of the others is divided."""
    gives: Text | None = None
    """What the function gives, in words that follow its figure."""
    printed: Said | None = None
    """What the source prints, or what its printed numbers give: it has to come out, to its digits."""
    steps: list[Step] = []
    evidence: list[Said] = Field(min_length=1)
    not_so: Text | None = None
    """What may not be said of it in a business case, where its verdict contradicts that; the reason is the verdict."""
    verdict: Text
    populations: Names

    @model_validator(mode="after")
    def _complete(self) -> "Record":
        own = (self.factors, self.divided_by, self.gives, self.printed)
        if any(own) and not all(own):
            raise ValueError("factors, divided_by, gives and printed stand together, or the claim is a quotation")
        if not any(own) and (self.steps or self.quotation is None):
            raise ValueError("a claim without factors has a quotation and no steps")
        return self


class ClaimsFile(Block):
    format: Version
    title: Text
    sources: list[Text] = Field(min_length=1)
    reading: list[Said] = []
    """What the claims say together."""
    evidence: dict[Name, Number] = {}
    claims: dict[str, Record] = Field(min_length=1)


@dataclass(frozen=True)
class Line:
    """What a claim's function gives: as claimed, or after a step, with the number before and in its place.

    ends: low, value and high, each factor replaced so far at that end of its evidence, the divisor at its value.
    change: of the value, from the line before.
    """

    ends: tuple[Fraction, ...]
    change: Fraction = Fraction(0)
    step: Step | None = None
    old: Number | None = None
    new: Number | None = None


@by_content
@dataclass(frozen=True, repr=False)
class Claim(Paged):
    """One claim: its own sum, the walk to the evidence where there is one, and what controlled studies say.

    lines: the first as claimed, then one a step; none for a quotation. sha256: of what the file holds.
    """

    name: str
    record: Record
    lines: tuple[Line, ...]
    sources: Mapping[str, Source]
    sha256: str

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each line, in numbers and in words: as claimed, then one a step. Empty for a quotation."""
        import pandas as pd

        return pd.DataFrame([self._row(at, line) for at, line in enumerate(self.lines)])

    def _row(self, at: int, line: Line) -> dict[str, Any]:
        step, old, new = line.step, line.old, line.new
        cited = new or self.record.printed or self.record
        low, value, high, change = map(self._words, (*line.ends, line.change))
        row: dict[str, Any] = {"claim": self.name, "line": at, "label": "as claimed", "factor": "", "by": ""}
        row |= dict.fromkeys(("old", "new"), math.nan) | dict.fromkeys(("before", "after", "between", "note"), "")
        if step and old and new:
            row |= {
                "label": step.beside or new.label, "factor": step.replaces, "by": step.by,
                "old": float(old.ends[VALUE]), "new": float(new.ends[VALUE]), "before": old.words(),
                "after": new.words(), "between": _between(new.words(LOW), new.words(HIGH)),
                "note": new.note or "",
            }  # fmt: skip
        return row | {
            **dict(zip(("low", "value", "high"), map(float, line.ends), strict=True)), "change": float(line.change),
            "gives": value, "moved": f"{'+' * (line.change > 0)}{change}" if step else "", "ends": _between(low, high),
            "status": cited.status, "source": ", ".join(cited.source),
        }  # fmt: skip

    @property
    def answer(self) -> Line | None:
        """The last line on the claim's own terms; None where nothing is walked."""
        walked = [line for line in self.lines if line.step and not line.step.beside]
        return walked[-1] if walked else None

    @property
    def walked(self) -> str:
        """That line in words with its ends, and what stands beside it; empty where nothing is walked."""
        beside = [f"{one.step.beside}: {self._ends(one)}" for one in self.lines if one.step and one.step.beside]
        return "; ".join((self._ends(self.answer), *beside)) if self.answer else ""

    @property
    def needed(self) -> str:
        """What the number replaced last would have to be for the claim to hold, all else as the evidence has it."""
        last = self.answer
        if last is None or last.new is None or not last.ends[VALUE]:
            return ""
        value, number = last.new.ends[VALUE] * self.lines[0].ends[VALUE] / last.ends[VALUE], last.new
        would = f"would have to be {_with_unit(value, number.unit)}, not {number.words()}"
        return f"For the claim to hold, one number {would}: {lower_first(number.label)}."

    def _words(self, value: Fraction) -> str:
        """What the function gives, in the form of the printed figure: a share, or times."""
        share = self.record.printed is not None and self.record.printed.says.endswith("%")
        return percent(float(value)) if share else f"{significant(float(value)):g}"

    def _ends(self, line: Line) -> str:
        low, value, high = map(self._words, line.ends)
        return f"{value} ({low} to {high})"

    def page(self) -> Page:
        """The claim, its sum, the walk, the evidence, the verdict and every source."""
        record = self.record
        claimed = [f"{record.says} ({record.origin})"]
        claimed += [f"Quotation: {one.says} ({one.origin})" for one in (record.quotation,) if one]
        claimed += [f"Who pays: {record.payer}. When: {record.horizon}", f"It rests on {record.design}"]
        evidence = tuple(f"{one.says} ({one.origin})" for one in record.evidence)
        sources = tuple(f"{name}: {one.citation}, {one.status}" for name, one in self.sources.items())
        blocks = (
            Paragraph(f"{record.verdict}.", strong=True), Notes("What is claimed", tuple(claimed)), *self._sum(),
            Notes("What controlled evidence says", evidence), Notes("Sources", sources),
        )  # fmt: skip
        about = (f"{record.who}, {record.when}", f"Bears on {', '.join(record.populations)}")
        data = {"schema": SCHEMA, "claim": self.name, "sha256": self.sha256}
        return Page(f"{self.name}: {record.label}", blocks, about, data=data, frame=self.frame)

    def _sum(self) -> Iterator[Any]:
        record, printed = self.record, self.record.printed
        if printed is None:
            yield Paragraph("A quotation: no number of ours stands under it.")
            return
        over = [one.words() for name, one in record.factors.items() if name != record.divided_by]
        product = f"{' × '.join(over)} ÷ {record.factors[str(record.divided_by)].words()}"
        numbers = [(f"{one.label}: {one.words()}", (one.origin, one.note)) for one in record.factors.values()]
        how = "printed" if printed.status == "read" else "from what is printed"
        own = f"{product} = {self._words(self.lines[0].ends[VALUE])} {record.gives}; {how}: {printed.says}"
        said = [f"{words} ({'; '.join(filter(None, of))})" for words, of in [(own, (printed.origin,)), *numbers]]
        yield Notes("Its own sum", tuple(said))
        if not record.steps:
            yield Paragraph("It stands as printed: no step leads from it, and no other setting's factor is put on it.")
            return
        yield Heading("Walked to the evidence, one number at a time")
        yield Paragraph(f"{self.needed} The changes sum exactly; the spread of the divisor is left out.")
        drawn = Drawn("bar", "label", (("value", record.label),), record.label, str(record.gives), "share")
        yield Figure(self.figure, f"{self.name}_figure", drawn=drawn)
        yield Table(self.frame, STEPS, name=f"{self.name}_walk")

    def figure(self) -> "Chart":
        """What the function gives, a bar for each line, with the ends that the evidence allows."""
        from costmodel import drawing

        shown = self.frame
        figure, names = drawing.empty(), [str(at) for at in range(len(shown))]
        figure.add_bar(
            orientation="h", y=names, x=list(shown.value), text=list(shown.gives), textposition="inside",
            marker={"color": [drawing.BLUE, *[drawing.GREY] * (len(shown) - 1)]}, hoverinfo="text",
            error_x={"type": "data", "symmetric": False, "array": shown.high - shown.value,
                     "arrayminus": shown.value - shown.low},
        )  # fmt: skip
        drawing.rows(figure, names, [drawing.wrapped(label) for label in shown.label])
        figure.update_layout(showlegend=False)
        figure.update_xaxes(tickformat=".0%", title_text=drawing.wrapped(str(self.record.gives)))
        title = f"{self.record.label}: claimed {shown.gives.iloc[0]}, evidence {self.walked}"
        said = "; ".join(map(": ".join, zip(shown.label, shown.gives, strict=True)))
        return drawing.chart(figure, title, f"Bars, one a step. {said}.", shown)


@by_content
@dataclass(frozen=True, repr=False)
class Claims(Paged):
    """The claims of a file. sha256: of what it holds."""

    file: ClaimsFile
    of: tuple[Claim, ...]
    sha256: str

    def claim(self, claim: str) -> Claim:
        """One claim by its id. Raises InputError for a wrong one."""
        named = {one.name: one for one in self.of}
        return named[one_of("claim", claim, named)]

    @property
    def frame(self) -> "pd.DataFrame":
        """A row for each claim: as claimed, and at the end of the walk with low and high. Nothing for a quotation."""
        import pandas as pd

        rows = []
        for one in self.of:
            record, ends = one.record, one.answer.ends if one.answer else (math.nan,) * 3
            rows.append({
                "claim": one.name, "label": record.label, "when": record.when, "payer": record.payer,
                "printed": record.printed.says if record.printed else "quotation",
                "claimed": float(one.lines[0].ends[VALUE]) if one.lines else math.nan,
                **dict(zip(("low", "value", "high"), map(float, ends), strict=True)),
                "walked": one.walked, "verdict": record.verdict,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def page(self) -> Page:
        """A row for each claim, and what they say together."""
        frame = self.frame
        summed, walked = int(frame.claimed.notna().sum()), int(frame.value.notna().sum())
        counts = (
            f"Of {len(frame)} claims {summed} give the figure that their source printed, {walked} of these are walked "
            f"to the evidence, and {len(frame) - summed} are quotations without a number of ours."
        )
        reading = tuple(f"{one.says} ({one.origin})" for one in self.file.reading)
        blocks = (Paragraph(counts, strong=True), Table(frame, LISTED, name="claims"), Notes("Together", reading))
        about = ("What comes back of a course's price, in the claim's own time and to its own payer: 100% repays it",)
        return Page(self.file.title, blocks, about, data={"schema": SCHEMA, "sha256": self.sha256})


def claims(path: str | Path | None = None) -> Claims:
    """Claims that therapy pays for itself, each in its own numbers; with `.claim("K001")` one of them.

    path: a file of claims, the shipped one if left out. Values are shares of the price of a course that come back, in
    the claim's own time and to its own payer. Raises InputError, with every problem of the file: so for a claim whose
    printed figure does not come out, and for a step that would change its function.

    >>> import costmodel as cm
    >>> cm.claims().claim("K002").walked
    '8.4% (0% to 27.2%)'
    """
    where = catalogue() / FOLDER / FILE if path is None else path_of("path", path)
    tree = read_file(where)
    file, problems, _ = validate(ClaimsFile, tree)
    if file is None or problems:
        raise InputError(*problems)
    sources: dict[str, Source] = {}
    for name in file.sources:
        sources |= read_sources(where.parent / name)
    for keys, cited in _cited(file):
        problems += citations(tree, keys, cited.source, sources, cited.status)
    found, sha256 = [], digest(tree.data)
    for name, record in file.claims.items():
        keys, lines = ("claims", name), tuple[Line, ...]()
        wrong = [*_missteps(tree, keys, record, file.evidence)]
        if record.printed and not wrong:
            lines = tuple(_lines(record, file.evidence))
            wrong += _reproduced(tree, keys, record.printed.says, lines[0].ends[VALUE])
        problems += wrong
        ids = [one for _, cited in _cited(record) for one in cited.source]
        ids += [one for line in lines if line.new for one in line.new.source]
        found.append(Claim(name, record, lines, {one: sources[one] for one in ids if one in sources}, sha256))
    if problems:
        raise InputError(*problems)
    return Claims(file, tuple(found), sha256)


def _cited(block: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Cited]]:
    """Everything in a block that cites, with where it stands."""
    if isinstance(block, Cited):
        yield keys, block
    inside = block if isinstance(block, dict | list) else vars(block)
    for key, value in inside.items() if isinstance(inside, dict) else enumerate(inside):
        if isinstance(value, Block | dict | list):
            yield from _cited(value, (*keys, key))


def _missteps(tree: Tree, keys: Keys, record: Record, evidence: Mapping[str, Number]) -> Iterator[Problem]:
    """What is wrong with the divisor and the steps of a claim."""
    name, divisor, factors = keys[-1], record.divided_by, record.factors
    if divisor is not None and divisor not in factors:
        found = f'{name} is divided by "{divisor}", which is no factor of it'
        yield tree.problem((*keys, "divided_by"), found, nearest(divisor, factors))
    divisors = [factors.get(str(divisor)), *(evidence.get(one.by) for one in record.steps if one.replaces == divisor)]
    if any(one is not None and not one.value for one in divisors):
        yield tree.problem((*keys, "divided_by"), f"{name} divides by 0", "Divide by another number.")
    for at, step in enumerate(record.steps):
        where = (*keys, "steps", at)
        if step.replaces not in factors:
            found = f'a step of {name} replaces "{step.replaces}", which is no factor of it'
            yield tree.problem(where, found, nearest(step.replaces, factors))
        elif step.by not in evidence:
            found = f'a step of {name} puts in "{step.by}", which is no number of the evidence'
            yield tree.problem(where, found, nearest(step.by, evidence))
        elif (ours := evidence[step.by].unit) != (theirs := factors[step.replaces].unit):
            found = f"a step of {name} puts {ours} in the place of {theirs}, which changes its function"
            yield tree.problem(where, found, f"Put in a number in {theirs}.")


def _lines(record: Record, evidence: Mapping[str, Number]) -> Iterator[Line]:
    """The function as claimed and after each step."""
    now = dict(record.factors)

    def given() -> tuple[Fraction, ...]:
        over = [one.ends for name, one in now.items() if name != record.divided_by]
        divisor = now[str(record.divided_by)].ends[VALUE]
        return tuple(math.prod((one[end] for one in over), start=Fraction(1)) / divisor for end in ENDS)

    yield Line(ends := given())
    for step in record.steps:
        before, old, now[step.replaces] = ends, now[step.replaces], evidence[step.by]
        ends = given()
        yield Line(ends, ends[VALUE] - before[VALUE], step, old, now[step.replaces])


def _reproduced(tree: Tree, keys: Keys, figure: str, value: Fraction) -> Iterator[Problem]:
    """A problem where the printed figure, as 34% or 17.8, does not come out to its digits."""
    match = re.fullmatch(r"(-?\d+(?:\.(\d+))?)(%?)", figure)
    number, decimals, per_cent = match.groups("") if match else ("", "", "")
    scaled = value * 100 if per_cent else value
    if not match or round(scaled, len(decimals)) != Fraction(number):
        found = f"the numbers of {keys[-1]} give {float(scaled):.{len(decimals) + 2}f}{per_cent}, not {figure}"
        remedy = 'Write the numbers as they are printed, or the figure that they give, as "34%" or "17.8".'
        yield tree.problem((*keys, "printed"), found, remedy)


def _between(low: str, high: str) -> str:
    """Both ends; one where they read alike."""
    return low if low == high else f"{low} to {high}"


def _with_unit(value: Fraction, unit: str) -> str:
    """A value with its unit: a share in hundredths, a currency's symbol before the number."""
    if unit == "share":
        return percent(float(value))
    size, (symbol, _, rest) = abs(float(value)), (unit.removesuffix("s") if value == 1 else unit).partition(" ")
    sign, number = MINUS * (value < 0), f"{size:,.0f}" if size >= 100 else f"{significant(size):g}"
    return f"{sign}{number} {symbol} {rest}".strip() if symbol.isalpha() else f"{sign}{symbol}{number} {rest}".strip()
