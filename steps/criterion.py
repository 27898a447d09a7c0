"""The last step of every scenario: does the sample meet the catalogue's criterion?"""

from __future__ import annotations

from pytest_bdd import then

from certification.decision import Outcome
from steps.sampling import Sampler


class NonconformityError(AssertionError):
    """The subject does not meet a criterion: the subject's fault, proved by observations."""


class UndecidedError(AssertionError):
    """The sample neither proves nor disproves the criterion."""


@then("the criterion of the catalogue is met")
@then("满足需求目录中的判据")
def criterion_met(sampler: Sampler) -> None:
    """The scenario's result for pytest; the verdict itself is derived from the observations."""
    outcome = sampler.outcome()
    if outcome is Outcome.BROKEN and sampler.requirement.unmet == "FAIL":
        raise NonconformityError(f"{sampler.requirement.id}: {sampler.requirement.criterion_text.en}")
    if outcome is not Outcome.HOLDS:
        raise UndecidedError(f"{sampler.requirement.id}: too few samples, inside the guard band, or nothing proved")
