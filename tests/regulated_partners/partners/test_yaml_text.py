"""YAML as the engine reads it: what is refused, and that it does not matter which parser there is."""

from __future__ import annotations

import pytest
import yaml

from regulated_partners.partners import yaml_text
from regulated_partners.partners.yaml_scalars import Moment, as_written, go_moment, handed_on
from regulated_partners.partners.yaml_text import load, why_not
from tests.engine.test_yaml_scalars import WRITTEN

ALL = "".join(f"- {text}\n" for text in WRITTEN)

#: A text, and what is said of it; the engine refuses each.
REFUSED = [
    ('- "\\ud83c\\udfe6"', "in line 1: \\ud83c is half of a character"),
    ("&a [*a]", "in line 1: an anchor stands inside its own value"),
    ("{a: 1, a: 2}", "in line 1: the key 'a' stands here a second time"),
    ("{0x1F: 1, 31: 2}", "in line 1: the key '31' stands here a second time"),
    ("a: 1\n---\na: 2", "in line 2: but found another document"),
    ("- !!float 5x", "in line 1: '5x' is not what the tag !!float in front of it says"),
    ("\ta: 1", "in line 1: found character '\\t' that cannot start any token"),
    ("a: \a", "unacceptable character #x0007"),
    ("{[1]: 2}", "in line 1: a list or a mapping is no key"),
]


def test_both_parsers_make_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: a machine whose PyYAML has no libyaml reads the partners differently."""
    fast = load(ALL)
    monkeypatch.setattr(yaml_text, "_FAST", None)
    assert repr(load(ALL)) == repr(fast)
    assert list(map(str, load(ALL))) == list(map(str, fast))


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_the_engine_refuses_is_a_sentence(text: str, words: str) -> None:
    """Failing: a file of shared partners holds what no stack file can, and it ends in a traceback later."""
    with pytest.raises(yaml.YAMLError) as refused:
        load(text)
    assert words in why_not(refused.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2024-01-31 00:00:00 +0000 UTC", "2024-01-31"),
        ("2024-01-31 10:20:30.5 +0000 UTC", "2024-01-31 10:20:30.5 +0000 UTC"),
        ("2024-01-31 10:20:30 +0200 +0200", "2024-01-31 10:20:30 +0200 +0200"),
        ("2024-01-31 10:20:30 +0200 CEST", "2024-01-31 10:20:30 +0200 CEST"),
        ("2024-01-31 10:20:30 -0300 -03", "2024-01-31 10:20:30 -0300 -03"),
        ("0000-01-01 00:00:00 +0000 UTC", "0000-01-01 00:00:00 +0000 UTC"),
    ],
)
def test_the_engines_text_for_a_moment_is_known(text: str, written: str) -> None:
    """Failing: where the stack file cannot be seen, the tenant's comment is a text that nobody wrote (A41b)."""
    moment = go_moment(text)
    assert moment is not None
    assert str(moment) == written
    assert handed_on({"a": [text, "SEC-1 of 2024-01-31"]}) == {"a": [moment, "SEC-1 of 2024-01-31"]}


def test_the_engine_counts_where_the_file_says_something_else() -> None:
    """Failing: what stands in a file that is not used gets into the tenant, or a secret is read from its cipher."""
    file = load("{a: [{n: 0x1F, d: 2024-01-31}], b: [1], c: [{secure: v1}], d: 017, e: yes, f: ~, g: 1.10}")
    engine = {
        "a": '[{"d":"2024-01-31 00:00:00 +0000 UTC","n":31}]',
        "b": "[2]",
        "c": '["s"]',
        "d": "15",
        "e": "yes",
        "f": "",
        "g": "1.1",
        "h": "only there",
    }
    read = as_written(engine, file)
    assert [str(read["a"][0]["n"]), read["a"][0]["d"].written] == ["0x1F", "2024-01-31"]  # type: ignore[index]
    assert (read["b"], read["c"], read["h"]) == ("[2]", '["s"]', "only there")
    assert (str(read["d"]), read["e"], read["f"], str(read["g"])) == ("017", "yes", None, "1.10")
    assert isinstance(load("2024-01-31"), Moment)
