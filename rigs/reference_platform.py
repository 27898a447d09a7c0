"""The reference platform as a bench runs it: a process of its own that can be killed and started again in its place."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rigs.bench_tables.platform import ReferencePlatformTable
from rigs.child_process import ChildProcess
from rigs.errors import RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.own_database import own_database
from rigs.platform_credentials import PlatformCredentials, load_platform_credentials
from rigs.platform_link import CHANNEL, PlatformLink
from rigs.seeded_data import fill

LOG = "platform.log"
CARD_LIST = "cards.jsonl"
COMMAND_S = 60.0
"""How long a command beside the served platform may take."""


class ReferencePlatform:
    """Starts the reference platform; every further start is at the same address, on the same data.

    Args:
        table: its options in the bench file.
        state: folder for its data and its log.
        defect: deliberate defect, or None.
        subject: whether it is what is tested.
        journal: where starts and kills are recorded.
        options: further options of ``xiangka platform serve``; they prevail over the table's.
        cards: how many synthetic people have a card before it is served.

    Raises:
        RigError: it does not start, or the cards cannot be made.
    """

    def __init__(
        self,
        table: ReferencePlatformTable,
        state: Path,
        defect: str | None,
        *,
        subject: bool,
        journal: Journal,
        options: Sequence[str] = (),
        cards: int = 0,
    ) -> None:
        state.mkdir(exist_ok=True)
        self.data = state / "data"
        self.logs = state / LOG
        self.card_list = state / CARD_LIST
        """Ids of some of those cards, spread over all of them; there is no such file without any."""
        self.defect = defect
        self._table, self._state = table, state
        self._others = count(1)
        self.after_start: Callable[[], None] = lambda: None
        """Done after every further start, before anyone uses the platform again."""
        self._journal = journal
        self._options = [*table.arguments(), *([] if defect is None else ["--defect", defect]), *options]
        if cards:
            fill(self.data, table.database_url, cards, self.card_list)
            journal.event(CHANNEL, "cards made", cards=cards)
        self._process, greeting = self._launch(0)
        try:
            self.link = PlatformLink(greeting["url"], subject=subject)
            self.credentials_file = Path(greeting["credentials"])
            self.credentials: PlatformCredentials = load_platform_credentials(self.credentials_file)
        except BaseException:
            self._process.close()
            raise
        self._port = urlsplit(self.link.url).port or 0

    @property
    def pid(self) -> int:
        """Its process, and the leader of its process group."""
        return self._process.pid

    @property
    def database(self) -> str:
        """Which kind of database its data are in: ``sqlite``, a file of this machine, or ``postgresql``."""
        return (self._table.database_url or "sqlite").split(":")[0].split("+")[0]

    @property
    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.running

    def kill(self) -> None:
        """End it at once, as a power cut would; until ``start`` its silence is the bench's doing."""
        self.link.stopped = True
        self._process.kill()
        self._journal.event(CHANNEL, "killed", pid=self._process.pid)

    def start(self, under: Sequence[str] = ()) -> float:
        """Start it again; returns how long it took to be ready, s.

        Args:
            under: a program and its arguments that start the platform in turn, such as a tracer.

        Raises:
            SubjectFaultError: it does not come back.
        """
        if not self.link.stopped:
            self.kill()
        begun = time.monotonic()
        try:
            self._process, _ = self._launch(self._port, under)
        except RigError as error:
            if not self.link.subject:
                raise
            raise SubjectFaultError(f"did not come back after it was killed ({error.what})", where=CHANNEL) from error
        finally:
            # From here on its silence is its own, whether it came back or not.
            self.link.life += 1
            self.link.stopped = False
        took_s = time.monotonic() - begun
        self.after_start()
        return took_s

    @contextmanager
    def another(
        self, *options: str, defect: str | None = None, cards: int = 0, keep: Path | None = None
    ) -> Iterator[ReferencePlatform]:
        """One more of the same platform on data of its own, gone at the end: for what would harm the others' rows.

        Args:
            options: further options of ``xiangka platform serve``.
            defect: deliberate defect; the platform's own unless one is named.
            cards: how many synthetic people have a card there before it is served.
            keep: folder in which the data stay, so that whoever names it again for as many cards need not wait for
                them; only for a SQLite file, a database of its own goes with its platform.

        Raises:
            RigError: it does not start, the cards cannot be made, or there is no database to be had for it.
        """
        server = self._table.apart_server_url
        kept = keep if server is None else None
        state = self._state / f"another-{next(self._others)}" if kept is None else kept / f"{cards}-cards"
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        with nullcontext(None) if server is None else own_database(server) as database:
            platform = ReferencePlatform(
                self._table.model_copy(update={"database_url": database}),
                state,
                defect or self.defect,
                subject=self.link.subject,
                journal=self._journal,
                options=options,
                cards=cards,
            )
            try:
                yield platform
            finally:
                platform.close()
                if kept is None:
                    shutil.rmtree(state, ignore_errors=True)

    def prints(self, *arguments: str) -> str:
        """What ``xiangka platform`` prints of this platform's data, run beside it while it serves.

        Args:
            arguments: the action and its options, without those that name the data.

        Raises:
            SubjectFaultError: it prints nothing, for it fails or does not end.
        """
        database = self._table.database_url
        data = ["--data", str(self.data), *([] if database is None else ["--database", database])]
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "xiangka", "platform", *arguments, *data],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=COMMAND_S,
            )
        except subprocess.SubprocessError as error:
            raise SubjectFaultError(f"`platform {' '.join(arguments)}` failed", where=CHANNEL) from error
        return ended.stdout.decode("utf-8", "replace")

    def close(self) -> None:
        """End it gently."""
        self._process.close()

    def _launch(self, port: int, under: Sequence[str] = ()) -> tuple[ChildProcess, dict[str, Any]]:
        arguments = ["platform", "serve", "--tethered", "--port", str(port), "--data", str(self.data), *self._options]
        process = ChildProcess(CHANNEL, arguments, self.logs, under)
        self._journal.event(CHANNEL, "process started", pid=process.pid, database=self.database)
        try:
            greeting = json.loads(process.greeting)
            return process, {"url": greeting["url"], "credentials": greeting["credentials"]}
        except (ValueError, KeyError, TypeError) as error:
            process.close()
            raise RigError(
                f"the reference platform said {process.greeting!r}", where=CHANNEL, remedy="run it by hand"
            ) from error
