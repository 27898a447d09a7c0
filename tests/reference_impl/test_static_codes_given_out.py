"""A static code written by whoever saw a dynamic one: accepted as the field's format has it, or not, as is chosen."""

import pytest
from sqlalchemy import func, select, text

from reference_impl.codes import given_out
from reference_impl.refusals import OUTCOMES
from reference_impl.storage.migrations import HEAD
from reference_impl.storage.schema import STATIC_CODES

REGISTER, GENERATE, BIND = "ehc.ehealthcard.register", "ehc.ehealthcode.generate", "ehc.ehealthcard.bind"
AT_THE_WINDOW = {"apply_type": "3", "clerk_id": "clerk-01"}


@pytest.fixture
def bench(open_bench):
    """A platform that accepts static codes only where one was given out."""
    return open_bench(only_given_out=True)


def written_from(dynamic):
    """What somebody writes who photographed a dynamic code."""
    return f"{dynamic[:64]}:1"


def said(answer):
    return OUTCOMES[answer.code].name


def test_the_field_accepts_a_static_code_that_nobody_gave_out(open_bench):
    bench = open_bench()
    assert bench.verify(written_from(bench.dynamic(bench.register()))).success


def test_where_it_is_chosen_nobody_can_make_one(bench):
    card_id = bench.register()
    dynamic = bench.dynamic(card_id)
    assert said(bench.verify(written_from(dynamic))) == "static_not_given_out"
    assert bench.verify(dynamic).success, "the dynamic code is as good as ever"


def test_what_generate_gave_out_is_accepted_from_then_on(bench):
    card_id = bench.register()
    assert said(bench.verify(f"{card_id}:1")) == "static_not_given_out"
    assert bench.verify(bench.static(card_id)).success
    assert bench.verify(bench.static(card_id)).success, "given out twice"


def test_what_a_window_printed_is_accepted(bench, person):
    answer = bench.call(REGISTER, person(2) | AT_THE_WINDOW)
    assert bench.verify(str(answer.biz["ehealth_code"])).success


def test_what_a_window_printed_for_a_card_made_on_line_is_accepted(bench, person):
    card_id = str(bench.call(REGISTER, person(3)).biz["ehealth_card_id"])
    assert said(bench.verify(f"{card_id}:1")) == "static_not_given_out"
    printed = bench.call(REGISTER, person(3) | AT_THE_WINDOW).biz["ehealth_code"]
    assert bench.verify(str(printed)).success


def test_what_a_batch_printed_is_accepted_once_the_card_is_active(bench, person):
    someone = person(4)
    items = f'[{{"id_type":"01","id_no":"{someone["id_no"]}","name":"{someone["name"]}"}}]'
    answer = bench.call("ehc.ehealthcard.registerbatch", {"items": items, "clerk_id": "clerk-01"})
    (card_id,), (printed,) = answer.biz["ehealth_card_id"], answer.biz["ehealth_code"]
    bench.call("ehc.ehealthcard.activate", {"ehealth_card_id": str(card_id)})
    assert bench.verify(str(printed)).success


def test_what_was_refused_gives_nothing_out(bench, person):
    card_id = bench.register()
    bench.close(card_id)
    assert said(bench.call(GENERATE, {"ehealth_card_id": card_id, "ewmbs": "1"})) == "closed_card"
    bench.register()
    assert said(bench.verify(f"{card_id}:1")) == "static_not_given_out"


def test_it_is_remembered_over_a_restart_and_noted_before_it_is_asked_for(open_bench):
    bench = open_bench()
    given, not_given = bench.static(bench.register(1)), written_from(bench.dynamic(bench.register(2)))
    assert bench.verify(not_given).success
    bench = open_bench(only_given_out=True)
    assert bench.verify(given).success
    assert said(bench.verify(not_given)) == "static_not_given_out"


def test_a_card_that_replaces_another_was_given_none(bench, person):
    old, new = person(5), person(6)
    card_id = str(bench.call(REGISTER, old | AT_THE_WINDOW).biz["ehealth_card_id"])
    changed = {"ehealth_card_id": card_id, **new, "name": old["name"]}
    replaced = bench.call("ehc.ehealthcard.alterinfo", changed)
    assert replaced.success, replaced.message
    assert said(bench.verify(f"{replaced.biz['ehealth_card_id']}:1")) == "static_not_given_out"


def test_other_methods_judge_by_the_same_rule(bench):
    card_id = bench.register()
    shown = {"visit_card_no": "V-0001", "ehealth_code": f"{card_id}:1"}
    assert said(bench.call(BIND, shown)) == "static_not_given_out"
    bench.static(card_id)
    assert bench.call(BIND, shown).success


def test_unknown_and_closed_cards_are_told_as_before(bench):
    assert said(bench.verify("0" * 64 + ":1")) == "unknown_card"
    card_id = bench.register()
    bench.static(card_id)
    bench.close(card_id)
    assert said(bench.verify(f"{card_id}:1")) == "closed_card"


def test_what_is_kept_in_memory_has_an_end(bench, monkeypatch):
    monkeypatch.setattr(given_out, "REMEMBERED", 2)
    codes = [bench.static(bench.register(serial)) for serial in range(1, 6)]
    assert all(bench.verify(code).success for code in codes for _ in range(2))
    assert len(bench.platform.parts.verification._known) == 2


def test_a_card_is_noted_once(bench, person):
    card_id = str(bench.call(REGISTER, person(7) | AT_THE_WINDOW).biz["ehealth_card_id"])
    bench.static(card_id)
    assert bench.do(lambda connection: connection.scalar(select(func.count()).select_from(STATIC_CODES))) == 1


def test_cards_made_off_line_before_it_was_noted_count_as_given_out(bench, person, open_bench):
    window = str(bench.call(REGISTER, person(8) | AT_THE_WINDOW).biz["ehealth_card_id"])
    on_line = bench.register(9)
    bench.do(lambda connection: connection.execute(text("DROP TABLE static_codes")))
    bench.do(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '0002'")))
    bench = open_bench(only_given_out=True)
    assert bench.do(lambda connection: connection.scalar(text("SELECT version_num FROM alembic_version"))) == HEAD
    assert bench.verify(f"{window}:1").success
    assert said(bench.verify(f"{on_line}:1")) == "static_not_given_out"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_worker_of_a_served_platform_keeps_to_it(serve, database):
    del database
    served = serve(static_codes="issued", workers=2)
    callers = [served.caller() for _ in range(6)]
    card_id = callers[0].register()
    assert {said(caller.verify(f"{card_id}:1")) for caller in callers} == {"static_not_given_out"}
    code = callers[0].static(card_id)
    assert all(caller.verify(code).success for caller in callers)
