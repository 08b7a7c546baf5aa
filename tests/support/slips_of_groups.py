"""Groups that cannot be, as edits of the example with groups."""

from typing import Any

USE = ["gp_ill", "attendance", "recover"]


def group(**more: Any) -> dict[str, Any]:
    return {"groups.use": {"together": "correlated", "members": USE, "correlation": 0.5} | more}


GROUP_SLIPS: dict[str, tuple[dict[str, Any], str]] = {
    "E10_not_positive_definite": (group(correlation=-0.9), "matrix is not positive definite"),
    "E10_diagonal": (group(correlation=[[2, 0, 0], [0, 1, 0], [0, 0, 1]]), "between −1 and 1"),
    "E10_diagonal_not_1": (group(correlation=[[0.5, 0, 0], [0, 1, 0], [0, 0, 1]]), "the diagonal"),
    "E10_asymmetric": (group(correlation=[[1, 0.2, 0], [0.1, 1, 0], [0, 0, 1]]), "not symmetric"),
    "wrong_size": (group(correlation=[[1, 0], [0, 1]]), "3 rows and columns"),
    "no_correlation": ({"groups.use": {"together": "correlated", "members": USE}}, "the correlation is missing"),
    "unknown_member": (group(members=["gp_il", "recover"]), 'no parameter "gp_il". Did you mean "gp_ill"'),
    "twice": (group(members=["gp_ill", "gp_ill"]), "stands twice"),
    "in_two_groups": (group(members=["gp_ill", "start_ill"]), 'belongs to the group "start" too'),
    "fixed_member": (group(members=["gp_ill", "age"]), '"age" has no distribution'),
    "derived_member": (group(members=["gp_ill", "gp_well"]), "Name what it is made of"),
    "one_member": (group(members=["gp_ill"]), "At least 2"),
    "not_beta": ({"groups.start.members": ["start_ill", "causal"], "parameters.causal.range": [0.04, 0.44]}, "uniform"),
    "sizes_differ": ({"parameters.start_well.counts": [24, 100]}, "effective sizes differ"),
    "sum": ({"parameters.start_well.counts": [13, 50]}, "sum to 1.02"),
    "E7_negative_count": ({"parameters.start_well.counts": [-1, 50]}, "more than 0 events"),
    "correlation_of_shares": ({"groups.start.correlation": 0.1}, "does not go with dirichlet"),
}
