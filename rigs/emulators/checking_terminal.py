"""An emulated terminal that checks codes itself, as a process: one JSON object a line each way, over loopback TCP.

``{"code": "…"}`` is answered by ``{"outcome": "accepted"|"refused"|"error"|"nothing", "message": "…"}``,
``{"clock_ahead_s": 61.0}`` sets its clock so far ahead of the machine's and is answered by the same.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rigs.emulators.code_check import CheckRules, CodeCheck
from rigs.emulators.defects.table import behaviour_of
from rigs.platform_credentials import load_platform_credentials
from rigs.platform_link import PlatformLink
from rigs.tether import when_stdin_closes

LONGEST_LINE = 8192


@dataclass(frozen=True)
class CheckingTerminalOptions:
    """What an emulated checking terminal is started with.

    Attributes:
        platform: address of the platform.
        credentials: JSON file with what it signs with.
        defect: name of a deliberate defect, or None for a sound one.
        tethered: end when standard input closes, so that no process outlives the bench that started it.
    """

    platform: str
    credentials: Path
    defect: str | None = None
    tethered: bool = False


def run_checking_terminal(options: CheckingTerminalOptions) -> None:
    """Run the terminal until SIGTERM, SIGINT, or the end of its tether; prints ``socket://host:port``.

    Raises:
        BenchFileError: defect, address or credentials are wrong.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    rules = behaviour_of(options.defect, CheckRules)
    credentials = load_platform_credentials(options.credentials)
    check = CodeCheck(PlatformLink(options.platform, subject=True), credentials.institution, rules)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, check), name="windows", daemon=True).start()
    if options.tethered:
        when_stdin_closes(stopping.set)
    print(f"socket://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201
    stopping.wait()
    listener.close()


def _serve(listener: socket.socket, check: CodeCheck) -> None:
    while True:
        try:
            window, _ = listener.accept()
        except OSError:
            return
        with window, window.makefile("rb") as lines, contextlib.suppress(OSError, ValueError):
            while line := lines.readline(LONGEST_LINE):
                window.sendall(json.dumps(_answer(json.loads(line), check), ensure_ascii=False).encode() + b"\n")


def _answer(asked: Any, check: CodeCheck) -> dict[str, Any]:
    match asked:
        case {"clock_ahead_s": int() | float() as ahead}:
            check.ahead_s = float(ahead)
            return {"clock_ahead_s": check.ahead_s}
        case {"code": str() as code}:
            return asdict(check.check(code))
        case _:
            return {"outcome": "error", "message": "请求无效 · not a request"}
