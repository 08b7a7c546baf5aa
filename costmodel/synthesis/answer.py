"""The question that is put to the trials, its answer in words, and the page that says it, with a forest plot.

No funnel plot: with so few rows it shows nothing.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.content import by_content
from costmodel.currency import MINUS
from costmodel.errors import listed, one_of, path_of
from costmodel.page import SCREEN, SHEET, TEXT, Column, Figure, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.setting import home
from costmodel.synthesis import draws
from costmodel.synthesis.file import LISTED, PopulationUse, read_synthesis, shipped
from costmodel.synthesis.posterior import BOUNDED, LIMITS, EffectDensity, Error, Model, Posterior, fit
from costmodel.synthesis.result import Fits, fitted_trials, onsets
from costmodel.synthesis.rows import EvidenceRow
from costmodel.words import upper_first

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.drawing import Chart, ForestLine

SCHEMA = "costmodel/synthesis/1"
WIDE, READ = (SCREEN, SHEET), (TEXT, SCREEN)
TOTAL = "total other health care"
NO_EFFECT = "no effect on other care (no weight is claimed for it)"
TITLE, ABOVE, TITLE_LINE = 40, 40, 24
"""Characters of a line of the plot's title; pixels above it, and of each of its lines."""
CONVENIENCE = (
    "It is a convenience sample of what could be reached, mostly abstracts: no protocol, no recorded search. "
    "No funnel plot is drawn of so few rows."
)
FITS = (
    Column("label", "At full effect", "text"),
    Column("average", "Average trial (95%)", only=READ), Column("new", "New service (95%)", only=READ),
    Column("new_in_words", "Mean", only=READ), Column("rise", "Chance of a rise", only=READ),
    *(
        Column(f"{who}_{what}", f"{name}: {words}", "share", only=(SHEET,))
        for who, name in (("average", "Average trial"), ("new", "New service"))
        for what, words in (("median", "middle"), ("low", "2.5%"), ("high", "97.5%"), ("mean", "mean"),
                            ("chance_of_a_rise", "chance of a rise"))
    ),
    Column("trials", "Trials", "count"), Column("people", "People", "count", only=WIDE),
    Column("assumed", "Errors assumed"), Column("unknown", "Rows: programme cost unknown", only=WIDE),
)  # fmt: skip
ROWS = (
    Column("trial", "Trial", "text"), Column("id", "Row", only=WIDE),
    Column("population", "People", "text", only=WIDE), Column("window", "Months"),
    Column("seen", "What it printed", right=False), Column("error", "Standard error"),
    Column("programme", "Programme cost", only=WIDE), Column("flags", "Risk", "text", only=WIDE, width=30),
    Column("source", "Source", "text", only=(SHEET,), width=60), Column("note", "Note", "text", only=WIDE, width=60),
)  # fmt: skip
LISTED_ROWS = (
    Column("trial", "Study", "text"), Column("position", "Design", "text", right=False),
    Column("estimand", "What is compared", "text", only=WIDE), Column("seen", "What it printed", right=False),
    Column("flags", "What speaks against it", "text", right=False),
)  # fmt: skip
PEOPLE = (
    Column("population", "Population", "text"), Column("uses", "Uses", right=False),
    Column("answer", "Change (95%)"), Column("alone", "Trial alone"),
    Column("scored", "Predicted without its own trials"),
)  # fmt: skip
FREQUENTIST = (
    Column("label", "Figures, without profile and priors", "text"), Column("estimate", "Estimate"),
    Column("interval", "95% interval"), Column("knapp", "Hartung and Knapp"), Column("tau", "tau"),
)  # fmt: skip


@by_content
@dataclass(frozen=True, repr=False)
class Synthesis(Fits, Paged):
    """The numbers of `Fits`, with the page that says them."""

    def page(self) -> Page:
        """The answer, the forest plot, what stands beside, the rows, and what they cannot say."""
        return self._page

    @cached_property
    def _page(self) -> Page:
        return page(self)

    def __repr__(self) -> str:
        return "\n".join((self.evidence.file.title, *about(self), takeaway(self)))

    def write_draws(self, path: str | Path, rows: int | None = None, seed: int | None = None) -> Path:
        """Write draws that a scenario reads with `joint`: ratios of cost at full effect, and the onset of each.

        Columns: `average` (trial), `new_service`, `trial_NAME` for each trial that printed a figure (drawn towards the
        others), all as ratios, and `onset_months`. The first row, which serves the deterministic run, has the medians
        at the typical onset. rows, seed: as the synthesis file has them if left out; the same seed gives the same
        bytes. Returns the path. Raises InputError where it cannot be written.
        """
        return draws.write(self, path, rows, seed)

    def figure(self) -> "Chart":
        """The forest plot: each row over its own window, the average trial and a new service at full effect."""
        return forest(self)


