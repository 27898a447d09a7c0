"""The firmware image of the project's own emulated device. Its own format: every maker has another. No I/O.

``XKFW``, format 01, model (16 bytes, ASCII, NUL behind), version (2 bytes, hundredths), length of the body (4 bytes),
body, SM2 signature (64 bytes) over all before it. Numbers are big-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from reference_impl.wire.sm2 import SIGNATURE_BYTES

_HEAD = struct.Struct(">4sB16sHI")
_MAGIC, _FORMAT = b"XKFW", 1
HEAD_BYTES = _HEAD.size


class ImageError(ValueError):
    """Bytes that are no image of this format."""


@dataclass(frozen=True)
class FirmwareImage:
    """One image; ``version`` in hundredths, so that 123 is V1.23."""

    model: str
    version: int
    body: bytes

    def signed_part(self) -> bytes:
        """What the maker signs."""
        model = self.model.encode("ascii")
        return _HEAD.pack(_MAGIC, _FORMAT, model, self.version, len(self.body)) + self.body


def read_image(data: bytes) -> tuple[FirmwareImage, bytes]:
    """An image and the signature behind it.

    Raises:
        ImageError: cut short, longer than it says, or of another format.
    """
    try:
        magic, form, model, version, size = _HEAD.unpack_from(data)
    except struct.error as error:
        raise ImageError("shorter than its head") from error
    if (magic, form) != (_MAGIC, _FORMAT):
        raise ImageError("no image of this format")
    if len(data) != HEAD_BYTES + size + SIGNATURE_BYTES:
        raise ImageError("not as long as it says")
    name = model.rstrip(b"\0").decode("ascii", "replace")
    return FirmwareImage(name, version, data[HEAD_BYTES : HEAD_BYTES + size]), data[HEAD_BYTES + size :]
