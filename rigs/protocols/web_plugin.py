"""The web plug-in of 德卡 (Decard) readers: calls of its reader library as JSON over a WebSocket.

Follows the JavaScript client that the maker hands out with the plug-in (``dcrf32_client.js``), as found in public
projects. A call is ``{"func": name, "in": [arguments as text]}``; an answer ``{"result": number as text, "out": [values
as text]}``. A result of 0 is success, that of ``dc_init`` a handle above 0. Buffers are hexadecimal digits; that this
holds of a content too, and the results of calls that failed, are reconstructed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SUCCESS = 0
FAILED = -1
"""Result of a call that failed, and of asking for data when there is none (reconstructed)."""


class Function(StrEnum):
    """Calls used by the harness."""

    OPEN = "dc_init"
    """Port (100 for USB) and line rate; its result is the handle every other call begins with."""
    CLOSE = "dc_exit"
    VERSION = "dc_getver"
    """Gives the version."""
    BEEP = "dc_beep"
    """Duration in 10 ms."""
    START = "dc_Scan2DBarcodeStart"
    """Mode (0); starts reading until a code was read or ``STOP``."""
    DATA = "dc_Scan2DBarcodeGetData"
    """Gives length and content once a code was read."""
    STOP = "dc_Scan2DBarcodeExit"


USB_PORT = "100"
LINE_RATE = "115200"


class WebPluginError(Exception):
    """A message that is no call, or no answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call."""

    function: str
    arguments: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The message."""
        return json.dumps({"func": self.function, "in": list(self.arguments)}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call."""

    result: int
    out: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The message."""
        return json.dumps({"result": str(self.result), "out": list(self.out)}, separators=(",", ":")).encode()


def content_of(answer: Answer) -> bytes | None:
    """The content an answer to ``DATA`` gives, None when nothing was read yet.

    Its length tells whether it is given in hexadecimal digits or as it is.

    Raises:
        WebPluginError: it claims to give one, and does not.
    """
    if answer.result != SUCCESS:
        return None
    try:
        length, given = answer.out
        told = int(length[:20])
        if told == len(given.encode()):
            return given.encode()
        content = bytes.fromhex(given)
    except ValueError as error:
        raise WebPluginError(f"no content in {answer.out!r}") from error
    if told != len(content):
        raise WebPluginError(f"a content of {len(content)} bytes is said to have {told}")
    return content


def content_answer(content: bytes) -> Answer:
    """The answer that gives a content."""
    return Answer(SUCCESS, (str(len(content)), content.hex()))


def read_call(message: bytes) -> Call:
    """Raises ``WebPluginError`` for anything but a call."""
    found = _object(message)
    function, arguments = found.get("func"), found.get("in")
    if not isinstance(function, str) or not isinstance(arguments, list):
        raise WebPluginError("a call has `func` and `in`")
    return Call(function, tuple(str(argument) for argument in arguments))


def read_answer(message: bytes) -> Answer:
    """Raises ``WebPluginError`` for anything but an answer; a number may be one or its digits."""
    found = _object(message)
    out = found.get("out", [])
    if not isinstance(out, list):
        raise WebPluginError("`out` is no list")
    try:
        result = int(str(found["result"])[:20])
    except (KeyError, ValueError) as error:
        raise WebPluginError("`result` is no number") from error
    return Answer(result, tuple(str(value) for value in out))


def message_length(buffer: bytes) -> int | None:
    """Length of the message a stream of messages begins with; 0 when it may still become one, None when it is none."""
    text = buffer.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return 0 if text.lstrip().startswith("{") else None
    except RecursionError:
        return None
    return len(text[:end].encode())


def _object(message: bytes) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise WebPluginError("no JSON") from error
    if not isinstance(found, dict):
        raise WebPluginError("no JSON object")
    return found
