"""Check characters against published specimens, and every wrong character each standard promises to find."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.cards.numbers import (
    bank_card,
    institution,
    mod_11_2,
    organisation,
    residence_permit,
    resident,
    social_credit,
    travel_documents,
)

TODAY = date(2027, 1, 15)


def refused(check, *arguments):
    with pytest.raises(ValueError, match=r"^not a|day is out of range|must be in"):
        check(*arguments)


def digits(count):
    return st.text("0123456789", min_size=count, max_size=count)


def one_wrong(data, number, alphabets):
    """Return ``number`` with one character replaced by another that may stand there."""
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([c for c in alphabets(place) if c != number[place]]))
    return number[:place] + wrong + number[place + 1 :]


def test_the_specimens_of_the_standards():
    assert resident.modern("11010519491231002X") == "11010519491231002X"
    social_credit.check("91350100M000100Y43")
    assert organisation.bare("D2143569-X") == organisation.bare("D2143569X") == "D2143569X"
    residence_permit.check("911124198108030024")
    residence_permit.check("CAN110081080310")
    assert bank_card.check_digit("7992739871") == "3"
    bank_card.check("4111111111111111")


@given(st.data(), digits(17))
def test_one_wrong_character_of_a_citizen_number_is_found(data, body):
    number = body + mod_11_2.check_digit(body)
    wrong = one_wrong(data, number, lambda place: "0123456789X" if place == 17 else "0123456789")
    assert mod_11_2.is_checked(number)
    assert not mod_11_2.is_checked(wrong)


@given(digits(17), st.integers(0, 15))
def test_two_swapped_neighbours_of_a_citizen_number_are_found(body, place):
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    assert (mod_11_2.check_digit(swapped) == mod_11_2.check_digit(body)) == (swapped == body)


@given(st.data(), st.text(social_credit.ALPHABET, min_size=17, max_size=17))
def test_one_wrong_character_of_a_credit_code_is_found(data, body):
    wrong = one_wrong(data, body + social_credit.check_character(body), lambda _: social_credit.ALPHABET)
    assert social_credit.check_character(wrong[:17]) != wrong[17]


@given(st.data(), st.text(string.digits + string.ascii_uppercase, min_size=8, max_size=8))
def test_one_wrong_digit_of_an_organisation_code_is_found(data, body):
    code = body + organisation.check_character(body)
    assert organisation.bare(code) == code
    places = [place for place in range(9) if code[place].isdigit()]
    place = data.draw(st.sampled_from(places or [8]))
    wrong = data.draw(st.sampled_from([c for c in "0123456789" if c != code[place]]))
    refused(organisation.bare, code[:place] + wrong + code[place + 1 :])


def test_an_organisation_code_cannot_tell_letters_that_count_eleven_apart():
    assert organisation.check_character("0BCDEFGH") == organisation.check_character("BBCDEFGH")


@given(st.data(), digits(15))
def test_one_wrong_digit_of_a_bank_card_is_found(data, body):
    number = body + bank_card.check_digit(body)
    bank_card.check(number)
    refused(bank_card.check, one_wrong(data, number, lambda _: "0123456789"))


@given(st.data(), st.text(string.ascii_uppercase, min_size=3, max_size=3), digits(11))
def test_one_wrong_digit_of_an_old_residence_permit_is_found(data, letters, numerals):
    body = letters + numerals
    number = body + residence_permit.old_check_digit(body)
    residence_permit.check(number)
    place = data.draw(st.integers(3, 14))
    wrong = data.draw(st.sampled_from([c for c in "0123456789" if c != number[place]]))
    refused(residence_permit.check, number[:place] + wrong + number[place + 1 :])


def test_a_number_of_the_first_generation_names_the_same_person():
    assert resident.modern("110105491231002") == "11010519491231002X"
    for sequence in ("996", "997", "998", "999"):
        assert resident.birth_date(resident.modern(f"110105991231{sequence}")) == date(1899, 12, 31)
    assert resident.birth_date(resident.modern("110105991231995")) == date(1999, 12, 31)


def test_what_a_citizen_number_says():
    assert resident.birth_date("11010519491231002X") == date(1949, 12, 31)
    assert resident.sex("11010519491231002X") == "2"
    assert resident.sex("110105194912310017") == "1"
    refused(resident.birth_date, "439900199002300011")


def test_birthdays_of_residence_permits():
    assert residence_permit.birth_date("911124198108030024", TODAY) == date(1981, 8, 3)
    assert residence_permit.birth_date("CAN110081080310", TODAY) == date(1981, 8, 3)
    assert residence_permit.birth_date("CAN110027011510", TODAY) == date(2027, 1, 15)
    assert residence_permit.birth_date("CAN110027011610", TODAY) == date(1927, 1, 16)
    assert residence_permit.birth_date("CAN110028022910", TODAY) == date(1928, 2, 29)
    refused(residence_permit.birth_date, "CAN110027022910", TODAY)


def test_an_institution_code_is_taken_apart():
    code = institution.read("D2143569X43010411A1001")
    assert code == institution.InstitutionCode("D2143569X", "430104", "11", "A100", "1")
    for wrong in ("D2143569843010411A1001", "D2143569X43010411A1003", "D2143569X43010411Z1001", "D2143569X"):
        refused(institution.read, wrong)


@pytest.mark.parametrize(
    ("id_type", "number", "lasting"),
    [
        ("03", "E12345678", "E12345678"),
        ("04", "1234567", "1234567"),
        ("06", "H1234567802", "H12345678"),
        ("06", "M12345678", "M12345678"),
        ("07", "12345678", "12345678"),
        ("07", "1234567801B", "12345678"),
        ("08", "X320101001", "X320101001"),
    ],
)
def test_the_lasting_part_of_a_travel_document(id_type, number, lasting):
    assert travel_documents.lasting_part(id_type, number) == lasting


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("03", "E123456789"),
        ("03", "E123"),
        ("03", "e12345678"),
        ("04", "123456789"),
        ("06", "H123456780"),
        ("06", "K12345678"),
        ("07", "1234567"),
        ("08", "3201010011"),
        ("08", "X32010100１"),
    ],
)
def test_a_travel_document_of_another_form(id_type, number):
    refused(travel_documents.lasting_part, id_type, number)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (resident.modern, "1101051949123100２X"),
        (resident.modern, "11010519491231002x"),
        (resident.modern, "1101054912310021"),
        (social_credit.check, "91350100M000100Y4"),
        (social_credit.check, "91350100I000100Y43"),
        (organisation.bare, "D2143569--X"),
        (residence_permit.check, "811124198108030024"),
        (bank_card.check, "79927398713"),
        (bank_card.check, "4111 1111 1111 1111"),
    ],
)
def test_another_form(check, number):
    refused(check, number)


def test_a_credit_code_with_a_wrong_organisation_code_inside():
    body = "91350100D21435698"
    refused(social_credit.check, body + social_credit.check_character(body))
