"""What a score of a scenario consists of, and its unit: points, or a share on one side of a cut-off."""

from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import ModelFile


def score_parameters(model: ModelFile, score: str) -> list[str]:
    """The parameters that a score of a model consists of."""
    one = model.scores[score]
    return list(dict.fromkeys(str(ref) for ref in (*one.while_in.values(), *one.spread.values()) if ref not in (0, 1)))


def unit_of_score(scenario: Scenario, score: str) -> str | None:
    """`points` or `share`; None where it rests on no parameter."""
    units = (scenario.parameters[name].unit.text for name in score_parameters(scenario.model, score))
    return next(units, None)
