"""Only synthetic persons come in."""

import pytest

from reference_impl.cards.documents import birthday, check_digit, check_document
from reference_impl.refusals import RefusalError


def number(body):
    return body + check_digit(body)


def test_the_specimen_of_the_standard():
    assert number("11010519491231002") == "11010519491231002X"
    assert birthday("11010519491231002X") == "1949-12-31"


@pytest.mark.parametrize(
    ("id_type", "id_no"),
    [
        ("01", number("43990019900101001")),
        ("02", number("43990020000229002")),
        ("03", "439900E1234567"),
        ("08", "439900000001"),
    ],
)
def test_a_synthetic_document_passes(id_type, id_no):
    check_document(id_type, id_no)


@pytest.mark.parametrize(
    ("id_type", "id_no", "outcome"),
    [
        ("01", "11010519491231002X", "not_synthetic"),
        ("01", number("43010319900101001"), "not_synthetic"),
        ("01", number("43990119900101001"), "not_synthetic"),
        ("03", "E12345678", "not_synthetic"),
        ("01", "439900199001010011", "bad_identity"),
        ("01", number("43990019900230001"), "bad_identity"),
        ("01", number("43990019900101001")[:-1] + "x", "bad_identity"),
        ("01", "439900", "bad_identity"),
        ("01", "４３９９００" + "1" * 12, "bad_identity"),
        ("03", "439900 1", "bad_identity"),
        ("1", number("43990019900101001"), "bad_field"),
    ],
)
def test_everything_else_is_refused(id_type, id_no, outcome):
    with pytest.raises(RefusalError) as caught:
        check_document(id_type, id_no)
    assert caught.value.outcome.name == outcome
    assert id_no not in f"{caught.value!r}{caught.value.message}"
