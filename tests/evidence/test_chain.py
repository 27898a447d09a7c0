"""The chain of records: what it lets through, what it finds, and that the twin follows the same one."""

import json

import pytest

from evidence.chain import BrokenChainError, Chain, bare, follow, published, sm3

RECORDS = [
    ({"n": 1, "t_ns": 5, "channel": "scanner", "dir": "rx", "hex": "0d0a"}, ["hex"]),
    (
        {"n": 2, "t_ns": 9, "channel": "run", "dir": "event", "what": "摆放", "detail": {"text": "甲", "x": 1.5}},
        ["detail.text"],
    ),
    ({"n": 3, "t_ns": 12, "channel": "run", "dir": "event", "what": "end"}, []),
]


def written() -> list[bytes]:
    chain = Chain("journal.jsonl", run="r")
    return [chain.line(record, hidden).encode().rstrip(b"\n") for record, hidden in RECORDS]


def test_file_and_twin_have_one_head_and_the_twin_tells_nothing_hidden():
    lines = written()
    twin = [published(line) for line in lines]
    assert follow("journal.jsonl", lines, run="r").head == follow("journal.jsonl", twin, run="r").head
    assert b"0d0a" not in twin[0]
    assert b"salt" not in b"".join(twin)
    assert "甲".encode() not in twin[1]
    assert json.loads(twin[1])["detail"]["x"] == 1.5
    assert [bare(json.loads(line)) for line in lines] == [record for record, _hidden in RECORDS]


def test_chain_goes_on_from_its_head():
    lines = written()
    head = follow("journal.jsonl", lines[:2], run="r")
    again = Chain("journal.jsonl", head.head, head.records, run="r")
    lines[2] = again.line(*RECORDS[2]).encode().rstrip(b"\n")
    assert follow("journal.jsonl", lines, run="r").records == 3


@pytest.mark.parametrize("form", ["full", "twin"])
def test_every_changed_byte_is_found(form):
    lines = [published(line) for line in written()] if form == "twin" else written()
    sound = follow("journal.jsonl", lines, run="r").head
    for number, line in enumerate(lines):
        for place in range(len(line)):
            for mask in (0x01, 0x20, 0xFF):
                changed = line[:place] + bytes((line[place] ^ mask,)) + line[place + 1 :]
                harmed = [*lines[:number], changed, *lines[number + 1 :]]
                with pytest.raises(BrokenChainError):
                    assert follow("journal.jsonl", harmed, run="r").head != sound


def test_a_line_lost_doubled_or_moved_is_found():
    first, second, third = written()
    for wrong in ([second, third], [first, third], [first, first, second, third], [second, first, third]):
        with pytest.raises(BrokenChainError):
            follow("journal.jsonl", wrong, run="r")


@pytest.mark.parametrize(("name", "run"), [("observations.jsonl", "r"), ("journal.jsonl", "another")])
def test_a_chain_belongs_to_its_file_and_its_run(name, run):
    with pytest.raises(BrokenChainError, match="line 1 does not continue"):
        follow(name, written(), run=run)


def test_the_key_of_one_value_shows_that_value_and_no_other():
    """What the laboratory tells a third party, who has the twin, to show a single value."""
    chain = Chain("journal.jsonl", run="r")
    line = chain.line({"n": 1, "name": "甲", "number": "439900"}, ["name", "number"]).encode().rstrip(b"\n")
    twin, key = json.loads(published(line)), sm3(bytes.fromhex(json.loads(line)["salt"]) + b"name")
    assert twin["name"] == {"sm3": sm3(key + b'\0"' + "甲".encode() + b'"').hex()}
    assert twin["number"] != {"sm3": sm3(key + b'\0"439900"').hex()}


def test_a_record_may_not_use_the_names_of_the_chain():
    with pytest.raises(ValueError, match="salt"):
        Chain("journal.jsonl", run="r").line({"salt": "x"})
    with pytest.raises(ValueError, match="nothing at hex"):
        Chain("journal.jsonl", run="r").line({"n": 1}, ["hex"])
