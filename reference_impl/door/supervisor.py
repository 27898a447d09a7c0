"""Several workers under one roof: started together, replaced when one dies, stopped together.

The parent keeps the listening sockets. A worker that dies leaves its connections broken but its socket open, so that
callers who connect meanwhile wait for its successor instead of being refused.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reference_impl.door.logbook import LOG
from reference_impl.door.options import PlatformOptions
from reference_impl.door.worker import GRACE_S, READY
from reference_impl.errors import PlatformError

PATIENCE_S = 60.0
"""How long a worker may take from its start to its first answer, or from the order to stop to its end."""
DEATHS_ALLOWED = 10
"""So many workers may die within ``PATIENCE_S``; after one more there is something that no restart heals."""
PAUSE_S = 0.5


@dataclass
class _Worker:
    lane: str
    listener: socket.socket
    process: subprocess.Popen[str]
    started: float
    ready: bool = False


class Supervisor:
    """Runs one worker for each socket.

    Args:
        options: how to run the platform.
        listeners: one socket a worker, all on one port.
    """

    def __init__(self, options: PlatformOptions, listeners: Sequence[socket.socket]) -> None:
        self._options = options
        self._listeners = listeners
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()
        self._deaths: list[float] = []
        self._stopping = False

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; calls ``on_ready`` once every worker answers.

        Raises:
            PlatformError: a worker cannot serve, or they die faster than it makes sense to replace them.
        """
        with self._signals():
            try:
                for number, listener in enumerate(self._listeners):
                    self._start(f"w{number}", listener)
                told = False
                while not self._stopping:
                    self._look()
                    if not told and all(worker.ready for worker in self._workers.values()):
                        told = True
                        on_ready()
            finally:
                self._stop_all()

    def _start(self, lane: str, listener: socket.socket) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_impl.door.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            text=True,
        )
        assert process.stdin is not None  # noqa: S101 - piped
        assert process.stdout is not None  # noqa: S101 - piped
        task = {"options": self._options.as_json(), "lane": lane, "socket": listener.fileno()}
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        self._workers[process.pid] = _Worker(lane, listener, process, time.monotonic())
        self._selector.register(process.stdout, selectors.EVENT_READ, process.pid)

    def _look(self) -> None:
        for key, _ in self._selector.select(PAUSE_S):
            if key.data is None:
                os.read(key.fd, 4096)
                continue
            worker = self._workers[key.data]
            assert worker.process.stdout is not None  # noqa: S101 - piped
            line = worker.process.stdout.readline().strip()
            if line == READY:
                worker.ready = True
            else:
                self._died(worker, line)
        late = [w for w in self._workers.values() if not w.ready and time.monotonic() - w.started > PATIENCE_S]
        for worker in late:
            worker.process.kill()

    def _died(self, worker: _Worker, line: str) -> None:
        self._forget(worker)
        if self._stopping:
            return
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < PATIENCE_S] + [now]
        first_start = not worker.ready and len(self._deaths) == 1
        if line and first_start:
            raise PlatformError(**json.loads(line))
        if len(self._deaths) > DEATHS_ALLOWED:
            raise PlatformError(
                f"{len(self._deaths)} workers died within {PATIENCE_S:g} s",
                where=f"worker {worker.lane}",
                remedy="see the errors they logged, and start the platform with one worker to find the cause",
            )
        LOG.error("a worker died; another takes its place")
        if not worker.ready:
            time.sleep(PAUSE_S)
        self._start(worker.lane, worker.listener)

    def _forget(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None  # noqa: S101 - piped
        assert worker.process.stdin is not None  # noqa: S101 - piped
        self._selector.unregister(worker.process.stdout)
        worker.process.stdout.close()
        worker.process.stdin.close()
        worker.process.wait(PATIENCE_S)
        del self._workers[worker.process.pid]

    def _stop_all(self) -> None:
        self._stopping = True
        # Whoever connects from now on is refused instead of waiting for an answer that will not come.
        for listener in self._listeners:
            listener.close()
        for worker in self._workers.values():
            worker.process.terminate()
        deadline = time.monotonic() + 2 * GRACE_S
        for worker in list(self._workers.values()):
            try:
                worker.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                LOG.error("a worker did not stop and was killed")
                worker.process.kill()
            self._forget(worker)
        self._selector.close()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        ours, woken = socket.socketpair()
        ours.setblocking(False)
        woken.setblocking(False)
        self._selector.register(woken, selectors.EVENT_READ, None)

        def stop(_number: int, _frame: object) -> None:
            self._stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        wakeup = signal.set_wakeup_fd(ours.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            ours.close()
            woken.close()
