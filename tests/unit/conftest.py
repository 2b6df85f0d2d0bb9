"""Every function is told who may call it; without a word on it, a unit test's is anybody's."""

import pytest


@pytest.fixture(autouse=True)
def anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "anyone")
