"""`python -m scripts.bridge`: docs/bridge.md, from what version 0.1.0 said of each population to its base of today.

The steps stand in scenarios/POPULATION/bridge.yaml, with their reasons and where each was expected to move the answer.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import costmodel as cm
from costmodel.analysis.explain import AWAY, STILL, TOWARDS, Explanation
from costmodel.page import Block, Heading, Notes, Page, Paragraph
from costmodel.report import render
from costmodel.version import __version__
from costmodel.words import MINUS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "bridge.md"
BEGINS = ROOT / "scenarios" / "data" / "version_0_1_0.csv"
"""Net saving to the NHS and social care that version 0.1.0 printed, in pounds of 2024/25 per person referred."""
FILES = sorted((ROOT / "scenarios").glob("*/bridge.yaml"))
DRAWS = 2_000
"""As many as behind the headline, at which each walk then begins."""


def ends(path: Path) -> tuple[cm.Scenario, cm.Scenario]:
    """The model beside an order file, and the base to which it walks."""
    return cm.load(path.with_name("model.yaml")), cm.load(path.with_name("base.yaml"))


def begins(population: str, strategy: str) -> float:
    """What version 0.1.0 said, to the end of the follow-up, expected over as many draws."""
    with BEGINS.open(encoding="utf-8", newline="") as file:
        (said,) = (
            float(row["net_saving"])
            for row in csv.DictReader(file)
            if (row["population"], row["strategy"]) == (population, strategy)
        )
    return said


def made(walks: Sequence[Explanation]) -> str:
    """The page, in Markdown."""
    steps = [part for one in walks for part in one.parts]
    moved = Counter(part.moved for part in steps)
    against = sum({part.expected, part.moved} == {TOWARDS, AWAY} for part in steps)
    nearer = sum(one.difference > 0 for one in walks)
    about = (
        "Written by `python -m scripts.bridge`, not by hand.",
        f"From what version 0.1.0 said to the base of version {__version__} (`base.yaml`), one decision after the "
        "other, in one order for all populations. The first step, faults mended, is what errors of evidence and of "
        "arithmetic moved since ([changes](../CHANGELOG.md)): the inputs of 0.1.0 with those mended are `model.yaml`, "
        "from which the decisions walk.",
        f"**Most of what moves the answer moves it towards therapy**, and a reader should know it: {nearer} of "
        f"{len(walks)} walks end nearer to therapy than they began; of {len(steps)} steps {moved[TOWARDS]} move net "
        f"saving to the NHS and social care towards therapy, {moved[AWAY]} away from it and {moved[STILL]} not at all. "
        "Order, reasons and expected directions stand in `bridge.yaml` beside each model. They were committed before "
        "the first walk, when both ends were known and no step between them; "
        f"{against or 'none'} of the steps moved against what was expected.",
        "The amounts of a walk sum to the difference between its ends. What a step moves depends on the steps before "
        "it: the range is over all orders that are possible. *Undone alone* is the ledger of choices: what the new end "
        "moves by for a reader who does not share this one decision; what has no meaning without it is undone with it.",
    )  # fmt: skip
    blocks = tuple(block for one in walks for block in _part(one))
    currency = walks[0].after.setting.currency
    return render.markdown(
        Page("Why the answer moved: from version 0.1.0 to the base of today", blocks, about, in_currency=currency)
    )


def _part(one: Explanation) -> Iterator[Block]:
    """The page of a walk, as a part of a longer one."""
    page = one.page()
    yield Heading(one.before.model.title)
    yield from map(Paragraph, page.about)
    yield Paragraph(_from_the_beginning(one))
    for block in page.blocks:
        yield from map(Paragraph, block.lines) if isinstance(block, Notes) else (block,)


def _from_the_beginning(one: Explanation) -> str:
    """The whole way to the penny, with the faults that were mended as its first step."""
    said = begins(one.before.path.parent.name, one.asked.strategy)
    start, end = one.at
    return (
        f"**Version 0.1.0 said {_pennies(said)}. Faults mended: {_pennies(start - said)}, to {_pennies(start)}. "
        f"The decisions below: {_pennies(end - start)}, to {_pennies(end)}.**"
    )


def _pennies(value: float) -> str:
    return f"{MINUS if value < 0 else ''}£{abs(value):,.2f}"


def main() -> int:
    """Write the page."""
    PAGE.write_text(made([cm.explain(*ends(path), path, draws=DRAWS) for path in FILES]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
