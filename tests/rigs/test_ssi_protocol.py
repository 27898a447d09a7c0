"""The SSI codec and the emulated engine behind it, against the guide's own packets and against noise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.identity import FirmwareDrifts, HidesFirmware
from rigs.emulators.defects.links import SwallowsSplitCommands
from rigs.emulators.defects.safety import ObeysSettingCodes
from rigs.emulators.hardware import Hardware
from rigs.emulators.ssi import SsiEmulator
from rigs.protocols import ssi
from rigs.protocols import ssi_messages as messages
from rigs.protocols.ssi import Damaged, Nak, Opcode, Packet, Parameter
from tests.rigs.ssi_segments import segment_packets

REVISION = ssi.REVISION.encode()
DOCUMENTED = {
    "start a session": (ssi.START, "04 E4 04 00 FF 14"),
    "stop it": (ssi.STOP, "04 E5 04 00 FF 13"),
    "acknowledge": (ssi.ACK, "04 D0 04 00 FF 28"),
    "ask for it again": (ssi.nak(Nak.RESEND), "05 D1 04 00 01 FF 25"),
    "scan enable": (ssi.ENABLE, "04 E9 04 00 FF 0F"),
    "scan disable": (ssi.DISABLE, "04 EA 04 00 FF 0E"),
    "ask for the revision": (ssi.REVISION, "04 A3 04 00 FF 55"),
    "use packets": (messages.param_send({Parameter.PACKETS: 1}), "07 C6 04 00 FF EE 01 FD 41"),
    "ask for all parameters": (messages.param_request([ssi.ALL_PARAMETERS]), "05 C7 04 00 FE FE 32"),
    "ask for two": (messages.param_request([0x01, Parameter.BAUD]), "06 C7 04 00 01 9C FE 92"),
    "answer with four": (
        messages.param_send({0x01: 0, 0x02: 1, Parameter.BAUD: 7, 0xE6: 0x63}, source=ssi.DECODER),
        "0D C6 00 00 FF 01 00 02 01 9C 07 E6 63 FC 3E",
    ),
    "answer with two": (
        messages.param_send({0x01: 0, Parameter.BAUD: 7}, source=ssi.DECODER),
        "09 C6 00 00 FF 01 00 9C 07 FD 8E",
    ),
}
SCRAPS = (
    REVISION,
    REVISION[:4],
    ssi.START.encode(),
    ssi.ACK.encode(),
    b"\x00",
    b"\x04",
    b"\xff\x55\x04",
    REVISION[:-1],
)
STREAM = st.lists(st.one_of(st.binary(max_size=24), st.sampled_from(SCRAPS)), max_size=12)
PACKETS = st.builds(
    Packet,
    st.integers(0, 255),
    st.binary(max_size=ssi.LONGEST - ssi.HEADER),
    st.just(ssi.HOST),
    st.integers(0, 255),
)


class Port:
    """Collects what the engine sends."""

    def __init__(self) -> None:
        self.baud = 9600
        self.sent = b""
        self.baud_at: list[tuple[int, int]] = []

    def send(self, data: bytes) -> None:
        self.sent += data

    def when_sent(self, action: Callable[[], None]) -> None:
        action()

    def change_baud(self, rate: int) -> None:
        self.baud_at.append((len(self.sent), rate))
        self.baud = rate


class Blind:
    """Sees nothing."""

    def look(self, after: int, wait_ms: int) -> None:
        return None


@contextmanager
def engine(behaviour: Behaviour | None = None) -> Iterator[tuple[SsiEmulator, Port]]:
    port = Port()
    emulator = SsiEmulator(Hardware(port, Blind(), behaviour or Behaviour()))
    try:
        yield emulator, port
    finally:
        emulator.close()


def answer(emulator: SsiEmulator, port: Port, packet: Packet | bytes) -> bytes:
    port.sent = b""
    emulator.receive(packet if isinstance(packet, bytes) else packet.encode())
    return port.sent


def value(emulator: SsiEmulator, port: Port, number: int) -> int:
    told = ssi.decode(answer(emulator, port, messages.param_request([number])))
    return messages.sent_parameters(told.data)[1][number]


def restart(emulator: SsiEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.emulators.device.BOOT_S", 0.0)
    monkeypatch.setattr("rigs.emulators.defects.identity.DRY_S", 0.0)
    emulator.power(False)
    emulator.power(True)


def fed(data: bytes, size: int = 0) -> list[Packet | Damaged]:
    reader = ssi.PacketReader(ssi.HOST)
    pieces = [data[start : start + (size or len(data))] for start in range(0, len(data), size or len(data))]
    return [found for piece in pieces for found in reader.feed(piece, 0.0)]


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.005)
    return True


ACK = ssi.DECODER_ACK.encode()


def refusal(why: Nak) -> bytes:
    return ssi.nak(why, ssi.DECODER).encode()


@pytest.mark.parametrize(("packet", "documented"), DOCUMENTED.values(), ids=DOCUMENTED)
def test_packets_are_those_of_the_guide(packet: Packet, documented: str) -> None:
    assert packet.encode() == bytes.fromhex(documented)
    assert ssi.decode(bytes.fromhex(documented)) == packet


@given(PACKETS)
def test_a_packet_is_read_back(packet: Packet) -> None:
    frame = packet.encode()
    assert ssi.decode(frame) == packet
    assert fed(frame) == [packet]


@given(PACKETS, st.integers(0, 260), st.integers(1, 255))
def test_one_changed_byte_is_noticed(packet: Packet, place: int, change: int) -> None:
    frame = bytearray(packet.encode())
    frame[place % len(frame)] ^= change
    with pytest.raises(ssi.SsiError):
        ssi.decode(bytes(frame))


@given(st.binary(max_size=300))
def test_nothing_but_its_own_error_is_raised(data: bytes) -> None:
    readers = [messages.sent_parameters, messages.requested_parameters, ssi.decode]
    packet = Packet(Opcode.SEGMENT_DATA, data)
    readers += [
        lambda data: messages.capabilities(Packet(0, data)),
        lambda _: messages.DecodedReader().take(packet),
    ]
    readers += [lambda data: messages.DecodedReader().take(Packet(Opcode.DECODE_DATA, data))]
    for read in readers:
        try:
            read(data)
        except ssi.SsiError:
            continue
    messages.revision(packet)
    ssi.reason(packet)


@pytest.mark.parametrize("number", [-1, 0x400, 0xF3])
def test_a_number_no_packet_can_hold_is_refused(number: int) -> None:
    with pytest.raises(ssi.SsiError):
        messages.write_number(number)
    with pytest.raises(ssi.SsiError):
        messages.param_send({Parameter.PACKETS: 0x100})


def test_content_too_long_for_a_packet_is_refused() -> None:
    assert len(Packet(0xE6, bytes(251)).encode()) == 257
    with pytest.raises(ssi.SsiError):
        Packet(0xE6, bytes(252)).encode()


@given(STREAM)
def test_the_reader_survives_anything(pieces: list[bytes]) -> None:
    reader = ssi.PacketReader(ssi.HOST)
    for number, piece in enumerate(pieces):
        reader.feed(piece, number * 0.15)
    assert reader.feed(REVISION, 1000.0) == [ssi.REVISION]


@given(STREAM, st.integers(1, 9))
def test_the_split_does_not_change_what_is_found(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    if data:
        assert fed(data, size) == fed(data)


@given(STREAM)
def test_a_packet_never_reaches_beyond_the_buffer(pieces: list[bytes]) -> None:
    buffer = b"".join(pieces)
    for side in (ssi.HOST, ssi.DECODER):
        length = ssi.packet_length(buffer, side)
        assert length is None or length <= len(buffer)


@given(st.binary(min_size=1, max_size=80).filter(lambda text: all(0x20 <= byte < 0x7F for byte in text)))
def test_bare_text_is_no_packet(text: bytes) -> None:
    assert ssi.packet_length(text + b"\r", ssi.DECODER) is None or len(text) < 2


@pytest.mark.parametrize(("pause_s", "packets"), [(0.19, 1), (0.21, 0)])
def test_a_packet_that_stalls_is_dropped(pause_s: float, packets: int) -> None:
    reader = ssi.PacketReader(ssi.HOST)
    assert reader.feed(REVISION[:5], 10.0) == []
    assert len(reader.feed(REVISION[5:], 10.0 + pause_s)) == packets
    assert len(reader.feed(REVISION, 20.0)) == 1


@pytest.mark.parametrize("noise", [b"\x00", b"\x00\x01\x02\x03", b"\xaa", b"\x04\x05\x06\x07"])
def test_a_packet_behind_noise_is_found(noise: bytes) -> None:
    assert fed(noise + REVISION)[-1:] == [ssi.REVISION]


def test_noise_that_makes_a_length_costs_a_stall_at_most() -> None:
    reader = ssi.PacketReader(ssi.HOST)
    assert reader.feed(b"\xff\x55" + REVISION, 10.0) == []
    assert reader.feed(REVISION, 10.0 + ssi.CHARACTER_S + 0.01) == [ssi.REVISION]


def test_a_packet_inside_a_damaged_one_is_found() -> None:
    outer = bytearray(Packet(Opcode.BEEP, REVISION).encode())
    outer[-1] ^= 1
    assert fed(bytes(outer)) == [Damaged(bytes(outer)), ssi.REVISION]


@given(st.binary(max_size=1200))
def test_a_long_content_comes_whole_in_either_form(content: bytes) -> None:
    for form in (messages.decode_packets, segment_packets):
        reader = messages.DecodedReader()
        packets = [ssi.decode(packet.encode()) for packet in form(ssi.CodeType.QR, content)]
        assert [reader.take(packet) for packet in packets][:-1] == [None] * (len(packets) - 1)
        assert reader.take(packets[0]) is None or len(packets) == 1
        reader.forget()
        assert [reader.take(packet) for packet in packets][-1] == messages.Decoded(ssi.CodeType.QR, content)


def test_a_segment_out_of_turn_is_refused_and_the_next_content_read() -> None:
    reader = messages.DecodedReader()
    first, _, third = segment_packets(ssi.CodeType.QR, bytes(600))
    reader.take(first)
    with pytest.raises(ssi.SsiError):
        reader.take(third)
    (whole,) = segment_packets(ssi.CodeType.QR, b"8A3F")
    assert reader.take(whole) == messages.Decoded(ssi.CodeType.QR, b"8A3F")


def test_the_engine_answers_every_command() -> None:
    with engine() as (emulator, port):
        for packet in (ssi.START, ssi.STOP, ssi.DISABLE, ssi.ENABLE, ssi.DEFAULTS, Packet(Opcode.BEEP, b"\x01")):
            assert answer(emulator, port, packet) == ACK
        said = messages.revision(ssi.decode(answer(emulator, port, ssi.REVISION)))
        assert (said.software, said.board, said.engine) == ("V1.23", "F", "EMU-SSI")
        told = messages.capabilities(ssi.decode(answer(emulator, port, ssi.CAPABILITIES)))
        for opcode in (Opcode.START_SESSION, Opcode.PARAM_SEND, Opcode.CAPABILITIES_REQUEST):
            assert opcode in told.opcodes


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (REVISION[:-1] + b"\x00", Nak.RESEND),
        (Packet(0x05), Nak.BAD_CONTEXT),
        (Packet(Opcode.DECODE_DATA, b"\x1c8A3F"), Nak.BAD_CONTEXT),
        (Packet(Opcode.BEEP, b"\x7f"), Nak.DENIED),
        (Packet(Opcode.BEEP), Nak.DENIED),
        (messages.param_send({Parameter.PACKETS: 2}), Nak.DENIED),
        (messages.param_send({Parameter.BEEPER_VOLUME: 1, Parameter.BAUD: 0xFF}), Nak.DENIED),
        (Packet(Opcode.PARAM_SEND), Nak.DENIED),
        (Packet(Opcode.PARAM_SEND, b"\xff\xee"), Nak.DENIED),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(packet: Packet | bytes, why: Nak) -> None:
    with engine() as (emulator, port):
        before = answer(emulator, port, messages.param_request([ssi.ALL_PARAMETERS]))
        assert answer(emulator, port, packet) == refusal(why)
        assert answer(emulator, port, messages.param_request([ssi.ALL_PARAMETERS])) == before


def test_acknowledgements_of_nothing_are_no_more_than_that() -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, ssi.ACK.encode() * 2 + ssi.nak(Nak.RESEND).encode()) == b""
        assert answer(emulator, port, REVISION + ssi.ACK.encode()) == answer(emulator, port, ssi.REVISION)


def test_an_answer_that_came_damaged_is_given_twice_again() -> None:
    with engine() as (emulator, port):
        said = ssi.decode(answer(emulator, port, ssi.REVISION))
        damaged = ssi.nak(Nak.RESEND)
        assert [answer(emulator, port, damaged) for _ in range(3)] == [said.again().encode()] * 2 + [b""]
        assert answer(emulator, port, ssi.nak(Nak.DENIED)) == b""


def test_without_handshake_nothing_is_acknowledged() -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, messages.param_send({Parameter.HANDSHAKE: 0})) == ACK
        assert answer(emulator, port, ssi.STOP) == b""
        assert answer(emulator, port, ssi.REVISION) != b""


def test_defaults_are_those_of_the_guide() -> None:
    documented = {
        Parameter.BAUD: 6,
        Parameter.HANDSHAKE: 1,
        Parameter.PACKETS: 0,
        Parameter.RESPONSE_TIMEOUT: 20,
        Parameter.CHARACTER_TIMEOUT: 20,
        Parameter.MULTIPACKET: 0,
        Parameter.DECODE_EVENT: 0,
    }
    with engine() as (emulator, port):
        told = messages.sent_parameters(ssi.decode(answer(emulator, port, messages.param_request(documented))).data)
        assert told == (ssi.NO_BEEP, documented)
        answer(emulator, port, messages.param_send(dict.fromkeys((Parameter.PACKETS, Parameter.DECODE_EVENT), 1)))
        answer(emulator, port, ssi.DEFAULTS)
        assert (
            messages.sent_parameters(ssi.decode(answer(emulator, port, messages.param_request(documented))).data)
            == told
        )


def test_parameters_nobody_has_are_left_out() -> None:
    with engine() as (emulator, port):
        told = ssi.decode(answer(emulator, port, messages.param_request([0x3FF, 0x01, Parameter.PACKETS])))
        assert messages.sent_parameters(told.data)[1] == {Parameter.PACKETS: 0}
        assert (
            answer(emulator, port, messages.param_request([0x3FF]))
            == messages.param_send({}, source=ssi.DECODER).encode()
        )


def test_only_permanent_parameters_survive_a_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.BEEPER_VOLUME: 2, Parameter.BAUD: 10}))
        answer(emulator, port, messages.param_send({Parameter.BEEPER_TONE: 3}, permanent=True))
        answer(emulator, port, ssi.DISABLE)
        assert port.baud == 115200
        restart(emulator, monkeypatch)
        assert value(emulator, port, Parameter.BEEPER_VOLUME) == 0
        assert value(emulator, port, Parameter.BEEPER_TONE) == 3
        assert port.baud == 9600
        assert answer(emulator, port, ssi.START) == ACK


def test_a_new_line_rate_is_acknowledged_at_the_old_one() -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, messages.param_send({Parameter.BAUD: 9})) == ACK
        assert port.baud_at == [(len(ACK), 57600)]


def test_a_session_needs_scanning_enabled_and_the_host_to_be_asked() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, ssi.DISABLE)
        assert answer(emulator, port, ssi.START) == refusal(Nak.DENIED)
        answer(emulator, port, ssi.ENABLE)
        answer(emulator, port, messages.param_send({Parameter.TRIGGER_MODE: ssi.MODE_PRESENTATION}))
        assert answer(emulator, port, ssi.START) == refusal(Nak.DENIED)


def test_unknown_status_bits_are_ignored() -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, Packet(Opcode.STOP_SESSION, status=0xF1)) == ACK


def test_bare_text_ends_as_the_parameter_says_and_is_not_waited_for() -> None:
    with engine() as (emulator, port):
        emulator._deliver(b"8A3F")
        answer(emulator, port, messages.param_send({Parameter.TRANSMISSION_FORMAT: 1}))
        port.sent = b""
        emulator._deliver(b"8A3F")
        assert port.sent == b"8A3F\r"
        assert emulator.transmission.failures == 0


def test_a_packet_without_acknowledgement_is_sent_twice_again_and_given_up() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.PACKETS: 1, Parameter.RESPONSE_TIMEOUT: 1}))
        port.sent = b""
        emulator._deliver(b"8A3F")
        (packet,) = messages.decode_packets(ssi.CodeType.QR, b"8A3F")
        assert port.sent == packet.encode() + packet.again().encode() * 2
        assert emulator.transmission.failures == 1


@pytest.mark.parametrize(
    ("said", "sendings", "failures"),
    [
        ([ssi.ACK], 1, 0),
        ([ssi.ACK, ssi.ACK], 1, 0),
        ([ssi.nak(Nak.RESEND), ssi.ACK], 2, 0),
        ([ssi.nak(Nak.RESEND), ssi.nak(Nak.RESEND), ssi.ACK], 3, 0),
        ([ssi.nak(Nak.RESEND)] * 3, 3, 1),
        ([ssi.nak(Nak.DENIED)], 1, 0),
    ],
)
def test_a_packet_is_sent_as_often_as_the_host_wants(said: list[Packet], sendings: int, failures: int) -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.PACKETS: 1}))
        port.sent = b""
        delivery = Thread(target=emulator._deliver, args=(b"8A3F",))
        delivery.start()
        size = len(messages.decode_packets(ssi.CodeType.QR, b"8A3F")[0].encode())
        for number, packet in enumerate(said):
            assert eventually(lambda number=number: len(port.sent) >= size * min(number + 1, sendings))
            emulator.receive(packet.encode())
        delivery.join(5)
        assert not delivery.is_alive()
        assert (len(port.sent), emulator.transmission.failures) == (size * sendings, failures)


def test_an_acknowledgement_that_comes_at_once_is_taken() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.PACKETS: 1, Parameter.RESPONSE_TIMEOUT: 99}))
        (packet,) = messages.decode_packets(ssi.CodeType.QR, b"8A3F")
        collect = port.send

        def send(data: bytes) -> None:
            collect(data)
            if port.sent == packet.encode():
                emulator.receive(ssi.ACK.encode())

        port.sent, port.send = b"", send
        delivery = Thread(target=emulator._deliver, args=(b"8A3F",))
        delivery.start()
        delivery.join(5)
        assert not delivery.is_alive()
        assert (port.sent, emulator.transmission.failures) == (packet.encode(), 0)


def test_an_acknowledgement_before_the_packet_has_left_is_not_its_own() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.PACKETS: 1, Parameter.RESPONSE_TIMEOUT: 1}))
        port.when_sent = lambda action: (emulator.receive(ssi.ACK.encode()), action())
        port.sent = b""
        emulator._deliver(b"8A3F")
        assert emulator.transmission.failures == 1


@pytest.mark.parametrize(("multipacket", "waited_for"), [(0, 3), (1, 1)])
def test_long_contents_are_paced_as_the_multipacket_option_says(multipacket: int, waited_for: int) -> None:
    content = b"8A3F" * 150
    with engine() as (emulator, port):
        values = {Parameter.PACKETS: 1, Parameter.MULTIPACKET: multipacket, Parameter.DECODE_EVENT: 1}
        answer(emulator, port, messages.param_send(values))
        port.sent = b""
        delivery = Thread(target=emulator._deliver, args=(content,))
        delivery.start()
        frames = [packet.encode() for packet in messages.decode_packets(ssi.CodeType.QR, content)]
        for number in range(waited_for):
            expected = sum(map(len, frames[: 3 - waited_for + number + 1]))
            assert eventually(lambda expected=expected: len(port.sent) >= expected)
            assert len(port.sent) == expected
            emulator.receive(ssi.ACK.encode())
        event = Packet(Opcode.EVENT, bytes((ssi.Event.DECODE,)), ssi.DECODER).encode()
        assert eventually(lambda: port.sent == b"".join(frames) + event)
        emulator.receive(ssi.ACK.encode())
        delivery.join(5)
        assert not delivery.is_alive()


def test_a_power_cut_ends_a_transmission() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, messages.param_send({Parameter.PACKETS: 1, Parameter.RESPONSE_TIMEOUT: 99}))
        port.sent = b""
        delivery = Thread(target=emulator._deliver, args=(b"8A3F",))
        delivery.start()
        assert eventually(lambda: port.sent)
        emulator.power(False)
        delivery.join(5)
        assert not delivery.is_alive()


def test_defects_show_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine(HidesFirmware()) as (emulator, port):
        assert messages.revision(ssi.decode(answer(emulator, port, ssi.REVISION))).software == ""
    with engine(FirmwareDrifts()) as (emulator, port):
        restart(emulator, monkeypatch)
        assert messages.revision(ssi.decode(answer(emulator, port, ssi.REVISION))).software == "V1.24"
    with engine(SwallowsSplitCommands()) as (emulator, port):
        assert answer(emulator, port, REVISION[:3]) + answer(emulator, port, REVISION[3:]) == b""
        assert answer(emulator, port, REVISION) != b""


@pytest.mark.parametrize(("behaviour", "volume"), [(Behaviour, 0), (ObeysSettingCodes, 2)])
def test_printed_codes_configure_only_a_faulty_device(behaviour: type[Behaviour], volume: int) -> None:
    with engine(behaviour()) as (emulator, port):
        assert emulator._configure(b"SSI8C02")
        assert not emulator._configure(b"8A3F")
        assert port.sent == b""
        assert value(emulator, port, Parameter.BEEPER_VOLUME) == volume


@settings(max_examples=50)
@given(STREAM)
def test_the_emulator_survives_anything(pieces: list[bytes]) -> None:
    with engine() as (emulator, port):
        for piece in pieces:
            emulator.receive(piece)
        emulator._reader.feed(b"", time.monotonic() + 1)
        assert answer(emulator, port, ssi.STOP) in (ACK, b"")
