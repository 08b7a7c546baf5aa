"""The question that is put to the trials, and its answer with the page that says it.

Apart because the numbers below it know no page, and its page knows the numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.content import by_content
from costmodel.errors import listed, one_of, path_of
from costmodel.page import Page, Paged
from costmodel.synthesis import page as pages
from costmodel.synthesis.file import LISTED, read_synthesis, shipped
from costmodel.synthesis.posterior import Model, Posterior, fit
from costmodel.synthesis.result import Fits, fitted_trials, onsets

if TYPE_CHECKING:
    from costmodel.drawing import Chart


@by_content
@dataclass(frozen=True, repr=False)
class Synthesis(Fits, Paged):
    """The numbers of `Fits`, with the page that says them."""

    def page(self) -> Page:
        """The answer, the forest plot, what stands beside, the rows, and what they cannot say."""
        return self._page

    @cached_property
    def _page(self) -> Page:
        return pages.page(self)

    def __repr__(self) -> str:
        return "\n".join((self.evidence.file.title, *pages.about(self), pages.takeaway(self)))

    def figure(self) -> "Chart":
        """The forest plot: each row over its own window, the average trial and a new service at full effect."""
        return pages.forest(self)


def synthesise(
    path: str | Path | None = None, position: str | None = None, therapy: str | None = None,
    without: Iterable[str] = (),
) -> Synthesis:  # fmt: skip
    """What trials say together of therapy's effect on the cost of all other health care.

    path: a synthesis file, the shipped one if left out. position: which evidence counts, and therapy: the class whose
    mean is the average trial; as the file has them if left out. without: trials to leave out. Changes are shares of the
    cost of other care at full effect, below 0 a fall. Raises InputError, with every problem of the file.

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

    fits = tuple((onset, at(onset)) for onset in onsets(evidence, name))
    return Synthesis(evidence, name, kind, left, fits, at(file.onset.typical_months))
