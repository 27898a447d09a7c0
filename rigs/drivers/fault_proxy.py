"""The fault proxy as a bench uses it: started for a step, told of in the journal, gone at its end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from rigs.child_process import ChildProcess
from rigs.errors import RigError
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.serving import WHERE
from rigs.journal import Journal

_OPTIONS: Mapping[str, str] = {
    "latency_ms": "--latency",
    "jitter_ms": "--jitter",
    "shape": "--jitter-shape",
    "reset": "--reset",
    "black_hole": "--black-hole",
    "truncate": "--truncate",
    "slow_close_ms": "--slow-close",
    "bandwidth": "--bandwidth",
    "slice_bytes": "--slice",
    "seed": "--seed",
}


class FaultProxy:
    """A running fault proxy.

    Args:
        target: host and port it leads to.
        faults: what it does.
        journal: told of its start, and at its end of what it did.

    Attributes:
        url: ``http://HOST:PORT`` to call in place of the platform's.
        address: the same host and port, to connect to whatever is spoken there.

    Raises:
        RigError: it does not start.
    """

    def __init__(self, target: tuple[str, int], faults: Faults, journal: Journal) -> None:
        self._journal = journal
        self._process = ChildProcess(WHERE, _arguments(target, faults))
        try:
            self.url = str(_object(self._process.greeting)["url"])
            parts = urlsplit(self.url)
            self.address = (str(parts.hostname), int(parts.port or 0))
        except BaseException:
            self._process.close()
            raise
        journal.event(WHERE, "process started", pid=self._process.pid, **_told(faults))

    def counts(self) -> Mapping[str, Any]:
        """What it did so far; see ``rigs.fault_proxy.counts``.

        Raises:
            RigError: it is there no more.
        """
        if not self._process.running:
            raise RigError("has ended by itself", where=WHERE, remedy="look at what else takes this machine's memory")
        os.kill(self._process.pid, signal.SIGUSR1)
        return _object(self._process.line())

    def close(self) -> None:
        """End it."""
        self._process.close()


@contextlib.contextmanager
def fault_proxy(target: tuple[str, int], faults: Faults, journal: Journal) -> Iterator[FaultProxy]:
    """A fault proxy for as long as it is needed; what it did is in the journal afterwards.

    Raises:
        RigError: it does not start, or was there no more when it was to be ended.
    """
    proxy = FaultProxy(target, faults, journal)
    try:
        yield proxy
        journal.event(WHERE, "did", **proxy.counts())
    finally:
        proxy.close()


def _arguments(target: tuple[str, int], faults: Faults) -> list[str]:
    host, port = target
    to = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    told = [word for name, value in _told(faults).items() for word in (_OPTIONS[name], str(value))]
    return ["relay", "faults", "--to", to, *told, "--tethered"]


def _told(faults: Faults) -> dict[str, Any]:
    values = {field.name: getattr(faults, field.name) for field in fields(faults)}
    return {name: value for name, value in values.items() if value is not None}


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise RigError(f"said {line!r}", where=WHERE, remedy="run it by hand: xiangka relay faults --help")
    return told
