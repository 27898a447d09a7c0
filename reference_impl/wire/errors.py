"""The errors of the wire: what a receiver found wrong with what it was sent.

No error carries the content it complains about, only the name of the field: a message may hold an identity number.
"""

from __future__ import annotations


class WireError(Exception):
    """A received text does not follow the agreed form.

    Args:
        reason: stable name of the fault, for tables and logs.
        where: the field or part it was found in, never its content.
    """

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(reason, where)
        self.reason = reason
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class MalformedError(WireError):
    """The text is not the JSON object, or a field of it is not the text, that the dialect asks for."""

    def __init__(self, where: str) -> None:
        super().__init__("malformed", where)


class UnsupportedError(WireError):
    """The envelope names a version, digest or cipher of another dialect."""

    def __init__(self, where: str) -> None:
        super().__init__("unsupported", where)


class BadDigestError(WireError):
    """The digest does not match, or the content cannot be decrypted: one reason, so that neither tells of the other."""

    def __init__(self) -> None:
        super().__init__("bad_digest", "digest")


class StaleTimestampError(WireError):
    """The timestamp is farther from the receiver's clock than the dialect's window, before or after."""

    def __init__(self) -> None:
        super().__init__("stale_timestamp", "timestamp")


class WrongAnswerError(WireError):
    """The answer is authentic but answers another method, application or terminal."""

    def __init__(self, where: str) -> None:
        super().__init__("wrong_answer", where)


class UnsealedRefusalError(WireError):
    """The platform refused a sender it could not authenticate, so the refusal carries no digest.

    Whoever stands on the line could have written ``code`` and ``message``: show them, never act on them.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__("unsealed_refusal", "digest")
        self.code = code
        self.message = message


class PayloadError(WireError):
    """A scanned text is not a health-card code; ``reason`` is one of ``payload.REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "ehealth_code")
