"""`python -m scripts.claims`: docs/claims.md, the list of the claims and a page for each."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import costmodel as cm
from costmodel.analysis.claims import Claims
from costmodel.page import Block, Heading, Notes, Paragraph
from costmodel.report import render

PAGE = Path(__file__).resolve().parents[1] / "docs" / "claims.md"
BY_HAND = "Written by `python -m scripts.claims` from `scenarios/claims/claims.yaml`, not by hand."


def made(claims: Claims) -> str:
    """The page, in Markdown."""
    page = claims.page()
    return render.markdown(replace(page, about=(BY_HAND, *page.about), blocks=(*page.blocks, *_parts(claims))))


def _parts(claims: Claims) -> Iterator[Block]:
    """Each claim as a part of the page: its notes under words and not under headings."""
    for one in claims.of:
        page = one.page()
        yield Heading(page.title)
        yield from map(Paragraph, page.about)
        for block in page.blocks:
            if isinstance(block, Heading | Notes):
                lines = [] if isinstance(block, Heading) else [f"* {line}" for line in block.lines]
                heading = block.text if isinstance(block, Heading) else block.heading
                yield Paragraph("\n".join((f"*{heading}*", "", *lines)).rstrip())
            else:
                yield block


def main() -> int:
    """Write the page."""
    PAGE.write_text(made(cm.claims()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
