"""A worksheet formula with its value: the arithmetic of numbers, written down as it is done.

The functions of `engine.formulas` run on cells as on arrays; each operation extends the formula's text and
computes its value. Text stays in the portable subset of spreadsheet functions; powers are always
parenthesised, because a spreadsheet reads −a^b as (−a)^b.
"""

from __future__ import annotations

from collections.abc import Callable

from costmodel.engine.formulas import NOTHING

ATOM, POWER, PRODUCT, SUM = 9, 3, 2, 1
"""How tightly an expression binds: a name or call, a ^ b, a * b, a + b."""


class Cell:
    """A formula (without "=") and its value."""

    __slots__ = ("binds", "text", "value")

    def __init__(self, text: str, value: float, binds: int = ATOM) -> None:
        self.text, self.value, self.binds = text, float(value), binds

    @staticmethod
    def of(thing: Cell | float) -> Cell:
        """A cell as it is; a number as a constant."""
        if isinstance(thing, Cell):
            return thing
        number = float(thing)
        text = f"{number:.0f}" if number == int(number) and abs(number) < 1e15 else repr(number)
        return Cell(text, number, ATOM if number >= 0 else 0)

    def _inside(self, binds: int, strict: bool) -> str:
        return f"({self.text})" if self.binds < binds or (strict and self.binds == binds) else self.text

    def __add__(self, other: Cell | float) -> Cell:
        return _binary(self, "+", other, SUM, lambda a, b: a + b)

    def __radd__(self, other: float) -> Cell:
        return Cell.of(other) + self

    def __sub__(self, other: Cell | float) -> Cell:
        return _binary(self, "-", other, SUM, lambda a, b: a - b)

    def __rsub__(self, other: float) -> Cell:
        return Cell.of(other) - self

    def __mul__(self, other: Cell | float) -> Cell:
        """A product; with the number 0, which stands where the model has no flow, the number 0."""
        if not isinstance(other, Cell) and other == 0:
            return Cell.of(0)
        return _binary(self, "*", other, PRODUCT, lambda a, b: a * b)

    def __rmul__(self, other: float) -> Cell:
        return self * 0 if other == 0 else Cell.of(other) * self

    def __truediv__(self, other: Cell | float) -> Cell:
        """A quotient; by the number 1, the cell itself."""
        if not isinstance(other, Cell) and other == 1:
            return self
        return _binary(self, "/", other, PRODUCT, lambda a, b: a / b)

    def __rtruediv__(self, other: float) -> Cell:
        return Cell.of(other) / self

    def __pow__(self, other: Cell | float) -> Cell:
        return _binary(self, "^", other, POWER, lambda a, b: a**b)

    def __rpow__(self, other: float) -> Cell:
        return Cell.of(other) ** self

    def least(self, other: Cell | float) -> Cell:
        """The smaller of two."""
        other = Cell.of(other)
        return Cell(f"MIN({self.text},{other.text})", min(self.value, other.value))

    def greatest(self, other: Cell | float) -> Cell:
        """The larger of two."""
        other = Cell.of(other)
        return Cell(f"MAX({self.text},{other.text})", max(self.value, other.value))

    def settled(self) -> Cell:
        """This difference, 0 where it is no more than rounding."""
        value = 0.0 if abs(self.value) <= NOTHING else self.value
        return Cell(f"IF(ABS({self.text})<={NOTHING:.6f},0,{self.text})", value)

    def falls_within(self, begin: Cell | float, end: Cell | float) -> Cell:
        """1 if begin <= this < end, else 0."""
        begin, end = Cell.of(begin), Cell.of(end)
        inside = begin.value <= self.value < end.value
        return Cell(f"IF(AND({begin.text}<={self.text},{self.text}<{end.text}),1,0)", float(inside))

    def __repr__(self) -> str:
        return f"={self.text} [{self.value:g}]"


def _binary(a: Cell, sign: str, b: Cell | float, binds: int, do: Callable[[float, float], float]) -> Cell:
    b = Cell.of(b)
    left = a._inside(binds, strict=sign == "^")
    right = b._inside(binds, strict=sign in "-/^")
    return Cell(f"{left}{sign}{right}", do(a.value, b.value), binds)
