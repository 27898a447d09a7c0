"""A password or PIN in a file of its own, that its owner alone may read."""

from __future__ import annotations

import stat
from pathlib import Path

from evidence.errors import SignatureError

_ONE_LINE = "write the password or PIN into it on one line"


def read_secret_file(path: Path) -> str:
    """Return what stands on the one line of the file.

    Raises:
        SignatureError: no such file, others may read it too, or it is not one line.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SignatureError(
            f"cannot be read ({error.strerror})", "name a file that holds the password or PIN", str(path)
        ) from error
    except UnicodeError as error:
        raise SignatureError("is no text in UTF-8", _ONE_LINE, str(path)) from error
    if mode & 0o077:
        raise SignatureError(
            f"has mode {mode:04o}, others than its owner may read it",
            "run chmod 600 on it, and change the secret if somebody could have read it",
            str(path),
        )
    secret = text.rstrip("\r\n")
    if not secret or "\n" in secret:
        raise SignatureError("does not hold one line", _ONE_LINE, str(path))
    return secret
