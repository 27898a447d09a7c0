"""A PC/SC reader and the cards in it, through the system's ``libpcsclite``; every call has a deadline.

Tried on the virtual reader of vsmartcard (``rigs.emulators.virtual_reader``); on no hardware yet. Readers differ by
name only.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.protocols.card_masking import ExchangeMask
from rigs.protocols.iso7816 import for_t0
from rigs.roles.cards import CardChannel, CardError, CardRemovedError, CardSilentError, CardUnclearError

T = TypeVar("T")

CALL_S = 2.0
"""How long a card may work on one command before it counts as silent."""
_WAIT_S = 0.5
"""How long one question for a change may last: a closed reader is let go of within it."""
_OF_THE_CARD = (
    "SCARD_W_REMOVED_CARD",
    "SCARD_W_RESET_CARD",
    "SCARD_W_UNPOWERED_CARD",
    "SCARD_W_UNRESPONSIVE_CARD",
    "SCARD_E_NO_SMARTCARD",
    "SCARD_E_NOT_TRANSACTED",
    "SCARD_E_COMM_DATA_LOST",
)
"""Codes that tell a host what became of its card."""
_OF_THE_DAEMON = (
    "SCARD_E_READER_UNAVAILABLE",
    "SCARD_E_UNKNOWN_READER",
    "SCARD_E_NO_SERVICE",
    "SCARD_E_SERVICE_STOPPED",
    "SCARD_E_INVALID_HANDLE",
    "SCARD_F_COMM_ERROR",
)
"""Codes that tell that reader or daemon is gone."""
INSTALL = (
    "sudo apt-get install pcscd libpcsclite-dev swig build-essential python3-dev "
    "&& .venv/bin/python -m pip install -r requirements-cards.lock"
)


class PcscReader:
    """One slot of a reader.

    Between two cards it has to be seen empty, ``wait_for_removal``: the daemon looks about twice a second, and takes a
    card that was changed in between for the one before.

    Args:
        name: its name as ``pcsc_scan`` tells it, or a part of it that no other reader's name holds.
        channel: bench role under which every APDU is journalled; numbers of persons and cards are masked.
        journal: the journal.
        call_s: how long a card may work on one command, s.
        watch: told every response as it came, before anything is masked.

    Raises:
        BenchFileError: pyscard is not installed.
        RigError: there is no daemon, or no such reader.
    """

    def __init__(
        self,
        name: str,
        channel: str,
        journal: Journal,
        *,
        call_s: float = CALL_S,
        watch: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.channel = channel
        self._journal = journal
        self._call_s = call_s
        self._watch = watch
        self._pcsc = load_pyscard()
        self._worker = _Worker(f"pcsc-{channel}")
        self._context = self._worker.do(self._establish, 10)
        self.name = self._find(name)
        self._state = 0
        self._open: PcscChannel | None = None
        journal.event(channel, "reader opened", name=self.name)

    def connect(self, timeout_s: float) -> PcscChannel | None:
        """A channel to the card in the slot, or to the next one put in; None when none is there in time.

        A mute card, or one taken away at once, counts as none.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            if self._present(deadline) and (channel := self._try_to_connect()) is not None:
                self._open = channel
                return channel
            if time.monotonic() >= deadline:
                return None

    def wait_for_removal(self, timeout_s: float) -> bool:
        """Whether the slot became empty in time."""
        deadline = time.monotonic() + timeout_s
        while self._present(time.monotonic()):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._change(min(left, _WAIT_S))
        return True

    def close(self) -> None:
        """Let go of the reader."""
        if self._open is not None:
            self._open.close()
        with contextlib.suppress(CardSilentError):
            self._worker.do(lambda: self._pcsc.SCardReleaseContext(self._context), _WAIT_S + 1)
        self._worker.close()

    def _establish(self) -> Any:
        code, context = self._pcsc.SCardEstablishContext(self._pcsc.SCARD_SCOPE_SYSTEM)
        if code != 0:
            raise RigError(
                f"no PC/SC daemon answers ({self._pcsc.SCardGetErrorMessage(code)})",
                where=self.channel,
                remedy="start it: sudo systemctl start pcscd",
            )
        return context

    def _find(self, name: str) -> str:
        deadline = time.monotonic() + 5
        while True:
            _, names = self._worker.do(lambda: self._pcsc.SCardListReaders(self._context, []), self._call_s)
            found = [known for known in names or [] if name in known]
            if len(found) == 1:
                return str(found[0])
            if time.monotonic() > deadline:
                known = ", ".join(names or []) or "none"
                said = "no reader is" if not found else "more than one reader is"
                raise RigError(
                    f"{said} called {name!r} (there are: {known})",
                    where=self.channel,
                    remedy="plug it in, or correct its name in the bench file (pcsc_scan -r names them)",
                )
            time.sleep(0.1)

    def _present(self, deadline: float) -> bool:
        """Whether a card is there, waiting for one until the deadline."""
        while True:
            present = bool(self._change(0) & self._pcsc.SCARD_STATE_PRESENT)
            left = deadline - time.monotonic()
            if present or left <= 0:
                return present
            self._change(min(left, _WAIT_S))

    def _change(self, timeout_s: float) -> int:
        """Wait for a change of the slot since the last question; its state."""
        known = self._state if timeout_s else self._pcsc.SCARD_STATE_UNAWARE

        def ask() -> Any:
            return self._pcsc.SCardGetStatusChange(self._context, round(timeout_s * 1000), [(self.name, known)])

        code, states = self._worker.do(ask, timeout_s + self._call_s)
        if code not in (0, self._pcsc.SCARD_E_TIMEOUT):
            raise self._gone(code)
        if code == 0:
            self._state = states[0][1]
        return self._state

    def _try_to_connect(self) -> PcscChannel | None:
        pcsc = self._pcsc
        protocols = pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1

        def connect() -> Any:
            code, card, protocol = pcsc.SCardConnect(self._context, self.name, pcsc.SCARD_SHARE_SHARED, protocols)
            if code != 0:
                return code, None, None, b""
            code, _, _, _, atr = pcsc.SCardStatus(card)
            return code, card, protocol, bytes(atr)

        code, card, protocol, atr = self._worker.do(connect, self._call_s + 1)
        if code in (pcsc.SCARD_E_READER_UNAVAILABLE, pcsc.SCARD_E_UNKNOWN_READER, pcsc.SCARD_E_NO_SERVICE):
            raise self._gone(code)
        if card is None or code != 0:
            return None
        self._journal.event(self.channel, "card connected", atr=atr.hex(), protocol=_PROTOCOLS[protocol])
        return PcscChannel(self, card, protocol, atr)

    def _gone(self, code: int) -> RigError:
        self._journal.event(self.channel, "reader lost", reason=self._pcsc.SCardGetErrorMessage(code))
        return RigError(
            f"reader {self.name} went away in mid-run",
            where=self.channel,
            remedy="check its cable and that pcscd runs, then start the run again",
        )


