"""What a device, and the software of its vendor on the host, leave behind."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class HostTraces(Protocol):
    """Logs, temporary files, and whatever the device lets out of its own memory."""

    def files(self, export: Path) -> list[Path]:
        """Every file there is to search.

        Args:
            export: an empty folder for what the device exports; whoever calls removes it.

        Raises:
            RigError: a place named in the bench file is not there, or the device exports nothing.
        """
