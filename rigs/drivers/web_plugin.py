"""Driver for 德卡 readers behind their web plug-in. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import RigError
from rigs.protocols import web_plugin
from rigs.protocols.web_plugin import Answer, Call, Function, WebPluginError
from rigs.roles import Delivery, DeviceIdentity, Exchange

POLL_S = 0.01
"""How often the reader is asked whether it has read a code, s. Hosts in hospitals ask every 100 ms, thirty times; a
bench asks more often, so that its own waiting does not count as the reader's."""
CALL_S = 2.0
"""How long a call may take, s."""


class WebPluginScanner(SerialScanner):
    """A reader behind its plug-in: each reading is started, and asked for until there is a content.

    Nothing of its configuration can be read or set this way, and there is no serial link to certify.
    """

    uncertainty_ms = 2.0 + POLL_S * 1000
    _handle: str
    _last_record: int

    def identify(self) -> DeviceIdentity:
        """Firmware; the rest is on the label only."""
        answer = self._call(Function.VERSION)
        told = answer is not None and answer.result == web_plugin.SUCCESS and answer.out
        return DeviceIdentity(firmware=answer.out[0] if answer is not None and told else None)

    def settings(self) -> Mapping[str, str]:
        """Whether the reader still knows its handle, which one that restarted does not; no call tells any setting."""
        answer = self._call(Function.VERSION)
        known = answer is not None and answer.result == web_plugin.SUCCESS
        return {"handle": "known" if known else "unknown"}

    def answers(self) -> bool:
        """Whether the plug-in answers; a refusal, as of a handle it no longer knows, is an answer too."""
        return self._call(Function.VERSION) is not None

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """None: they are about a serial line."""
        return []

    def delivery(self, timeout_s: float) -> Delivery | None:
        """The next code, asked for until the time is up; at least once.

        Raises:
            RigError: the plug-in is gone.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            delivery = self._asked_for_data()
            left = deadline - time.monotonic()
            if delivery is not None or left <= 0:
                return delivery
            time.sleep(min(POLL_S, left))

    def disarm(self) -> None:
        """Stop looking; a code that was read before is dropped by the reader."""
        self._stop()

    def close(self) -> None:
        """Let go of the reader and the plug-in."""
        with contextlib.suppress(RigError):  # a plug-in that is gone has let go already
            self._call(Function.CLOSE)
        super().close()

    def _set_up(self) -> None:
        self._handle = ""
        self._discard()
        answer = self._call(Function.OPEN, web_plugin.USB_PORT, web_plugin.LINE_RATE)
        if answer is None or answer.result <= 0:
            raise self.silent()
        self._handle = str(answer.result)

    def _reply_length(self, buffer: bytes) -> int | None:
        return web_plugin.message_length(buffer)

    def _trigger(self) -> bool:
        answer = self._call(Function.START, "0")
        return answer is not None and answer.result == web_plugin.SUCCESS

    def _stop(self) -> None:
        self._call(Function.STOP)

    def _asked_for_data(self) -> Delivery | None:
        answer = self._call(Function.DATA)
        try:
            content = None if answer is None else web_plugin.content_of(answer)
        except WebPluginError:
            return None
        if content is None:
            return None
        now_ns = time.monotonic_ns()
        return Delivery(content, now_ns, now_ns, (self._last_record, self._last_record))

    def _take(self, t_ns: int) -> bool:
        taken = super()._take(t_ns)
        if self._replies:
            self._last_record = self._replies[-1][1]
        return taken

    def _call(self, function: Function, *arguments: str) -> Answer | None:
        """Call, and return the answer; None when none comes, or something that is none."""
        own = (self._handle,) if self._handle else ()
        reply = self.ask(Call(function, own + arguments).encode(), CALL_S)
        try:
            return None if reply is None else web_plugin.read_answer(reply)
        except WebPluginError:
            return None
