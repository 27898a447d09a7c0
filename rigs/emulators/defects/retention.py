"""Defects of what a device keeps of the codes it has read."""

from __future__ import annotations

import base64

from rigs.emulators.defects.defect import Defect
from rigs.emulators.device_log import LogHabits


class LogsPayloads(LogHabits):
    """Writes every tenth code into its log as it came."""

    def __init__(self) -> None:
        self._count = 0

    def entry(self, text: bytes) -> str:
        self._count += 1
        return super().entry(text) if self._count % 10 else f"delivered {text.decode('ascii', 'replace')}"


class KeepsLastCodes(LogHabits):
    """Keeps the last codes in its memory, wrapped but not hidden."""

    def kept(self, texts: list[bytes]) -> bytes:
        return base64.b64encode(b"\x00" + b"|".join(texts))


DEFECTS = (
    Defect(
        "logs-payloads",
        ("EHC-TRM-027",),
        "把部分码内容原样写入日志",
        "writes some codes into its log as they came",
        LogsPayloads,
    ),
    Defect(
        "keeps-last-codes",
        ("EHC-TRM-027",),
        "在可导出的存储器中留存最近的码",
        "keeps the last codes in the memory it exports",
        KeepsLastCodes,
    ),
)
