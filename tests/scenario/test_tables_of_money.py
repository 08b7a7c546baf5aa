"""The tables of prices and of work: what is built follows from its parts, and every origin's flows balance."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "scenarios" / "data"
Row = dict[str, str]
EXCHEQUER = {
    "health_element_lost": 11_193,
    "health_element_kept": 6_039,
    "standard_allowance": 6_199,
    "no_benefit": 1_477,
}
STATUSES = {"read", "derived", "recalled", "assumption"}


def table(name: str) -> list[Row]:
    return list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))


def balance(rows: list[Row]) -> dict[str, float]:
    """What each party has more; nobody is the party that pays for output."""
    parties: dict[str, float] = defaultdict(float)
    for row in rows:
        parties[row["pays"] or "nobody"] -= float(row["value"])
        parties[row["receives"]] += float(row["value"])
    return parties


@pytest.mark.parametrize("origin", EXCHEQUER)
def test_the_flows_of_an_origin_balance_and_give_what_the_exchequer_gains(origin: str) -> None:
    rows = [row for row in table("work_flows.csv") if row["origin"] == origin]
    parties, flows = balance(rows), {row["flow"]: float(row["value"]) for row in rows}
    assert sum(parties.values()) == pytest.approx(0)
    assert parties["nobody"] == -flows["output"]
    assert parties["employer"] == pytest.approx(0)
    gained = parties["dwp"] + parties["hmrc"] - flows["employer National Insurance"]
    assert gained == pytest.approx(EXCHEQUER[origin], abs=1)
    assert parties["household"] == pytest.approx(flows["pay"] - gained)


def test_the_usual_mix_of_origins_is_worth_what_the_evidence_says() -> None:
    shares = {
        row["name"][7:]: float(row["value"]) for row in table("work_effect.csv") if row["name"].startswith("origin ")
    }
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(share * EXCHEQUER[origin] for origin, share in shares.items()) == pytest.approx(6_902, abs=1)


@pytest.mark.parametrize("name", ["unit_prices.csv", "work_flows.csv", "work_effect.csv"])
def test_every_row_has_a_status_and_a_value_inside_its_range(name: str) -> None:
    for row in table(name):
        assert row["status"] in STATUSES, row
        low, high = (float(row.get(key) or row["value"] or 0) for key in ("low", "high"))
        assert low <= float(row["value"] or 0) <= high, row


def test_a_staff_price_that_is_built_follows_from_hour_hours_and_ratio() -> None:
    built = [row for row in table("unit_prices.csv") if re.search(r" an hour x ", row["note"])]
    assert len(built) == 5
    for row in built:
        hour, hours = map(float, re.findall(r"([\d.]+) an hour x ([\d.]+) hours", row["note"])[0])
        assert [float(row[key]) for key in ("low", "value", "high")] == pytest.approx(
            [hour * hours * ratio for ratio in (1.6, 2.25, 2.5)], abs=0.01
        )
