"""docs/evidence.md: what each answer rests on, number by number, and the gaps in the order of their value."""

from collections.abc import Iterable, Iterator, Sequence

from costmodel.analysis.evidence import SPREAD_ASSUMED, Bundle, Evidence, Figure
from costmodel.result.table import in_words
from costmodel.words import MINUS, money

NONE, TO_BE_CHECKED = "–", "to be checked"
STANDINGS = {
    "read": "read at the source, spread and all",
    "derived": "derived from what was read",
    SPREAD_ASSUMED: "read or derived, and its spread an assumption",
    "recalled": "recalled, to be checked",
    "assumption": "assumption",
}
NUMBERS = ("Number", "Value", "95% interval", "Sources", "Status", "Share of the uncertainty")
GAPS = (
    "",
    "What is not known",
    "Status",
    "Worth of knowing it, £ a person",
    "Standard error",
    "Share of the uncertainty",
)
PENNY, HALF_A_PERCENT = 0.005, 0.005
ABOUT = """\
For each population: every number behind the answer of its `model.yaml`, who says so, how we know it, and how much of
the uncertainty of the headline rests on it. The headline is the net saving to the NHS and personal social services at
the follow-up, undiscounted, of the first therapy against the comparator. *Share of the uncertainty*: by how much its
variance would fall if the number were known (its first-order share, by regression on the draws). Shares need not sum to
1: the rest lies in what numbers do only together. Numbers that were fitted together are known together. A number that
is made of others is as well known as the weakest of them, and is not listed. What was held fixed adds nothing to the
uncertainty, however little is known of it.

*Worth of knowing it*: the expected value of partial perfect information on net benefit, as `costmodel voi` says it.
Where no single number could change which strategy is best, all are worth £0, and the order is that of the uncertainty.
""".splitlines()


def markdown(found: Sequence[Evidence]) -> str:
    """The text of docs/evidence.md."""
    draws, seed = found[0].information.draws, found[0].information.result.seed
    lines = [
        "# What the answers rest on",
        "",
        "Written by `costmodel check --publish --write docs/evidence.md`, not by hand.",
        "",
        *ABOUT,
        "",
        *(f"* *{name}*: {meaning}" for name, meaning in STANDINGS.items()),
    ]
    for one in found:
        lines += ["", *_population(one)]
    lines += ["", f"{draws:,} draws, seed {seed}."]
    return "\n".join(lines) + "\n"


def _population(one: Evidence) -> Iterator[str]:
    model = one.scenario.model
    comparator = model.strategies[next(iter(model.strategies))].label
    yield f"## {model.title}"
    yield ""
    yield (
        f"{model.strategies[one.strategy].label} against {comparator.lower()}, over {in_words(one.horizon_months)}. "
        f"Net saving varies with a standard deviation of {money(one.standard_deviation)} a person (£ of "
        f"{one.scenario.setting.price_year}). [About this population](../scenarios/{one.population}/README.md)."
    )
    yield from ("", "### How much of the uncertainty rests on what", "")
    yield from _table(("Status", "Uncertain numbers", "Share of the uncertainty"), _by_standing(one))
    yield from ("", "### The gaps in order of value", "", _question(one), "")
    large = [gap for gap in one.gaps if gap.worth.value >= PENNY or gap.share >= HALF_A_PERCENT]
    yield from _table(GAPS, (_gap(one, place, gap) for place, gap in enumerate(large, start=1)))
    if small := [gap for gap in one.gaps if gap not in large]:
        yield ""
        yield f"Worth nothing alone and under 1% of the uncertainty each: {'; '.join(_named(gap) for gap in small)}."
    if fixed := [figure for figure in one.figures if figure.low is None and _open(figure)]:
        yield ""
        yield (
            "Recalled or assumed and held fixed, so that nothing can be said of what knowing them is worth: "
            f"{'; '.join(_label(figure) for figure in fixed)}."
        )
    yield from ("", "### Every number", "")
    yield from _table(NUMBERS, _numbers(one))
    yield from ("", "### Sources", "")
    for name in dict.fromkeys(source for figure in one.figures for source in figure.sources):
        source = one.scenario.sources[name]
        mark = f" ({TO_BE_CHECKED})" if source.status == "recalled" else ""
        yield f"* {name}: {_plain(source.citation)}, {source.status}{mark}"


def _by_standing(one: Evidence) -> Iterator[tuple[str, ...]]:
    for standing, share in one.by_standing.items():
        count = sum(len(bundle.members) for bundle in one.bundles if bundle.standing == standing)
        yield STANDINGS[standing], str(count), percent(share)
    if one.structure is not None:
        yield "which structure is true", NONE, percent(one.structure)
    yield "what these do only together", NONE, percent(max(one.rest, 0.0))


def _question(one: Evidence) -> str:
    found = one.information
    whole = found.everything.worth
    worth = f"{money(whole.value)} ± {money(whole.error)}"
    return f"{found.asked}. Knowing everything would be worth {worth}."


def _gap(one: Evidence, place: int, gap: Bundle) -> tuple[str, ...]:
    members = ""
    if len(gap.members) > 1:
        members = f" ({'; '.join(_plain(one.scenario.parameters[name].label) for name in gap.members)})"
    worth = gap.worth
    return (
        str(place),
        _plain(gap.label) + members,
        _standing(gap.standing, gap.to_be_checked),
        money(worth.value) if worth.value >= PENNY else "£0",
        money(worth.error) if worth.error >= PENNY else "£0",
        percent(gap.share),
    )


def _numbers(one: Evidence) -> Iterator[tuple[str, ...]]:
    shares = {bundle.name: bundle.share for bundle in one.bundles}
    shown: set[str] = set()
    for figure in one.figures:
        if figure.together:
            share = f"{percent(shares[figure.together])} ({figure.together}, together)"
            if figure.together in shown:
                share = f"in {figure.together}"
            shown.add(figure.together)
        else:
            share = percent(shares[figure.name]) if figure.name in shares else NONE
        year = f" ({figure.price_year})" if figure.price_year else ""
        interval = "held fixed"
        if figure.low is not None and figure.high is not None:
            interval = f"{number(figure.low)} to {number(figure.high)}"
        yield (
            _plain(figure.label),
            f"{number(figure.value)} {figure.unit}{year}",
            interval,
            ", ".join(figure.sources),
            _standing(figure.standing, figure.to_be_checked),
            share,
        )


def _named(gap: Bundle) -> str:
    return _plain(gap.label) + (f" ({TO_BE_CHECKED})" if gap.to_be_checked else "")


def _open(figure: Figure) -> bool:
    return figure.to_be_checked or figure.standing in ("recalled", "assumption")


def _label(figure: Figure) -> str:
    return _plain(figure.label) + (f" ({TO_BE_CHECKED})" if figure.to_be_checked else "")


def _standing(standing: str, to_be_checked: bool) -> str:
    return f"{standing}, {TO_BE_CHECKED}" if to_be_checked else standing


def percent(share: float) -> str:
    """A share of the variance in whole per cent; below one, the regression cannot tell it from nothing."""
    return "under 1%" if share < HALF_A_PERCENT else f"{share:.0%}"


def number(value: float) -> str:
    """A value as the files state it, at most four figures where it was drawn or fitted."""
    size = abs(value)
    text = (
        f"{size:,.0f}" if size >= 1_000 and size == round(size) else f"{size:,.2f}" if size >= 1_000 else f"{size:.4g}"
    )
    return MINUS * (value < 0) + text


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(_plain(cell) for cell in row)} |"


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
