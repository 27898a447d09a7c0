"""What the audit shows of a caller's own words: short, printable, and no number of a person or an account."""

import pytest

PRIVATE = ["439900199001010011", "9999991234567890", "window\x00", "a b\n", "x" * 65]


@pytest.mark.parametrize("text", PRIVATE)
def test_a_terminal_code_that_must_not_be_shown_is_refused(bench, text):
    card_id = bench.register()
    biz = {"medstepcode": "010101", "channelcode": "0100", "ehealth_code": bench.static(card_id), "terminalcode": text}
    answer = bench.call("ehc.ehealthcode.verify", biz)
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", "terminalcode")


@pytest.mark.parametrize("text", [*PRIVATE, "two words"])
@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("ehc.ehealthcard.lost", {}),
        ("ehc.ehealthcard.alterinfo", {"address": "x"}),
        ("ehc.ehealthcard.bind", {"link_kind": "visit-card", "link_number": "A-1234"}),
    ],
)
def test_a_clerk_who_must_not_be_shown_is_refused(bench, method, more, text):
    card_id = bench.register()
    answer = bench.call(method, {"ehealth_card_id": card_id, "clerk_id": text, **more})
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", "clerk_id")


def test_a_reason_holds_no_number(bench):
    card_id = bench.register()
    answer = bench.call("ehc.ehealthcard.freeze", {"ehealth_card_id": card_id, "reason": "holder 439900199001010011"})
    assert answer.code == "110"
    assert bench.call("ehc.ehealthcard.freeze", {"ehealth_card_id": card_id, "reason": "报失 2026"}).success
