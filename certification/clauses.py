"""Criteria as data: the kinds of rule a requirement's criterion is made of.

A criterion is a list of clauses; every clause must hold. A clause names the *measure* it judges
(as recorded in observations), a limit with its unit, and what a sample must look like.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Selector = str | bool | tuple[float, float]
"""A cell value to match exactly, or an inclusive numeric range ``[low, high]``."""


class _Clause(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    measure: str
    """Name under which steps record the observations this clause judges."""
    unit: str = "1"
    """Unit of the limit (``ms``, ``mm``, ``s`` …; ``1`` for a share or a count)."""
    where: dict[str, Selector] = Field(default_factory=dict)
    """Only observations whose cell matches are judged; the others are reported."""
    per: tuple[str, ...] = ()
    """Cell keys that split the sample: the clause must hold in each group by itself."""
    groups: int | None = None
    """How many groups ``per`` must find; with fewer, the clause stays open. None where the number is not fixed."""
    only_if: str | None = None
    """Option of the subject's statement without which the clause is not judged."""


class _Trials(_Clause):
    success: tuple[str, ...] = ()
    """Observation values that count as success; all others are failures."""
    failure: tuple[str, ...] = ()
    """Observation values that count as failure; all others are successes."""
    among: tuple[str, ...] = ()
    """Only observations with these values are trials at all; empty for every one."""

    @model_validator(mode="after")
    def _can_fail(self) -> Self:
        if not self.success and not self.failure:
            raise ValueError("needs `success` or `failure`, or it could never fail")
        return self


class ProportionClause(_Trials):
    """A share of trials must succeed, shown by the exact one-sided lower binomial bound.

    ``stages`` is the registered plan ``[[n, failures allowed], …]``: when a stage has more failures than it
    allows, sampling goes on to the next; past the last one the clause fails.
    """

    kind: Literal["proportion"]
    at_least: float
    confidence: float = 0.95
    stages: tuple[tuple[int, int], ...]


class CountClause(_Trials):
    """At most ``failures`` failures in a fixed number of ``trials`` (per group)."""

    kind: Literal["count"]
    trials: int
    failures: int = 0


class PercentileClause(_Clause):
    """A percentile of the measure must stay within a limit, with guard band w = U and confidence.

    At confidence C the share of values inside the guarded limit must exceed ``percentile`` by the exact lower
    binomial bound, so p95 needs at least 59 values, p99 at least 299.
    """

    kind: Literal["percentile"]
    percentile: float
    at_most: float
    trials: int
    confidence: float = 0.95


class LimitClause(_Clause):
    """Values (or one statistic of them) against a limit, with guard band w = U.

    A ``drift`` is how far the median of the last sixth of the values lies above that of the first sixth, relative to
    the latter; of fewer than twelve values, the last against the first.
    """

    kind: Literal["limit"]
    statistic: Literal["each", "median", "mean", "total", "drift"] = "each"
    at_most: float | None = None
    at_least: float | None = None
    trials: int = 1

    @model_validator(mode="after")
    def _can_fail(self) -> Self:
        if self.at_most is None and self.at_least is None:
            raise ValueError("needs `at_most` or `at_least`, or it could never fail")
        return self


class WindowClause(_Trials):
    """A contiguous range of the cell key ``along`` in which every step holds, at least ``width`` wide.

    The registered positions are ``first`` … ``last`` in steps of ``step``, in the unit of ``width``.
    """

    kind: Literal["window"]
    along: str
    width: float
    first: float
    last: float
    step: float
    trials: int
    failures: int = 0


class InspectionClause(_Clause):
    """Named items looked at by a person or taken from a declaration; each must be ``conforms``."""

    kind: Literal["inspection"]
    items: int


Clause = Annotated[
    ProportionClause | CountClause | PercentileClause | LimitClause | WindowClause | InspectionClause,
    Field(discriminator="kind"),
]