_PROTOCOLS = {1: "T=0", 2: "T=1"}


class PcscChannel(CardChannel):
    """An open card; made by ``PcscReader.connect``."""

    def __init__(self, reader: PcscReader, card: Any, protocol: int, atr: bytes) -> None:
        self._reader = reader
        self._card = card
        self._pcsc = reader._pcsc
        self._pci = self._pcsc.SCARD_PCI_T0 if protocol == 1 else self._pcsc.SCARD_PCI_T1
        self.protocol = _PROTOCOLS[protocol]
        self.atr = atr
        self._mask = ExchangeMask()
        self.journal = (reader._journal.count, reader._journal.count)
        """First and last journal record of this card."""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one command APDU; the response data and the status word.

        Raises:
            CardRemovedError: the card was taken away before it answered.
            CardSilentError: the reader said nothing within its deadline.
            CardUnclearError: it answered neither with a status word nor with what became of the card.
            RigError: the reader is gone.
        """
        reader, pcsc = self._reader, self._pcsc
        apdu = for_t0(apdu) if self.protocol == "T=0" else apdu
        try:
            code, answer = reader._worker.do(
                lambda: pcsc.SCardTransmit(self._card, self._pci, list(apdu)), reader._call_s
            )
        except CardSilentError:
            self._record(apdu, b"")
            reader._journal.event(reader.channel, "no answer", seconds=reader._call_s)
            raise
        if code in (getattr(pcsc, name) for name in _OF_THE_DAEMON):
            raise reader._gone(code)
        response = bytes(answer or b"")
        if reader._watch is not None and response:
            reader._watch(reader.channel, response)
        self._record(apdu, response)
        if code != 0 or len(response) < 2:
            raise self._lost(code)
        return response[:-2], int.from_bytes(response[-2:], "big")

    def _lost(self, code: int) -> CardError:
        pcsc, reader = self._pcsc, self._reader
        why = pcsc.SCardGetErrorMessage(code).strip() if code else "an answer without a status word"
        reader._journal.event(reader.channel, "card lost", reason=why)
        if code == 0:
            # Some drivers answer a card that is leaving so: what the host learns of its slot is the reader's word
            told = reader.wait_for_removal(reader._call_s)
        else:
            told = code in (getattr(pcsc, name) for name in _OF_THE_CARD)
        return CardRemovedError(why) if told else CardUnclearError(why)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the card against every other program of this host.

        Raises:
            CardSilentError: the reader said nothing within its deadline.
        """
        pcsc, worker = self._pcsc, self._reader._worker
        worker.do(lambda: pcsc.SCardBeginTransaction(self._card), self._reader._call_s)
        try:
            yield
        finally:
            with contextlib.suppress(CardSilentError):
                worker.do(lambda: pcsc.SCardEndTransaction(self._card, pcsc.SCARD_LEAVE_CARD), self._reader._call_s)

    def close(self) -> None:
        """Let go of the card; the daemon takes its power once nobody holds it."""
        if self._card is None:
            return
        card, self._card = self._card, None
        with contextlib.suppress(CardSilentError):
            self._reader._worker.do(
                # A reset of a card that has just gone would mark the slot empty before the daemon has looked, and a
                # card put in meanwhile would never be announced
                lambda: self._pcsc.SCardDisconnect(card, self._pcsc.SCARD_LEAVE_CARD),
                self._reader._call_s,
            )

    def _record(self, apdu: bytes, response: bytes) -> None:
        command, answer = self._mask.masked(apdu, response)
        journal, channel = self._reader._journal, self._reader.channel
        last = journal.wire(channel, "tx", command)
        if answer:
            last = journal.wire(channel, "rx", answer)
        self.journal = (self.journal[0], last)


def load_pyscard() -> Any:
    """The low-level module of pyscard, which is an extra because it has to be built on the machine.

    Raises:
        BenchFileError: it is not installed.
    """
    try:
        from smartcard import scard  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise BenchFileError(
            "a bench with card readers needs pyscard, which is not installed",
            where="[cards]",
            remedy=f"install it: {INSTALL}",
        ) from error
    return scard


class _Worker:
    """A thread that makes the calls, so that one that never returns costs the caller its deadline and no more."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, call: Callable[[], T], timeout_s: float) -> T:
        """Make a call on the thread.

        Raises:
            CardSilentError: it did not return in time; the calls behind it wait for it.
        """
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._work.put((call, answer))
        try:
            result = answer.get(timeout=timeout_s)
        except queue.Empty:
            raise CardSilentError(f"no answer within {timeout_s:g} s") from None
        if isinstance(result, BaseException):
            raise result
        found: T = result
        return found

    def close(self) -> None:
        self._work.put(None)
        self._thread.join(2)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            call, answer = work
            try:
                answer.put(call())
            except BaseException as error:
                answer.put(error)
