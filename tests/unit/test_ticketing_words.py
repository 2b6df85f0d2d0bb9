"""What is asked for on the operators' command line is looked at before anything is asked of a system."""

import pytest
from botocore.exceptions import EndpointConnectionError, NoRegionError
from typer.testing import CliRunner

from tools.ticketing import __main__ as command

BOOKING = "7f4c522e-e592-5ee3-b0f3-a657bdc9d698"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trace", ""], "'' is not the id of a booking"),
        (["trace", "x y"], "'x y' is not the id of a booking"),
        (["replay", "a" * 3000], "is not the id of a booking"),
        (["replay", "\udcff"], "is not the id of a booking"),
        (["trace", BOOKING, "--stage", ""], "'' cannot be the name of a stage"),
        (["dlq", "--stage", "a b"], "'a b' cannot be the name of a stage"),
        (["dlq", "--most", "0"], "0 is not in the range"),
        (["reconcile", "--grace", "-1"], "-1 is not in the range"),
        (["reconcile", "--grace", "999999999999999999"], "is not in the range"),
    ],
)
def test_a_word_that_cannot_be_meant_is_named(arguments: list[str], said: str) -> None:
    told = CliRunner(env={"COLUMNS": "4000"}).invoke(command.app, arguments)

    assert told.exit_code == 2
    assert said in " ".join(told.output.split())


@pytest.mark.parametrize("reason", [NoRegionError(), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")])
def test_an_account_that_does_not_answer_is_one_sentence_too(
    reason: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(_: str) -> None:
        raise reason

    monkeypatch.setattr(command, "Deployment", asked)
    monkeypatch.setattr("sys.argv", ["ticketing", "dlq"])

    with pytest.raises(SystemExit) as ended:
        command.main()

    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith("AWS, or the emulator in its place, cannot be asked: ")
    assert len(told.splitlines()) == 1
