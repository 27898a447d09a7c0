"""Opens the camera over the bench."""

from __future__ import annotations

from rigs.bench_tables.camera import DEVICE, CameraTable
from rigs.drivers.opencv_camera import OpenCvCamera
from rigs.errors import BenchFileError
from rigs.lease import Lease
from rigs.opening.opening import Opening
from rigs.optics.presenter import FramePortPresenter
from rigs.roles import Presenter


def open_camera(table: CameraTable, presenter: Presenter, opening: Opening) -> OpenCvCamera:
    """The camera of a bench.

    Raises:
        RigError: it is absent, another's, or shows nothing.
        BenchFileError: an emulated camera faces a presenter it cannot look at.
    """
    source = table.source
    if source is None:
        if not isinstance(presenter, FramePortPresenter):
            raise BenchFileError(
                "an emulated camera can only look at a frame port",
                where="[presenter]",
                remedy='use driver = "frame-port"',
            )
        source = opening.start("camera", ["emulate", "camera", "--tethered", "--watch", presenter.url]).greeting
    if source.startswith(DEVICE) or "://" in source:  # a film may be looked at by many
        opening.closing.callback(Lease(source, "camera").release)
    camera = OpenCvCamera(source, opening.journal, table.timeout_s)
    opening.closing.callback(camera.close)
    return camera
