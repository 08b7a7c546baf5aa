"""Sentences put together by formulas from approved words: the sheet Words, with the steps that choose them. No function
that writes numbers as text is used, since what it gives depends on the language of the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from costmodel.currency import Currency, significant
from costmodel.report.workbook.sheet import HEADINGS, Cell, Sheet

WORDS = "Words"
"""Name of the sheet."""
ABOUT_WORDS = "The words of which the board page's two lines are put together, and the steps that choose them."
TEXT, LEAD, MIDDLE, TAIL, HOLDS = 0, 1, 2, 3, 4
"""Columns of Words: what a row is, and of a sentence its parts and whether it holds."""


@dataclass(frozen=True)
class Step:
    """A cell of Words, or a formula, for use on any sheet, and what it holds."""

    text: str
    value: Any


NOTHING_MORE = Step('""', "")
Option = tuple[str, str, Step, str, str, bool]
"""What a sentence is, its three parts, when it holds, and whether it does now."""


class Words:
    """Writes Words downwards. row: the next free one."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.row = sheet, HEADINGS + 1
        sheet.headings({"What": 52, "Words, or their beginning": 52, "in the middle": 24, "at the end": 60, "Holds": 8})

    def of_currency(self, currency: Currency) -> None:
        """How sums are written."""
        self.apart = [
            self.word("Between units and hundredths", currency.decimal),
            self.word("Between thousands", currency.thousands),
        ]
        around = currency.written("0").split("0")
        self.around = [
            self.word(f"{where} a sum", text) for where, text in zip(("Before", "After"), around, strict=True)
        ]

    def at(self, row: int, column: int = LEAD) -> str:
        """Reference to a cell."""
        return f"'{WORDS}'!{xl_rowcol_to_cell(row, column, True, True)}"

    def word(self, what: str, text: str) -> Step:
        """Words that do not change."""
        self.sheet.text(self.row, TEXT, what, "label")
        self.sheet.text(self.row, LEAD, text, "label")
        self.row += 1
        return Step(self.at(self.row - 1), text)

    def step(self, what: str, formula: str, value: float | str) -> Step:
        """Something worked out."""
        self.sheet.text(self.row, TEXT, what, "label")
        self.sheet.formula(self.row, LEAD, formula, value, "default")
        self.row += 1
        return Step(self.at(self.row - 1), value)

    def cell(self, what: str, formula: str, value: float) -> Cell:
        """The same, of a number."""
        return Cell(self.step(what, formula, value).text, value)

    def first_that_holds(self, rows: Iterable[Option]) -> Step:
        """A sentence: of several the first that holds."""
        first, kept = self.row, list(rows)
        for what, lead, middle, tail, holds, now in kept:
            for column, text in ((TEXT, what), (LEAD, lead), (TAIL, tail)):
                self.sheet.text(self.row, column, text, "label")
            if middle is not NOTHING_MORE:
                self.sheet.formula(self.row, MIDDLE, middle.text, middle.value, "default")
            self.sheet.formula(self.row, HOLDS, f"IF({holds},1,0)", int(now), "count")
            self.row += 1
        spans = [f"{self.at(first, column)}:{self.at(self.row - 1, column).split('!')[1]}" for column in range(5)]
        chosen = next(number for number, one in enumerate(kept) if one[-1])
        place = self.step("Which holds", f"MATCH(1,{spans[HOLDS]},0)", chosen + 1)
        _, lead, middle, tail, *_ = kept[chosen]
        parts = "&".join(f"INDEX({spans[column]},{place.text})" for column in (LEAD, MIDDLE, TAIL))
        self.row += 1
        return Step(parts, f"{lead}{middle.value}{tail}")

    def money(self, what: str, cell: Cell | Step) -> Step:
        """A sum of at least 0 as text, to three significant figures, as `Currency.money` writes it."""
        x = self.step(f"{what}, at least 0", f"MAX(0,{cell.text})", max(0.0, cell.value))
        large = f"ROUND({x.text},1+1-INT(LOG10(MAX(1,{x.text}))))"
        rest = f"IF({x.text}<1000,ROUND({x.text},0),{large})"
        r = self.step("to three figures", f"IF({x.text}<10,ROUND({x.text},1+1),{rest})",
                      rounded(x.value))  # fmt: skip
        whole, groups = int(r.value), f"{int(r.value):,}".split(",")
        point, comma = self.apart
        low = self.step(
            "its last three digits", f'SUBSTITUTE(1000+MOD(INT({r.text}),1000),1,"",1)', f"{whole % 1000:03d}"
        )
        middle = self.step(
            "the three before", f'SUBSTITUTE(1000+MOD(INT({r.text}/1000),1000),1,"",1)', f"{whole // 1000 % 1000:03d}"
        )
        few = f"INT({r.text}/1000)&{comma.text}&{low.text}"
        many = f"INT({r.text}/1000000)&{comma.text}&{middle.text}&{comma.text}&{low.text}"
        cents = self.step(
            "its hundredths", f'SUBSTITUTE(100+ROUND(MOD({r.text},1)*100,0),1,"",1)', f"{round(r.value % 1 * 100):02d}"
        )
        small = f"IF(OR({r.text}=0,{r.text}>=10),INT({r.text}),INT({r.text})&{point.text}&{cents.text})"
        less = self.step(
            "below a thousand", small, f"{r.value:.2f}".replace(".", point.value) if 0 < r.value < 10 else whole
        )
        digits = self.step("its digits", f"IF({r.text}<1000,{less.text},IF({r.text}<1000000,{few},{many}))",
                           less.value if r.value < 1000 else comma.value.join(groups))  # fmt: skip
        before, after = self.around
        return self.step(
            f"{what}, as text",
            f"{before.text}&{digits.text}&{after.text}",
            f"{before.value}{digits.value}{after.value}",
        )


def rounded(amount: float) -> float:
    """As `Currency.money` rounds."""
    if amount < 10:
        return round(amount, 2)
    return float(round(amount)) if amount < 1000 else significant(amount)
