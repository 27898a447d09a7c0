"""A PostgreSQL server of the tests' own, started from the programs installed here, and fresh databases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from reference_impl.storage.engine import open_engine
from reference_impl.storage.migrations import upgrade

INSTALL = "apt-get install -y postgresql"
PLATFORM = "platform"
_START_S = 30


def programs() -> Path | None:
    """Return the folder of the newest server programs, None where none are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class PostgresServer:
    """A running server; its files stand in ``folder`` and go with it.

    Args:
        programs: folder of initdb and postgres.
        folder: an empty folder that another user may be given.
        settings: lines of postgresql.conf beside the defaults.
    """

    def __init__(self, programs: Path, folder: Path, settings: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings = settings
        self._programs = programs
        # The server refuses to run as root.
        self._user = _unprivileged() if os.getuid() == 0 else None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        if self._user:
            shutil.chown(folder, self._user)
            folder.chmod(0o755)
        self._run(
            "initdb",
            "--pgdata",
            self.data,
            "--username=tests",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.process: subprocess.Popen[bytes]
        self.start()

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def databases(self) -> Iterator[Callable[..., str]]:
        """Give what makes databases and returns their URLs; they go at the end.

        The platform's tables are in them unless another template than ``PLATFORM`` is named.
        """
        made: list[str] = []

        def make(template: str = PLATFORM) -> str:
            made.append(f"test_{uuid.uuid4().hex}")
            self.do("CREATE DATABASE {} TEMPLATE {}", made[-1], template)
            return self.url(made[-1])

        yield make
        for name in made:
            self.do("DROP DATABASE {} WITH (FORCE)", name)

    def start(self) -> None:
        """Start the server and wait until it answers; for a thread that lives as long as the server should."""
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        settings = [f"{name}={value}" for name, value in options.items()] + ["max_connections=200", *self.settings]
        arguments = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command("postgres", "-D", self.data, *arguments), stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.do("SELECT 1")
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; ``immediate`` is what a power cut is to it."""
        self._run("pg_ctl", "stop", "--pgdata", self.data, "--mode", mode, "--wait")
        self.process.wait()

    def do(self, statement: str, *names: str) -> None:
        """Run a statement outside any transaction; names stand for its ``{}``."""
        with psycopg.connect(f"postgresql://tests@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(self._command(program, *arguments), check=True, capture_output=True, cwd=self.folder)

    def _command(self, program: str, *arguments: object) -> list[str]:
        # A session of tests that is killed must not leave its server behind.
        command = ["setpriv", "--pdeathsig=QUIT", str(self._programs / program), *map(str, arguments)]
        if self._user is None:
            return command
        # Becoming another user takes back what was asked of the parent's death, so it comes first.
        group = pwd.getpwnam(self._user).pw_gid
        return ["setpriv", f"--reuid={self._user}", f"--regid={group}", "--clear-groups", *command]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of a session."""
    found = programs()
    if found is None:
        pytest.skip(f"PostgreSQL is not installed; to install it: {INSTALL}")
    memory = Path("/dev/shm")  # noqa: S108 - only where a server's files lie for the time of a session
    with tempfile.TemporaryDirectory(prefix="xiangka-tests-", dir=memory if memory.is_dir() else None) as folder:
        server = PostgresServer(found, Path(folder))
        server.do("CREATE DATABASE {}", PLATFORM)
        engine = open_engine(server.url(PLATFORM))
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        yield server
        server.stop("immediate")


def _unprivileged() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
