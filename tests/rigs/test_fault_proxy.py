"""The fault proxy over real sockets: what a client and an origin see of each fault."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from spoilt_line import ANSWER, Origin, ask, left, proxied, run, until

from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import Fate, lot
from rigs.fault_proxy.serving import FaultProxyServer

chunks = st.lists(st.binary(min_size=1, max_size=4000), max_size=12)


@settings(deadline=None, max_examples=40)
@given(
    chunks,
    chunks,
    st.booleans(),
    st.sampled_from([Faults(), Faults(latency_ms=1, jitter_ms=1), Faults(slice_bytes=997)]),
)
def test_without_a_lot_every_byte_and_both_ends_of_stream_are_passed_on(up, down, server_first, faults) -> None:
    heard = []

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"" if server_first else await reader.read())
        for chunk in down:
            writer.write(chunk)
            await asyncio.sleep(0)
        writer.write_eof()
        heard.append(await reader.read())
        await left(writer)

    async def test() -> None:
        async with proxied(faults, origin) as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            # Whoever is half-closed goes on hearing the other side to its end.
            got = await reader.read() if server_first else b""
            for chunk in up:
                writer.write(chunk)
                await asyncio.sleep(0)
            writer.write_eof()
            got += await reader.read()
            await until(lambda: len(heard) == 2)
            assert got == b"".join(down)
            assert b"".join(heard) == b"".join(up)
            await left(writer)
            await until(lambda: proxy.counts.open == 0)
            assert not proxy.counts.resets_passed_on

    run(test())


def test_a_reset_comes_before_in_and_after_the_request_and_in_the_answer() -> None:
    async def test() -> None:
        origin, faults = Origin(), Faults(reset=1.0, seed=5)
        async with proxied(faults, origin) as (proxy, port):
            request, seen = b"question".ljust(99, b"?") + b"\n", set()
            for number in range(1, 31):
                got, ended = await ask(port, request)
                await until(lambda: proxy.counts.open == 0)
                fate = lot(faults, number).fate
                seen.add(fate)
                heard = bytes(origin.heard[-1])
                assert ended == "reset"
                match fate:
                    case Fate.RESET_BEFORE:
                        assert (heard, got) == (b"", b"")
                    case Fate.RESET_IN_REQUEST:
                        assert request.startswith(heard)
                        assert 0 < len(heard) < len(request)
                        assert got == b""
                    case Fate.RESET_UNANSWERED:
                        assert (heard, got) == (request, b"")
                    case _:
                        assert heard == request
                        assert ANSWER.startswith(got)
                        assert 0 < len(got) < len(ANSWER)
            assert len(seen) == 4
            assert sum(proxy.counts.fates.values()) == 30
            assert proxy.counts.resets_passed_on == 0

    run(test())


def test_a_truncated_answer_breaks_off_anywhere_and_is_closed_cleanly() -> None:
    async def in_two_writes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(ANSWER[:100])
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(ANSWER[100:])
        await reader.read()
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(truncate=1.0), in_two_writes) as (_, port):
            found = await asyncio.gather(*(ask(port) for _ in range(40)))
        assert all(ended == "closed" and ANSWER.startswith(got) and got != ANSWER for got, ended in found)
        lengths = [len(got) for got, _ in found]
        assert min(lengths) < 100 < max(lengths)

    run(test())


def test_a_black_hole_swallows_and_stays_silent_until_the_client_leaves() -> None:
    async def test() -> None:
        origin = Origin()
        async with proxied(Faults(black_hole=1.0), origin) as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"question\n")
            answer = asyncio.create_task(reader.read(1))
            await until(lambda: proxy.counts.fates[Fate.BLACK_HOLE] == 1)
            writer.write(b"are you there?\n" * 1000)
            await writer.drain()
            await asyncio.sleep(0.1)
            assert not answer.done()
            assert proxy.counts.requests == 1
            await left(writer)
            await until(lambda: proxy.counts.open == 0)
            assert not any(origin.heard)

    run(test())


def test_latency_is_added_in_each_direction_and_told() -> None:
    async def test() -> None:
        async with proxied(Faults(latency_ms=40, jitter_ms=10), Origin()) as (proxy, port):
            loop = asyncio.get_running_loop()
            for _ in range(5):
                begun = loop.time()
                assert (await ask(port))[1] == "answered"
                assert loop.time() - begun >= 2 * 0.030
            assert proxy.counts.told()["mean_delay_ms"] >= 30
            assert proxy.counts.writes >= 10

    run(test())


def test_latency_delays_bytes_and_does_not_slow_their_stream() -> None:
    sent = b"x" * 2_000_000

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join([await reader.read()])[-1:])
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(latency_ms=100), origin) as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            begun = asyncio.get_running_loop().time()
            writer.write(sent)
            writer.write_eof()
            assert await reader.read() == b"x"
            await left(writer)
            # One after the other, as many writes would have taken this long.
            assert asyncio.get_running_loop().time() - begun < proxy.counts.writes * 0.1 / 3

    run(test())


def test_an_end_of_stream_may_come_late() -> None:
    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER)
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(slow_close_ms=150), origin) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readexactly(len(ANSWER))
            heard = asyncio.get_running_loop().time()
            assert await reader.read() == b""
            assert asyncio.get_running_loop().time() - heard >= 0.1
            await left(writer)

    run(test())


def test_bandwidth_is_that_of_each_direction() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(bandwidth=200_000), echo) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            begun = asyncio.get_running_loop().time()
            writer.write(bytes(20_000))
            writer.write_eof()
            assert len(await reader.read()) == 20_000
            assert asyncio.get_running_loop().time() - begun >= 0.19
            await left(writer)

    run(test())


def test_slices_arrive_as_pieces() -> None:
    pieces: list[int] = []

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            pieces.append(len(data))
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(slice_bytes=50), origin) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(bytes(2000))
            writer.write_eof()
            await reader.read()
            await left(writer)
        assert sum(pieces) == 2000
        assert len(pieces) > 5

    run(test())


async def kept_alive(port: int, requests: int) -> list[str]:
    """So many requests on as few connections as the faults allow; how each ended."""
    ended: list[str] = []
    open_connection = None
    while len(ended) < requests:
        if open_connection is None:
            open_connection = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = open_connection
        try:
            writer.write(b"question\n")
            await reader.readexactly(len(ANSWER))
            ended.append("answered")
            continue
        except asyncio.IncompleteReadError as error:
            ended.append(f"closed after {len(error.partial)}")
        except ConnectionError:
            ended.append("reset")
        await left(writer)
        open_connection = None
    if open_connection is not None:
        await left(open_connection[1])
    return ended


def test_one_lot_is_drawn_for_each_request_of_a_keep_alive_connection() -> None:
    async def test() -> None:
        faults = Faults(reset=0.05, truncate=0.05, seed=2)
        async with proxied(faults, Origin()) as (proxy, port):
            ended = await kept_alive(port, 600)
            drawn = [lot(faults, number).fate for number in range(1, 601)]
            assert [one == "answered" for one in ended] == [fate is Fate.PASSED for fate in drawn]
            assert proxy.counts.requests == 600
            assert proxy.counts.answers == sum(fate not in (Fate.RESET_BEFORE, Fate.RESET_IN_REQUEST) for fate in drawn)
            assert proxy.counts.connections <= 1 + ended.count("reset") + 600 - ended.count("answered")

    run(test())


def test_a_proxy_that_was_kept_from_its_work_tells_for_how_long() -> None:
    async def test() -> None:
        async with proxied(Faults(), Origin()) as (proxy, _):
            await asyncio.sleep(0)
            time.sleep(0.5)  # The loop of the test is that of the proxy.
            await until(lambda: proxy.counts.longest_stall_s >= 0.4)

    run(test())


def test_the_same_seed_does_the_same_and_another_does_not() -> None:
    async def seen(seed: int) -> list[str]:
        faults = Faults(reset=0.2, truncate=0.3, seed=seed)
        async with proxied(faults, Origin()) as (_, port):
            return await kept_alive(port, 60)

    async def test() -> None:
        first = await seen(1)
        assert await seen(1) == first
        assert await seen(2) != first

    run(test())


def test_thousands_of_connections_at_once_leave_nothing_behind() -> None:
    async def test() -> None:
        faults = Faults(latency_ms=5, jitter_ms=5, reset=0.05, truncate=0.05)
        async with proxied(faults, Origin()) as (proxy, port):
            before = len(asyncio.all_tasks())
            found = await asyncio.gather(*(ask(port) for _ in range(2000)))
            assert proxy.counts.connections == proxy.counts.requests == 2000
            spoilt = sum(ended != "answered" for _, ended in found)
            assert spoilt == sum(proxy.counts.fates.values()) > 100
            await until(lambda: proxy.counts.open == 0 and len(asyncio.all_tasks()) == before)

    run(test())


def test_who_does_not_read_holds_up_who_writes() -> None:
    released = asyncio.Event()

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        await left(writer)

    async def test() -> None:
        async with proxied(Faults(), origin) as (_, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 1 << 27:
                    writer.write(bytes(1 << 16))
                    sent += 1 << 16
                    await asyncio.wait_for(writer.drain(), 1)
            assert sent < 1 << 26
            writer.transport.abort()
            released.set()

    run(test())


def test_resets_of_an_end_are_passed_on_and_counted_apart() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def test() -> None:
        async with proxied(Faults(), rude) as (proxy, port):
            assert (await ask(port))[1] == "reset"
            await until(lambda: proxy.counts.open == 0)
            assert proxy.counts.resets_passed_on == 1
            assert not proxy.counts.fates

    run(test())


def test_a_platform_that_is_not_there_is_no_fault_of_the_proxy() -> None:
    async def test() -> None:
        gone = socket.create_server(("127.0.0.1", 0))
        target = gone.getsockname()
        gone.close()
        listener = socket.create_server(("127.0.0.1", 0))
        proxy = FaultProxyServer(listener, target, Faults())
        serving = asyncio.create_task(proxy.serve())
        await asyncio.sleep(0)
        assert (await ask(listener.getsockname()[1]))[1] == "reset"
        await until(lambda: proxy.counts.unreachable == 1)
        proxy.end()
        await serving

    run(test())
