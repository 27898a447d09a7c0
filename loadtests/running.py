"""A load as a process: its plan read, its signals heard, its end that of whoever started it."""

from __future__ import annotations

import json
import logging
import os
import signal
from pathlib import Path

import gevent
import locust  # noqa: F401 - patches the standard library, before anything else opens a socket

from loadtests.errors import GeneratorError
from loadtests.master import Master
from loadtests.plan import LoadPlan

FAILED = 3
REMOTE_PORT = 5557
"""Where workers of other hosts look for their master, as everywhere with Locust."""

_LOOK_S = 1.0


def run_load(plan_file: Path, folder: Path, port: int | None, *, detached: bool) -> int:
    """Offer a load; returns 0 when it ran to its end, 3 when the generator failed, whose last line then says why.

    Args:
        plan_file: the plan as JSON.
        folder: where the record goes.
        port: for workers of other hosts; None takes ``REMOTE_PORT`` if any are expected, else a free one.
        detached: go on when the process that started this one has ended.
    """
    try:
        plan = LoadPlan.from_json(plan_file.read_bytes())
    except (OSError, ValueError) as error:
        return _say(GeneratorError(f"no plan ({error})", where=str(plan_file), remedy="give a plan as LoadPlan writes"))
    if port is None:
        port = REMOTE_PORT if plan.all_workers > plan.workers else 0
    master = Master(plan, folder, port)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, master.end)
    if not detached:
        gevent.spawn(_end_with_parent, master)
    # It thinks aloud about users coming all at once, which is what is meant here.
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    try:
        master.run()
    except GeneratorError as error:
        return _say(error)
    return 0


def _end_with_parent(master: Master) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        gevent.sleep(_LOOK_S)
    master.end()


def _say(error: GeneratorError) -> int:
    told = {"error": {"what": error.what, "where": error.where, "remedy": error.remedy}}
    print(json.dumps(told, ensure_ascii=False), flush=True)  # noqa: T201 - whoever started this process reads it
    return FAILED
