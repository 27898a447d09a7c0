"""Only synthetic persons come in, and one person comes in as one."""

import pytest

from reference_impl.cards.documents import china_date, read_document
from reference_impl.cards.newborns import read_newborn
from reference_impl.cards.numbers import residence_permit
from reference_impl.cards.numbers.mod_11_2 import check_digit
from reference_impl.refusals import RefusalError

NOW_MS = 1_800_000_000_000  # 2027-01-15 in China
DAY_MS = 86_400_000


def number(body):
    return body + check_digit(body)


def old_permit(body):
    return body + residence_permit.old_check_digit(body)


def text(id_type, id_no):
    return read_document(id_type, id_no, NOW_MS).person_text


@pytest.mark.parametrize(
    ("id_type", "id_no", "born"),
    [
        ("01", number("43990019900101001"), "1990-01-01"),
        ("02", number("43990020000229002"), "2000-02-29"),
        ("05", number("43990019900101001"), "1990-01-01"),
        ("01", "439900900101001", "1990-01-01"),
        ("99", number("99912419810803002"), "1981-08-03"),
        ("99", old_permit("CAN43998108031"), "1981-08-03"),
        ("03", "439900E1234567", None),
        ("04", "4399001234567", None),
        ("06", "439900H1234567801", None),
        ("07", "43990012345678", None),
        ("08", "439900X320101001", None),
        ("99", "439900AB12", None),
    ],
)
def test_a_synthetic_document_passes(id_type, id_no, born):
    document = read_document(id_type, id_no, NOW_MS)
    assert (document.born and document.born.isoformat()) == born
    assert document.id_type == id_type
    assert id_no not in repr(document)


@pytest.mark.parametrize(
    ("id_type", "id_no", "outcome"),
    [
        ("01", "11010519491231002X", "not_synthetic"),
        ("01", number("43010319900101001"), "not_synthetic"),
        ("01", number("43990119900101001"), "not_synthetic"),
        ("01", "110105491231002", "not_synthetic"),
        ("03", "E12345678", "not_synthetic"),
        ("06", "H12345678", "not_synthetic"),
        ("99", "AB12", "not_synthetic"),
        ("99", "911124198108030024", "not_synthetic"),
        ("99", "CAN110081080310", "not_synthetic"),
        ("01", "439900199001010011", "bad_identity"),
        ("01", number("43990019900230001"), "bad_identity"),
        ("01", number("43990019900101001")[:-1] + "x", "bad_identity"),
        ("01", "439900", "bad_identity"),
        ("01", "439900900230001", "bad_identity"),
        ("01", "４３９９００" + "1" * 12, "bad_identity"),
        ("03", "439900 1", "bad_identity"),
        ("03", "439900", "bad_identity"),
        ("04", "12345678", "not_synthetic"),
        ("04", "439900123456789", "bad_identity"),
        ("06", "439900K12345678", "bad_identity"),
        ("08", "439900000001", "bad_identity"),
        ("99", "439900", "bad_identity"),
        ("99", "439900ab", "bad_identity"),
        ("99", "999124198108030021", "bad_identity"),
        ("1", number("43990019900101001"), "bad_field"),
    ],
)
def test_everything_else_is_refused(id_type, id_no, outcome):
    with pytest.raises(RefusalError) as caught:
        read_document(id_type, id_no, NOW_MS)
    assert caught.value.outcome.name == outcome
    assert id_no not in f"{caught.value!r}{caught.value.message}"


def test_documents_that_name_one_person():
    citizen = text("01", number("43990019900101001"))
    assert text("02", number("43990019900101001")) == citizen
    assert text("05", number("43990019900101001")) == citizen
    assert text("01", "439900900101001") == citizen
    assert text("01", number("43990019900101002")) != citizen
    assert text("06", "439900H1234567800") == text("06", "439900H1234567801") == text("06", "439900H12345678")
    assert text("07", "43990012345678") == text("07", "4399001234567802")
    assert text("03", "439900E1234567") != text("08", "439900E123456789")


def test_nobody_is_born_tomorrow_nor_older_than_150():
    today = number("43990020270115001")
    assert read_document("01", today, NOW_MS).born == china_date(NOW_MS)
    oldest, older = number("43990018770115001"), number("43990018770114001")
    assert read_document("01", oldest, NOW_MS)
    for id_no in (number("43990020270116001"), older):
        with pytest.raises(RefusalError, match="bad_identity"):
            read_document("01", id_no, NOW_MS)
    assert read_document("01", number("43990020270116001"), NOW_MS + DAY_MS)


def test_the_day_begins_in_china():
    midnight = 1_799_942_400_000  # 2027-01-15T00:00+08:00
    assert [china_date(ms).day for ms in (midnight - 1, midnight)] == [14, 15]


def newborn(mark="1", birthday="2027-01-10"):
    mother = read_document("01", number("43990019900101002"), NOW_MS)
    return read_newborn(mother, mark, birthday, NOW_MS)


def test_children_of_one_mother_are_told_apart():
    texts = {newborn().person_text, newborn(mark="2").person_text, newborn(birthday="2026-01-10").person_text}
    assert len(texts) == 3
    assert newborn().person_text == newborn().person_text
    assert newborn().person_text != newborn().mother_text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mark": "0"}, "multifetal_mark"),
        ({"mark": ""}, "multifetal_mark"),
        ({"mark": "10"}, "multifetal_mark"),
        ({"birthday": "2027-01-16"}, "birthday"),
        ({"birthday": "20270110"}, "birthday"),
        ({"birthday": "2027-02-30"}, "birthday"),
        ({"birthday": ""}, "birthday"),
    ],
)
def test_a_child_that_cannot_be(given, field):
    with pytest.raises(RefusalError) as caught:
        newborn(**given)
    assert (caught.value.outcome.name, caught.value.field) == ("bad_field", field)
