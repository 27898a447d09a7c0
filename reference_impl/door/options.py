"""How to run the platform, as one record that can be handed to another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reference_impl.keys.hsm_root import HsmPlace
from reference_impl.platform import DEFAULT_TTL_S

CREDENTIALS_FILE = "credentials.json"

ANY, ISSUED = "any", "issued"
"""Which static codes are accepted: every one of an active card as in the field, or only where one was given out."""


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the server's certificate (chain), its key, and whose clients are let in; None lets any in."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True)
class PlatformOptions:
    """How to run the platform.

    Attributes:
        data_dir: folder of the database and the key file; made if it is not there.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        token_ttl_s: greatest accepted age of a dynamic code in seconds, more than 0 and at most 300.
        credentials_file: where to write the credentials beside ``credentials.json`` in ``data_dir``.
        database_url: an SQLAlchemy URL of a SQLite or PostgreSQL database; None keeps a SQLite file in ``data_dir``.
        allow_non_loopback: let other machines reach the platform.
        workers: processes that serve.
        strict: share of valid requests that a strict platform refuses once, 0 to 1; None for one that is not strict.
        strict_seed: what the strict platform's choices are drawn from.
        tls: certificate and key; None serves plain HTTP.
        test_clock: let an administrator turn the clock.
        defect: name of a deliberate defect.
        quotas: requests a second by ``app``, ``terminal`` and ``address``; what is not named has its default.
        hsm: where the root key stands, if not in a file.
        request_log: write one line a request.
        national: where the national platform answers; None where there is none.
        real_name: where the register of persons answers; None for the stand-in of this process.
        static_codes: ``ANY`` or ``ISSUED``.
        capacity: requests a second that the writers of all workers take together, to rehearse a small machine; None for
            as many as they can.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    token_ttl_s: float = DEFAULT_TTL_S
    credentials_file: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    allow_non_loopback: bool = False
    workers: int = 1
    strict: float | None = None
    strict_seed: int = 1
    tls: TlsFiles | None = None
    test_clock: bool = False
    defect: str | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    hsm: HsmPlace | None = None
    request_log: bool = False
    national: str | None = None
    real_name: str | None = None
    static_codes: str = ANY
    capacity: float | None = None

    @property
    def scheme(self) -> str:
        """The scheme of the platform's URL."""
        return "http" if self.tls is None else "https"

    def as_json(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(asdict(self), default=str)


def options_from_json(line: str) -> PlatformOptions:
    """Return the record that ``as_json`` wrote."""
    told: dict[str, Any] = json.loads(line)
    tls, hsm = told["tls"], told["hsm"]
    return PlatformOptions(
        **told
        | {
            "data_dir": Path(told["data_dir"]),
            "credentials_file": _path(told["credentials_file"]),
            "tls": tls and TlsFiles(Path(tls["certificate"]), Path(tls["key"]), _path(tls["client_ca"])),
            "hsm": hsm and HsmPlace(Path(hsm["module"]), hsm["token"], Path(hsm["pin_file"]), hsm["key"]),
        }
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
