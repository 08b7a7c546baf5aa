"""Cohort cases by matrix products and loops: a second implementation of the case format, sharing nothing with ours."""

import numpy as np


def plain_totals(case: dict, strategy: str) -> dict[str, object]:
    """Discounted and undiscounted cost and effect, and the trace, of one strategy of a case."""
    block, n, years = case["strategies"][strategy], case["n_cycles"], case["cycle_length_years"]
    trace = [np.array(case["initial"], dtype=float)]
    flows = []
    for k in range(1, n + 1):
        matrix = np.array(at(block["transition"], k)["matrix"], dtype=float)
        flows.append(trace[-1][:, None] * matrix)
        trace.append(trace[-1] @ matrix)
    totals: dict[str, object] = {"trace": trace}
    accrual = case["accrual"]
    for what in ("cost", "effect"):
        for name, rate in ((what, case["discount"][what]), (f"undiscounted_{what}", 0.0)):
            total = block.get("start_cost", 0.0) if what == "cost" else 0.0
            each = np.array(block.get(f"transition_{what}") or np.zeros((len(trace[0]), len(trace[0]))))
            for k in range(n + 1):
                values = np.array(at(block[f"state_{what}"], k)["values"], dtype=float)
                if accrual["scheme"] == "index":
                    reward = values @ trace[k] * years + (0.0 if k == 0 else (flows[k - 1] * each).sum())
                    total += accrual["weights"][k] * reward * (1 + rate) ** (-k * years)
                elif k:
                    occupancy = accrual.get(f"{what}_occupancy") or accrual["occupancy"]
                    people = {
                        "start": trace[k - 1],
                        "end": trace[k],
                        "average": (trace[k - 1] + trace[k]) / 2,
                    }[occupancy]
                    exponent = {"k-1": k - 1, "k": k, "k-0.5": k - 0.5}[accrual["discount_exponent"]]
                    reward = values @ people * years + (flows[k - 1] * each).sum()
                    total += reward * (1 + rate) ** (-exponent * years)
            totals[name] = float(total)
    return totals


def at(segments: list[dict], k: int) -> dict:
    """The segment in force in cycle k; before the first, the first."""
    return next((s for s in segments if s["from"] <= k <= s["to"]), segments[0])
