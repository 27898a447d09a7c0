"""The update tool a maker ships with the emulated device."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from rigs.errors import RigError

ACCEPTED, REFUSED = 0, 1
TIMEOUT_S = 30.0


def run_update_tool(port: str, image: Path) -> int:
    """Offer an image to the device, print what it says; returns 0 where it was accepted, 1 where it was refused.

    Args:
        port: ``host:port`` of the device's update port.
        image: file of the image.

    Raises:
        RigError: the image cannot be read, or the device does not answer.
    """
    host, _, number = port.rpartition(":")
    try:
        data = image.read_bytes()
        with socket.create_connection((host, int(number)), TIMEOUT_S) as device, device.makefile("rb") as answers:
            device.sendall(struct.pack(">I", len(data)) + data)
            said = answers.readline().decode("utf-8", "replace").strip()
    except (OSError, ValueError) as error:
        raise RigError(f"no update ({error})", where=port, remedy="check the port, the device and the image") from error
    if not said.startswith(("accepted", "refused")):
        raise RigError("the device did not say what became of it", where=port, remedy="check the device")
    print(said, flush=True)  # noqa: T201
    return ACCEPTED if said.startswith("accepted") else REFUSED
