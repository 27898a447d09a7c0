"""Opens whatever puts codes in front of the device."""

from __future__ import annotations

from rigs.bench_tables.presenters import FramePortTable, ScreenTable
from rigs.opening.opening import Opening
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.screen import ScreenPresenter
from rigs.roles import Presenter


def open_presenter(table: FramePortTable | ScreenTable, opening: Opening) -> Presenter:
    """The presenter of a bench.

    Raises:
        RigError: there is no such display, or the port is taken.
    """
    match table:
        case FramePortTable():
            presenter: Presenter = FramePortPresenter(opening.journal, table.frame_port)
        case ScreenTable():
            presenter = ScreenPresenter(opening.journal, table)
    opening.closing.callback(presenter.close)
    return presenter
