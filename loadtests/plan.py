"""What a load is told to do: its stages, its mix, whom it asks; and the named profiles of ``profiles.toml``.

Pure: imported by rooms that must never import Locust.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

KINDS = ("verification", "generation", "query", "registration", "usage")
"""What a request may be for."""

MORNING: Mapping[str, float] = MappingProxyType(
    {"verification": 0.85, "generation": 0.06, "query": 0.04, "registration": 0.02, "usage": 0.03}
)
"""The share of each kind in a province's morning; this project's choice around the 85 % that are verifications."""

STALLS = "stalls"
GENERATOR_DEFECTS: Mapping[str, str] = MappingProxyType(
    {STALLS: "the generator itself stands still for 200 ms every two seconds"}
)
"""Faults of the generator, by name: a run with one of them must be found INVALID."""

_PROFILES = Path(__file__).with_name("profiles.toml")


@dataclass(frozen=True)
class Stage:
    """A stretch of the arrival schedule.

    Attributes:
        name: stages of one name are counted together.
        rate: requests per second at its beginning.
        rate_to: requests per second at its end; in between the rate is a straight line.
        seconds: how long it lasts.
        arrivals: ``poisson`` is independent arrivals, ``even`` is one after the other at the rate's distance.

    Raises:
        ValueError: a negative rate, or no length.
    """

    name: str
    rate: float
    rate_to: float
    seconds: float
    arrivals: Literal["poisson", "even"] = "poisson"

    def __post_init__(self) -> None:
        if min(self.rate, self.rate_to) < 0 or self.seconds <= 0:
            raise ValueError(f"stage {self.name}: rates are not negative, and it lasts longer than 0 s")

    @property
    def expected(self) -> float:
        """How many requests it offers on average."""
        return (self.rate + self.rate_to) / 2 * self.seconds


@dataclass(frozen=True)
class LoadPlan:
    """Everything a load needs to know; the same plan under the same seed offers the same requests at the same moments.

    Attributes:
        profile: the name it goes by.
        target: URL of the platform.
        credentials: JSON file of the institution that asks; its terminals take turns.
        stages: the schedule, one stage after the other.
        through: host and port its users connect to in place of the target's, such as those of a fault proxy; what they
            say there, and whose certificate they expect, stays the target's.
        dialects: whose clients take turns, at least one.
        mix: share of each of ``KINDS``; they sum to 1.
        seed: of the schedule and of everything drawn.
        workers: generator processes started on this machine.
        bind: address the master listens on for its workers.
        expect_workers: how many workers it waits for, those of other hosts among them; None is ``workers``.
        timeout_s: how long one attempt at a request may take, from its connection to the last byte of the answer.
        attempts: how often one use is tried at most after a lost answer; 1 never tries again.
        population: JSON file of cards that exist already, see ``loadtests.population``; None registers some.
        registered: how many residents are registered over the wire beforehand, if there is no file.
        lot: which residents these are: two loads of different lots have none in common.
        reuse_share: share of the verifications whose dynamic code is shown at two terminals at the same instant.
        generator_defect: one of ``GENERATOR_DEFECTS``.

    Raises:
        ValueError: what contradicts itself or cannot be done, in one sentence.
    """

    profile: str
    target: str
    credentials: Path
    stages: tuple[Stage, ...]
    through: tuple[str, int] | None = None
    dialects: tuple[str, ...] = ("hn-a",)
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MORNING))
    seed: int = 1
    workers: int = 1
    bind: str = "127.0.0.1"
    expect_workers: int | None = None
    timeout_s: float = 5.0
    attempts: int = 1
    population: Path | None = None
    registered: int = 500
    lot: int = 0
    reuse_share: float = 0.005
    generator_defect: str | None = None

    def __post_init__(self) -> None:
        if not self.stages or not self.dialects:
            raise ValueError("a plan has at least one stage and one dialect")
        if set(self.mix) - set(KINDS) or abs(sum(self.mix.values()) - 1) > 1e-6 or min(self.mix.values()) < 0:
            raise ValueError(f"the mix gives shares of {', '.join(KINDS)} that sum to 1")
        if self.workers < 0 or (self.expect_workers or self.workers) < max(1, self.workers):
            raise ValueError("at least one worker is expected, and no fewer than are started here")
        if self.timeout_s <= 0 or self.attempts < 1 or self.registered < 1 or not 0 <= self.reuse_share <= 0.5:
            raise ValueError("timeout, attempts, residents and share of reuse are within their ranges")
        if self.seed < 0 or self.lot < 0:
            raise ValueError("neither the seed nor the lot is negative")
        if self.generator_defect is not None and self.generator_defect not in GENERATOR_DEFECTS:
            raise ValueError(f"defects of the generator: {', '.join(GENERATOR_DEFECTS)}")

    @property
    def seconds(self) -> float:
        """How long its stages last together."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def all_workers(self) -> int:
        """How many workers share the schedule."""
        return self.expect_workers or self.workers

    def to_json(self) -> str:
        """Return it as JSON text."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=written)).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> LoadPlan:
        """Read it again.

        Raises:
            ValueError: the text is no such plan.
        """
        return msgspec.json.decode(text, type=cls, dec_hook=heard)


def written(value: object) -> object:
    """Tell msgspec how a path is written."""
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


def heard(wanted: type, value: Any) -> Any:
    """Tell msgspec how a path is read."""
    if issubclass(wanted, Path):
        return Path(value)
    raise NotImplementedError(wanted)


@dataclass(frozen=True)
class Profile:
    """A named load, before it has a target.

    Attributes:
        requirements: the rows of the catalogue it decides, beside the generator's own honesty.
        rate: requests per second of its main stages.
        base: requests per second of the stages around them; 0 where it has none.
        attempts: as in a plan.
        stages: at ``rate`` and ``base``.
        main: which of the stages ``seconds`` speaks of.
    """

    requirements: tuple[str, ...]
    rate: float
    base: float
    attempts: int
    stages: tuple[Stage, ...]
    main: tuple[bool, ...]


@cache
def profiles() -> Mapping[str, Profile]:
    """Return every profile by its name."""
    table = tomllib.loads(_PROFILES.read_text(encoding="utf-8"))
    return MappingProxyType({name: _profile(row) for name, row in table.items()})


def profile(
    name: str, rate: float | None = None, seconds: float | None = None, base: float | None = None
) -> tuple[Stage, ...]:
    """Return the stages of a profile, made larger or smaller.

    Args:
        name: its name.
        rate: requests per second of the main stages in place of its own; without ``base`` the stages around them keep
            their proportion.
        seconds: how long the main stages last together; the others shrink with them and are never stretched.
        base: requests per second around the main stages; without ``rate`` these keep their proportion.

    Raises:
        ValueError: there is no such profile.
    """
    chosen = profiles().get(name)
    if chosen is None:
        raise ValueError(f"no profile {name}; there are {', '.join(profiles())}")
    factor = rate / chosen.rate if rate is not None else base / chosen.base if base and chosen.base else 1.0
    new_rate = chosen.rate * factor
    new_base = chosen.base * factor if base is None else base
    # The stages were written with these two rates and no other, so each of them says which it meant.
    rates = {chosen.base: new_base, chosen.rate: new_rate}
    length = sum(stage.seconds for stage, main in zip(chosen.stages, chosen.main, strict=True) if main)
    stretch = 1.0 if seconds is None else seconds / length
    return tuple(
        replace(
            stage,
            rate=rates[stage.rate],
            rate_to=rates[stage.rate_to],
            seconds=stage.seconds * (stretch if main else min(1.0, stretch)),
        )
        for stage, main in zip(chosen.stages, chosen.main, strict=True)
    )


def _profile(row: Mapping[str, Any]) -> Profile:
    rates = {"rate": float(row["rate"]), "base": float(row.get("base", 0.0))}
    written_stages = row["stages"] * row.get("repeat", 1)
    stages = tuple(
        Stage(
            one["name"],
            rates[one["at"]],
            rates[one.get("to", one["at"])],
            float(one["seconds"]),
            one.get("arrivals", "poisson"),
        )
        for one in written_stages
    )
    main = tuple(one.get("main", False) for one in written_stages)
    return Profile(tuple(row["requirements"]), rates["rate"], rates["base"], int(row.get("attempts", 1)), stages, main)
