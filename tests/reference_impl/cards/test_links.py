"""Several numbers, one card; one number, one card; and no number in clear on the disk."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from reference_impl.cards.life_cycle import Operation, change_state
from reference_impl.cards.link_kinds import LINK_KINDS, masked
from reference_impl.cards.links import bind, links_of, resolve, unbind
from reference_impl.cards.numbers import bank_card
from reference_impl.cards.replacement import adopt_document
from reference_impl.refusals import RefusalError

NOW_MS = 1_800_000_000_000
ORG = "439900000001"


def pan(serial):
    body = f"999999{serial:09d}"
    return body + bank_card.check_digit(body)


NUMBERS = {
    "insurance": "439900AB1234",
    "citizen": "4399001234567890",
    "bank": pan(1),
    "visit-card": "V-0001",
}


def refused(outcome, call, *arguments):
    with pytest.raises(RefusalError) as caught:
        call(*arguments)
    assert caught.value.outcome.name == outcome
    return f"{caught.value!r}{caught.value.message}"


@pytest.fixture
def linking(registry, connection):
    """Bind, unbind and resolve, with the usual arguments filled in."""

    class Linking:
        held = registry.issue(connection).held
        other = registry.issue(connection, registry.person(registry.citizen(2))).held

        def bind(self, kind, number, held=None, org=ORG, now_ms=NOW_MS):
            return bind(connection, registry.keys, held or self.held, kind, number, org, registry.random, now_ms)

        def unbind(self, kind, number, held=None, org=ORG):
            unbind(connection, registry.keys, held or self.held, kind, number, org)

        def resolve(self, kind, number, org=ORG):
            return resolve(connection, registry.keys, kind, number, org)

    return Linking()


def test_every_kind_leads_to_the_card(registry, connection, linking):
    numbers = NUMBERS | {"social-security": registry.citizen(1)}
    assert set(numbers) == set(LINK_KINDS)
    for kind, number in numbers.items():
        assert linking.bind(kind, number).masked == masked(kind, number)
        assert linking.resolve(kind, number) == linking.held
    assert [link.kind for link in links_of(connection, linking.held)] == sorted(numbers)
    assert links_of(connection, linking.other) == []


@pytest.mark.parametrize(
    ("kind", "number", "shown"),
    [
        ("bank", pan(1), f"999999******{pan(1)[-4:]}"),
        ("social-security", "439900199001010014", "439900***********4"),
        ("visit-card", "V-0001", "****01"),
        ("insurance", "439900AB12", "439900***2"),
    ],
)
def test_masks(kind, number, shown):
    assert masked(kind, number) == shown


def test_linking_again_changes_nothing(connection, linking):
    first = linking.bind("bank", pan(1))
    assert linking.bind("bank", pan(1), now_ms=NOW_MS + 5) == first
    assert links_of(connection, linking.held) == [first]


def test_one_number_one_card(linking):
    linking.bind("bank", pan(1))
    said = refused("number_taken", linking.bind, "bank", pan(1), linking.other)
    assert pan(1) not in said
    refused("unknown_number", linking.unbind, "bank", pan(1), linking.other)
    linking.unbind("bank", pan(1))
    refused("unknown_number", linking.resolve, "bank", pan(1))
    linking.bind("bank", pan(1), linking.other)
    assert linking.resolve("bank", pan(1)) == linking.other


def test_a_visit_card_belongs_to_its_institution(linking):
    linking.bind("visit-card", "0001", org="A")
    linking.bind("visit-card", "0001", linking.other, org="B")
    assert linking.resolve("visit-card", "0001", org="A") == linking.held
    assert linking.resolve("visit-card", "0001", org="B") == linking.other
    refused("unknown_number", linking.resolve, "visit-card", "0001", "C")
    refused("bad_field", linking.resolve, "visit-card", "0001", "")


def test_a_visit_card_numbered_like_a_synthetic_person_or_bank_card(registry, linking):
    for number in (registry.citizen(1), pan(1), "4111111111111112"):
        linking.bind("visit-card", number)


def test_other_numbers_are_the_same_everywhere(linking):
    linking.bind("bank", pan(1), org="A")
    assert linking.resolve("bank", pan(1), org="B") == linking.held


def test_a_kind_is_part_of_a_number(linking):
    linking.bind("insurance", NUMBERS["citizen"])
    refused("unknown_number", linking.resolve, "citizen", NUMBERS["citizen"])


def test_a_card_has_no_more_than_its_limit(linking):
    limit = LINK_KINDS["bank"].limit
    for serial in range(limit):
        linking.bind("bank", pan(serial))
    refused("too_many_numbers", linking.bind, "bank", pan(limit))
    linking.bind("bank", pan(0))
    linking.unbind("bank", pan(0))
    linking.bind("bank", pan(limit))


def test_anothers_social_security_number(registry, linking):
    refused("identity_mismatch", linking.bind, "social-security", registry.citizen(2))


@pytest.mark.parametrize(
    ("kind", "number", "outcome"),
    [
        ("card", "1234", "bad_field"),
        ("bank", pan(1)[:-1] + str((int(pan(1)[-1]) + 1) % 10), "bad_number"),
        ("bank", "4111111111111111", "not_synthetic"),
        ("social-security", "439900199001010011", "bad_number"),
        ("social-security", "439900900101001", "bad_number"),
        ("social-security", "11010519491231002X", "not_synthetic"),
        ("insurance", "430100AB1234", "not_synthetic"),
        ("insurance", "439900ab1234", "bad_number"),
        ("citizen", "439900", "bad_number"),
        ("visit-card", "1 23", "bad_number"),
        ("visit-card", "11010519491231002X", "not_synthetic"),
        ("visit-card", "110105491231002", "not_synthetic"),
        ("visit-card", "4111111111111111", "not_synthetic"),
        ("visit-card", "", "bad_number"),
    ],
)
def test_numbers_that_are_refused(linking, kind, number, outcome):
    said = refused(outcome, linking.bind, kind, number)
    assert not number or number not in said
    refused(outcome, linking.resolve, kind, number)


def test_only_an_active_card_is_linked_but_any_is_unlinked(connection, linking):
    linking.bind("bank", pan(1))
    change_state(connection, linking.held, Operation.FREEZE, "asked", NOW_MS)
    refused("card_not_active", linking.bind, "bank", pan(2))
    assert linking.resolve("bank", pan(1)).state == "5"
    linking.unbind("bank", pan(1))
    change_state(connection, linking.held, Operation.CLOSE, "asked", NOW_MS)
    refused("wrong_state", change_state, connection, linking.held, Operation.FREEZE, "asked", NOW_MS)
    refused("closed_card", linking.bind, "bank", pan(2))


def test_links_go_along_to_another_card(registry, connection, linking):
    linking.bind("bank", pan(1))
    person = registry.person("439900E1234567", id_type="03")
    new = adopt_document(connection, registry.keys, linking.held, person, "moved", registry.random, NOW_MS).held
    assert linking.resolve("bank", pan(1)).card_id == new.card_id


def test_no_number_stands_in_clear(registry, tmp_path):
    with registry.engine.begin() as connection:
        held = registry.issue(connection).held
        for kind, number in NUMBERS.items():
            bind(connection, registry.keys, held, kind, number, ORG, registry.random, NOW_MS)
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert masked("bank", pan(1)).encode() in disk
    for number in (*NUMBERS.values(), registry.citizen(1), "张合成"):
        assert number.encode() not in disk


def test_many_at_once_stay_within_the_limit(busy_registry):
    registry = busy_registry
    with registry.engine.begin() as connection:
        held = registry.issue(connection).held

    def ask(serial):
        with registry.engine.begin() as connection:
            try:
                bind(connection, registry.keys, held, "bank", pan(serial), "", registry.random, NOW_MS)
            except RefusalError as refusal:
                return refusal.outcome.name

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(ask, range(12)))
    assert outcomes.count(None) == LINK_KINDS["bank"].limit
    assert set(outcomes) == {None, "too_many_numbers"}
