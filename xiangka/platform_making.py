"""Making a platform and filling it, while nobody serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from reference_impl.door.access_tokens import read_subjects
from reference_impl.door.credentials import hand_out
from reference_impl.door.opening import check_options, clock_of, open_root
from reference_impl.door.options import PlatformOptions
from reference_impl.door.serving_lock import sole_use
from reference_impl.errors import PlatformError
from reference_impl.platform import Platform, close_now, open_platform
from reference_impl.storage.sealed_anew import seal_anew, superseded
from reference_impl.storage.seeding import seed_cards
from xiangka.seeded_list import check_list, write_list
from xiangka.seeding_progress import seeding_progress

DEFAULT_URL = "http://127.0.0.1:8640"
"""Stands in the credentials until the platform is served and writes where."""


def make_platform(options: PlatformOptions, *, renew: bool) -> int:
    """Make the platform, or with ``renew`` give an existing one new tokens; prints where the credentials are.

    Raises:
        PlatformError: there is one already, or it cannot be made.
    """
    with _alone(options) as platform:
        with platform.readers.connect() as connection:
            made_before = bool(read_subjects(connection))
        if made_before and not renew:
            raise PlatformError(
                "there is a platform already",
                where=str(options.data_dir),
                remedy="serve it, give it new tokens with --renew-tokens, or name another folder",
            )
        print(f"credentials: {hand_out(platform, options, DEFAULT_URL, renew=renew)}")
    return 0


def seed_platform(
    options: PlatformOptions, cards: int, seed: int, listed: Path | None = None, sample: int | None = None
) -> int:
    """Give so many people a card, telling how far it is; then list some of the cards, if a file is named for that.

    Raises:
        PlatformError: the data cannot be used, there are not so many people, or the list cannot be written.
    """
    check_list(listed, sample, cards)
    with _alone(options) as platform:
        with seeding_progress(cards) as progress:
            made = seed_cards(platform, cards, seed, progress.settled, indexing=progress.indexing)
        print(f"{made} cards made, {cards - made} were there")
        if listed is not None:
            written = write_list(platform.parts.keyring, seed, cards, sample, listed)
            print(f"{written} of them listed: {listed}")
    return 0


def reseal_platform(options: PlatformOptions) -> int:
    """Seal anew whatever is under an older version of a key, until nothing is.

    Raises:
        PlatformError: the data cannot be used, or a value does not open.
    """
    with _alone(options) as platform:
        values = asyncio.run(_reseal(platform))
    print(f"{values} values sealed anew")
    return 0


async def _reseal(platform: Platform) -> int:
    with platform.readers.connect() as connection:
        keys = superseded(connection, platform.parts.keyring)
    return sum([await seal_anew(platform, key, _no_pause) for key in keys])


async def _no_pause() -> None:
    """Go on at once: nobody else is served."""


@contextmanager
def _alone(options: PlatformOptions) -> Iterator[Platform]:
    check_options(options)
    with sole_use(options.data_dir):
        platform = open_platform(
            options.data_dir,
            database_url=options.database_url,
            clock=clock_of(options),
            root=partial(open_root, options),
        )
        try:
            yield platform
        finally:
            close_now(platform)
