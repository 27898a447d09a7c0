"""What ``xiangka load run`` changes of a bench: whom it loads, with which load, and how hard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from certification.errors import PlanError
from loadtests.plan import Profile, profiles
from rigs.bench_file import BenchFile
from rigs.bench_tables.load import LoadTable

HONESTY = "EHC-PRF-005"
SEARCH = "capacity"
"""Part of the overload, and no load to ask for by itself."""
PEAK_FACTOR = 5


@dataclass(frozen=True)
class LoadChoice:
    """One load that was asked for.

    Attributes:
        target: URL of somebody's platform in place of the bench's, or None.
        credentials: path of the file with which that platform knows its caller.
        load: keys of the table ``[load]`` that prevail over the bench's.
        alone: whether nothing the bench declares of its own platform's loads counts, since another is loaded.
    """

    target: str | None = None
    credentials: str | None = None
    load: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False

    def applied_to(self, file: BenchFile) -> BenchFile:
        """The bench with this load on it.

        Raises:
            PlanError: it would be no bench.
        """
        tables = file.model_dump(exclude_none=True)
        if self.target is not None:
            tables["name"] = f"platform at {self.target}"
            tables["platform"] = {"driver": "hn-a", "url": self.target, "credentials": self.credentials}
        declared = {} if self.alone else tables.get("load", {})
        tables["load"] = {**declared, **self.load}
        try:
            return BenchFile.model_validate(tables)
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(str(part) for part in problem["loc"]) or "bench"
            said = problem["msg"].removeprefix("Value error, ")
            raise PlanError(said, where=place, remedy="see `xiangka load run --help`") from error


def asked_profile(name: str) -> Profile:
    """A load that can be asked for.

    Raises:
        PlanError: there is none of that name.
    """
    known = [known for known in profiles() if known != SEARCH]
    if name not in known:
        raise PlanError(f"there is no profile {name!r}", where="--profile", remedy=f"choose one of {', '.join(known)}")
    return profiles()[name]


def rows_of(profile: Profile) -> tuple[str, ...]:
    """Requirements that a load decides: its own, and whether it was honest."""
    return tuple(sorted({*profile.requirements, HONESTY}))


def rates(name: str, rate: float | None, table: LoadTable | None) -> dict[str, float | bool]:
    """The keys of ``[load]`` that a rate means for a load; without one, the bench's own for its own load.

    Args:
        name: the load.
        rate: requests a second of its main stages, or None.
        table: what the bench declares of the loads of the platform that is loaded, or None.
    """
    chosen = _rates(name, rate, table)
    usual = _rates(name, None, table)
    lowered = any(value < usual.get(key, _own(name, key, table)) for key, value in chosen.items())
    return {**chosen, **({"lowered": True} if lowered else {})}


def _own(name: str, key: str, table: LoadTable | None) -> float:
    """What a key would be if nobody had asked for anything."""
    declared = None if table is None else getattr(table, key)
    own = profiles()[name]
    return float(declared or {"base_rate": own.base, "capacity": 0.0}.get(key, own.rate))


def _rates(name: str, rate: float | None, table: LoadTable | None) -> dict[str, float]:
    own = profiles()[name].rate
    declared = table is not None and table.profile == name and table.rate is not None
    match name:
        case "peak":
            return {} if rate is None else {"base_rate": rate / PEAK_FACTOR}
        case "overload":
            return {} if rate is None else {"capacity": rate / 2}
        case "honesty":
            return {} if rate is None else {"rate": rate}
        case _:
            return {} if rate is None and declared else {"rate": own if rate is None else rate}
