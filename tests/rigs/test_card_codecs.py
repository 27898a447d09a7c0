"""The codecs of cards against bytes written by hand, and against anything else a card may answer."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import cards
from rigs.card_images import CpuImage, StorageImage, StripeImage, from_json, to_json
from rigs.emulators.cpu_card import CpuCard
from rigs.emulators.sdt_module import SdtModule
from rigs.emulators.storage_card import StorageCard
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.number_search import numbers_in_bytes, numbers_in_files
from rigs.protocols import atr, bank_card, ber_tlv, hid_keyboard, iso7816, sdt, social_card, track2, visit_card
from rigs.protocols.card_masking import ExchangeMask, masked_received, masked_track
from rigs.protocols.iso7816 import Command

ANY = st.binary(max_size=300)


@pytest.mark.parametrize(
    ("command", "encoded", "case"),
    [
        (Command(0, 0x44), "00440000", 1),
        (Command(0, 0x84, le=8), "0084000008", 2),
        (Command(0, 0xB0, le=256), "00B0000000", 2),
        (Command(0, 0xB0, le=65_536), "00B00000000000", 2),
        (Command(0, 0xDC, 1, 4, b"\x01\x02"), "00DC0104020102", 3),
        (Command(0, 0xD6, data=b"\xaa" * 256), "00D60000" + "000100" + "AA" * 256, 3),
        (iso7816.select(b"\xa0\x00"), "00A4040002A00000", 4),
        (Command(0, 0xA4, data=b"\xaa" * 256, le=300), "00A40000" + "000100" + "AA" * 256 + "012C", 4),
    ],
)
def test_commands_of_every_case_are_written_and_read(command, encoded, case):
    assert command.encode().hex().upper() == encoded
    assert iso7816.parse(bytes.fromhex(encoded)) == command
    assert command.case == case


def test_t0_takes_a_command_of_case_4_without_its_last_byte():
    assert iso7816.for_t0(bytes.fromhex("00A4040002A00000")).hex().upper() == "00A4040002A000"
    for other in ("00440000", "0084000008", "00DC0104020102"):
        assert iso7816.for_t0(bytes.fromhex(other)).hex().upper() == other


def test_an_answer_is_fetched_whole_and_a_wrong_length_corrected():
    script = {
        "00A4040002A00000": (b"", 0x6103),
        "00C0000003": (b"abc", 0x9000),
        "00B2010C00": (b"", 0x6C02),
        "00B2010C02": (b"ok", 0x9000),
    }
    transmit = lambda apdu: script[apdu.hex().upper()]  # noqa: E731
    assert iso7816.exchange(transmit, iso7816.select(b"\xa0\x00")) == (b"abc", 0x9000)
    assert iso7816.exchange(transmit, iso7816.read_record(1, 1)) == (b"ok", 0x9000)


def test_a_card_that_promises_more_without_end_is_given_up():
    with pytest.raises(iso7816.ApduError):
        iso7816.exchange(lambda apdu: (b"", 0x6110), iso7816.select(b"\xa0\x00"))


@pytest.mark.parametrize(
    ("told", "protocols", "historical"),
    [
        ("3B8F8001804F0CA000000306030001000000006A", (0, 1), "804F0CA0000003060300010000 0000"),
        ("3B6500002063CB6800", (0,), "2063CB6800"),
        ("3B00", (0,), ""),
    ],
)
def test_answers_to_reset_of_real_cards_are_taken_apart(told, protocols, historical):
    assert atr.parse(bytes.fromhex(told)) == atr.Atr(protocols, bytes.fromhex(historical))


@pytest.mark.parametrize("broken", ["", "3B", "3C00", "3B02AA", "3B8F8001804F0CA000000306030001000000006B", "3B80"])
def test_a_broken_answer_to_reset_is_refused(broken):
    with pytest.raises(atr.AtrError):
        atr.parse(bytes.fromhex(broken))


def test_data_objects_are_found_at_any_depth():
    (fci,) = ber_tlv.parse(bytes.fromhex("6F10A50EBF0C0B61094F07A0000003330101"))
    assert fci.find(0x4F) == bytes.fromhex("A0000003330101")
    assert ber_tlv.parse(b"\x00\xff\x00") == ()


def test_a_track_is_written_bit_by_bit():
    # start 1011, the digit 1, end 1111, check 1011^0001^1111 = 0101; low bit first, then odd parity
    bits = "11010" + "10000" + "11111" + "10101"
    assert track2.encode("1") == "0" * 10 + bits + "0" * 10
    assert track2.decode("000" + bits + "000") == "1"


@pytest.mark.parametrize("place", range(20))
def test_one_wrong_bit_makes_a_track_unreadable(place):
    bits = "11010" + "10000" + "11111" + "10101"
    flipped = bits[:place] + "10"[int(bits[place])] + bits[place + 1 :]
    with pytest.raises(track2.StripeError):
        track2.decode(flipped)


def test_a_track_may_be_swiped_backwards():
    assert track2.decode(track2.encode("439900123456")[::-1]) == "439900123456"


def test_the_frames_of_the_identity_module_are_those_in_public_use():
    assert sdt.command(sdt.FIND).hex().upper() == "AAAAAA96690003200122"
    assert sdt.command(sdt.SELECT).hex().upper() == "AAAAAA96690003200221"
    assert sdt.command(sdt.READ).hex().upper() == "AAAAAA96690003300132"
    found = bytes.fromhex("AAAAAA966900080000 9F 00000000 97")
    assert sdt.frame_length(found) == len(found)
    assert sdt.parse(found, 3) == sdt.Message(sdt.FOUND, bytes(4), sound=True)
    assert not sdt.parse(found[:-1] + b"\x96", 3).sound


def test_selections_are_those_of_the_documents():
    social = iso7816.select(social_card.DF_NAME).encode().hex().upper()
    assert social.startswith("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")
    assert iso7816.select(bank_card.PPSE).encode().hex().upper() == "00A404000E325041592E5359532E444446303100"


def test_dates_are_packed_and_may_be_missing():
    assert social_card.bcd_date(bytes.fromhex("20240229")) == date(2024, 2, 29)
    assert social_card.bcd_date(bytes(4)) is None
    for wrong in ("20230229", "2024AB01"):
        with pytest.raises(social_card.SocialCardError):
            social_card.bcd_date(bytes.fromhex(wrong))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_card_of_each_version_is_read_where_it_keeps_its_person(version):
    card = cards.social_security_card(Random(version), version)
    chip = CpuCard(card.placed.image, work_s=0)
    asked = []

    def transmit(apdu):
        asked.append(apdu)
        answer = chip.transmit(apdu)
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    assert social_card.choose(transmit)
    read = social_card.read(transmit)
    assert (read.number, read.name) == (card.parts["number"], card.parts["name"])
    assert (b"\x00\xb2\x08\x34" in {apdu[:4] for apdu in asked}) == (version == 1)


def test_a_wrong_pin_is_counted_and_blocks():
    chip = CpuCard(cards.link_card(1), work_s=0)
    verify = lambda pin: chip.transmit(Command(0, 0x20, 0, 3, pin).encode()).hex()  # noqa: E731
    assert [verify(b"000000") for _ in range(2)] == ["63c2", "63c1"]
    assert verify(cards.LINK_PIN) == "9000"
    assert [verify(b"000000") for _ in range(4)] == ["63c2", "63c1", "6983", "6983"]
    assert verify(cards.LINK_PIN) == "6983"


def test_what_is_journalled_of_a_bank_card_keeps_ten_digits_of_its_number():
    number = "9999990000000015"
    record = ber_tlv.encode(
        0x70,
        ber_tlv.encode(0x57, bank_card.packed_track2(number, "3012", "2201234567890")),
        ber_tlv.encode(0x5A, bank_card.packed_number(number)),
        ber_tlv.encode(0x5F20, b"TEST/CARD"),
    )
    command, answer = ExchangeMask().masked(bytes.fromhex("00B2010C00"), record + b"\x90\x00")
    assert len(answer) == len(record) + 2
    told = answer.hex().upper()
    assert told.count("999999AAAAAA0015") == 2
    assert "3012220" not in told
    assert b"TEST" not in answer
    assert command == bytes.fromhex("00B2010C00")


def test_numbers_are_masked_also_where_nothing_can_be_taken_apart():
    _, answer = ExchangeMask().masked(bytes.fromhex("00B2010C00"), bytes.fromhex("0199999900000000159000"))
    assert "9999990000000015" not in answer.hex()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (";9999990000000015=30122201234567890?", ";999999******0015=*****************?"),
        (";999999******0015=30122201234567890?", ";999999******0015=*****************?"),
        (";9999990000000000015D30122201234?", ";999999*********0015D***********?"),
        ("%B9999990000000015^TEST/CARD^3012220?", "%B999999******0015^*****************?"),
        (";9999990000000015301222012345?", ";999999**********************?"),
        ("999999000000001530122201234567890", "999999***************************"),
    ],
)
def test_a_head_that_knows_no_separator_leaves_no_number_and_nothing_behind_it_in_the_journal(line, told):
    assert masked_track(line) == told


NUMBER = "9999990000000000015"
CODE = "0123456789012345" * 3 + "ABCDEF0123456789:1"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (f"{NUMBER}\r", "999999*********0015\r"),
        (f";{NUMBER}=30122201234?\r", ";999999*********0015=***********?\r"),
        (f"AB{NUMBER}D30122201234\r", "AB999999*********0015D***********\r"),
        (f"{NUMBER}30122201234\r", f"999999{'*' * 24}\r"),
        (";999999******0015=30122201234?", ";999999******0015=***********?"),
        (f"{CODE}\r", f"{CODE}\r"),
        (f"{CODE}::439900001\r", f"{CODE}::439900001\r"),
        (f"{CODE[:-1]}0:{'01234567' * 4}\r", f"{CODE[:-1]}0:{'01234567' * 4}\r"),
        (f"{CODE}\r{NUMBER}\r", f"{CODE}\r999999*********0015\r"),
    ],
)
def test_no_account_number_of_a_scanners_line_is_journalled_and_every_card_code_is(sent, told):
    assert masked_received(sent.encode()).decode() == told


def test_reports_that_type_an_account_number_are_masked_whole():
    def typed(text: str) -> bytes:
        return hid_keyboard.type_text(text.encode())

    for text in (NUMBER, f";{NUMBER}=3012?"):
        assert set(masked_received(typed(text))) == {ord("*")}
    assert masked_received(typed(CODE)) == typed(CODE)


@pytest.mark.parametrize("channel", ["scanner", "keyboard"])
def test_the_journal_of_a_bench_with_cards_masks_the_other_links(channel, tmp_path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.mask(channel, masked_received)
        assert journal.wire(channel, "rx", NUMBER.encode()) == 1
        journal.wire("another", "rx", NUMBER.encode())
    first, second = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert NUMBER.encode().hex() not in first
    assert NUMBER.encode().hex() in second


PERSON = bytes((8, 18)) + b"439900200001011234"


@pytest.mark.parametrize("record", [PERSON, bytes.fromhex("20000101"), "测试甲".encode("gbk")])
@pytest.mark.parametrize("read", ["00B2013400", "00B2010400", "00B0860012"])
def test_a_person_fetched_by_a_second_command_is_masked_too(read, record):
    mask = ExchangeMask()
    assert mask.masked(bytes.fromhex(read), b"\x61\x12") == (bytes.fromhex(read), b"\x61\x12")
    for _ in range(2):
        _, answer = mask.masked(bytes.fromhex("00C0000012"), record + b"\x90\x00")
        assert answer == b"*" * len(record) + b"\x90\x00"


def test_a_piece_of_an_answer_shows_no_digits_of_a_number_cut_in_two():
    mask = ExchangeMask()
    _, first = mask.masked(bytes.fromhex("00B2010C00"), bytes.fromhex("700A5A08999999000000") + b"\x61\x02")
    _, second = mask.masked(bytes.fromhex("00C0000002"), bytes.fromhex("0015") + b"\x90\x00")
    assert (first, second) == (b"*" * 10 + b"\x61\x02", b"**\x90\x00")


def test_what_was_selected_stays_to_be_read():
    offer = ber_tlv.encode(0x6F, ber_tlv.encode(0x84, bank_card.AID))
    mask = ExchangeMask()
    mask.masked(iso7816.for_t0(iso7816.select(bank_card.AID).encode()), bytes((0x61, len(offer))))
    assert mask.masked(bytes((0, 0xC0, 0, 0, len(offer))), offer + b"\x90\x00")[1] == offer + b"\x90\x00"


def test_persons_pins_and_keys_are_masked():
    _, answer = ExchangeMask().masked(bytes.fromhex("00B2013400"), b"439900200001011234" + b"\x90\x00")
    assert answer == b"*" * 18 + b"\x90\x00"
    for secret in ("0020000003123456", "FF82000006A0A1A2A3A4A5"):
        command, _ = ExchangeMask().masked(bytes.fromhex(secret), b"\x90\x00")
        assert set(command[5:]) == {ord("*")}


@pytest.mark.parametrize(
    ("nibbles", "leading", "trailing"),
    [("9999990000000015", 16, 0), ("999999AAAAAA0015", 6, 4), ("9999AAAAAAAAAAAA", 4, 0), ("AAAAAAAAAAAA0015", 0, 4)],
)
def test_digits_a_terminal_hands_over_in_clear_are_counted(nibbles, leading, trailing):
    found = bank_card.handed_over(nibbles)
    assert (found.leading, found.trailing) == (leading, trailing)
    assert "00000000" not in found.masked


@pytest.mark.parametrize(
    "heard",
    [
        [b";9999990000000015=30122201234567890?"],
        [bytes.fromhex("5A089999990000000015")],
        [bytes.fromhex("0999999000000001500F")],
        [b"9999990000000015".hex().encode()],
        [b"99999900", b"00000015"],
        ["9999990000000015".encode("utf-16-le")],
    ],
)
def test_a_number_is_found_however_it_came(heard, tmp_path):
    numbers = {"account number": "9999990000000015"}
    assert list(numbers_in_bytes(numbers, [("slot", piece) for piece in heard])) == [("account number", "slot")]
    (tmp_path / "log").write_bytes(b"".join(heard))
    assert list(numbers_in_files(numbers, [tmp_path]))
    assert not list(numbers_in_bytes({"another": "9999990000000023"}, [("slot", piece) for piece in heard]))
    with pytest.raises(RigError, match=r"there is nothing at .*nowhere"):
        list(numbers_in_files(numbers, [tmp_path / "nowhere"]))


def test_images_travel_as_they_are():
    random = Random(1)
    for card in (
        cards.contactless_bank_card(random),
        cards.visit_storage_card(random),
        cards.identity_card(random),
        cards.visit_stripe_card(random),
    ):
        assert from_json(to_json(card.placed.image)) == card.placed.image


OWN_ERRORS = (
    atr.AtrError,
    ber_tlv.TlvError,
    iso7816.ApduError,
    iso7816.RefusedError,
    sdt.SdtError,
    social_card.SocialCardError,
    track2.StripeError,
    visit_card.VisitCardError,
    bank_card.BankCardError,
)


@settings(max_examples=60)
@given(ANY)
def test_no_codec_says_anything_but_its_own_error(data):
    for read in (
        atr.parse,
        ber_tlv.parse,
        iso7816.parse,
        sdt.person,
        sdt.frame_length,
        social_card.bcd_date,
        visit_card.number_in,
        track2.parse_line,
        lambda found: track2.decode("".join(f"{byte:08b}" for byte in found)),
        lambda found: ExchangeMask().masked(b"\x00\xb2\x01\x0c\x00", found),
        lambda found: ExchangeMask().masked(found, b"\x90\x00"),
        lambda found: bank_card.handed_over(found.hex().upper()),
        lambda found: sdt.parse(found, 3),
    ):
        try:
            read(data)
        except OWN_ERRORS:
            continue


@settings(max_examples=60)
@given(st.lists(st.tuples(ANY, st.integers(0, 0xFFFF)), min_size=1, max_size=40))
def test_no_reader_of_a_card_is_upset_by_what_it_answers(answers):
    for read in (
        social_card.read,
        visit_card.read,
        social_card.choose,
        bank_card.choose,
        lambda transmit: bank_card.read(transmit, bank_card.AID),
    ):
        script = iter(answers * 20)
        try:
            read(lambda apdu, script=script: next(script, (b"", 0x6A82)))
        except OWN_ERRORS:
            continue


@settings(max_examples=60)
@given(st.lists(ANY, max_size=6))
def test_emulated_cards_answer_anything_with_a_status_word(commands):
    storage = StorageCard(StorageImage(bytes(4), {}), work_s=0)
    for chip in (CpuCard(cards.link_card(0), work_s=0), CpuCard(cards.link_card(1), work_s=0), storage):
        for command in commands:
            assert len(chip.transmit(command)) >= 2
    sent = []
    module = SdtModule(sent.append, lambda: None)
    for command in commands:
        module.receive(command)
    module.receive(bytes(2) + sdt.command(sdt.FIND))
    assert all(sdt.frame_length(frame) == len(frame) for frame in sent)


def test_what_is_no_image_is_refused():
    for wrong in ({}, {"cpu": {}}, {"storage": {"uid": 1}}, {"paper": {}}, {"cpu": 1}):
        with pytest.raises(ValueError, match=r"no card image|not enough values"):
            from_json(wrong)
    assert isinstance(from_json({"stripe": {"bits": "01"}}), StripeImage)
    assert isinstance(from_json({"cpu": {"atr": "3B00", "pin": "", "applications": []}}), CpuImage)
