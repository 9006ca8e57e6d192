"""How many messages of one kind are printed: hundreds of the same bury the one that matters.

A message is of a kind with those that differ from it only in what they are about: names, domains, numbers, places. What
is left out is counted, and said. Pure; used by the program, the providers and the policies alike.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: The variable that has every message printed, however many there are.
ALL_MESSAGES = "EXCHANGE_ONLINE_ALL_MESSAGES"

#: Messages of one kind that are printed, and of all kinds together.
MOST_OF_A_KIND, MOST = 20, 100

#: How many of those that are left out are named.
_NAMED = 3

#: Which rule says it: the last words of what the check of a connector says.
_RULE = re.compile(r"\((?P<rule>rule [\w-]+)\)\.?$")
#: What a sentence quotes, and what it puts into brackets.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\([^()]*\)")
#: Words that are no words: domains, addresses, numbers, paths.
_VALUE = re.compile(r"[^\s…]*(?:\d|[^\s….][.@*_/\\][^\s…])[^\s…]*|\*")
#: However many stand in a row.
_LIST = re.compile(r"…[…,;:.]*(?:(?: and| or)? …[…,;:.]*)+(?: more)?")
_PROPERTY = re.compile(r"(?:^|[ .])(?P<property>[a-z]\w*)(?:\[\d+\])?: ")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        place: what it is about: a path in the stack file, or a connector's name.
        text: what is printed, the place in front.
        about: what is wrong there, by which its kind is known; nobody sees it.
    """

    place: str
    text: str
    about: str

    @property
    def kind(self) -> str:
        where = _QUOTED.sub("…", _INDEX.sub("[]", self.place))
        return f"{where}: {kind_of(self.about)}"


def kind_of(text: str) -> str:
    """The same for messages that differ in what they are about: property and rule, or else the words they share."""
    return rule_of(text) or _LIST.sub("…", _VALUE.sub("…", _QUOTED.sub("…", text)))


def rule_of(text: str) -> str:
    """Property and rule of what a rule says, `efSkipIps rule ef`; empty for any other message."""
    rule = _RULE.search(text)
    if not rule:
        return ""
    found = _PROPERTY.search(_QUOTED.sub("…", text))
    return f"{found['property']} {rule['rule']}" if found else rule["rule"]


def all_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the user has asked for every message."""
    return environ.get(ALL_MESSAGES, "").strip().lower() not in ("", "0", "false", "no")


def bounded(messages: Iterable[Message], fine: int = 0, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The texts that are printed, in their order, then for each kind how many of it are not, and which.

    Args:
        messages: all of them.
        fine: so many in all are printed whatever their kinds.
    """
    messages = tuple(messages)
    if len(messages) <= fine or all_wanted(environ):
        return tuple(message.text for message in messages)
    shown: list[str] = []
    first: dict[str, Message] = {}
    left: dict[str, list[Message]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for message in messages:
        kind = message.kind
        counts[kind] += 1
        if counts[kind] > MOST_OF_A_KIND or len(shown) >= MOST:
            # Kinds of which none was printed are told together.
            left[kind if kind in first else ""].append(message)
            continue
        first.setdefault(kind, message)
        shown.append(message.text)
    rest = [_left_out(found, first.get(kind)) for kind, found in left.items()]
    return (*shown, *rest)


def _left_out(messages: Sequence[Message], like: Message | None) -> str:
    count = len(messages)
    what = f"{count} more like that about {like.place}" if like else f"{count} more of other kinds"
    return f"{what}: {named([message.place for message in messages])}. {ALL_MESSAGES}=true shows all."


def named(places: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    places = tuple(dict.fromkeys(places))
    more = len(places) - _NAMED
    return f"{', '.join(places[:_NAMED])} and {more} more" if more > 0 else ", ".join(places)


class Running:
    """Bounds messages that come one by one, where nobody knows which is the last. Thread-safe.

    Of a kind the first `MOST_OF_A_KIND` are passed on; from then on it says how many were left out so far, each time
    that their number has doubled.

    Args:
        what: what the messages are, one word for one of them.
    """

    def __init__(self, what: str, environ: Mapping[str, str] = os.environ) -> None:
        self._what = what
        self._all = all_wanted(environ)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def passed(self, text: str, kind: str, subject: str) -> str:
        """What is printed in place of a message: itself, a count, or nothing.

        Args:
            kind: its kind; of no kind, the empty one, nothing is left out.
            subject: what it is about.
        """
        if self._all or not kind:
            return text
        with self._lock:
            self._counts[kind] += 1
            over = self._counts[kind] - MOST_OF_A_KIND
        if over <= 0:
            return text
        if over & (over - 1):
            return ""
        many = f"{over} {self._what}s are left out so far" if over > 1 else f"one more {self._what} is left out"
        return f"{many} ({kind}), the last about {subject}. {ALL_MESSAGES}=true shows all."
