"""`python -m scripts.predictions`: adds to docs/predictions.md what is predicted of tables that nobody here has read.

The questions stand in scripts/predictions.yaml and were committed before their first answer. A prediction is never
edited: each part of the page ends with the SHA-256 of all above it, and an answer is added only where the page has none
of this version and this scenario.
"""

import datetime
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

import costmodel as cm
from costmodel.model.run import run_at
from costmodel.result.purse import purse
from costmodel.scenario.load import catalogue
from costmodel.synthesis import synthesise
from costmodel.version import __version__

ROOT = Path(__file__).resolve().parents[1]
PAGE, QUESTIONS = ROOT / "docs" / "predictions.md", ROOT / "scripts" / "predictions.yaml"
SEAL = "Sealed: SHA-256 of all above is "
PAYER, PUBLIC = "nhs_pss", "public_sector"
ROW = re.compile(r"\| (P\d{3}) \| .* \| ([^|]+) \| ([\d.]+) \| ([0-9a-f]{64}) \|")
"""A row of the page: its question, its quantiles and unit, the version and the SHA-256 of what answered."""


@lru_cache
def declared() -> dict[str, Any]:
    """The file of questions."""
    return dict(YAML(typ="safe", pure=True).load(QUESTIONS.read_text("utf-8")))


@lru_cache
def scenario_of(name: str, stratum: str | None) -> cm.Scenario:
    """The base of a population, or of a stratum of it."""
    scenario = cm.load(name)
    return scenario.stratum(stratum) if stratum else scenario


@lru_cache
def result_of(name: str, stratum: str | None, end: float, begin: float) -> cm.Result:
    """A run that is read at the ends of a window, in months."""
    file = declared()
    return run_at(scenario_of(name, stratum), {end, begin} - {0}, file["draws"], file["seed"])


def sha_of(question: Mapping[str, Any]) -> str:
    """The SHA-256 of the scenario that answers, or of the rows and the file of the synthesis."""
    if "position" in question:
        folder = catalogue() / "synthesis"
        return hashlib.sha256(
            b"".join((folder / one).read_bytes() for one in ("rows.csv", "synthesis.yaml"))
        ).hexdigest()
    return scenario_of(question["scenario"], question.get("stratum")).sha256


def answer(question: Mapping[str, Any]) -> tuple[list[float], str]:
    """The quantiles of an answer, and their unit."""
    levels = tuple(declared()["quantiles"])
    if "position" in question:
        new = synthesise(position=question["position"], therapy=question["therapy"]).typical.new
        return [1 + new.quantile(level) for level in levels], "ratio"
    begin, end = question.get("months", (0, 12))
    result = result_of(question["scenario"], question.get("stratum"), end, begin)
    run = result.run(question["reading"]) if "reading" in question else result.headline
    if "parameter" in question:
        values = cm.run(result.scenario, draws=declared()["draws"], seed=declared()["seed"]).by_draw()
        return [float(one) for one in np.quantile(values["input", question["parameter"]], levels)], "people per 100"
    at = {month: result.horizons.index(month) for month in (begin, end) if month}
    if question["what"] == "net cost":
        net = result.net_cost(run, at[end], 1, perspective=PUBLIC)
        return list(result.quantiles(run, net, levels)), result.setting.currency.code
    parts = [purse(result, run, place, 1, perspective=PAYER)[question["channel"]] for place in at.values()]
    spent, saved = (parts[-1][i] - (parts[0][i] if len(parts) > 1 else 0) for i in (0, 1))
    if question["what"] == "ratio":
        return list(result.quantiles(run, (spent - saved) / spent, levels)), "ratio"
    asked = {"without": spent, "saved": saved}[question["what"]]
    return list(result.quantiles(run, asked, levels)), result.setting.currency.code


def written(value: float) -> str:
    """A quantile, to six figures."""
    return f"{value:.6g}"


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Each part of the page from its beginning to its seal, and the seal."""
    for match in re.finditer(rf"^{SEAL}([0-9a-f]{{64}})\.\n", text, flags=re.M):
        yield text[: match.start()], match[1]


def seal(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def known(text: str) -> set[tuple[str, str, str]]:
    """What the page has answered: question, version, SHA-256."""
    return {(row[1], row[3], row[4]) for row in ROW.finditer(text)}


def beginning() -> str:
    """What stands above the first part."""
    file = declared()
    return "\n".join((
        "# Predictions of tables that nobody here has read", "",
        "Written by `python -m scripts.predictions`, which only adds; a prediction is never edited. The questions "
        "(`scripts/predictions.yaml`) were committed before their first answer. A reader who has one of these papers "
        "lays its table beside the part that was dated before it was read.", "",
        *(f"* **{name}**: {what}." for name, what in file["unread"].items()), "",
        "Not predicted:", "", *(f"* {line}" for line in file["not_predicted"]), "", "",
    ))  # fmt: skip


def added(text: str, date: datetime.date) -> str:
    """The page with the answers that it lacks, as one more part; the same text where it lacks none."""
    file, have = declared(), known(text)
    lacking = {name: one for name, one in file["questions"].items() if (name, __version__, sha_of(one)) not in have}
    if not lacking:
        return text
    names = [f"{100 * level:g}%" for level in file["quantiles"]]
    header = ["Id", "Table", "What", "By", *names, "Unit", "Version", "SHA-256"]
    lines = [f"## {date.isoformat()}, version {__version__}", "", f"{file['draws']:,} draws, seed {file['seed']}.", ""]
    lines += [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    for name, one in lacking.items():
        quantiles, unit = answer(one)
        who = f"synthesis, {one['position']}" if "position" in one else one["scenario"]
        cells = [name, one["of"], one["asks"], who, *map(written, quantiles), unit, __version__, sha_of(one)]
        lines.append(f"| {' | '.join(cells)} |")
    text = (text or beginning()) + "\n".join((*lines, "", ""))
    return f"{text}{SEAL}{seal(text)}.\n\n"


def main() -> int:
    """Add what the page lacks."""
    old = PAGE.read_text("utf-8") if PAGE.exists() else ""
    PAGE.write_text(added(old, datetime.date.today()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
