"""The figures of the READMEs' answer tables are those of a run: what a table says is what the model says."""

import functools
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import costmodel as cm
from costmodel.analysis.incremental import incremental
from costmodel.analysis.purse import bars
from costmodel.analysis.verdict import LEADS
from costmodel.model.run import DRAWS, SEED, run_at
from costmodel.page import Table
from costmodel.report.answer import for_whom, page
from costmodel.report.render import markdown
from costmodel.report.sentence import pick
from costmodel.scenario.conventions import NO_EFFECT
from costmodel.words import chance, in_100
from tests.support.answers import answer, rows

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"


PURSES = ("depression_resistant", "complex_long_term", "borderline", "depression_short_term", "panic", "high_users")


@functools.cache
def result(population: str, overlay: str) -> cm.Result:
    """Kept by all tests here, so without curves, which are most of its memory."""
    found = cm.run(cm.load(SCENARIOS / population / f"{overlay}.yaml"), strata=False)
    assert found.expected is not None
    return replace(found, expected=replace(found.expected, curves=found.expected.curves[..., :1].copy()))


def pounds(value: float, step: float) -> str:
    """To the nearest step, with the sign in front of the pound."""
    rounded = round(value / step) * step
    return f"{'−' if rounded < 0 else ''}£{abs(rounded):,.0f}"


def three_figures(value: float) -> str:
    """As the front page says money: three significant figures."""
    return pounds(value, 10.0 ** (math.floor(math.log10(abs(value))) - 2))


