"""The flash of an emulated device: which firmware it runs, and which images it lets in."""

from __future__ import annotations

from pathlib import Path

from reference_impl.wire.sm2 import Verifier
from rigs.protocols.firmware_image import FirmwareImage, ImageError, read_image

_FILE = "firmware.img"


class UpdateRules:
    """A sound device: takes what its maker signed for its model, of its own version or a later one."""

    dies_of_bad_images = False
    """Whether a refused image leaves the device dead until a good one comes."""

    def signed(self, verifier: Verifier, data: bytes, signature: bytes) -> bool:
        """Whether the maker signed it."""
        return verifier.verify(data, signature)

    def recent(self, version: int, running: int) -> bool:
        """Whether a version may follow the one that runs."""
        return version >= running


class ImageRefusedError(Exception):
    """An image that is not let in; says why."""


class Flash:
    """Keeps the image a device runs in a file, so that it outlives the process.

    Args:
        folder: where; empty for a device as it left the factory.
        model: the device's model.
        maker: the maker's SM2 public key, 65 bytes.
        factory: version it left the factory with, hundredths.
        rules: what is let in.
    """

    def __init__(self, folder: Path, model: str, maker: bytes, factory: int, rules: UpdateRules) -> None:
        self._file = folder / _FILE
        self._model = model
        self._verifier = Verifier(maker)
        self._factory = factory
        self._rules = rules

    @property
    def version(self) -> int:
        """Version of the firmware that was installed last, hundredths; 0 for none since the factory."""
        try:
            return read_image(self._file.read_bytes())[0].version
        except FileNotFoundError:
            return 0

    @property
    def dies_of_bad_images(self) -> bool:
        """Whether a refused image leaves the device dead."""
        return self._rules.dies_of_bad_images

    def install(self, data: bytes) -> int:
        """Let an image in; returns its version.

        Raises:
            ImageRefusedError: it is not let in, and nothing has changed.
        """
        image, signature = self._read(data)
        if not self._rules.signed(self._verifier, data[: -len(signature)], signature):
            raise ImageRefusedError("not signed by the maker")
        if image.model != self._model:
            raise ImageRefusedError("made for another model")
        if not self._rules.recent(image.version, self.version or self._factory):
            raise ImageRefusedError("older than the firmware that runs")
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(self._file)
        return image.version

    def _read(self, data: bytes) -> tuple[FirmwareImage, bytes]:
        try:
            return read_image(data)
        except ImageError as error:
            raise ImageRefusedError(str(error)) from error
