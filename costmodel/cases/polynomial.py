"""Net benefits as polynomials of parameters: formulas read without running them, and their algebra."""

import ast
import math
import re
from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from costmodel.cases.file import LARGEST_NUMBER

Array = NDArray[np.float64]
Powers = tuple[tuple[int, int], ...]
"""(variable, exponent above 0), by variable; a monomial without its coefficient."""

MOST_TERMS = 20_000
HIGHEST_POWER = 12
LONGEST_FORMULA = 20_000


class Polynomial:
    """A polynomial in numbered variables: its coefficients by monomial. Zero ones are not kept."""

    def __init__(self, terms: Mapping[Powers, float]) -> None:
        self.terms = {powers: float(value) for powers, value in terms.items() if value}

    @classmethod
    def variable(cls, index: int) -> Self:
        """One variable."""
        return cls({((index, 1),): 1.0})

    @classmethod
    def constant(cls, value: float) -> Self:
        """A number."""
        return cls({(): value})

    @property
    def number(self) -> float | None:
        """Its value where no variable stands in it."""
        return self.terms.get((), 0.0) if self.terms.keys() <= {()} else None

    def __add__(self, other: "Polynomial") -> "Polynomial":
        total = dict(self.terms)
        for powers, value in other.terms.items():
            total[powers] = total.get(powers, 0.0) + value
        return _within(total)

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + other * -1.0

    def __mul__(self, other: "Polynomial | float") -> "Polynomial":
        if not isinstance(other, Polynomial):
            return Polynomial({powers: value * other for powers, value in self.terms.items()})
        if len(self.terms) * len(other.terms) > MOST_TERMS**2 / 100:
            raise ValueError("the formula has too many terms")
        total: dict[Powers, float] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                powers = _joined(a, b)
                total[powers] = total.get(powers, 0.0) + x * y
        return _within(total)

    def to_power(self, exponent: int) -> "Polynomial":
        """Multiplied by itself."""
        found = Polynomial.constant(1.0)
        for _ in range(exponent):
            found = found * self
        return found

    def replaced(self, by: Mapping[int, "Polynomial"]) -> "Polynomial":
        """With polynomials in the place of variables."""
        total: dict[Powers, float] = {}
        for powers, value in self.terms.items():
            product = Polynomial.constant(value)
            for variable, exponent in powers:
                product = product * by[variable].to_power(exponent)
            for monomial, coefficient in product.terms.items():
                total[monomial] = total.get(monomial, 0.0) + coefficient
        return _within(total)

    def at(self, points: Mapping[int, Array], shape: int) -> Array:
        """Its value at some points; points: by variable, (point,). shape: how many there are."""
        total = np.zeros(shape)
        for powers, value in self.terms.items():
            product = np.full(shape, value)
            for variable, exponent in powers:
                product *= points[variable] ** exponent
            total += product
        return total


def variables(polynomials: Iterable[Polynomial]) -> list[int]:
    """The variables that stand in some polynomials."""
    return sorted({variable for p in polynomials for powers in p.terms for variable, _ in powers})


def read_formula(text: str, names: Mapping[str, Polynomial]) -> Polynomial:
    """A formula of numbers, names, + − × ÷, whole powers and parentheses. Nothing in it is run.

    Raises ValueError with what is wrong and what is allowed.
    """
    if len(text) > LONGEST_FORMULA:
        raise ValueError("the formula is too long")
    plain = text
    for sign, meant in (("×", "*"), ("·", "*"), ("÷", "/"), ("−", "-"), ("^", "**")):
        plain = plain.replace(sign, meant)
    plain = re.sub(r"\blambda\b", "_lambda", plain).strip()
    try:
        tree = ast.parse(plain, mode="eval")
        found = _read(tree.body, {**names, "_lambda": names["lambda"]} if "lambda" in names else names)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f'"{text[:60]}" is not a formula') from error
    if not all(abs(value) <= LARGEST_NUMBER for value in found.terms.values()):
        raise ValueError(f"a number in it, or one that it makes, is too large: at most {LARGEST_NUMBER:g}")
    return found


def _read(node: ast.expr, names: Mapping[str, Polynomial]) -> Polynomial:
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex()):
            pass
        case ast.Constant(value=int() | float() as value):
            return Polynomial.constant(float(value) if abs(value) <= LARGEST_NUMBER else math.inf)
        case ast.Name(id=name):
            if name not in names:
                known = ", ".join(n for n in names if n != "_lambda")
                raise ValueError(f'there is no "{name.lstrip("_")}" in the case; there are {known}')
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _read(operand, names) * -1.0
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand, names)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            if isinstance(exponent, bool) or not 0 <= exponent <= HIGHEST_POWER:
                raise ValueError(f"a power is whole, from 0 to {HIGHEST_POWER}")
            return _read(left, names).to_power(exponent)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as sign, right=right):
            return _combined(sign, _read(left, names), _read(right, names))
    raise ValueError("a formula holds numbers, names, + − × ÷, whole powers and parentheses, and nothing else")


def _combined(sign: ast.operator, one: Polynomial, other: Polynomial) -> Polynomial:
    match sign:
        case ast.Add():
            return one + other
        case ast.Sub():
            return one - other
        case ast.Mult():
            return one * other
    if not other.number:
        raise ValueError("it divides by a parameter or by 0: divide by numbers only")
    return one * (1 / other.number)


def _joined(a: Powers, b: Powers) -> Powers:
    exponents = dict(a)
    for variable, exponent in b:
        exponents[variable] = exponents.get(variable, 0) + exponent
    if any(exponent > HIGHEST_POWER for exponent in exponents.values()):
        raise ValueError(f"a power above {HIGHEST_POWER} is too high")
    return tuple(sorted(exponents.items()))


def _within(terms: dict[Powers, float]) -> Polynomial:
    if len(terms) > MOST_TERMS:
        raise ValueError("the formula has too many terms")
    return Polynomial(terms)
