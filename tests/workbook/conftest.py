"""What this program would write is written once a scenario here, however many of its workbooks are read."""

from collections.abc import Iterator
from typing import Any

import pytest

from costmodel.report.workbook import compared


@pytest.fixture(scope="session", autouse=True)
def _written_once() -> Iterator[None]:
    written: dict[str, Any] = {}
    as_written = compared.as_written

    def kept(scenario: Any) -> Any:
        if scenario.sha256 not in written:
            written.clear()
            written[scenario.sha256] = as_written(scenario)
        return written[scenario.sha256]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compared, "as_written", kept)
        yield
