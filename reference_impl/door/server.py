"""The process: options in, one ready line on stdout, requests served until SIGTERM or SIGINT."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from reference_impl.clock import system_clock
from reference_impl.door.admin.page import ADMIN
from reference_impl.door.credentials import hand_out
from reference_impl.door.listening import listen, listen_shared, url_of
from reference_impl.door.logbook import start_log
from reference_impl.door.opening import FIGURES_FOLDER, FIRST_LANE, check_options, open_served
from reference_impl.door.options import PlatformOptions
from reference_impl.door.serving_lock import sole_use
from reference_impl.door.supervisor import Supervisor
from reference_impl.door.tls import server_context
from reference_impl.door.worker import serve, tell
from reference_impl.errors import PlatformError
from reference_impl.platform import close_now

__all__ = ["PlatformOptions", "run"]


def run(options: PlatformOptions) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return; for a process's main thread.

    Writes one line to stdout once requests are answered:
    ``{"ready": true, "url": "http://127.0.0.1:PORT", "credentials": "path", "pid": number}``. Where standard error is
    a terminal, it is told the address of the administration page.

    Raises:
        PlatformError: the options, the data or the address cannot be used; nothing was served.
    """
    check_options(options)
    if options.tls is not None:
        server_context(options.tls)
    start_log(system_clock)
    if options.workers == 1:
        _run_alone(options)
    else:
        _run_several(options)


def _run_alone(options: PlatformOptions) -> None:
    listener = listen(options.host, options.port, allow_non_loopback=options.allow_non_loopback)
    with listener, sole_use(options.data_dir):
        _clear_figures(options)
        opened = open_served(options, FIRST_LANE)
        try:
            url = url_of(listener, options.scheme)
            credentials = hand_out(opened.platform, options, url)
        except BaseException:
            close_now(opened.platform)
            raise
        serve(opened, options, listener, _ready(url, credentials))


def _run_several(options: PlatformOptions) -> None:
    listeners = listen_shared(
        options.host, options.port, options.workers, allow_non_loopback=options.allow_non_loopback
    )
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        stack.enter_context(sole_use(options.data_dir))
        _clear_figures(options)
        url = url_of(listeners[0], options.scheme)
        # The data are made before the first worker looks for them.
        platform = open_served(options, FIRST_LANE).platform
        try:
            credentials = hand_out(platform, options, url)
        finally:
            close_now(platform)
        Supervisor(options, listeners).run(_ready(url, credentials))


def _clear_figures(options: PlatformOptions) -> None:
    folder = options.data_dir / FIGURES_FOLDER
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        for left in folder.iterdir():
            left.unlink()
    except OSError as error:
        raise PlatformError(
            f"the folder of the workers' figures cannot be used ({error.strerror})",
            where=str(folder),
            remedy="remove whatever stands in its place",
        ) from error


def _ready(url: str, credentials: Path) -> Callable[[], None]:
    line = {"ready": True, "url": url, "credentials": str(credentials), "pid": os.getpid()}

    def ready() -> None:
        tell(json.dumps(line, ensure_ascii=False))
        # Standard output holds that one line, for programs; whoever sits at a terminal is told where to look.
        if sys.stderr.isatty():
            sys.stderr.write(f"管理页面 / administration page: {url}{ADMIN}\n")
            sys.stderr.flush()

    return ready
