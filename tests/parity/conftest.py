"""The collection of reference cases that lies beside the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from sam2_core.evaluation.parity_folder import ParityFolder

COLLECTION = Path(__file__).parent / "collection"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per case for whoever asks for `case`."""
    if "case" in metafunc.fixturenames:
        cases = ParityFolder(COLLECTION).cases()
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.fixture
def collection() -> ParityFolder:
    """The folder of cases."""
    return ParityFolder(COLLECTION)
