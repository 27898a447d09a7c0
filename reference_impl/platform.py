"""The platform assembled: data opened or made, keys unsealed, the first institution enrolled, the gateway ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.access.accounts import Accounts
from reference_impl.access.first_institution import first_credentials
from reference_impl.access.rate_limit import Quotas, Wait
from reference_impl.cards.real_name import RealNameSource, StandInRegister
from reference_impl.clock import Clock, now_ms, system_clock
from reference_impl.codes.given_out import GivenOutOnly
from reference_impl.codes.tokens import TokenKeys
from reference_impl.codes.verification import MAX_TTL_S, Verification
from reference_impl.door.gateway import Gate, Gateway
from reference_impl.door.methods.table import METHODS
from reference_impl.door.question import Method, Parts
from reference_impl.entropy import RandomBytes, system_entropy
from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import Keyring, open_keyring
from reference_impl.keys.province import create_keys
from reference_impl.keys.root import FileRoot, RootKey
from reference_impl.records import audit
from reference_impl.records.audit import AuditKey
from reference_impl.records.verification_counts import keep_counting
from reference_impl.refusals import Outcome
from reference_impl.storage import epoch
from reference_impl.storage.batch import Job, Writer
from reference_impl.storage.engine import open_engine, open_readers, sqlite_url
from reference_impl.storage.key_upkeep import keep_keys
from reference_impl.storage.migrations import upgrade
from reference_impl.storage.opening_faults import database_fault, place_of
from reference_impl.storage.schema import EPOCH
from reference_impl.storage.spent import keep_forgetting
from reference_impl.storage.warm import warm_up
from reference_impl.storage.writers import open_writer
from reference_impl.wire.envelope import Credentials

T = TypeVar("T")

DEFAULT_TTL_S = 60
"""How long a phone shows a dynamic code before it fetches the next."""

DATABASE_FILE = "platform.sqlite"
KEY_FILE = "key-encryption.key"


OpenRoot = Callable[[bool], RootKey]
"""Given whether the database is empty: only then may it make a root. A key made anew opens nothing that is stored."""


class OpenGate:
    """Lets everyone in."""

    quotas = Quotas(app=0, terminal=0, address=0, wrong=0)

    def admit_address(self, address: str) -> Wait | None:
        """Let a request in."""
        del address
        return None

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        """Let a request in."""
        del address, app_id, term_id
        return None

    def told(self, address: str, app_id: str, outcome: Outcome) -> None:
        """Forget what a request was answered."""
        del address, app_id, outcome


@dataclass
class Memory:
    """What this process keeps in memory of keys and standing; it follows the epoch."""

    parts: Parts
    accounts: Accounts
    readers: Engine
    root: RootKey
    clock: Clock
    epoch: int
    seal_with: Callable[[AuditKey], None] = lambda _: None
    """Told the audit key whenever keys were read anew; the writer's, once there is one."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def refresh(self, epoch_now: int) -> None:
        """Read keys and standing anew if the epoch moved."""
        if epoch_now == self.epoch:
            return
        # The jobs of PostgreSQL have a thread of their own, and may have seen the newer epoch first.
        with self._lock:
            if epoch_now <= self.epoch:
                return
            with self.readers.connect() as connection:
                keyring = open_keyring(connection, self.root, now_ms(self.clock))
            self.parts.keyring = keyring
            self.parts.verification.keys = token_keys(keyring)
            self.seal_with(keyring.audit_versions)
            self.accounts.clear()
            self.epoch = epoch_now


