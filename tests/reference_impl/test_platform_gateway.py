"""The methods of the gateway, asked as a hospital asks, under a clock that the test turns."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from reference_impl import refusals
from reference_impl.access.first_institution import TERMINAL_TYPES
from reference_impl.keys.life_cycle import rotate
from reference_impl.keys.purposes import TOKEN
from reference_impl.refusals import OUTCOMES
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS, AUDIT, CARDS, INSTITUTIONS, PERSONS, SPENT, TERMINALS
from reference_impl.storage.spent import forget
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, seal_request
from reference_impl.wire.errors import UnsealedRefusalError
from reference_impl.wire.payload import parse


def outcome(response):
    return OUTCOMES[response.code].name


def unsealed(bench, body):
    answer = bench.post(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert (answer["digest"], answer["biz_content"]) == ("", "")
    return OUTCOMES[answer["code"]].name


def stored(bench, statement):
    with bench.platform.engine.connect() as connection:
        return connection.scalar(statement)


def verified(bench):
    """Return the recorded outcomes of every verification."""
    asked = select(AUDIT.c.outcome).where(AUDIT.c.op == "ehc.ehealthcode.verify").order_by(AUDIT.c.outcome)
    with bench.platform.engine.connect() as connection:
        return list(connection.scalars(asked))


def change(bench, statement):
    def job(connection):
        connection.execute(statement)
        epoch.bump(connection)

    bench.do(job)


class TestCards:
    def test_one_person_one_card(self, bench):
        first = bench.register(1)
        assert first == bench.register(1)
        assert first != bench.register(2)
        assert stored(bench, select(func.count()).select_from(CARDS)) == 2
        assert stored(bench, select(func.count()).select_from(PERSONS)) == 2

    def test_the_same_document_under_another_name_is_refused(self, bench, person):
        bench.register(1)
        answer = bench.call("ehc.ehealthcard.register", person(1) | {"name": "别人"})
        assert outcome(answer) == "identity_mismatch"

    def test_the_birthday_is_read_from_the_number(self, bench, person):
        bench.register(1)
        answer = bench.call("ehc.ehealthcode.query", {"id_type": "01", "id_no": person(1)["id_no"]})
        assert answer.biz["birthday"] == "1990-01-01"
        assert (answer.biz["name"], answer.biz["card_state"]) == (person(1)["name"], "2")

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"id_no": "11010519491231002X"}, "not_synthetic"),
            ({"id_no": "439900199001010010"}, "bad_identity"),
            ({"id_no": ""}, "bad_field"),
            ({"id_type": "1"}, "bad_field"),
            ({"name": ""}, "bad_field"),
            ({"name": "长" * 513}, "bad_field"),
            ({"gender": "3"}, "bad_field"),
            ({"apply_type": "9"}, "bad_field"),
            ({"birthday": "1990-1-1"}, "bad_field"),
            ({"birthday": "1991-01-01"}, "bad_field"),
            ({"register_time": "2026-01-01"}, "bad_field"),
        ],
    )
    def test_what_cannot_be_registered(self, bench, person, changes, name):
        assert outcome(bench.call("ehc.ehealthcard.register", person(1) | changes)) == name
        assert stored(bench, select(func.count()).select_from(PERSONS)) == 0

    def test_a_closed_card_says_so_and_closing_twice_is_closing_once(self, bench):
        card_id = bench.register()
        dynamic, static = bench.dynamic(card_id), bench.static(card_id)
        assert [outcome(bench.close(card_id)) for _ in range(2)] == ["ok", "ok"]
        assert outcome(bench.verify(dynamic)) == "closed_card"
        assert outcome(bench.verify(static)) == "closed_card"
        generate = bench.call("ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "0"})
        assert outcome(generate) == "closed_card"
        assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card_id}).biz["card_state"] == "3"

    def test_registering_opens_a_closed_card_but_not_its_old_codes(self, bench):
        card_id = bench.register()
        old = bench.dynamic(card_id)
        bench.close(card_id)
        bench.clock.now += 1
        assert bench.register() == card_id
        assert outcome(bench.verify(old)) == "expired_code"
        assert outcome(bench.verify(bench.dynamic(card_id))) == "ok"

    @pytest.mark.parametrize("state", ["0", "1", "4", "5"])
    def test_a_card_that_is_not_active_is_not_used(self, bench, state):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        change(bench, update(CARDS).values(state=state))
        assert outcome(bench.verify(code)) == "card_not_active"
        change(bench, update(CARDS).values(state="2"))
        assert outcome(bench.verify(code)) == "ok"

    def test_unknown_cards(self, bench, person):
        assert outcome(bench.close("A" * 64)) == "unknown_card"
        assert outcome(bench.verify("A" * 64 + ":1")) == "unknown_card"
        query = bench.call("ehc.ehealthcode.query", {"id_type": "01", "id_no": person(7)["id_no"]})
        assert outcome(query) == "unknown_card"


class TestCodes:
    def test_a_dynamic_code_is_accepted_once_and_tells_whose_card_it_is(self, bench, person):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        assert (len(code), parse(code).shape) == (99, "tencent-dynamic")
        answer = bench.verify(code)
        assert outcome(answer) == "ok"
        assert answer.biz["ehealth_card_id"] == card_id
        assert {name: answer.biz[name] for name in person(1)} == person(1)
        assert outcome(bench.verify(code)) == "reused_code"
        assert verified(bench) == ["000", "406"]

    def test_a_static_code_is_accepted_each_time_and_each_use_is_recorded(self, bench):
        code = bench.static(bench.register())
        assert parse(code).shape == "hunan-static"
        for _ in range(2):
            assert outcome(bench.verify(code)) == "ok"
        assert verified(bench) == ["000", "000"]

    def test_the_life_of_a_code(self, open_bench):
        bench = open_bench(token_ttl_s=2)
        card_id = bench.register()
        codes = bench.dynamics(card_id, 3)
        issued = bench.clock.now
        bench.clock.now = issued + 2
        assert outcome(bench.verify(codes[0])) == "ok"
        bench.clock.now = issued + 2.001
        assert outcome(bench.verify(codes[1])) == "expired_code"
        bench.clock.now = issued - 0.001
        assert outcome(bench.verify(codes[2])) == "future_code"

    def test_many_codes_in_one_call(self, bench):
        card_id = bench.register()
        codes = bench.dynamics(card_id, 500)
        assert len(set(codes)) == 500
        answer = bench.call("ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "0", "count": "1"})
        assert int(answer.biz["expires_ms"]) - int(answer.biz["issued_ms"]) == 60_000
        assert len(answer.biz["ehealth_codes"]) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"count": "0"},
            {"count": "501"},
            {"count": "x"},
            {"count": "٣"},
            {"ewmbs": "2"},
            {"ewmbs": "1", "count": "2"},
        ],
    )
    def test_what_cannot_be_generated(self, bench, changes):
        biz = {"ehealth_card_id": bench.register(), "ewmbs": "0"} | changes
        assert outcome(bench.call("ehc.ehealthcode.generate", biz)) == "bad_field"

    def test_a_code_of_a_foreign_form_or_of_no_form(self, bench):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        assert outcome(bench.verify(f"{code}::35021234567")) == "foreign_code"
        assert outcome(bench.verify(f"{card_id}:1::510112345")) == "foreign_code"
        assert outcome(bench.verify(card_id)) == "malformed_code"
        assert outcome(bench.verify(code + "\0")) == "malformed_code"
        assert outcome(bench.verify(code.replace(":0:", ":1:"))) == "malformed_code"
        assert outcome(bench.verify(code)) == "ok"

    def test_a_token_moved_to_another_card_is_forged(self, bench):
        token = parse(bench.dynamic(bench.register(1))).token
        assert outcome(bench.verify(f"{bench.register(2)}:0:{token}")) == "forged_code"

    @pytest.mark.parametrize("changes", [{"medstepcode": "10101"}, {"channelcode": "100"}, {"medstepcode": ""}])
    def test_a_lost_leading_zero_is_refused(self, bench, changes):
        code = bench.dynamic(bench.register())
        biz = {"ehealth_code": code, "medstepcode": "010101", "channelcode": "0100"} | changes
        assert outcome(bench.call("ehc.ehealthcode.verify", biz)) == "bad_field"
        assert outcome(bench.verify(code)) == "ok"

    @pytest.mark.parametrize("restarted", [False, True])
    def test_codes_outlive_a_new_token_key_for_its_grace(self, bench, open_bench, restarted):
        card_id = bench.register()
        early, late = bench.dynamics(card_id, 2)
        platform = bench.platform
        bench.do(
            lambda connection: rotate(
                connection, platform.memory.root, TOKEN, 30_000, bench.now_ms(), platform.parts.random
            )
        )
        if restarted:
            bench = open_bench()
        new = bench.dynamic(card_id)
        assert parse(new).token.startswith("02")
        assert [outcome(bench.verify(code)) for code in (early, new)] == ["ok", "ok"]
        bench.clock.now += 31
        assert outcome(bench.verify(late)) == "expired_code"


class TestAccess:
    def test_an_unknown_application_is_told_without_a_seal(self, bench):
        stranger = Credentials("nobody", "0123456789abcdef", "T01")
        assert unsealed(bench, seal_request(HN_A, stranger, "x", {}, bench.now_ms())) == "unknown_app"

    def test_a_wrong_secret_is_told_without_a_seal(self, bench):
        bench.credentials = replace(bench.credentials, app_secret="0123456789abcdef")
        with pytest.raises(UnsealedRefusalError) as caught:
            bench.register()
        assert OUTCOMES[caught.value.code].name == "bad_digest"

    def test_a_terminal_that_is_not_enrolled(self, bench):
        bench.credentials = replace(bench.credentials, term_id="T99")
        assert outcome(bench.close("A" * 64)) == "terminal_refused"

    def test_every_seeded_terminal_is_in_good_standing(self, bench):
        for term_id in TERMINAL_TYPES:
            bench.credentials = replace(bench.credentials, term_id=term_id)
            assert outcome(bench.close("A" * 64)) == "unknown_card"

    @pytest.mark.parametrize(
        ("table", "name"), [(TERMINALS, "terminal_refused"), (APPS, "app_suspended"), (INSTITUTIONS, "app_suspended")]
    )
    def test_a_suspension_counts_at_once(self, bench, table, name):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        change(bench, update(table).values(state="frozen"))
        assert outcome(bench.close(card_id)) == name
        assert outcome(bench.verify(code)) == name
        change(bench, update(table).values(state="authorised"))
        assert outcome(bench.verify(code)) == "ok"

    def test_an_unknown_method(self, bench):
        assert outcome(bench.call("ehc.ehealthcode.explode", {})) == "unknown_method"


class TestRequests:
    @pytest.mark.parametrize(
        ("away", "name"), [(-301, "stale_timestamp"), (301, "stale_timestamp"), (-300, "ok"), (300, "ok")]
    )
    def test_the_window_counts_both_ways(self, bench, person, away, name):
        method = "ehc.ehealthcard.register"
        envelope = seal_request(HN_A, bench.credentials, method, person(1), bench.now_ms() + away * 1000)
        assert outcome(bench.send(envelope, method)) == name

    def test_a_request_is_received_once(self, bench, person):
        method = "ehc.ehealthcard.register"
        envelope = seal_request(HN_A, bench.credentials, method, person(1), bench.now_ms())
        assert [outcome(bench.send(envelope, method)) for _ in range(2)] == ["ok", "replayed_request"]

    def test_a_refused_request_is_received_too(self, bench):
        method = "ehc.ehealthcard.close"
        envelope = seal_request(HN_A, bench.credentials, method, {"ehealth_card_id": "A" * 64}, bench.now_ms())
        assert [outcome(bench.send(envelope, method)) for _ in range(2)] == ["unknown_card", "replayed_request"]

    def test_a_request_from_the_future_cannot_be_replayed_to_its_last_moment(self, bench, person):
        method = "ehc.ehealthcard.register"
        envelope = seal_request(HN_A, bench.credentials, method, person(1), bench.now_ms() + 299_000)
        bench.send(envelope, method)
        for _ in range(9):
            bench.clock.now += 66
            assert outcome(bench.send(envelope, method)) == "replayed_request"
        bench.clock.now += 66
        assert outcome(bench.send(envelope, method)) == "stale_timestamp"

    def test_what_was_spent_is_forgotten_once_its_age_alone_refuses_it(self, bench):
        bench.verify(bench.dynamic(bench.register()))
        assert stored(bench, select(func.count()).select_from(SPENT)) == 4
        bench.clock.now += 2 * 3600
        bench.register(2)

        assert bench.do(lambda connection: forget(connection, bench.now_ms())) == 4
        assert stored(bench, select(func.count()).select_from(SPENT)) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xff\xfe",
            b"null",
            b"[]",
            b"{}",
            b'{"method":',
            b'{"a":NaN}',
            b'{"a":1,"a":2}',
            b"[" * 100_000,
            b"9" * 10_000,
            b'{"app_id":"\\ud800"}',
        ],
    )
    def test_a_body_that_is_no_request(self, bench, body):
        assert unsealed(bench, body) == "malformed_request"

    @pytest.mark.parametrize("field", ["version", "digest_type", "enc_type"])
    def test_another_profile(self, bench, field):
        envelope = seal_request(HN_A, bench.credentials, "x", {}, bench.now_ms()) | {field: "V1.1"}
        assert unsealed(bench, envelope) == "unsupported_profile"

    def test_a_changed_request(self, bench):
        envelope = seal_request(HN_A, bench.credentials, "x", {}, bench.now_ms()) | {"method": "y"}
        assert unsealed(bench, envelope) == "bad_digest"


def test_every_code_and_name_stands_once():
    declared = [row for row in vars(refusals).values() if isinstance(row, refusals.Outcome)]
    assert len({row.name for row in OUTCOMES.values()}) == len({row.code for row in OUTCOMES.values()}) == len(declared)
    assert all(code == row.code and len(code) == 3 and row.zh and row.en for code, row in OUTCOMES.items())
    assert not any("&" in row.message("field") for row in OUTCOMES.values())
