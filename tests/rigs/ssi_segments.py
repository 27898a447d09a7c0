"""Contents as cordless engines send them, which the harness reads and never writes."""

from __future__ import annotations

from rigs.protocols.ssi import DECODER, HEADER, LONGEST, SEGMENTED, Opcode, Packet


def segment_packets(code_type: int, content: bytes) -> list[Packet]:
    """A content as numbered segments, the form of cordless engines (reconstructed; not in the guide of 2015)."""
    head = bytes((Opcode.DECODE_DATA, 0, 0, 0, 0, code_type, 0)) + (len(content) & 0xFFFF).to_bytes(2, "big")
    stream = head + content
    size = LONGEST - HEADER - 1
    return [
        Packet(
            Opcode.SEGMENT_DATA,
            bytes((number & 0xFF,)) + stream[start : start + size],
            DECODER if number else SEGMENTED,
        )
        for number, start in enumerate(range(0, len(stream), size))
    ]