def qaly(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def row_of_a_population(population: str, overlay: str, strategies: tuple[str, ...]) -> str:
    """A row of its README: net saving to ten pounds and QALYs gained, each with its interval, by strategy."""
    cells = []
    for strategy in strategies:
        for outcome, perspective, said in (
            ("net_saving", "nhs_pss", functools.partial(pounds, step=10)),
            ("qaly", "", qaly),
        ):
            found = rows(
                result(population, overlay),
                outcome,
                strategy=strategy,
                perspective=perspective,
                discounted=outcome == "qaly",
            )
            (row,) = found.itertuples()
            cells.append(f"{said(row.value)} ({said(row.low)} to {said(row.high)})")
    return "| " + " | ".join([overlay, *cells]) + " |"


TABLES = {"panic": ("pfpp", "applied_relaxation"), "depression_short_term": ("stpp", "cbt")}


@pytest.mark.long
@pytest.mark.parametrize("overlay", ["model", "symptoms_cautious", "symptoms_favourable"])
@pytest.mark.parametrize("population", TABLES)
def test_the_answer_table_of_a_population_is_that_of_a_run(population: str, overlay: str) -> None:
    readme = (SCENARIOS / population / "README.md").read_text("utf-8")
    assert row_of_a_population(population, overlay, TABLES[population]) in readme.splitlines()


FRONT = {
    "depression_resistant": "ltpp",
    "complex_long_term": "ltpp",
    "borderline": "mbt_outpatient",
    "depression_short_term": "stpp",
    "panic": "pfpp",
    "high_users": "pit",
}


@pytest.mark.long
@pytest.mark.parametrize("population", FRONT)
def test_the_front_page_says_what_each_population_costs_and_whether_it_comes_back(population: str) -> None:
    found, strategy = result(population, "model"), FRONT[population]
    (net,) = rows(found, "net_saving", perspective="nhs_pss", strategy=strategy).itertuples()
    best = f"a saving of {three_figures(net.high)}" if net.high > 0 else three_figures(-net.high)
    ends = (three_figures(-net.low), best) if net.high > 0 else (best, three_figures(-net.low))
    paid = answer(found, "chance_payback", strategy=strategy, horizon_months=found.horizons[-1])
    back = f"{found.horizons[-1] / 12:.0f} years: {round(100 * paid) or 'none'} of 100"
    said = f"| {three_figures(-net.value)} ({ends[0]} to {ends[1]}), {found.horizons[0]:.0f} months | {back} |"
    assert said in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.long
def test_the_front_page_says_what_high_users_lose_without_their_own_trials_and_without_extrapolation() -> None:
    found = result("high_users", "base")
    without, stops = (
        [
            chance(found.summary("chance_payback", perspective="nhs_pss", horizon_months=h, run=run).value.item())
            for h in found.horizons
        ]
        for run in ("without_their_trials", "stops")
    )
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    back = f"the money is back within 14 months in {without[0]} and within 5 years in {without[1]}."
    assert f"predicted without them, {back}" in said
    assert f"if savings stop there, high users' is back in {stops[1]} within 5 years." in said


@pytest.mark.long
def test_the_tables_of_the_bands_of_severity_are_those_of_a_run() -> None:
    """Scores, shares and QALYs beside the trial, by course of illness and set of utilities."""
    readme = (SCENARIOS / "depression_resistant" / "README.md").read_text("utf-8")
    found = cm.validate(population="depression_resistant", scenario=cm.load("depression_resistant/bands"))
    bands = [one for one in found.rows if one.target.scenario == "bands.yaml"]
    written = {"points": "{:.1f}", "share": "{:.0%}", "QALY": "{:.3f}"}
    assert len(bands) == 25
    for one in bands:
        said = written[one.target.unit].format
        trial_ten, trial_resistant, flat_ten, flat_resistant = (
            said(figure.value) + (f" ({said(figure.low)} to {said(figure.high)})" if figure.high > figure.low else "")
            for figure in one.readings.values()
        )
        line = f"| {said(one.target.observed or 0.0)} | {trial_ten} | {flat_ten} |"
        lines = (
            [line]
            if one.name != "B025"
            else [f"| {trial_ten} | {flat_ten} |", f"| {trial_resistant} | {flat_resistant} |"]
        )
        assert all(line in readme for line in lines), (one.name, lines)


@pytest.mark.long
def test_the_front_page_says_what_bands_of_severity_do_to_health() -> None:
    whole = result("depression_resistant", "bands")
    (gained,) = rows(whole, "qaly", discounted=False, horizon_months=42.0).itertuples()
    year = answer(whole, "cost_per_qaly", perspective="nhs_pss", discounted=True, horizon_months=120.0)
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"give {qaly(gained.value)} QALYs by month 42 ({qaly(gained.low)} to {qaly(gained.high)})" in said
    assert f"over ten years a year of good health is {three_figures(year)} and not" in said


SHORTER = {"ltpp": "long-term psychodynamic therapy", "istdp": "short-term dynamic therapy", "cbt": "CBT"}


@pytest.mark.long
@pytest.mark.parametrize("strategy", SHORTER)
def test_the_table_of_shorter_therapies_is_that_of_a_run(strategy: str) -> None:
    scenario = cm.load(SCENARIOS / "depression_resistant" / "shorter_therapies.yaml")
    cells = [SHORTER[strategy]]
    for found in (cm.run(scenario), cm.run(scenario.changed({"session_price": "staff_band_7"}))):
        at = {"perspective": "nhs_pss", "strategy": strategy}
        net, gain, ratio = (found.summary(one, **at).iloc[0] for one in ("net_saving", "qaly", "cost_per_qaly"))
        if len(cells) == 1:
            between = " to ".join(three_figures(end).replace("£", "") for end in (net.low, net.high))
            cells += [
                f"{three_figures(net.value)} ({between})",
                f"{qaly(gain.value)} ({qaly(gain.low)} to {qaly(gain.high)})",
            ]
            cells += [three_figures(ratio.value).replace("£", "")]
        else:
            cells += [f"{three_figures(net.value)}; {three_figures(ratio.value).replace('£', '')}"]
    assert f"| {' | '.join(cells)} |" in (SCENARIOS / "depression_resistant" / "README.md").read_text("utf-8")


@pytest.mark.long
@pytest.mark.parametrize("named", ["base", "finnish_register", "keeps_growing"])
def test_the_table_of_named_scenarios_is_that_of_a_run(named: str) -> None:
    """Of those outside every verdict, a chance and no word."""
    found = result("complex_long_term", named)
    said = cm.verdict(found)
    money = [
        three_figures(found.summary("net_saving", perspective=payer, horizon_months=120).iloc[0].value)
        for payer in ("nhs_pss", "public_sector")
    ]
    a_year = re.match(r"Health: (\S+) a year of good health within 10 years", said.health)
    assert a_year is not None
    readme = (SCENARIOS / "complex_long_term" / "README.md").read_text("utf-8")
    assert f"| {' | '.join([named, *money, a_year[1]])} |" in readme.splitlines()
    assert bool(said.words) is (named == "base")
    assert said.chance is not None


@pytest.mark.long
def test_the_page_of_high_users_has_a_verdict_for_heavy_users_and_for_everyone() -> None:
    found = cm.run(cm.load(SCENARIOS / "high_users" / "base.yaml"))
    (table,) = [block for block in for_whom(found, "pit", "nhs_pss") if isinstance(block, Table)]
    readme = (SCENARIOS / "high_users" / "README.md").read_text("utf-8")
    rows = ("Heavy users alone (100%)", "Light users alone (0%)", "Everyone referred (25%)")
    for row, who in enumerate(rows):
        one = table.frame.iloc[row]
        cells = [who, three_figures(one.saving), one.word, one.chance, one.now, one.above]
        assert f"| {' | '.join(cells)} |" in readme.splitlines()
    at: dict[str, Any] = {"perspective": "nhs_pss"}
    back = pick(found, "payback_sustained_months", horizon=60.0, **at).words
    gain = pick(found, "qaly", horizon=14.0, discounted=True).value * 100
    ratio = pick(found, "cost_per_qaly", horizon=14.0, discounted=True, **at).value
    said = " ".join(readme.split())
    assert f"the money of everyone referred is back {back}" in said
    assert f"gives 100 people {gain:.2f} QALYs within 14 months ({three_figures(ratio)} each)" in said
    shares = [
        chance(found.summary("chance_payback", horizon_months=60, run=run, **at).value.item())
        for run in (NO_EFFECT, "stops", "without_their_trials")
    ]
    assert shares[0] == "none of 100"
    assert f"({shares[1]} if it stops there)" in said
    assert f"({shares[2]} without them)" in said


@pytest.mark.long
@pytest.mark.parametrize("population", [*PURSES, "talking_therapies"])
def test_the_page_of_a_population_says_what_is_left_out_and_which_way_it_counts(population: str) -> None:
    """The same way as its file, whose list the board page prints."""
    left_out = cm.load(population).model.leaves_out
    readme = " ".join((SCENARIOS / population / "README.md").read_text("utf-8").split())
    for what, way in (("partners and children", "would favour therapy"), ("other teams", "either way"),
                      ("no money is saved by dying", "would favour therapy")):  # fmt: skip
        (said,) = [line for line in left_out if what in line]
        assert way in said
        assert what in readme
    assert "health and work of partners and children (would favour therapy)" in readme.replace(
        "Health and", "health and"
    )
    assert "deaths (would favour therapy" in readme


WORK_ALONE = """
format: 1
extends: model.yaml
label: work_alone
title: "Work alone"
remove: [strategies.course.effects.other_care, money_alternatives]
"""


@pytest.mark.long
def test_the_page_of_talking_therapies_says_what_comes_back_by_when_and_by_work_alone(tmp_path: Path) -> None:
    home = tmp_path / "scenarios"
    shutil.copytree(SCENARIOS, home)
    alone = home / "talking_therapies" / "work_alone.yaml"
    alone.write_text(WORK_ALONE, "utf-8")
    whole, work = (run_at(cm.load(path), (24, 60), DRAWS, SEED) for path in (alone.with_name("model.yaml"), alone))
    readme = (SCENARIOS / "talking_therapies" / "README.md").read_text("utf-8")
    lacks = cm.load("talking_therapies").model.lacks
    assert page(cm.run(cm.load("talking_therapies"), draws=0)).about == (lacks,)
    assert f"**What it lacks.** {lacks}" in readme
    assert "Work" not in [bar.name for bar in bars(whole, "course", "nhs_pss", 0)], "nobody pays in that channel"
    assert set(whole.summary("cost_per_qaly", discounted=True).words) == {"health is not modelled"}
    parts = []
    for months in (24, 60, 120):
        cells = []
        for found, payer in ((whole, "nhs_pss"), (whole, "public_sector"), (work, "public_sector")):
            said = cm.verdict(found, perspective=payer, horizon=months)
            saving = found.summary("net_saving", perspective=payer, horizon_months=months).iloc[0].value
            assert said.chance is not None
            cells.append(f"{three_figures(saving)}; {chance(said.chance)}")
            assert said.health == "Health: not modelled here, because no state has a utility"
        assert f"| {months} months | {' | '.join(cells)} |" in readme.splitlines()
        parts.append(work.summary("offset_ratio", perspective="public_sector", horizon_months=months).iloc[0].value)
    two, five, ten = (f"{part:.0%}" for part in parts)
    said_back = (
        f"So {two} of a course comes back to the public sector within two years, {five} within five, {ten} within"
    )
    assert said_back in readme
    front = (ROOT / "README.md").read_text("utf-8")
    assert f"open whether it repays the NHS within ten years ({chance(cm.verdict(whole).chance or 0)})" in front


@pytest.mark.long
@pytest.mark.parametrize("population", PURSES)
def test_the_front_page_says_what_there_is_to_be_saved_and_what_trials_support(population: str) -> None:
    found = result(population, "base")

    def one(outcome: str, **more: Any) -> Any:
        return found.summary(outcome, perspective="nhs_pss", strategy=FRONT[population], **more).iloc[0]

    by_category = found.saving("nhs_pss", by="category", strategy=FRONT[population])
    course = -by_category.set_index("category").value["therapy"]
    goes, net = one("share_achieved"), one("net_saving")
    best = f"a saving of {three_figures(net.high)}" if net.high > 0 else three_figures(-net.high)
    ends = (three_figures(-net.low), best) if net.high > 0 else (best, three_figures(-net.low))
    back = [chance(one("chance_payback", horizon_months=months).value) for months in found.horizons]
    cells = [
        three_figures(course), three_figures(one("purse").value), f"{one('share_needed').value:.0%}",
        f"{goes.value:.0%} ({goes.low:.0%} to {goes.high:.0%})".replace("-", "−"),
        f"{three_figures(-net.value)} ({ends[0]} to {ends[1]})",
        f"{found.horizons[0]:.0f} months: {back[0]}; {found.horizons[-1] / 12:.0f} years: {back[1]}",
    ]  # fmt: skip
    assert f"| {' | '.join(cells)} |" in (ROOT / "README.md").read_text("utf-8")
    for months in found.horizons:
        assert one("chance_payback", horizon_months=months, run="no_effect_on_other_care").value == 0


def what_it_hangs_on(population: str, title: str) -> str:
    """The row of the front page's second table: both lines of the verdict, the price, and what moves the chance."""
    found = result(population, "base")
    said = cm.verdict(found, perspective="nhs_pss", strategy=FRONT[population])
    shares = {one.run: one.share for one in said.chances}
    price = found.scenario.model.strategies[said.strategy].therapy.price
    health = re.sub(r"Health: | a year of good health| within \d+ years|, .*range of \S+ to £[\d,]+", "", said.health)
    words = " or ".join(LEADS[word] for word in said.words)
    cells = [
        title, f"{words} within {said.horizon / 12:.0f} years: {chance(said.chance)}",
        health.replace(" in 100", " of 100"),
        f"£{found.scenario.value(price):,.0f}; £{said.price:,.0f}",
        *(chance(shares[run]).removesuffix(" of 100") for run in ("pounds", "stops", "persists")),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


@pytest.mark.long
def test_the_front_page_says_what_each_answer_hangs_on() -> None:
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    wanted = [what_it_hangs_on(population, title) for population, title in zip(PURSES, TITLES, strict=True)]
    assert [row for row in wanted if row not in readme] == []


def row_of_the_base(population: str) -> str:
    """The row of a population's own page: spent, needed, taken out, net saving of its group, with intervals."""
    found = result(population, "base")
    table, people = found.table(), found.scenario.model.people
    at = table[
        (table.run == "expected") & (table.perspective == "nhs_pss") & (table.strategy == FRONT[population])
        & (table.horizon_months == found.horizons[0]) & ~table.discounted & table.channel.isin(["all", ""])
        & (table.category == "all") & (table.party == "all")
    ]  # fmt: skip
    cells = []
    for outcome in ("purse", "share_needed", "share_achieved", "net_saving"):
        (row,) = at[at.outcome == outcome].itertuples()
        say = (lambda x: f"{x:.0%}".replace("-", "−")) if row.unit == "share" else (lambda x: three_figures(x * people))
        cells.append(f"{say(row.value)} ({say(row.low)} to {say(row.high)})")
    return f"| {' | '.join(cells)} |"


@pytest.mark.long
@pytest.mark.parametrize("population", PURSES)
def test_the_page_of_a_population_says_what_its_base_does(population: str) -> None:
    readme = (SCENARIOS / population / "README.md").read_text("utf-8")
    assert [line for line in readme.splitlines() if line.endswith(row_of_the_base(population))]


TITLES = (
    "Treatment-resistant depression", "Complex and mixed disorders", "Borderline personality disorder, outpatient MBT",
    "Depression", "Panic disorder", "High users",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("population", "title"), list(zip(PURSES, TITLES, strict=True)))
def test_the_front_page_puts_two_corners_beside_each_base(population: str, title: str) -> None:
    horizons = result(population, "base").horizons
    said = [f"{title}: {horizons[0]:.0f} months; {horizons[-1] / 12:.0f} years"]
    for corner in ("cautious", "base", "favourable"):
        found = result(population, corner)
        backs = (
            found.summary(
                "chance_payback", perspective="nhs_pss", strategy=FRONT[population], horizon_months=months
            ).value.item()
            for months in horizons
        )
        said.append("; ".join(chance(back).removesuffix(" of 100") for back in backs))
    assert f"| {' | '.join(said)} |" in (ROOT / "README.md").read_text("utf-8").splitlines()


@pytest.mark.long
def test_two_uses_of_care_of_borderline_disorder_are_shown_alone_with_their_chances() -> None:
    found, readme = result("borderline", "base"), (SCENARIOS / "borderline" / "README.md").read_text("utf-8")
    uses = ("expected", *found.scenario.model.money_mixture)
    for label, strategy, months in (
        ("MBT, outpatient, 36 months", "mbt_outpatient", 36),
        ("MBT, outpatient, 10 years, by extrapolation", "mbt_outpatient", 120),
        ("MBT, partial hospital, 10 years", "mbt_partial_hospital", 120),
        ("TFP, 10 years", "tfp", 120),
    ):
        at = {"perspective": "nhs_pss", "strategy": strategy, "horizon_months": months}
        each = [
            [found.summary(one, run=use, **at).value.item() for one in ("net_saving", "chance_payback")] for use in uses
        ]
        cells = [f"{three_figures(net)}; {chance(back)}" for net, back in each]
        assert f"| {' | '.join([label, *cells])} |" in readme
        if strategy == "mbt_outpatient" and months == 120:
            said = f"within ten years in {cells[1].split('; ')[1]} by the first alone and in {cells[2].split('; ')[1]}"
            assert said in " ".join((ROOT / "README.md").read_text("utf-8").split())


@pytest.mark.long
def test_the_page_of_borderline_says_how_many_nights_of_a_placement_pay_for_a_course() -> None:
    found, readme = result("borderline", "base"), (SCENARIOS / "borderline" / "README.md").read_text("utf-8")
    courses = (
        -rows(found, "net_saving", strategy=one, perspective="nhs_pss", category="therapy").value.iloc[0]
        for one in ("mbt_outpatient", "mbt_partial_hospital", "tfp")
    )
    one, two, three = (math.ceil(course / 759) for course in courses)
    said = f"of which each is cash: {one} for outpatient MBT, {two} for the partial hospital, {three} for TFP."
    assert said in " ".join(readme.split())


@pytest.mark.long
def test_the_page_of_talking_therapies_says_what_else_the_answer_hangs_on() -> None:
    home = SCENARIOS / "talking_therapies"
    readme = " ".join((home / "README.md").read_text("utf-8").split())
    base, *corners = (
        cm.verdict(cm.run(cm.load(home / f"{name}.yaml"))) for name in ("model", "cautious", "favourable")
    )
    of = {one.run: in_100(one.share).removesuffix(" in 100") for one in base.chances}
    assert (
        f"in {of['stops']} within ten years; if they persist in {of['persists']}; "
        f"at a staff price (£162) in {of['staff']}."
    ) in readme
    cautious, favourable = (in_100(one.chance or 0).removesuffix(" in 100") for one in corners)
    assert f"the NHS's money is back in {cautious} of 100." in readme
    assert f"in {favourable} of 100 within ten years." in readme
    few = cm.run(cm.load("talking_therapies"), draws=64)
    assert incremental(few).sentences()[0].endswith(" costs least; health is not modelled.")
    assert "Health and cost" not in markdown(cm.psa(few).page())


@pytest.mark.long
def test_the_front_page_says_what_the_synthesis_says() -> None:
    first = cm.synthesise().frame.iloc[0]
    less, most, more = (f"{abs(first[f'new_{name}']):.0%}" for name in ("median", "low", "high"))
    assert first.new_median < 0 < first.new_high
    assumed = f"few of which give an amount ({first.assumed_errors} stand with an assumed error)"
    new = f"of a new service in full effect {less} less, from {most} less to {more} more."
    said = f"of {first.trials} trials says, {assumed}: {new}"
    assert said in " ".join((ROOT / "README.md").read_text("utf-8").split())


@pytest.mark.long
def test_what_the_resistant_trial_had_back_and_what_the_model_has_back() -> None:
    """C022, C023: £5,500 of therapy, £5,000 net; by C025 and C026 0.16 × £33,000. The model at the trial's prices."""
    share = answer(result("depression_resistant", "trial_prices"), "offset_ratio", strategy="ltpp")
    low, high = (round(100 * (5_500 - net) / 5_500) for net in (0.16 * 33_000, 5_000))
    base = answer(result("depression_resistant", "base"), "offset_ratio", strategy="ltpp")
    pence = (
        f"the trial had {low} to {high}p back in other care, the model of 0.1.0 {round(100 * share)}p at those prices"
    )
    pence += f", and the base has {round(100 * base)}p"
    assert pence in " ".join((ROOT / "README.md").read_text("utf-8").split())
