"""Faults that let a code do harm."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour, Reading
from rigs.emulators.defects.defect import Defect


class HangsOnNul(Behaviour):
    def hang_s(self, readings: list[Reading]) -> float:
        return 3.0 if any(b"\x00" in reading.content for reading in readings) else 0.0


class CleansPayloads(Behaviour):
    """Strips what it does not like until a card code is left."""

    def text(self, reading: Reading) -> bytes | None:
        kept = bytes(byte for byte in reading.content if chr(byte) in "0123456789ABCDEF:")
        return super().text(Reading(kept, reading.symbology, reading.version, reading.corners))


class ObeysSettingCodes(Behaviour):
    lets_codes_configure = True


class TypesControlCharacters(Behaviour):
    """Hands ASCII control characters on; a keyboard link makes Ctrl chords of them."""

    def text(self, reading: Reading) -> bytes | None:
        content = reading.content
        return content if content and all(0 < byte < 0x7F for byte in content) else None


DEFECTS = (
    Defect("hangs-on-nul", ("EHC-TRM-025",), "遇含 NUL 的码死机", "hangs on a code that holds NUL", HangsOnNul),
    Defect(
        "cleans-payloads",
        ("EHC-TRM-025",),
        "把畸形码清洗成有效码",
        "cleans malformed codes into valid ones",
        CleansPayloads,
    ),
    Defect(
        "obeys-setting-codes",
        ("EHC-TRM-026",),
        "非维护模式执行设置码",
        "obeys printed setting codes",
        ObeysSettingCodes,
    ),
    Defect(
        "types-control-characters",
        ("EHC-TRM-026",),
        "上送控制字符，键盘链路上成为 Ctrl 组合键",
        "hands control characters on, which a keyboard link types as Ctrl chords",
        TypesControlCharacters,
    ),
)
