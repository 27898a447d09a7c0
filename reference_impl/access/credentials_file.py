"""The credentials file: how a bench learns where the platform listens and what to sign with."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reference_impl.errors import PlatformError
from reference_impl.wire.strictjson import write_object


def write_credentials(path: Path, document: Mapping[str, object]) -> None:
    """Write the document as JSON with mode 0600, whole or not at all.

    Raises:
        PlatformError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A temporary file of this module has mode 0600 from its first moment.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(write_object(dict(document)) + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PlatformError(
            f"the credentials file cannot be written ({error.strerror})",
            where=str(path),
            remedy="name a file in a folder that this user may write",
        ) from error
