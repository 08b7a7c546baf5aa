"""A population for which no answer may be given, and the error that stands wherever one is asked for."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.content import by_content
from costmodel.errors import InputError, Problem, nearest
from costmodel.scenario.attached import sources_of
from costmodel.scenario.faults import validate
from costmodel.scenario.locked_file import LockedFile
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import Keys, Tree
from costmodel.scenario.schema import Source

HEADLINE = "No answer is given: this scenario is locked."
MONEY = re.compile(r"[£$€¥]|\b(?:GBP|EUR|USD)\b|\b(?:pounds?|euros?|dollars?)\b", flags=re.IGNORECASE)
"""How a sum of money begins or ends; neither the file nor a source that it cites may hold one."""


@by_content
@dataclass(frozen=True)
class Locked:
    """A checked locked scenario.

    sources: those that it cites, by id, in the order in which they are cited. sha256: of the file and its sources.
    """

    path: Path
    file: LockedFile
    sources: Mapping[str, Source]
    sha256: str

    @property
    def to_be_checked(self) -> tuple[str, ...]:
        """What findings are about that were recalled, and not read at a source."""
        return tuple(finding.about for finding in self.file.findings if finding.status == "recalled")


class Refused(InputError):
    """An answer was asked for that must not be given. Its text says why, on whose word.

    locked: what was asked about. asked: what else is wrong, such as a change to a scenario that has no numbers.
    """

    def __init__(self, locked: Locked, asked: Sequence[Problem] = ()) -> None:
        refusal = locked.file.refusal
        names = "; ".join(f"{name}: {locked.sources[name].citation}" for name in refusal.source)
        found = "this scenario is locked, and no answer is given"
        super().__init__(*asked, Problem(locked.path.name, found, f"{refusal.because} ({names})"))
        self.locked = locked
        self.asked = tuple(asked)

    def __reduce__(self) -> tuple[Any, ...]:
        return Refused, (self.locked, self.asked)


def read_locked(tree: Tree, path: Path) -> Locked:
    """A locked scenario from the tree of its file. Raises InputError with every problem found."""
    file, problems, _ = validate(LockedFile, tree)
    problems = [*tree.problems, *problems]
    if file is None:
        raise InputError(*dict.fromkeys(problems))
    try:
        sources, digests = sources_of(tree, file.setting, file.sources)
    except InputError as error:
        raise InputError(*dict.fromkeys((*problems, *error.problems))) from error
    problems += [*_citations(tree, file, sources), *_money(tree, file, sources)]
    if problems:
        raise InputError(*dict.fromkeys(problems))
    names = dict.fromkeys(name for _, cited in _cited(file) for name in cited)
    content = json.dumps({"scenario": tree.data, "files": digests}, sort_keys=True, ensure_ascii=False)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return Locked(path, file, {name: sources[name] for name in names}, sha256)


def _cited(file: LockedFile) -> Iterator[tuple[Keys, list[str]]]:
    """Every list of source ids, with where it stands."""
    yield ("refusal", "source"), file.refusal.source
    for i, finding in enumerate(file.findings):
        yield ("findings", i, "source"), finding.source


def _citations(tree: Tree, file: LockedFile, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Sources that do not exist, and findings that claim a better standing than their sources have."""
    for keys, names in _cited(file):
        for name in names:
            if name not in sources:
                yield Problem(str(tree.place(keys)), f'there is no source "{name[:60]}"', nearest(name, sources))
    for i, finding in enumerate(file.findings):
        known = [sources[name].status for name in finding.source if name in sources]
        weakest = max(known, key=STRENGTH.index, default=finding.status)
        if STRENGTH.index(finding.status) < STRENGTH.index(weakest):
            found = f'the status is "{finding.status}" and its weakest source is "{weakest}"'
            yield Problem(str(tree.place(("findings", i, "status"))), found, "Say what the source is.")


def _money(tree: Tree, file: LockedFile, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Sums of money: nothing that is shown of a locked scenario may look like an answer."""
    remedy = "No money is shown for a locked scenario: leave it out."
    for keys in tree.places:
        text: Any = tree.data
        for key in keys:
            text = text[key]
        if isinstance(text, str) and (match := MONEY.search(text)):
            yield Problem(str(tree.place(keys)), f'the text speaks of money ("{match[0]}")', remedy)
    for keys, names in _cited(file):
        for name in names:
            source = sources.get(name)
            match = MONEY.search(f"{source.citation} {source.where} {source.figure}") if source else None
            if match:
                yield Problem(str(tree.place(keys)), f'the source "{name}" speaks of money ("{match[0]}")', remedy)


def because(locked: Locked) -> str:
    """Why no answer is given, on whose word."""
    refusal = locked.file.refusal
    return f"{refusal.because} ({', '.join(refusal.source)})"


def refusal(locked: Locked) -> dict[str, Any]:
    """The reasons and the findings, with their sources."""
    file = locked.file
    return {
        "because": file.refusal.because,
        "source": list(file.refusal.source),
        "instead": file.refusal.instead,
        "findings": [finding.model_dump() for finding in file.findings],
        "sources": {name: source.model_dump() for name, source in locked.sources.items()},
        "leaves_out": list(file.leaves_out),
    }
