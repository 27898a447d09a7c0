"""Faults of the security module."""

from __future__ import annotations

from reference_impl.wire.sm import GCM_NONCE_BYTES, GCM_TAG_BYTES
from reference_impl.wire.terminal_module import Proof
from rigs.emulators.defects.defect import Defect
from rigs.emulators.module_keys import ModuleKeys


class AcceptsWrongKey(ModuleKeys):
    """Decrypts without looking at the tag."""

    def open(self, serial: str, sealed: bytes) -> bytes:
        try:
            return super().open(serial, sealed)
        except ValueError:
            return sealed[GCM_NONCE_BYTES:-GCM_TAG_BYTES]


class AcceptsForgedInjection(ModuleKeys):
    def must_be_signed(self) -> bool:
        return False


class AnswersWithoutKey(ModuleKeys):
    """Has a key from the factory that nobody handed over."""

    def prove(self, serial: str, version: int, message: bytes) -> Proof:
        if not self._keys:
            return Proof(serial, 1, bytes(32))
        return super().prove(serial, version, message)


class KeepsOldKey(ModuleKeys):
    def store(self, version: int, key: bytes) -> None:
        older = self._keys
        super().store(version, key)
        self._keys = {**older, **self._keys}


class ReplaysInjection(ModuleKeys):
    def takes(self, version: int) -> bool:
        del version
        return True


class KeyReadable(ModuleKeys):
    """Left with the maker's command for checking keys."""

    def undocumented(self, reference: int) -> bytes | None:
        return self._keys.get(self.version) if reference == 0x01E0 else None


class SurvivesWipe(ModuleKeys):
    def forget(self) -> bool:
        return False


DEFECTS = (
    Defect(
        "accepts-wrong-key",
        ("EHC-TRM-029",),
        "安全模块解密时不校验标签",
        "its security module decrypts without checking the tag",
        AcceptsWrongKey,
    ),
    Defect(
        "accepts-forged-injection",
        ("EHC-TRM-029",),
        "安全模块接受非平台签名的密钥",
        "its security module takes keys that the platform did not sign",
        AcceptsForgedInjection,
    ),
    Defect(
        "answers-without-key",
        ("EHC-TRM-029",),
        "安全模块未注入密钥也作答",
        "its security module answers before it was given a key",
        AnswersWithoutKey,
    ),
    Defect(
        "keeps-old-key",
        ("EHC-TRM-030",),
        "安全模块轮换后仍使用旧密钥",
        "its security module goes on using an older key",
        KeepsOldKey,
    ),
    Defect(
        "replays-injection",
        ("EHC-TRM-030",),
        "安全模块接受重放的旧密钥注入报文",
        "its security module takes an older injection again",
        ReplaysInjection,
    ),
    Defect(
        "key-readable",
        ("EHC-TRM-030",),
        "安全模块的密钥可被读出",
        "its security module tells its key to whoever asks",
        KeyReadable,
    ),
    Defect(
        "survives-wipe",
        ("EHC-TRM-030",),
        "安全模块擦除后仍可使用密钥",
        "its security module goes on using its key after it was wiped",
        SurvivesWipe,
    ),
)
