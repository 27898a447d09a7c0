"""A strict platform's answers in every dialect: who reads by name reads them, who counts fields does not."""

import time
from random import Random

import pytest
from dialect_desks import Desks
from wire_ends import CREDENTIALS, EVERY, NOW, RANDOM, answer_of, answered, caller, sent

from reference_impl.door.unpromised_answers import STRANGER, UnpromisedAnswers
from reference_impl.records.china_time import moment_text
from reference_impl.wire.form import read_form
from reference_impl.wire.registry import profiles
from reference_impl.wire.vocabulary import REGISTER, VERIFY, VISIT
from reference_impl.wire.written_biz import WrittenBiz

WHOLE = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "01"}
TIMES = 12
EMPTY = {"telephone": "", "cellphone": "", "domicile": ""}


def unpromised(seed=1):
    return UnpromisedAnswers(Random(seed))


def known(biz):
    """What is left of an answer's fields for whoever takes those it knows."""
    return {name: value for name, value in biz.items() if not name.startswith(STRANGER)}


def filled(biz):
    return {name: value for name, value in biz.items() if value != ""}


def first_field(biz):
    """How a planted reader that counts takes the card's id out of an answer."""
    return next(iter(biz.values()))


def answers(name, biz, times=TIMES):
    """So many answers of one strict platform to one question, read by the dialect's own client."""
    strict = unpromised()
    ends = profiles(RANDOM.randbytes, strict.in_any_order)
    asked = sent(name)
    for _ in range(times):
        call = ends[name].receive(asked.http)
        http = ends[name].line(CREDENTIALS).seal(call, "000", "成功", strict(biz), NOW)
        yield http, caller(name).open_answer(asked, http, NOW)


class TestEveryDialect:
    @pytest.mark.parametrize("name", EVERY)
    def test_a_reader_of_names_reads_every_answer(self, name):
        empty = {} if name == "primary-care" else EMPTY
        for _, response in answers(name, {**answer_of(name), **empty}):
            assert response.success
            assert filled(known(response.biz)) == answer_of(name)

    @pytest.mark.parametrize("name", EVERY)
    def test_a_reader_that_counts_is_misled(self, name):
        right = first_field(answer_of(name))
        read = [first_field(response.biz) == right for _, response in answers(name, answer_of(name))]
        assert True in read
        assert False in read
        asked = sent(name)
        plain = caller(name).open_answer(asked, answered(name, asked), NOW)
        assert first_field(plain.biz) == right, "without strictness it would never be found out"

    @pytest.mark.parametrize("name", sorted(set(EVERY) - {"primary-care"}))
    def test_empty_fields_come_and_go_and_so_does_a_stranger(self, name):
        told = [set(response.biz) for _, response in answers(name, {**answer_of(name), **EMPTY})]
        assert {len(names & set(EMPTY)) for names in told} >= {0, 1, 2}
        strangers = {field for names in told for field in names if field.startswith(STRANGER)}
        assert len(strangers) > 1
        assert not all(any(field.startswith(STRANGER) for field in names) for names in told)

    def test_a_table_stays_one(self):
        widths = set()
        for _, response in answers("primary-care", answer_of("primary-care")):
            assert {len(column) for column in response.biz.values()} == {2}
            widths.add(len(response.biz))
        assert widths == {2, 3}

    @pytest.mark.parametrize(("name", "where"), [("soap", "<e:"), ("city", "<head>")])
    def test_what_stands_around_the_content_in_xml_has_no_order_either(self, name, where):
        heads = set()
        for http, _ in answers(name, answer_of(name)):
            text = read_form(http.body, ("xml", "sign"))["xml"] if name == "city" else http.body.decode()
            places = [text.index(tag) for tag in (("Errmsg", "AskTimer") if name == "city" else ("MESSAGE", "SIGN"))]
            assert where in text
            heads.add(places[0] < places[1])
        assert heads == {True, False}


def test_a_refusal_says_nothing_more():
    assert all(unpromised(seed)({}) == {} for seed in range(20))


def test_the_same_seed_makes_the_same_answers():
    def made(seed):
        strict = unpromised(seed)
        return [list(strict({**answer_of("hn-a"), **EMPTY}).items()) for _ in range(20)]

    assert made(1) == made(1) != made(2)


def scan(name, code, number):
    if name != "primary-care":
        return VERIFY, {"ehealth_code": code, **WHOLE}
    now = moment_text(int(time.time() * 1000), "%Y%m%d%H%M%S")
    return VISIT, {"ehealth_code": code, "seq_no": str(number), "time": now}


def test_over_http_a_scan_is_answered_in_no_order_and_read_by_name_in_every_dialect(serve, person):
    served, someone = serve(strict=0.0, strict_seed=5), person(1)
    desks = Desks(served.client(), served.credentials["admin_token"])
    registered = desks["hn-a"].call(REGISTER, {**someone, "apply_type": "3", "clerk_id": "C1"}).biz
    code, card_id = registered["ehealth_code"], registered["ehealth_card_id"]
    for name in EVERY:
        told = [desks[name].call(*scan(name, code, number)).biz for number in range(TIMES)]
        for biz in told:
            assert biz.items() >= {"ehealth_card_id": card_id, **someone}.items(), name
        assert {list(biz).index("name") < list(biz).index("id_no") for biz in told} == {True, False}, name
        assert {"telephone" in biz for biz in told} == {True, False}, name


def test_a_platform_that_is_not_strict_never_reads_what_it_wrote(bench, monkeypatch):
    code = bench.static(bench.register())
    monkeypatch.setattr(WrittenBiz, "_read", lambda _: pytest.fail("it was read"))
    assert bench.verify(code).success


def test_a_strict_one_sends_what_it_reworded(bench):
    code = bench.static(bench.register())
    bench.platform.gateway.reword = unpromised()
    told = [list(bench.verify(code).biz) for _ in range(TIMES)]
    assert len({tuple(names) for names in told}) > TIMES / 2
