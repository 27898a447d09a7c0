"""What several tests of the rigs rest on."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping

import filelock
import pytest

from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from tests.rigs.dialogues import PROTOCOLS, Dialogue, record


@pytest.fixture(scope="session")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Dialogue]:
    """The dialogue of every driver with its emulated scanner, recorded once for all workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _recorded(tmp_path_factory)
    kept = tmp_path_factory.getbasetemp().parent / "dialogues.pickle"
    with filelock.FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_recorded(tmp_path_factory)))
        return pickle.loads(kept.read_bytes())  # noqa: S301 - written above


def _recorded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Dialogue]:
    presenter = FramePortPresenter(Journal(None))
    folder = tmp_path_factory.mktemp("dialogues")
    try:
        return {protocol: record(protocol, presenter, folder) for protocol in PROTOCOLS}
    finally:
        presenter.close()
