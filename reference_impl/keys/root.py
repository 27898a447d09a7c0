"""The root of the hierarchy: the one key that is not in the database, so that a copy of the database opens nothing.

A root wraps 32-byte keys. Wrapped form: 8-byte mark of the root, 12-byte nonce, ciphertext, 16-byte tag, AES-256-GCM
with the context authenticated. The mark tells roots apart and tells nothing of the key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.key_file import create_key_file, next_file, put_in_place, read_key_file
from reference_impl.keys.sealing import seal, unseal
from reference_impl.wire.sm import hmac_sm3

MARK_BYTES = 8


class RootKey(Protocol):
    """What wraps the province key. It may stand in a file or never leave a device."""

    @property
    def mark(self) -> bytes:
        """8 bytes that name this root and no other; not secret."""

    def wrap(self, key: bytes, context: str, random: RandomBytes) -> bytes:
        """Wrap a 32-byte key for the place that ``context`` names.

        Raises:
            PlatformError: the root cannot be used.
        """

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Give back the key.

        Raises:
            PlatformError: the root cannot be used, another root wrapped it, or it was changed or moved since.
        """

    def describe(self) -> str:
        """Name the kind, the place and the mark of the root, for a record; never the key."""

    def stage_successor(self, random: RandomBytes) -> RootKey:
        """Make, beside this root, the one that may take its place; nothing is under it yet.

        Raises:
            PlatformError: it cannot be made.
        """

    def staged_successor(self, mark: bytes) -> RootKey:
        """Return the successor of that mark that waits beside this root.

        Raises:
            PlatformError: there is none.
        """


class FileRoot:
    """A root key in a file of mode 0600.

    A successor waits beside the file until the database is under it. Whoever then meets a key that the successor
    wrapped puts it in place: the database is the authority, whatever stopped between its commit and the file's change.

    Raises:
        PlatformError: the file cannot be read, is open to others, or holds no key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = read_key_file(path)

    @classmethod
    def create(cls, path: Path, random: RandomBytes) -> FileRoot:
        """Make the key file unless it is there, and return its root."""
        create_key_file(path, random)
        return cls(path)

    @property
    def mark(self) -> bytes:
        """8 bytes of an HMAC under the key."""
        return _mark(self._key)

    def wrap(self, key: bytes, context: str, random: RandomBytes) -> bytes:
        """Wrap a 32-byte key for the place that ``context`` names."""
        return self.mark + seal(self._key, key, context, random)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Give back the key.

        Raises:
            PlatformError: another root wrapped it, or it was changed or moved since.
        """
        if wrapped[:MARK_BYTES] != self.mark:
            self._follow(wrapped[:MARK_BYTES])
        return unseal(self._key, take_mark(wrapped, self), context)

    def describe(self) -> str:
        """Name the file and the mark."""
        return f"file {self._path} ({self.mark.hex()})"

    def stage_successor(self, random: RandomBytes) -> FileRoot:
        """Make the file that may take the place of this one, or return the one that waits already.

        Raises:
            PlatformError: it cannot be made or read.
        """
        return FileRoot.create(next_file(self._path), random)

    def staged_successor(self, mark: bytes) -> FileRoot:
        """Return the root in the file that waits.

        Raises:
            PlatformError: there is none, or it holds another key.
        """
        waiting = FileRoot(next_file(self._path))
        if waiting.mark != mark:
            raise PlatformError(
                f"the key that waits is not the one with the mark {mark.hex()}",
                where=waiting.describe(),
                remedy="propose the key that waits, or put back the one that was proposed",
            )
        return waiting

    def _follow(self, mark: bytes) -> None:
        waiting = next_file(self._path)
        try:
            if waiting.exists() and _mark(read_key_file(waiting)) == mark:
                put_in_place(self._path)
        except PlatformError:
            # Gone meanwhile: another process of this platform has put it in place.
            if waiting.exists():
                raise
        key = read_key_file(self._path)
        if _mark(key) == mark:
            self._key = key


def _mark(key: bytes) -> bytes:
    return hmac_sm3(key, b"xiangka root key")[:MARK_BYTES]


def take_mark(wrapped: bytes, root: RootKey) -> bytes:
    """Return what stands behind the mark of ``root``.

    Raises:
        PlatformError: another root wrapped it.
    """
    mark, body = wrapped[:MARK_BYTES], wrapped[MARK_BYTES:]
    if mark != root.mark:
        raise PlatformError(
            f"the keys of this database are wrapped by the root {mark.hex()}, not by this one",
            where=root.describe(),
            remedy="name the root this database was made or last re-wrapped with, or restore the database of this root",
        )
    return body
