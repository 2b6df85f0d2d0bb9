"""Arguments of the operators' commands are validated before any call to a system."""

import pytest
from botocore.exceptions import EndpointConnectionError, NoRegionError
from typer.testing import CliRunner

from tools.ticketing import __main__ as command

BOOKING = "7f4c522e-e592-5ee3-b0f3-a657bdc9d698"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace", ""], "'' is not the id of a booking"),
        (["trace", "x y"], "'x y' is not the id of a booking"),
        (["replay", "a" * 3000], "is not the id of a booking"),
        (["replay", "\udcff"], "is not the id of a booking"),
        (["trace", BOOKING, "--stage", ""], "'' cannot be the name of a stage"),
        (["dlq", "--stage", "a b"], "'a b' cannot be the name of a stage"),
        (["dlq", "--limit", "0"], "0 is not in the range"),
        (["reconcile", "--grace", "-1"], "-1 is not in the range"),
        (["reconcile", "--grace", "999999999999999999"], "is not in the range"),
    ],
)
def test_invalid_argument_is_reported(arguments: list[str], message: str) -> None:
    result = CliRunner(env={"COLUMNS": "4000"}).invoke(command.app, arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.parametrize("reason", [NoRegionError(), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")])
def test_unreachable_account_is_one_sentence(
    reason: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> None:
        raise reason

    monkeypatch.setattr(command, "Deployment", fail)
    monkeypatch.setattr("sys.argv", ["ticketing", "dlq"])

    with pytest.raises(SystemExit) as ended:
        command.main()

    result = capsys.readouterr().err
    assert ended.value.code == 1
    assert result.startswith("AWS or its emulator cannot be reached: ")
    assert len(result.splitlines()) == 1
