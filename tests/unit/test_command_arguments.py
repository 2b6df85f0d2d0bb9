"""The arguments of `make simulate` and `make mutants` are validated first."""

from pathlib import Path

import pytest

from tests import mutants
from tests.simulation import __main__ as simulation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["0"], "SEEDS is the number of schedules, at least 1."),
        (["abc"], "abc is not a non-negative integer."),
        (["-1"], "-1 is not a non-negative integer."),
        (["1.5"], "1.5 is not a non-negative integer."),
        (["2", "x"], "x is not a non-negative integer."),
        (["\u0663"], "\u0663 is not a non-negative integer."),
    ],
)
def test_invalid_simulation_argument_is_reported(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", *arguments])

    assert simulation.main() == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_simulation_defaults_match_the_makefile() -> None:
    assert simulation.parse_arguments([]) == (1000, 1, 0)
    assert simulation.parse_arguments(["5", "7"]) == (5, 7, 0)


@pytest.mark.parametrize("name", mutants.CORES)
def test_mutation_patterns_match_files(name: str) -> None:
    core = mutants.CORES[name]

    modules = mutants.matching_files(mutants.IMPORT_ROOTS, core.mutated)
    tests = mutants.matching_files((mutants.ROOT / "tests",), core.tests)

    assert len(modules) >= 3
    assert len(tests) >= 4
    assert all(Path(one).name.startswith("test_") for one in tests)


def test_pattern_without_files_is_rejected() -> None:
    with pytest.raises(LookupError, match=r"no file matches unit/test_nothing\.py"):
        mutants.matching_files((mutants.ROOT / "tests",), ["unit/test_nothing.py"])


def test_unknown_core_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["common", "bokking"]) == 2
    assert capsys.readouterr().err == "There is no core bokking; there are common, booking, payment, ticket.\n"
