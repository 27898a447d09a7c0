"""What a name may be, and the stand-in that answers by it."""

import pytest

from reference_impl.cards.documents import read_document
from reference_impl.cards.newborns import authenticate_newborn, read_newborn
from reference_impl.cards.real_name import Answer, StandInRegister, authenticate, plain_name
from reference_impl.refusals import RefusalError

NOW_MS = 1_800_000_000_000
PASSPORT = read_document("03", "439900E1234567", NOW_MS)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("张三", "张三"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        (" Mary-Ann de Souza ", "Mary-Ann de Souza"),
        ("Jose\u0301", "José"),
        ("𠮷" * 50, "𠮷" * 50),
    ],
)
def test_one_form_of_a_name(given, plain):
    assert plain_name(given) == plain


@pytest.mark.parametrize(
    "name", ["", " ", "张3", "张三\n", "张\x00三", "张　三", "a  b", "·张", "-", "张,三", "张" * 51, "张①", "😀"]
)
def test_what_is_no_name(name):
    with pytest.raises(RefusalError, match="bad_name"):
        plain_name(name)


@pytest.mark.parametrize(
    ("name", "outcome"), [("张冒", "name_refused"), ("张无", "unknown_person"), ("张停", "register_unavailable")]
)
def test_magic_names(name, outcome):
    with pytest.raises(RefusalError) as caught:
        authenticate(StandInRegister(), PASSPORT, name)
    assert caught.value.outcome.name == outcome
    assert name not in f"{caught.value!r}{caught.value.message}"


def test_the_magic_stands_at_the_end_only():
    person = authenticate(StandInRegister(), PASSPORT, "冒无停三")
    assert (person.document, person.name) == (PASSPORT, "冒无停三")
    assert person.name not in repr(person)


def test_the_source_can_be_another():
    class Deaf:
        def check(self, document, name):
            asked.append((document, name))
            return Answer.UNAVAILABLE

    asked = []
    with pytest.raises(RefusalError, match="register_unavailable"):
        authenticate(Deaf(), PASSPORT, " 张三 ")
    assert asked == [(PASSPORT, "张三")]


def test_a_source_is_not_asked_about_what_is_no_name():
    class Never:
        def check(self, document, name):
            raise AssertionError(name)

    with pytest.raises(RefusalError, match="bad_name"):
        authenticate(Never(), PASSPORT, "张3")


def test_a_child_is_vouched_for_by_its_mother():
    child = read_newborn(PASSPORT, "1", "2027-01-01", NOW_MS)
    person = authenticate_newborn(StandInRegister(), PASSPORT, "张三", child, "小停")
    assert (person.document, person.name) == (child, "小停")
    for mother, name, outcome in (("张冒", "小宝", "name_refused"), ("张三", "小宝1", "bad_name")):
        with pytest.raises(RefusalError, match=outcome):
            authenticate_newborn(StandInRegister(), PASSPORT, mother, child, name)
