"""The presenter of the optical bench: shows frames on the frame port instead of a screen."""

from __future__ import annotations

from concurrent.futures import Future

from rigs.journal import Journal
from rigs.optics.frame_server import FrameServer
from rigs.optics.frames import EMPTY, Frame
from rigs.optics.rendering import Renderer
from rigs.optics.stimulus import Stimulus
from rigs.roles import Shown

CHANNEL = "presenter"


def describe(frame: Frame) -> dict[str, object]:
    """What the journal says of a frame: the text of its symbols, nothing of its pixels."""
    if frame.stimulus is None:
        return {"shows": []}
    return {"shows": [f"{s.kind.value}:{s.content.hex()}" for s in frame.stimulus.symbols]}


class FramePortPresenter:
    """Shows frames to lookers on loopback HTTP.

    Args:
        journal: where showings are recorded.
        frame_port: fixed loopback port, or 0 for any free one.
    """

    uncertainty_ms = 1.0

    def __init__(self, journal: Journal, frame_port: int = 0) -> None:
        self._journal = journal
        self._server = FrameServer(frame_port)
        self._renderer = Renderer()

    @property
    def url(self) -> str:
        """Where lookers fetch the frame."""
        return f"{self._server.url}/frame"

    @property
    def watched(self) -> bool:
        """Whether a frame was ever fetched."""
        return self._server.fetched

    def prepare(self, stimulus: Stimulus, check: bool = False) -> Future[Frame]:
        """Render a stimulus in the background."""
        return self._renderer.prepare(stimulus, check)

    def show(self, frame: Frame) -> Shown:
        """Put a frame in view; lookers that wait are answered at once."""
        sequence, t_ns = self._server.put(frame)
        record = self._journal.event(CHANNEL, "frame shown", t_ns, seq=sequence, **describe(frame))
        return Shown(sequence, t_ns, record)

    def clear(self) -> Shown:
        """Show the empty bench."""
        return self.show(EMPTY)

    def close(self) -> None:
        """Stop the frame port and the renderer."""
        self._server.close()
        self._renderer.close()
