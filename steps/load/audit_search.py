"""Looks acknowledged effects up in the platform's own audit, which may hold millions of records."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from loadtests.record import Acknowledged
from steps.load.audit_lines import accepted_lines

OPERATIONS = {
    "ehc.ehealthcode.verify": "verification",
    "ehc.usage.report": "usage",
    "ehc.ehealthcard.register": "registration",
}
EXAMPLES = 20

TAGGED = "verification"
"""The kind whose records keep the tag of their request; those of the others are known by their card: of the number of a
report a platform keeps what nobody else can make."""
STATIC = "static code"
"""Beside a verification: that it would be one of its card's static code."""


@dataclass(frozen=True)
class Comparison:
    """What the audit says of acknowledged effects.

    Attributes:
        acknowledged: how many there are, by kind.
        lost: how many of them have no record, by kind.
        unacknowledged: how many records more there are of the same keys, by kind. An answer that was lost leaves one,
            which may hide that another record of its card is missing.
        doubled: verifications with more than one accepted record, but for those of a static code: whoever shows that
            again, for the first answer was lost, is rightly accepted again.
        examples: tags of some that are lost or doubled.
    """

    acknowledged: Mapping[str, int]
    lost: Mapping[str, int]
    unacknowledged: Mapping[str, int]
    doubled: int
    examples: tuple[str, ...]


def search(
    acknowledged: Callable[[], Iterable[Acknowledged]],
    audit: Iterable[bytes],
    tell: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Compare.

    Args:
        acknowledged: effects the platform acknowledged; asked for twice, so that they need not all be remembered.
        audit: the audit from before the load on, a line of JSON for each record.
        tell: told now and then how many records were read.

    Raises:
        SubjectFaultError: a line of the audit is no record.
    """
    effects, records = _Fingerprints(), _Fingerprints()
    for one in acknowledged():
        effects.add(one.kind, _known_by(one))
    for kind, key in _accepted(audit, tell):
        records.add(kind, key)
    lost: dict[str, int] = {}
    more: dict[str, int] = {}
    doubled, odd = 0, set[int]()
    for kind in effects.kinds:
        keys, times = effects.counted(kind)
        told = records.times_of(kind, keys)
        missing = np.maximum(0, times - told)
        lost[kind], more[kind] = int(missing.sum()), int(np.maximum(0, told - times).sum())
        odd.update(keys[missing > 0][:EXAMPLES].tolist())
        if kind == TAGGED:
            twice = set(keys[told > times].tolist())
            spent_twice = _of_dynamic_codes(acknowledged() if twice else (), twice, records)
            doubled = len(spent_twice)
            odd.update(spent_twice[:EXAMPLES])
    tags = (one.tag for one in acknowledged() if _fingerprint(_known_by(one)) in odd) if odd else ()
    acknowledged_of = {kind: effects.total(kind) for kind in effects.kinds}
    return Comparison(acknowledged_of, lost, more, doubled, tuple(islice(tags, EXAMPLES)))


def _known_by(one: Acknowledged) -> str:
    return one.tag if one.kind == TAGGED else one.code_digest.lower()


def _of_dynamic_codes(acknowledged: Iterable[Acknowledged], twice: set[int], records: _Fingerprints) -> list[int]:
    """Those of some verifications whose code was not the static one of the card on record."""
    suspects = {
        _fingerprint(one.tag): one for one in acknowledged if one.kind == TAGGED and _fingerprint(one.tag) in twice
    }
    static = {key: _fingerprint(_shown(one.tag, one.code_digest.lower())) for key, one in suspects.items()}
    found = records.times_of(STATIC, np.array(list(static.values()), dtype=np.uint64))
    return [key for key, times in zip(static, found, strict=True) if not times]


def _shown(tag: str, digest: str) -> str:
    return f"{tag} {digest}"


def _fingerprint(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())


class _Fingerprints:
    """Sets of keys by kind, of which eight bytes each are remembered: a load of hours has millions."""

    def __init__(self) -> None:
        self._by_kind: dict[str, array[int]] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._by_kind)

    def add(self, kind: str, key: str) -> None:
        self._by_kind.setdefault(kind, array("Q")).append(_fingerprint(key))

    def total(self, kind: str) -> int:
        return len(self._by_kind[kind])

    def counted(self, kind: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The different keys of a kind in ascending order, and how often each came."""
        keys, times = np.unique(np.array(self._by_kind.get(kind, array("Q")), dtype=np.uint64), return_counts=True)
        return keys, times.astype(np.int64)

    def times_of(self, kind: str, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """How often each of some keys came."""
        own, times = self.counted(kind)
        if not len(own):
            return np.zeros(len(keys), dtype=np.int64)
        places = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        return np.where(own[places] == keys, times[places], 0)


def _accepted(audit: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[tuple[str, str]]:
    """Kind and key of every effect the audit tells; of verifications also with the static code of their card."""
    for record in accepted_lines(audit, tell):
        kind = OPERATIONS.get(record.op)
        if kind is None:
            continue
        card_id, detail = (record.card_id or "").upper(), record.detail or {}
        if kind == TAGGED:
            tag = str(detail.get("terminalcode", ""))
            yield kind, tag
            yield STATIC, _shown(tag, _digest(f"{card_id}:1"))
        # Whoever lost an answer and reports again has one effect, of which the first record tells.
        elif card_id and detail.get("counted") != "0":
            yield kind, _digest(card_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
