"""Names are made safe once, for every file system."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.names import LONGEST, folded, safe_component


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("walk", "walk"),
        ("con", "con_"),
        ("Aux.tar.gz", "Aux_.tar.gz"),
        ("COM¹", "COM¹_"),
        ("CONIN$", "CONIN$_"),
        ("COM0", "COM0"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a/b\\c:d", "a_b_c_d"),
        ("-rf", "_rf"),
        ("~home", "_home"),
        (".hidden", "_hidden"),
        ("end. . ", "end"),
        ("two\nlines\x00", "two_lines_"),
        ("left\u202eright", "left_right"),
        ("e\u0301", "é"),
        ("ünï 木", "ünï 木"),
        ("undecodable \udcff", "undecodable _"),
    ],
)
def test_a_name_is_made_valid_and_stays_readable(text: str, name: str) -> None:
    assert safe_component(text) == name


def test_names_that_some_file_system_takes_for_one_are_told_apart() -> None:
    taken: set[str] = set()
    names = [safe_component(text, taken) for text in ("A", "a", "e\u0301", "é", "É", "straße", "STRASSE", "a_2")]
    assert names == ["A", "a_2", "é", "é_2", "É_3", "straße", "STRASSE_2", "a_2_2"]


def test_long_names_are_cut_between_letters_and_stay_different() -> None:
    first, second = safe_component("é" * 300), safe_component("é" * 301)
    assert first != second
    for name in (first, second):
        assert len(name.encode()) <= LONGEST
        assert name.startswith("é" * 40)


@given(st.lists(st.text(max_size=150), max_size=6))
def test_any_text_gives_a_name_that_holds_to_all_rules(texts: list[str]) -> None:
    taken: set[str] = set()
    names = [safe_component(text, taken) for text in texts]
    assert len({folded(name) for name in names}) == len(names)
    for name in names:
        assert name == unicodedata.normalize("NFC", name)
        assert 0 < len(name.encode("utf-8")) <= LONGEST + 4
        assert not set('<>:"/\\|?*\0\n') & set(name)
        assert name[0] not in "-~. " and name[-1] not in ". "
        assert safe_component(name) == name
