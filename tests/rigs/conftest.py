"""What several tests of the rigs rest on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from tests.rigs.dialogues import PROTOCOLS, Dialogue, record


@pytest.fixture(scope="session")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Dialogue]:
    """The dialogue of every driver with its emulated scanner."""
    presenter = FramePortPresenter(Journal(None))
    folder = tmp_path_factory.mktemp("dialogues")
    try:
        return {protocol: record(protocol, presenter, folder) for protocol in PROTOCOLS}
    finally:
        presenter.close()
