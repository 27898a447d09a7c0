"""A platform for one row alone: what floods, kills or confuses a platform shall not reach the rows that follow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fixtures.run import Run
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, seal_request
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.platform_api import PlatformApi
from rigs.journal import Journal
from rigs.platform_credentials import PlatformCredentials
from rigs.platform_link import PlatformLink
from rigs.reference_platform import ReferencePlatform

UNLIMITED = ("--quota", "app=0", "--quota", "terminal=0", "--quota", "address=0", "--quota", "wrong=0")
"""Of a platform that answers as fast as it can, and never locks out who tries wrong codes."""


@dataclass(frozen=True)
class Apart:
    """One platform as a row reaches it.

    Attributes:
        link: its address.
        credentials: what it knows this bench by.
        journal: where lines to it record.
        host: its machine, where the bench runs it.
    """

    link: PlatformLink
    credentials: PlatformCredentials
    journal: Journal
    host: ReferencePlatform | None

    @contextmanager
    def lines(self, number: int, *, digests_only: bool = False) -> Iterator[list[HnAPlatform]]:
        """So many lines, open at once, from the first institution's terminals in turn."""
        terminals = self.credentials.terminals
        opened = [
            HnAPlatform(
                self.link,
                self.credentials.at(terminals[place % len(terminals)]),
                self.journal,
                digests_only=digests_only,
            )
            for place in range(number)
        ]
        try:
            yield opened
        finally:
            for line in opened:
                line.close()

    def api(self) -> PlatformApi:
        """Its own interface; the caller closes it."""
        return PlatformApi(self.link, self.credentials.tokens, self.journal)

    def sealed(self, method: str, fields: Mapping[str, str], sender: Credentials | None = None) -> bytes:
        """A request ready to be sent, from the first institution unless another sender is named."""
        sender = sender or self.credentials.institution
        stamp = self.link.stamp_ms(hash((sender, method, frozenset(fields.items()))))
        return json.dumps(seal_request(HN_A, sender, method, fields, stamp)).encode()


@contextmanager
def apart(run: Run, *options: str, defect: str | None = None) -> Iterator[Apart]:
    """A platform started for this row with options of its own; the bench's, where the bench starts none."""
    bench = run.bench
    if bench.file.platform.reference is None:
        yield Apart(bench.link, bench.credentials, bench.journal, None)
        return
    with bench.host.another(*options, defect=defect) as host:
        yield Apart(host.link, host.credentials, bench.journal, host)
