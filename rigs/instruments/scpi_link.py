"""A SCPI instrument as its controller sees it: any VISA resource, every message journaled, every call bounded."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.resources import MessageBasedResource, Resource

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.lease import Lease

MAX_REPLY = 512
"""No reply of an instrument driven from here is longer, bytes."""
MAX_ERRORS = 32
"""More entries than an instrument's error queue holds."""
NOT_A_NUMBER = 9.9e36
"""From here on a SCPI number stands for infinity or for no measurement (SCPI-1999, 7.2.1.4)."""
GRACE_S = 1.0
"""What a VISA library may overrun its own timeout, s."""

T = TypeVar("T")


class ScpiLink:
    """An open VISA session whose instrument has said who it is and has an empty error queue.

    After a failure other than an entry in the error queue, replies can no longer be attributed to queries: the link
    then repeats its first error until it is opened anew.

    Args:
        resource: VISA resource string.
        channel: bench role, named in errors and in the journal.
        journal: where messages are recorded, terminators included.
        timeout_s: how long the instrument may take for one message, s; a call ends at most a second later.
        library: VISA library, as ``pyvisa.ResourceManager`` names it.

    Raises:
        RigError: the resource cannot be opened or is another's, what answers there is no SCPI instrument, or it
            reports an error.
    """

    def __init__(
        self, resource: str, channel: str, journal: Journal, timeout_s: float = 2.0, library: str = "@py"
    ) -> None:
        self.resource = resource
        self._library = library
        self.channel = channel
        self._journal = journal
        self._timeout_s = timeout_s
        self._failed: RigError | None = None
        # A simulated instrument is this process's own
        self._lease = None if library.endswith("@sim") else Lease(resource, channel)
        try:
            self._session = self._open()
        except BaseException:
            self._give_back()
            raise
        journal.event(channel, "instrument opened", resource=resource)
        try:
            self.identity = self._identify()
            self.tell("*CLS")
            self.check()
        except BaseException:
            self.close()
            raise

    @property
    def usable(self) -> bool:
        """Whether no message has failed so far."""
        return self._failed is None

    def tell(self, command: str) -> None:
        """Send a command.

        Raises:
            RigError: the instrument is gone.
        """
        with self._exchange():
            self._send(command)

    def ask(self, query: str) -> str:
        """Send a query and return its reply, without terminator.

        Raises:
            RigError: the instrument is gone, silent, or answers something that is no line of text.
        """
        with self._exchange():
            self._send(query)
            data = self._receive(query)
        if not data.strip() or not data.isascii() or len(data) >= MAX_REPLY:
            raise self._nonsense(query, repr(data[:40]))
        return data.decode("ascii").strip()

    def number(self, query: str) -> float:
        """Send a query and return its reply as a number.

        Raises:
            RigError: as ``ask``, or the reply is no number.
        """
        reply = self.ask(query)
        try:
            value = float(reply)
        except ValueError:
            value = math.nan
        if not abs(value) < NOT_A_NUMBER:
            raise self._nonsense(query, repr(reply))
        return value

    def check(self) -> None:
        """Empty the instrument's error queue.

        Raises:
            RigError: there was something in it.
        """
        entries: list[str] = []
        while len(entries) < MAX_ERRORS:
            entry = self.ask("SYST:ERR?")
            code, _, _ = entry.partition(",")
            try:
                if int(code) == 0:
                    break
            except ValueError:
                raise self._nonsense("SYST:ERR?", repr(entry)) from None
            entries.append(entry)
        if entries:
            raise RigError(
                f"{self.identity} reports {'; '.join(dict.fromkeys(entries))}",
                where=self.channel,
                remedy="clear the cause at the instrument; its manual lists the numbers",
            )

    def last_word(self, command: str) -> None:
        """Send a command over a link that may have failed, without learning whether it arrived."""
        with contextlib.suppress(RigError):
            self._send(command)

    def close(self) -> None:
        """Release the instrument."""
        with contextlib.suppress(Exception):
            self._bounded(self._session.close)
        self._give_back()

    def _give_back(self) -> None:
        if self._lease is not None:
            self._lease.release()

    def _open(self) -> MessageBasedResource:
        try:
            session = self._bounded(self._open_session)
        except Exception as error:  # pyvisa-py raises bare Exception where a host cannot be reached
            raise self._fail(
                f"{self.resource} cannot be opened ({_reason(error)})",
                "correct the VISA resource in the bench file, and check that the instrument is on and connected",
            ) from error
        if not isinstance(session, MessageBasedResource):
            session.close()
            raise self._fail(
                f"{self.resource} takes no messages",
                "name an INSTR or SOCKET resource in the bench file",
            )
        return session

    def _open_session(self) -> Resource:
        # The manager is shared by all sessions of the process, so nobody here closes it.
        timeout_ms = int(self._timeout_s * 1000)
        session = pyvisa.ResourceManager(self._library).open_resource(self.resource, open_timeout=timeout_ms)
        if isinstance(session, MessageBasedResource):
            session.timeout = timeout_ms
            session.read_termination = session.write_termination = "\n"
        return session

    def _identify(self) -> str:
        identity = self.ask("*IDN?")
        if identity.count(",") < 3:
            raise self._nonsense("*IDN?", repr(identity))
        return identity

    @contextlib.contextmanager
    def _exchange(self) -> Iterator[None]:
        """Hold what must not be interrupted half-way: the reply would be taken for that of the next query."""
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._fail(f"an exchange with {self.resource} was interrupted", "start the run again")
            raise

    def _send(self, command: str) -> None:
        self._journal.wire(self.channel, "tx", command.encode() + b"\n")
        try:
            self._bounded(lambda: self._session.write(command))
        except Exception as error:  # each kind of VISA interface has errors of its own
            raise self._lost(error, command) from error

    def _receive(self, query: str) -> bytes:
        try:
            data = self._bounded(lambda: self._session.read_bytes(MAX_REPLY, break_on_termchar=True))
        except Exception as error:
            raise self._lost(error, query) from error
        self._journal.wire(self.channel, "rx", data)
        return data

    def _bounded(self, action: Callable[[], T]) -> T:
        """Run a VISA call in a thread of its own: its timeout does not hold for names, writes and endless replies."""
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(action())
            except BaseException as error:  # whatever it is, it belongs to the caller
                outcome.set_exception(error)

        threading.Thread(target=run, name=f"{self.channel}-visa", daemon=True).start()
        return outcome.result(self._timeout_s + GRACE_S)

    def _lost(self, error: Exception, message: str) -> RigError:
        if isinstance(error, TimeoutError) or getattr(error, "error_code", None) == StatusCode.error_timeout:
            return self._fail(
                f"{self.resource} did not answer {message} within {self._timeout_s:g} s",
                "check that the instrument is on, understands SCPI and is not held by another program",
            )
        if isinstance(error, ConnectionRefusedError):
            return self._fail(
                f"{self.resource} refused the connection",
                "switch the instrument on and enable its socket, or correct the VISA resource in the bench file",
            )
        return self._fail(
            f"{self.resource} went away at {message} ({_reason(error)})",
            "check cable and supply of the instrument, then start the run again",
        )

    def _nonsense(self, query: str, reply: str) -> RigError:
        """The error for a reply that does not answer its query; ends the use of the link."""
        return self._fail(
            f"{self.resource} answered {reply} to {query}",
            "check that the resource names the right instrument and that no other program is speaking to it",
        )

    def _fail(self, what: str, remedy: str) -> RigError:
        error = RigError(what, where=self.channel, remedy=remedy)
        self._journal.event(self.channel, "instrument failed", reason=what)
        self._failed = self._failed or error
        return error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
