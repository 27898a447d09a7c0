"""What an emulated security module does with its keys; a defect is a subclass that changes one answer.

The messages are taken in and answered by the software module of the wire; what stands here is what that leaves to a
device: keys by version, and SM4 under the active one.
"""

from __future__ import annotations

from reference_impl.wire.terminal_module import ModuleError, Proof, proof_mac
from rigs.protocols.module_cipher import cipher_key, opened_under, sealed_under


class ModuleKeys:
    """A sound module: one key at a time, the older one gone as soon as a newer is there.

    ``version`` counts from 1, 0 before the first key.
    """

    def __init__(self) -> None:
        self.version = 0
        self._keys: dict[int, bytes] = {}

    def must_be_signed(self) -> bool:
        """Whether only the platform may hand over a key."""
        return True

    def takes(self, version: int) -> bool:
        """Whether a key of this version may replace the active one; the same one comes again without harm."""
        return version >= self.version

    def store(self, version: int, key: bytes) -> None:
        """Make a key the active one."""
        self._keys = {version: key}
        self.version = version

    def forget(self) -> bool:
        """Destroy every key; whether that was the module's end."""
        self._keys = {}
        return True

    def prove(self, serial: str, version: int, message: bytes) -> Proof:
        """Prove a message under a key.

        Raises:
            ModuleError: there is no such key.
        """
        return Proof(serial, version, proof_mac(self._key(version), serial, version, message))

    def seal(self, serial: str, plain: bytes) -> bytes:
        """Encrypt under the active key.

        Raises:
            ModuleError: there is none.
        """
        return sealed_under(cipher_key(self._key(self.version), serial, self.version), serial, plain)

    def open(self, serial: str, sealed: bytes) -> bytes:
        """Decrypt under the active key.

        Raises:
            ModuleError: there is none.
            ValueError: sealed under another key, or changed since.
        """
        key = cipher_key(self._key(self.version), serial, self.version)
        return opened_under(key, serial, sealed)

    def undocumented(self, reference: int) -> bytes | None:
        """What GET DATA finds under a reference no document names; None for nothing."""
        del reference
        return None

    def _key(self, version: int) -> bytes:
        if version not in self._keys:
            raise ModuleError("the module holds no such key")
        return self._keys[version]
