"""A worksheet that writes numbers with all their digits, and formulas as they stand."""

from typing import Any

from xlsxwriter.worksheet import Worksheet


class _AllDigits(float):
    """A float that is formatted as the shortest text that reads back as itself."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class ExactWorksheet(Worksheet):  # type: ignore[misc]
    """Numbers read back as exactly what was written: the writer's sixteen digits lose the last bit of some.

    Formulas are in the portable subset, so the search for functions newer than the file format, half the
    time of writing, is left out.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        super()._xml_number_element(_AllDigits(number), attributes)
