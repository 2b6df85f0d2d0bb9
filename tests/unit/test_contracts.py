"""The import contracts hold, and each turns red on the violation that it is there for."""

import pytest

from tools.check_architecture import PLANTED, ROOT, lint, turns_red


def test_the_sources_keep_every_contract() -> None:
    holds, said = lint(ROOT)

    assert holds, said


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_turns_its_contract_red(contract: str) -> None:
    assert turns_red(contract)
