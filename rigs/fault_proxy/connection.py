"""One connection through a fault proxy: four tasks that end together, whoever ends first."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple

from rigs.fault_proxy.counts import Counts
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import ENDED_IN_ANSWER, Fate, Lot
from rigs.fault_proxy.pacing import Delays, Line
from rigs.fault_proxy.turns import Turns

READ_BYTES = 1 << 14
HELD_WRITES = 64
"""Writes held in one direction; beyond that the sender is not read from, so that it feels the line."""
GATHER_S = 0.05
"""How long the pieces of an answer that is to break off are waited for, so that the cut falls anywhere in it."""
SLICE_PAUSE_S = 0.001
"""Pause between slices, without which the kernel would join them again."""
LATE_S = 0.02
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Ends(NamedTuple):
    """Both directions of one socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class _Write(NamedTuple):
    due_s: float
    data: bytes
    """Empty for the end of the stream."""


class _BrokenOffError(Exception):
    """The lot ends this connection."""


class Connection:
    """Carries bytes between two ends and spoils them on the way.

    Args:
        faults: what the proxy does.
        number: of this connection, counted from 1.
        draw: the lot of the next request of the proxy.
        counts: told what was done.
    """

    def __init__(self, faults: Faults, number: int, draw: Callable[[], Lot], counts: Counts) -> None:
        self._faults, self._number, self._draw, self._counts = faults, number, draw, counts
        self._turns = Turns()
        self._lot = Lot(Fate.PASSED, 0.5)

    async def carry(self, client: Ends, server: Ends) -> None:
        """Until both ends are done with it, one of them breaks it, or a lot does; closes both."""
        for end in (client, server):
            end.writer.transport.set_write_buffer_limits(high=0)
        clean = False
        try:
            async with asyncio.TaskGroup() as tasks:
                upwards = self._read(client.reader, "up", tasks)
                downwards = self._read(server.reader, "down", tasks)
                tasks.create_task(self._forward_requests(upwards, server.writer))
                tasks.create_task(self._forward_answers(downwards, client.writer))
            clean = True
        except* _BrokenOffError:
            clean = self._lot.fate in {Fate.TRUNCATED, Fate.BLACK_HOLE}
        except* OSError:
            self._counts.resets_passed_on += 1
        finally:
            for end in (client, server):
                await close(end.writer, reset=not clean)

    def _read(self, source: asyncio.StreamReader, direction: str, tasks: asyncio.TaskGroup) -> asyncio.Queue[_Write]:
        held: asyncio.Queue[_Write] = asyncio.Queue(HELD_WRITES)
        delays = Delays(self._faults, self._number, direction)
        clock = asyncio.get_running_loop().time

        async def read() -> None:
            data = b"to begin with"
            while data:
                data = await source.read(READ_BYTES)
                arrived_s = clock()
                due_s = delays.due_s(arrived_s)
                if data:
                    self._counts.writes += 1
                    self._counts.delay_s += due_s - arrived_s
                await held.put(_Write(due_s, data))

        tasks.create_task(read())
        return held

    async def _forward_requests(self, held: asyncio.Queue[_Write], sink: asyncio.StreamWriter) -> None:
        line = Line(self._faults.bandwidth, self._faults.slice_bytes)
        while data := await self._next(held):
            if self._turns.from_client():
                self._lot = self._draw()
                if self._lot.fate is Fate.BLACK_HOLE:
                    self._count_fate()
                if self._lot.fate is Fate.RESET_BEFORE:
                    self._break_off()
            if self._lot.fate is Fate.RESET_IN_REQUEST:
                await self._write(line, sink, data[: self._lot.kept(len(data))])
                self._break_off()
            if self._lot.fate is not Fate.BLACK_HOLE:
                await self._write(line, sink, data)
                self._counts.bytes_up += len(data)
        if self._lot.fate is Fate.BLACK_HOLE:
            raise _BrokenOffError
        await self._pass_end_on(sink)

    async def _forward_answers(self, held: asyncio.Queue[_Write], sink: asyncio.StreamWriter) -> None:
        line = Line(self._faults.bandwidth, self._faults.slice_bytes)
        while data := await self._next(held):
            if self._lot.fate is Fate.BLACK_HOLE:
                continue
            begins = self._turns.from_server()
            self._counts.answers += begins
            if begins and self._lot.fate in ENDED_IN_ANSWER:
                if self._lot.fate is not Fate.RESET_UNANSWERED:
                    data += await self._rest(held)
                    await self._write(line, sink, data[: self._lot.kept(len(data))])
                self._break_off()
            await self._write(line, sink, data)
            self._counts.bytes_down += len(data)
        if self._lot.fate is not Fate.BLACK_HOLE:
            await self._pass_end_on(sink)

    async def _next(self, held: asyncio.Queue[_Write]) -> bytes:
        write = await held.get()
        clock = asyncio.get_running_loop().time
        if (ahead_s := write.due_s - clock()) > 0:
            await asyncio.sleep(ahead_s)
            self._counts.late += clock() - write.due_s > LATE_S
        return write.data

    async def _rest(self, held: asyncio.Queue[_Write]) -> bytes:
        await asyncio.sleep(GATHER_S)
        rest = b""
        while not held.empty():
            rest += held.get_nowait().data
        return rest

    async def _write(self, line: Line, sink: asyncio.StreamWriter, data: bytes) -> None:
        clock = asyncio.get_running_loop().time
        for place, piece in enumerate(line.pieces(data)):
            if place and self._faults.slice_bytes is not None:
                await asyncio.sleep(SLICE_PAUSE_S)
            if (ahead_s := line.through_s(clock(), len(piece)) - clock()) > 0:
                await asyncio.sleep(ahead_s)
            sink.write(piece)
            await sink.drain()

    async def _pass_end_on(self, sink: asyncio.StreamWriter) -> None:
        if self._faults.slow_close_ms:
            await asyncio.sleep(self._faults.slow_close_ms / 1000)
        sink.write_eof()

    def _break_off(self) -> None:
        self._count_fate()
        raise _BrokenOffError

    def _count_fate(self) -> None:
        self._counts.fates[self._lot.fate] += 1


async def close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Close a socket, with RST in place of FIN where ``reset``."""
    if reset:
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        writer.transport.abort()
    else:
        writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
