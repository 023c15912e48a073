"""The table of promises in tests/end_to_end/README.md: no row is missing, and every test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
TABLE = (TESTS / "end_to_end" / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (1\.\d+\.\d+) \|(.*)\|$", TABLE, re.MULTILINE))
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)))
MUST = {
    "1.1": {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14},
    "1.2": {*range(1, 16), 18, 22},
    "1.3": {*range(1, 8), 9, 12, 13, 16, 17, 19},
    "1.5": {1, 2, 3, 4, *range(6, 13), 14},
    "1.6": {*range(1, 11)},
    "1.11": {*range(1, 13), 14},
}
"""Rows of the feature table that 1.0 has, or is the first to have, by chapter."""


@pytest.mark.parametrize("chapter", MUST)
def test_every_promise_has_its_row(chapter: str) -> None:
    held = {int(row.rpartition(".")[2]) for row in ROWS if row.rpartition(".")[0] == chapter}
    assert MUST[chapter] <= held


def test_every_row_names_what_proves_it_or_says_why_it_is_not_there() -> None:
    for row, text in ROWS.items():
        what, where, proof = (cell.strip() for cell in text.split(" | "))
        assert what and where, row
        assert re.search(r"`[\w/]+\.py::\w+`", proof) or proof.startswith("not built: "), row


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}::{name}" for file, name in NAMED])
def test_what_is_named_as_a_proof_exists(file: str, name: str) -> None:
    source = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^\s*def {name}\(", source, re.MULTILINE)
