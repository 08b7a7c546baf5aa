"""The bridges: one committed order from each base to other care as trials found it, and the page that walks them."""

from pathlib import Path

import pytest

import costmodel as cm
from costmodel.analysis.explain_changes import between
from costmodel.analysis.explain_order import read_order
from scripts import bridge

POPULATIONS = [path.parent.name for path in bridge.FILES]
DECISIONS = [
    "What is spent on these people", "Other care as trials found it",
    "Half by hospital nights in trials of these people",
    "How long the gain in health lasts, and what fewer sessions do", "People in paid work", "Unpaid care",
    "The price of a session", "What releases cash",
]  # fmt: skip


def test_every_population_with_an_overlay_of_trials_has_a_bridge() -> None:
    overlays = Path(bridge.ROOT / "scenarios").glob("*/base.yaml")
    assert sorted(path.parent.name for path in overlays) == POPULATIONS


@pytest.mark.parametrize("path", bridge.FILES, ids=POPULATIONS)
def test_a_bridge_covers_every_change_once_in_the_order_of_all(path: Path) -> None:
    """New parameters of several decisions are no reason to make one of them. Every stop is a model."""
    order, found = read_order(path), between(*bridge.ends(path), parted=True)
    steps = order.steps(found)
    assert sorted(i for step in steps for i in step.takes) == [*range(len(found.differences))]
    labels = [step.label for step in order.file.steps]
    assert labels == [label for label in DECISIONS if label in labels]
    taken = frozenset[int]()
    for step in steps:
        taken |= step.takes
        found.scenario(found.edits_of(taken))


def test_a_walk_backwards_turns_every_sign() -> None:
    path = bridge.FILES[POPULATIONS.index("complex_long_term")]
    base, end = bridge.ends(path)
    there, back = (cm.explain(*two, path, draws=0) for two in ((base, end), (end, base)))
    assert [part.amount for part in back.parts] == [-part.amount for part in there.parts[::-1]]
    turned = {"towards therapy": "away", "away": "towards therapy"}
    for part, other in zip(there.parts, back.parts[::-1], strict=True):
        assert other.moved == turned.get(part.moved, part.moved)
        assert other.expected == turned.get(part.expected, part.expected)
    assert there.parts[-1].undone == back.parts[0].amount
    assert back.parts[-1].undone == there.parts[0].amount


@pytest.mark.long
def test_the_page_is_what_the_walks_say() -> None:
    walks = [cm.explain(*bridge.ends(path), path, draws=bridge.DRAWS) for path in bridge.FILES]
    for walk in walks:
        assert sum(part.amount for part in walk.parts) == pytest.approx(walk.difference, abs=1e-6)
        headline = cm.run(walk.before, draws=bridge.DRAWS).summary("net_saving").value[0]
        assert walk.at[0] == pytest.approx(headline, rel=1e-12)
    assert bridge.made(walks) == bridge.PAGE.read_text("utf-8"), "python -m scripts.bridge writes it again"
