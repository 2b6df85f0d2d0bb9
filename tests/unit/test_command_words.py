"""What `make simulate` and `make mutants` are given is looked at before anything is begun."""

import pytest

from tests import mutants
from tests.simulation import __main__ as simulation


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0"], "SEEDS is how many schedules are played, at least one."),
        (["abc"], "abc is not a whole number from 0 on."),
        (["-1"], "-1 is not a whole number from 0 on."),
        (["1.5"], "1.5 is not a whole number from 0 on."),
        (["2", "x"], "x is not a whole number from 0 on."),
        (["\u0663"], "\u0663 is not a whole number from 0 on."),
    ],
)
def test_what_is_no_number_of_schedules_is_named(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", *words])

    assert simulation.main() == 2
    assert capsys.readouterr().err == f"{said}\n"


def test_what_is_not_said_is_as_the_makefile_says() -> None:
    assert simulation.asked([]) == (1000, 1, 0)
    assert simulation.asked(["5", "7"]) == (5, 7, 0)


def test_a_core_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["common", "bokking"]) == 2
    assert capsys.readouterr().err == "There is no core bokking; there are common, booking, payment, ticket.\n"