def synthesise(
    path: str | Path | None = None, position: str | None = None, therapy: str | None = None,
    without: Iterable[str] = (), onset_of: str | None = None,
) -> Synthesis:  # fmt: skip
    """What trials say together of therapy's effect on the cost of all other health care.

    path: a synthesis file, the shipped one if left out. position: which evidence counts, and therapy: the class whose
    mean is the average trial; as the file has them if left out. without: trials to leave out. onset_of: the position
    whose time until the full effect is taken, its own if left out. Changes are shares of the cost of other care at full
    effect, below 0 a fall. Raises InputError, with every problem of the file.

    >>> import costmodel as cm
    >>> round(cm.synthesise(position="figures").typical.average.median, 2)
    -0.16
    """
    evidence = read_synthesis(shipped() if path is None else path_of("path", path))
    file = evidence.file
    pool = [name for name, one in file.positions.items() if one.role != LISTED]
    name = file.position if position is None else one_of("position", position, pool)
    rows = evidence.of(name)
    classes = dict.fromkeys(row.therapy for row in rows)
    kind = one_of("therapy", therapy, classes) if therapy is not None else file.therapy
    trials = dict.fromkeys(row.trial for row in rows)
    left = tuple(dict.fromkeys(one_of("trial", one, trials) for one in listed("without", without)))
    kept = [row for row in rows if row.trial not in left]
    model = Model(file.priors.class_sd, file.priors.tau_scale)

    def at(onset: float) -> Posterior:
        return fit(fitted_trials(evidence, kept, onset), kind, model)

    slow = "" if onset_of is None else one_of("onset_of", onset_of, pool)
    fits = tuple((onset, at(onset)) for onset in onsets(evidence, slow or name))
    return Synthesis(evidence, name, kind, left, fits, at(file.onset.typical_months), slow)


def percent(share: float) -> str:
    """A change in whole percent, with its sign."""
    number = round(100 * share)
    return f"{MINUS if number < 0 else '+' if number > 0 else ''}{abs(number)}%"


def with_interval(density: EffectDensity) -> str:
    """The change in the middle and its 95% interval."""
    return f"{percent(density.median)} ({percent(density.low)} to {percent(density.high)})"


def in_100(chance: float) -> str:
    """A chance as so many in 100."""
    return (
        f"{100 * chance:.0f} in 100"
        if 0.005 <= chance <= 0.995
        else ("under 1 in 100" if chance < 0.5 else "over 99 in 100")
    )


def outcome(found: Fits) -> str:
    """What the position compares, as a sentence has it."""
    estimand = found.evidence.file.positions[found.position].estimand or TOTAL
    return "the cost of all other health care" if estimand == TOTAL else estimand


def takeaway(found: Fits) -> str:
    """The answer in a sentence."""
    typical = found.typical
    within = "includes" if typical.average.low < 0 < typical.average.high else "excludes"
    return (
        f"A new service of {found.therapy} therapy changes {outcome(found)} by "
        f"{with_interval(typical.new)} at full effect, with a chance of {in_100(typical.new.rise)} of a rise; the "
        f"average trial by {with_interval(typical.average)}, an interval that {within} no change."
    )


def about(found: Fits) -> tuple[str, str]:
    """Which evidence, how much of it, and what is asked of it."""
    label = found.evidence.file.positions[found.position].label
    left = f", without {', '.join(found.without)}" if found.without else ""
    left += f", with the onset of {found.onset_of}" if found.onset_of else ""
    return (
        f"{label}{left}: {found.counts.words}",
        f"{found.therapy} therapy against usual care; the effect is full {found.typical_onset:g} months after the "
        "first session unless another onset is named",
    )


def page(found: Fits) -> Page:
    """The answer, the forest plot, what stands beside, the rows, and what they cannot say."""
    import pandas as pd

    file = found.evidence.file
    over_onsets = (
        f"Over all onsets: average trial {with_interval(found.average)}, new service {with_interval(found.new)}."
    )
    listed = pd.DataFrame([_listed(found, row) for row in found.evidence.rows if _only_listed(found, row)])
    blocks = (
        Paragraph(takeaway(found), strong=True),
        Paragraph(" ".join(filter(None, (over_onsets, file.positions[found.position].note, CONVENIENCE)))),
        Figure(lambda: forest(found), "forest"),
        Heading("Beside it: other evidence, other readings, each trial left out"),
        Table(_fitted(found), FITS, name="beside"),
        *_scored(found),
        *_people(found),
        Heading("Trials, each over its own window"),
        Table(pd.DataFrame([_shown(row) for row in found.rows]), ROWS, name="rows"),
        *_frequentist(found),
        *_pounds(found),
        Heading("Shown without an average"),
        Table(listed, LISTED_ROWS, name="listed"),
        Notes("Left out", found.evidence.dropped),
    )
    data = {"schema": SCHEMA, "position": found.position, "therapy": found.therapy, "without": list(found.without)}
    return Page(file.title, blocks, about(found), data=data, frame=found.frame)