@dataclass
class Platform:
    """An open platform; ``credentials`` are those of the first application and terminal.

    Attributes:
        gateway: the family-A gateway.
        parts: what methods work with.
        accounts: who may call.
        writer: the way to the database; the gateway's may have a turnstile before it.
        engine: for writing; the writer's.
        readers: for reading beside the writer.
        clock: the platform's only clock.
    """

    gateway: Gateway
    parts: Parts
    accounts: Accounts
    memory: Memory
    writer: Writer
    engine: Engine
    readers: Engine
    clock: Clock
    credentials: Credentials

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread; for commands and tests, while nothing is served."""
        return self.writer.run(job)

    async def keep_up(self) -> None:
        """Count verifications, forget what was kept long enough, keep keys in order; one process a database does."""
        await asyncio.gather(
            keep_forgetting(self.writer.submit, self.clock),
            keep_counting(self.writer.submit),
            audit.keep_purging(self.writer.submit, lambda: self.parts.keyring.audit_versions, self.clock),
            keep_keys(self),
        )

    async def warm_up(self) -> None:
        """Touch what the first verifications look up; one process a database suffices."""
        await warm_up(self.readers)

    async def close(self) -> None:
        """Finish the requests that are queued and let go of the database."""
        await self.gateway.writer.close()
        self.engine.dispose()
        self.readers.dispose()


def open_platform(
    data_dir: Path,
    *,
    database_url: str | None = None,
    token_ttl_s: float = DEFAULT_TTL_S,
    clock: Clock = system_clock,
    random: RandomBytes = system_entropy,
    root: OpenRoot | None = None,
    real_name: RealNameSource | None = None,
    lane: str = "w0",
    shared: bool = False,
    gate: Gate | None = None,
    methods: Mapping[str, Method] = METHODS,
    only_given_out: bool = False,
) -> Platform:
    """Open the platform whose data stand in ``data_dir``, making them if there are none.

    Args:
        data_dir: folder of the key file and, unless ``database_url`` names another place, of the database.
        database_url: an SQLAlchemy URL of a SQLite or PostgreSQL database.
        token_ttl_s: greatest accepted age of a dynamic code in seconds, more than 0 and at most ``MAX_TTL_S``.
        clock: the platform's only clock.
        random: the platform's only source of randomness.
        root: opens the root of the keys; a key file in ``data_dir`` unless it is given.
        real_name: register of persons; the stand-in unless one is given.
        lane: audit lane of this process; no two processes on one database may share it.
        shared: whether other processes write to the database beside this one.
        gate: limits on callers; none unless one is given.
        methods: methods of the gateway by neutral name.
        only_given_out: whether a static code is accepted only where one was given out for its card.

    Raises:
        PlatformError: the folder, the key file, the database or the life of a code cannot be used.
    """
    if not 0 < token_ttl_s <= MAX_TTL_S:
        raise PlatformError(
            f"a dynamic code cannot live {token_ttl_s:g} s",
            where="--code-life",
            remedy=f"choose more than 0 and at most {MAX_TTL_S} seconds",
        )
    database = data_dir / DATABASE_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if database_url is None:
            # SQLite gives its side files the mode of the main file, so this one mode keeps all three private.
            database.touch(mode=0o600)
    except OSError as error:
        raise PlatformError(
            f"the data folder cannot be used ({error.strerror})",
            where=str(data_dir),
            remedy="name a folder that this user may write",
        ) from error
    url = database_url or sqlite_url(database)
    try:
        engine, readers = open_engine(url, shared=shared), open_readers(url)
        with _let_go_unless_opened(engine, readers):
            open_root = root or partial(_root_in_file, data_dir / KEY_FILE, random)
            root_key, keyring, epoch_now, credentials = _open_data(engine, open_root, random, now_ms(clock))
            rule = partial(GivenOutOnly, readers=readers) if only_given_out else Verification
            verification = rule(token_keys(keyring), round(token_ttl_s * 1000))
            parts = Parts(keyring, verification, real_name or StandInRegister(), random)
            accounts = Accounts(readers, lambda: parts.keyring)
            memory = Memory(parts, accounts, readers, root_key, clock, epoch_now)
            writer = open_writer(engine, memory, lane, keyring.audit_versions)
            memory.seal_with = writer.seal_with
    except (SQLAlchemyError, ImportError) as error:
        raise database_fault("opened", place_of(url) if database_url else str(database), error) from error
    gateway = Gateway(parts, accounts, writer, gate or OpenGate(), methods, clock)
    return Platform(gateway, parts, accounts, memory, writer, engine, readers, clock, credentials)


def token_keys(keyring: Keyring) -> TokenKeys:
    """Return the keys of dynamic codes out of the keyring."""
    return TokenKeys(keyring.tokens, keyring.token_version, keyring.token_grace_until)


def _root_in_file(path: Path, random: RandomBytes, fresh: bool) -> RootKey:
    return FileRoot.create(path, random) if fresh else FileRoot(path)


def _open_data(
    engine: Engine, open_root: OpenRoot, random: RandomBytes, created_ms: int
) -> tuple[RootKey, Keyring, int, Credentials]:
    # One transaction for all of it: a platform killed at its first start leaves nothing half made.
    with engine.begin() as connection:
        upgrade(connection)
        fresh = connection.scalar(select(EPOCH.c.number)) is None
        root = open_root(fresh)
        if fresh:
            epoch.begin(connection)
            create_keys(connection, root, random, created_ms)
        keyring = open_keyring(connection, root, created_ms)
        if fresh:
            audit.begin(connection, keyring.audit)
        credentials = first_credentials(connection, keyring, random, created_ms)
        return root, keyring, epoch.read(connection), credentials


@contextmanager
def _let_go_unless_opened(*engines: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for engine in engines:
            engine.dispose()
        raise


def close_now(platform: Platform) -> None:
    """Close a platform that is not being served."""
    asyncio.run(platform.close())
