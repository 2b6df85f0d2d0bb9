"""The import contracts hold, and each turns red on the violation that it is there for."""

import pytest

from tools.check_architecture import ROOT, VIOLATIONS, breaks_when_violated, lint


def test_sources_keep_every_import_contract() -> None:
    holds, output = lint(ROOT)

    assert holds, output


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_planted_violation_breaks_its_contract(contract: str) -> None:
    assert breaks_when_violated(contract)