def _fitted(found: Fits) -> "pd.DataFrame":
    """The fits beside each other, and no effect on other care, in numbers and in words."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for one, record in zip(found.beside, found.frame.iloc[1:].to_dict("records"), strict=True):
        counts, new = one.counts, one.fit.new
        in_words = {
            "average": with_interval(one.fit.average), "new": with_interval(new), "new_in_words": percent(new.mean),
            "rise": in_100(new.rise), "assumed": f"{counts.assumed_trials} of {counts.trials + counts.nulls}",
            "unknown": f"{counts.unknown_rows} of {counts.rows}",
        }  # fmt: skip
        rows.append({str(key): value for key, value in record.items()} | in_words)
    nothing = {f"{who}_{what}": 0.0 for who in ("average", "new") for what in ("median", "low", "high", "mean")}
    nought = dict.fromkeys(("average", "new", "new_in_words"), percent(0))
    return pd.DataFrame([*rows, {"label": NO_EFFECT, **nothing, **nought}])


def _scored(found: Fits) -> Iterator[Paragraph]:
    score = found.score
    if score is None:
        return
    difference, se = score.difference, score.se
    told = "cannot be told from" if abs(difference) < 1.96 * se else "differs from"
    ours, none = np.mean(score.of_synthesis), np.mean(score.of_no_effect)
    yield Paragraph(
        f"With each of the {len(score.trials)} trials that printed a figure predicted from the others, the synthesis "
        f"{told} no effect: CRPS {ours:.3f} against {none:.3f}, difference {difference:.3f} (SE {se:.3f}); smaller is "
        "better."
    )


def _people(found: Fits) -> Iterator[Heading | Table]:
    import pandas as pd

    here = {row.trial for row in found.rows}
    rows = []
    for name, one in found.evidence.file.populations.items():
        if one.position != found.position or one.therapy != found.therapy:
            continue
        rows.append({"population": name.replace("_", " "), **_population(found, one, here)})
    if rows:
        yield Heading("Who uses which answer")
        yield Table(pd.DataFrame(rows), PEOPLE, name="populations")


def _population(found: Fits, one: PopulationUse, here: set[str]) -> dict[str, str]:
    share = "" if one.weight == 1 else f", weight {one.weight:g}"
    own = [trial for trial in one.scored_without if trial in here]
    scored = with_interval(found.predicted(own).new) if own else ""
    if one.trial is not None and one.trial in here:
        three = found.of_trial(one.trial)
        uses = f"{one.trial}, drawn towards the others (an input)"
        return {
            "uses": uses, "answer": with_interval(three.shrunk), "alone": with_interval(three.alone), "scored": scored,
        }  # fmt: skip
    return {"uses": f"a new service{share}", "answer": with_interval(found.typical.new), "alone": "", "scored": scored}


def _frequentist(found: Fits) -> Iterator[Heading | Table]:
    import pandas as pd

    rows = []
    for label, one in found.random_effects:
        ends = (one.estimate - 1.96 * one.se, one.estimate + 1.96 * one.se)
        knapp = (one.estimate - one.half_width, one.estimate + one.half_width)
        name = f"{one.k} figures{f' with {label}' if label else ''}"
        rows.append({
            "label": name, "estimate": percent(math.expm1(one.estimate)),
            "interval": " to ".join(percent(math.expm1(end)) for end in ends),
            "knapp": " to ".join(percent(math.expm1(end)) for end in knapp), "tau": f"{one.tau:.2f}",
        })  # fmt: skip
    if rows:
        yield Heading("The same figures by restricted maximum likelihood")
        yield Table(pd.DataFrame(rows), FREQUENTIST, name="reml")


def _pounds(found: Fits) -> Iterator[Paragraph]:
    declared = found.evidence.file.constant_pounds
    if declared is None or not found.pounds:
        return
    money = home().currency.money
    ours = "; ".join(
        f"{money(one.estimate)} (SE {money(one.se)}, tau {money(one.tau)}) {f'with {label}' if label else ''}".rstrip()
        for label, one in found.pounds
    )
    in_use = (
        f"{money(declared.change_per_year)} (SE {money(declared.se)}) and "
        f"{money(declared.adjusted_change_per_year)} (SE {money(declared.adjusted_se)}), pooled"
    )
    reach = f"{money(declared.trials_from_per_year)} to {money(declared.trials_to_per_year)}"
    yield Paragraph(
        f"As constant pounds a year, from the figures: {ours}. In use: {in_use}. The controls of these trials cost "
        f"{reach} a year; of people who cost less or more nothing was seen."
    )


def seen(row: EvidenceRow) -> str:
    """What a row printed, in words."""
    if row.log_ratio is not None:
        change = percent(math.expm1(row.log_ratio))
        if row.se is None:
            return change
        low, high = (percent(math.expm1(row.log_ratio + sign * 1.96 * row.se)) for sign in (-1, 1))
        return f"{change} ({low} to {high})"
    return f"{row.verdict}, not significant" if row.bounded else row.verdict


def _shown(row: EvidenceRow) -> dict[str, Any]:
    how = {"figure": "printed or derived", "drawn": "drawn", "rule": "assumed", "": "none"}
    weight = f", weight {row.weight:g}" if row.weight < 1 else ""
    return {
        "trial": f"{row.name}{weight}", "id": row.id, "population": row.population,
        "window": f"{row.start:g} to {row.end:g}", "seen": seen(row), "error": how[row.error],
        "programme": row.programme_cost, "flags": "; ".join(row.flags), "source": row.source, "note": row.note,
    }  # fmt: skip


def _only_listed(found: Fits, row: EvidenceRow) -> bool:
    return any(found.evidence.file.positions[name].role == LISTED for name in row.sets)


def _listed(found: Fits, row: EvidenceRow) -> dict[str, Any]:
    positions = found.evidence.file.positions
    label = next(positions[name].label for name in row.sets if positions[name].role == LISTED)
    return {
        "trial": row.name, "position": label, "estimand": row.estimand, "seen": seen(row),
        "flags": "; ".join(row.flags) or row.note,
    }  # fmt: skip


def forest(found: Fits) -> "Chart":
    """Figures with their intervals, verdicts as what they leave open, and the two answers at full effect."""
    from costmodel import drawing

    errors, short = found.evidence.file.errors, outcome(found).removeprefix("the ").replace("all other", "other")
    rule = Error(errors.cv_low, errors.cv_high, errors.cv_points)
    lines = [_line(row, rule) for row in found.rows]
    for name, density in (("Average trial", found.typical.average), ("New service", found.typical.new)):
        change = (density.low, density.median, density.high)
        low, middle, high = (1 + one for one in change)
        lines.append(drawing.ForestLine(
            name, f"at full effect, {with_interval(density)}", low, high, middle, "answer",
        ))  # fmt: skip
    figure = drawing.forest(lines, f"{upper_first(short)}, therapy ÷ usual care")
    alt = f"Forest plot of {len(found.rows)} rows. {takeaway(found)} " + "; ".join(
        f"{one.label}: {one.words}" for one in lines
    )
    title = (
        f"{upper_first(short)} after {found.therapy} therapy: {percent(found.typical.average.median)} in the average "
        f"trial, {percent(found.typical.new.low)} to {percent(found.typical.new.high)} in a new service"
    )
    made, above = drawing.chart(figure, title, alt), drawing.wrapped(title, TITLE)
    top = ABOVE + TITLE_LINE * (above.count("<br>") + 1)
    figure.update_layout(
        title={"text": above, "y": 1, "yanchor": "top", "pad": {"t": ABOVE}}, hovermode="closest",
        margin_t=top, height=figure.layout.height + top,
        legend={"y": 0, "yref": "container", "yanchor": "bottom"},
    )  # fmt: skip
    return made


def _line(row: EvidenceRow, rule: Error) -> "ForestLine":
    from costmodel import drawing

    half = f", weight {row.weight:g}" if row.weight < 1 else ""
    label, words = upper_first(f"{row.name}{half}"), f"months {row.start:g}–{row.end:g}, {seen(row)}"
    if row.kind == "figure" and row.log_ratio is not None and row.se is not None:
        low, high = (math.exp(row.log_ratio + sign * 1.96 * row.se) for sign in (-1, 1))
        return drawing.ForestLine(label, words, low, high, math.exp(row.log_ratio), "figure")
    nodes, weights = rule.nodes(row.spread_of_n or math.nan)
    se = float(nodes @ weights)
    low, high = (
        math.exp(max(min(z, 9.0), -9.0) * se) for z in (BOUNDED[row.verdict] if row.bounded else LIMITS[row.verdict])
    )
    open_low, open_high = (math.isinf(z) for z in LIMITS[row.verdict])
    open_low, open_high = open_low and not row.bounded, open_high and not row.bounded
    return drawing.ForestLine(label, words, None if open_low else low, None if open_high else high, None, "verdict")
