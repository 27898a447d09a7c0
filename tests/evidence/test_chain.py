"""The chain of records: what it lets through, what it finds, and that the twin follows the same one."""

import json

import pytest

from evidence.chain import BrokenChainError, Chain, bare, follow, published

RECORDS = [
    ({"n": 1, "t_ns": 5, "channel": "scanner", "dir": "rx", "hex": "0d0a"}, ["hex"]),
    (
        {"n": 2, "t_ns": 9, "channel": "run", "dir": "event", "what": "摆放", "detail": {"text": "甲", "x": 1.5}},
        ["detail.text"],
    ),
    ({"n": 3, "t_ns": 12, "channel": "run", "dir": "event", "what": "end"}, []),
]


def written() -> list[bytes]:
    chain = Chain("journal.jsonl")
    return [chain.line(record, hidden).encode().rstrip(b"\n") for record, hidden in RECORDS]


def test_file_and_twin_have_one_head_and_the_twin_tells_nothing_hidden():
    lines = written()
    twin = [published(line) for line in lines]
    assert follow("journal.jsonl", lines).head == follow("journal.jsonl", twin).head
    assert b"0d0a" not in twin[0]
    assert b"salt" not in b"".join(twin)
    assert "甲".encode() not in twin[1]
    assert json.loads(twin[1])["detail"]["x"] == 1.5
    assert [bare(json.loads(line)) for line in lines] == [record for record, _hidden in RECORDS]


def test_chain_goes_on_from_its_head():
    lines = written()
    head = follow("journal.jsonl", lines[:2])
    again = Chain("journal.jsonl", head.head, head.records)
    lines[2] = again.line(*RECORDS[2]).encode().rstrip(b"\n")
    assert follow("journal.jsonl", lines).records == 3


@pytest.mark.parametrize("form", ["full", "twin"])
def test_every_changed_byte_is_found(form):
    lines = [published(line) for line in written()] if form == "twin" else written()
    sound = follow("journal.jsonl", lines).head
    for number, line in enumerate(lines):
        for place in range(len(line)):
            for mask in (0x01, 0x20, 0xFF):
                changed = line[:place] + bytes((line[place] ^ mask,)) + line[place + 1 :]
                with pytest.raises(BrokenChainError):
                    assert follow("journal.jsonl", [*lines[:number], changed, *lines[number + 1 :]]).head != sound


def test_a_line_lost_doubled_or_moved_is_found():
    first, second, third = written()
    for wrong in ([second, third], [first, third], [first, first, second, third], [second, first, third]):
        with pytest.raises(BrokenChainError):
            follow("journal.jsonl", wrong)


def test_a_chain_belongs_to_its_file():
    with pytest.raises(BrokenChainError, match="line 1 does not continue"):
        follow("observations.jsonl", written())


def test_a_record_may_not_use_the_names_of_the_chain():
    with pytest.raises(ValueError, match="salt"):
        Chain("journal.jsonl").line({"salt": "x"})
    with pytest.raises(ValueError, match="nothing at hex"):
        Chain("journal.jsonl").line({"n": 1}, ["hex"])
