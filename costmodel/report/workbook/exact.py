"""Numbers with all their digits: the writer's own sixteen lose the last bit of some."""

from xlsxwriter.worksheet import Worksheet


class _AllDigits(float):
    """A float that is formatted as the shortest text that reads back as itself."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class ExactWorksheet(Worksheet):
    """A worksheet whose numbers read back as exactly the numbers that were written."""

    def _xml_number_element(self, number, attributes=()):
        super()._xml_number_element(_AllDigits(number), attributes)
