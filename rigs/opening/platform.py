"""Opens the card platform: its wire, and its host where the bench runs it."""

from __future__ import annotations

from dataclasses import dataclass

from rigs.bench_tables.platform import PlatformTable
from rigs.drivers.platform_api import PlatformApi, TurnedClock, WallClock
from rigs.opening.opening import Opening
from rigs.platform_credentials import PlatformCredentials, load_platform_credentials
from rigs.platform_link import PlatformLink
from rigs.reference_platform import ReferencePlatform
from rigs.roles import PlatformClock


@dataclass(frozen=True)
class OpenedPlatform:
    """A platform.

    Attributes:
        link: its address, and whom its silence blames.
        credentials: what the bench signs with.
        host: the machine it runs on, where the bench runs it.
    """

    link: PlatformLink
    credentials: PlatformCredentials
    host: ReferencePlatform | None = None


def open_platform(table: PlatformTable, opening: Opening, *, subject: bool) -> OpenedPlatform:
    """The platform of a bench; ``subject`` when it is itself under test.

    Raises:
        RigError: it cannot be started or reached.
        BenchFileError: its credentials file is wrong.
    """
    if table.url is not None and table.credentials is not None:
        return OpenedPlatform(PlatformLink(table.url, subject=subject), load_platform_credentials(table.credentials))
    assert table.reference is not None  # noqa: S101 - the bench file has one of both
    host = ReferencePlatform(
        table.reference,
        opening.emulation.state,
        opening.emulation.defect if subject else None,
        subject=subject,
        journal=opening.journal,
    )
    opening.closing.callback(host.close)
    return OpenedPlatform(host.link, host.credentials, host)


def open_clock(table: PlatformTable, opened: OpenedPlatform, admin: PlatformApi) -> PlatformClock:
    """The platform's clock: turned where it offers that, else waited for."""
    if not table.clock_turns:
        return WallClock()
    clock = TurnedClock(opened.link, admin)
    clock.read()
    if opened.host is not None:
        opened.host.after_start = clock.resume
    return clock
