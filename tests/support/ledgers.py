"""The example with an item for every party: money that is used up, handed over, and created."""

from typing import Any

from tests.support.example import number, price


def cost(category: str, paid_by: str, received_by: str = "nobody", **more: Any) -> dict[str, Any]:
    """A cost item priced by the month, twice as much of it when ill as when well."""
    item = {
        "label": category.capitalize(),
        "category": category,
        "paid_by": paid_by,
        "received_by": received_by,
    }
    quantities = {"price": "month", "while_in": {"ill": "months_ill", "well": "months_well"}}
    rest = {"causal_share": "causal", "gap_from": "ill", "cashable": "cashable", "lag": "0 months"}
    return item | quantities | rest | more


NUMBERS: dict[str, Any] = {
    "parameters.month": price("month", 700),
    "parameters.month_of_care": price("month", 310),
    "parameters.months_ill": number("months per year", 6),
    "parameters.months_well": number("months per year", 3),
    "parameters.cashable.value": 0.4,
}
BENEFIT: dict[str, Any] = {"costs.benefit": cost("welfare", "dwp", "household", lag="3 months")}
EVERYBODY: dict[str, Any] = {
    **NUMBERS,
    **BENEFIT,
    "costs.care": cost("social care", "social_care"),
    "costs.tax": cost("tax", "hmrc", "employer"),
    "costs.police": cost("community", "justice"),
    "costs.work": cost("productivity", "nobody", "employer"),
    "costs.family": cost("informal care", "household", price="month_of_care"),
    "costs.others": cost("productivity", "employer", "other_households"),
}
"""Edits for `tests.support.example.example`."""
