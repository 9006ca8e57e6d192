"""Of messages of one kind so many are printed, and the others are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.messages import ALL_MESSAGES, MOST, MOST_OF_A_KIND, Message, Running, bounded, kind_of, rule_of
from exchange_online.resources.session import Session


def _message(number: int, about: str, place: str = "partners[{}].name") -> Message:
    where = place.format(number)
    return Message(where, f"{where}: {about.format(number)}", about.format(number))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "b.group.example is covered by *.group.example of partners[0] (A Bank) too; for mail to it the rest.",
            "x.y.test is covered by *.y.test of partners[17] (O'Neil Trust) too; for mail to it the rest.",
        ),
        ("mail from a.example is refused", "mail from b.example, *.c.example, d.example and 4 more is refused"),
        ("mail from a.example and b.example is refused", "mail from a.example is refused"),
        ("'Northwind' has an odd letter at place 7", "'A Bank' has an odd letter at place 1"),
        ("partners[3] has the name 'A' already; change it.", "partners[44] has the name 'B b' already; change it."),
        (
            "inbound connector 'O'Neil: x': efSkipIps[0]: 10.0.0.0/8 is private; list public ones (rule ef)",
            "inbound connector 'B': efSkipIps[12]: 192.168.0.0/16 is private; list public ones (rule ef)",
        ),
    ],
)  # fmt: skip
def test_messages_that_differ_in_what_they_are_about_are_of_one_kind(one: str, other: str) -> None:
    """Failing, four hundred warnings that say the same bury the one that says something else."""
    assert kind_of(one) == kind_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it restricts all senders of the tenant.", "it restricts no sender of the tenant."),
        ("efSkipIps[0]: 10.0.0.1 is private (rule ef)", "efUsers[0]: a@b.example is nobody (rule ef)"),
        ("efUsers: it is long (rule V1)", "efUsers: it is long (rule V2)"),
        ("there is no such name here; did you mean comment?", "there is no such name here; did you mean name?"),
    ],
)
def test_messages_that_say_something_else_are_of_two_kinds(one: str, other: str) -> None:
    """Failing, a warning that nobody has seen yet is counted as one that was printed twenty times."""
    assert kind_of(one) != kind_of(other)


def test_of_a_kind_twenty_are_printed_and_the_rest_is_counted_with_the_first_of_them() -> None:
    """Failing, the log is thousands of lines, or nobody knows that there is more and whom it is about."""
    messages = [_message(number, "'x{}' looks odd.") for number in range(400)]
    messages.insert(200, _message(7, "it has no owner.", "partners[{}].comment"))
    texts = bounded(messages)
    assert len(texts) == MOST_OF_A_KIND + 2
    assert "partners[7].comment: it has no owner." in texts
    assert texts[-1] == (
        "380 more like that about partners[0].name: partners[20].name, partners[21].name, partners[22].name and 377 "
        "more. EXCHANGE_ONLINE_ALL_MESSAGES=true shows all."
    )


def test_twenty_are_printed_as_they_are() -> None:
    """Failing, a sentence says that something is left out where nothing is."""
    messages = [_message(number, "'x{}' looks odd.") for number in range(MOST_OF_A_KIND)]
    assert bounded(messages) == tuple(message.text for message in messages)


def test_all_errors_are_printed_at_once_as_long_as_a_person_can_read_them() -> None:
    """Failing, somebody has to run `up` once for each twenty mistakes."""
    messages = [_message(number, "'x{}' is no name.") for number in range(MOST)]
    assert len(bounded(messages, fine=MOST)) == MOST
    assert len(bounded([*messages, _message(MOST, "'x{}' is no name.")], fine=MOST)) == MOST_OF_A_KIND + 1


def test_the_user_who_wants_all_gets_all() -> None:
    """Failing, what is left out can be read nowhere."""
    messages = [_message(number, "'x{}' looks odd.") for number in range(500)]
    assert len(bounded(messages, environ={ALL_MESSAGES: "true"})) == 500
    for no in ("", "0", "false", "False"):
        assert len(bounded(messages, environ={ALL_MESSAGES: no})) == MOST_OF_A_KIND + 1


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 99)), max_size=400))
def test_none_is_forgotten_and_the_log_stays_short(drawn: list[tuple[int, int]]) -> None:
    """Failing, a message is neither printed nor counted, or words that nobody can tell apart fill the log."""
    letters = "abcdefghij"
    kinds = [f"{letters[kind % 10]}{letters[kind // 10 % 10]}{letters[kind // 100]} is wrong" for kind, _ in drawn]
    messages = [_message(number, kind) for kind, (_, number) in zip(kinds, drawn, strict=True)]
    texts = bounded(messages)
    printed = [text for text in texts if text.endswith("is wrong")]
    counts = [int(text.split()[0]) for text in texts if not text.endswith("is wrong")]
    assert len(printed) + sum(counts) == len(messages)
    assert len(printed) <= MOST
    assert printed == [text for text in (message.text for message in messages) if text in printed][: len(printed)]


def test_a_provider_says_of_hundreds_of_connectors_how_many_it_leaves_out() -> None:
    """Failing, a stack of three hundred partners prints three hundred times the same rule."""
    said: list[str] = []
    session = Session(lambda text, _urn: said.append(text), environ={})
    for number in range(300):
        session.warn(f"inbound connector 'P {number}': efSkipIps[0]: 10.0.0.{number % 250} is private (rule ef)")
        session.warn(f"inbound connector 'P {number}': its mark still names the stack p/old, and is corrected")
        session.warn(f"inbound connector 'P {number}': its mail may be refused by another", kind="because of 'X'")
        session.warn(f"inbound connector 'P {number}': its mail may go past it", kind=f"because of 'Y {number % 2}'")
    assert len([text for text in said if "may be refused" in text]) == MOST_OF_A_KIND
    assert len([text for text in said if "may go past" in text]) == 2 * MOST_OF_A_KIND, "one connector hides another"
    assert any(text.startswith("256 warnings are left out so far (because of 'X')") for text in said)
    ruled = [text for text in said if "efSkipIps" in text]
    assert len(ruled) == MOST_OF_A_KIND + 9
    assert ruled[MOST_OF_A_KIND - 1].startswith("inbound connector 'P 19'")
    assert ruled[MOST_OF_A_KIND] == (
        "one more warning is left out (efSkipIps rule ef), the last about inbound connector 'P 20'. "
        "EXCHANGE_ONLINE_ALL_MESSAGES=true shows all."
    )
    assert ruled[-1].startswith("256 warnings are left out so far (efSkipIps rule ef)")
    assert len([text for text in said if "its mark" in text]) == 300, "what a write came to is said nowhere else"


def test_a_provider_says_all_of_it_where_all_is_wanted() -> None:
    """Failing, the sentence that names the variable leads nowhere."""
    said: list[str] = []
    session = Session(lambda text, _urn: said.append(text), environ={ALL_MESSAGES: "1"})
    for number in range(50):
        session.warn(f"inbound connector 'P {number}': efSkipIps: 10.0.0.{number} is private (rule ef)")
    assert len(said) == 50


def test_what_is_left_out_is_counted_for_each_kind_by_itself() -> None:
    """Failing, a second kind of violation is hidden behind the first one."""
    running = Running("violation", {})
    assert [bool(running.passed("x", "a", "A")) for _ in range(30)].count(True) == MOST_OF_A_KIND + 4
    assert running.passed("y", "b", "B") == "y"
    assert rule_of("nothing of a rule") == ""
