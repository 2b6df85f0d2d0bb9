"""Importing a function costs nothing but its own needs: no environment, no region, no heavy library by accident."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.topology import ROWS

ROOT = Path(__file__).parents[2]
HEAVY_LIBRARIES = ("argon2", "cryptography", "icalendar", "segno", "stripe")

# Each module is imported in a child of its own, which knows nothing of what the others imported.
PROBE = """
import importlib, json, os, sys
import common.api, common.rpc.invocation, common.consumer
for name in sys.argv[2:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        said = {"name": name, "error": None}
        try:
            importlib.import_module(name)
        except Exception as error:
            said["error"] = repr(error)
        said["heavy"] = [one for one in sys.argv[1].split(",") if one in sys.modules]
        print(json.dumps(said), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def probe(modules: list[str], *roots: Path) -> dict[str, dict[str, Any]]:
    """What importing each module did, in a process that has no environment."""
    paths = ":".join(map(str, (*roots, ROOT / "functions", ROOT / "layers/common/python")))
    environment = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROBE, ",".join(HEAVY_LIBRARIES), *modules]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return {report["name"]: report for report in map(json.loads, result.stdout.splitlines())}


MODULES = {row.function: row.module for row in ROWS}


@cache
def import_results() -> dict[str, dict[str, Any]]:
    found = probe(list(MODULES.values()))
    return {function: found[module] for function, module in MODULES.items()}


def test_import_probe_covers_every_function() -> None:
    assert {"booking.create_booking", "cdc.publish_outbox"} <= set(import_results())
    assert len(import_results()) == len(ROWS)


@pytest.mark.parametrize("function", MODULES)
def test_function_imports_without_environment_region_or_credentials(function: str) -> None:
    assert import_results()[function]["error"] is None


ALLOWED_IMPORTERS = {
    "argon2": {"auth.register", "auth.login", "auth.ensure_admin", "auth.change_password", "auth.reset_password"},
    "cryptography": {"auth", "ticket"},
    "icalendar": {"ticket.render_tickets", "ticket.get_calendar"},
    "segno": {"ticket.render_tickets", "ticket.get_qr", "ticket.get_pdf"},
    "stripe": {"payment"},
}


@pytest.mark.parametrize("function", MODULES)
def test_function_imports_only_needed_heavy_libraries(function: str) -> None:
    service = function.split(".", maxsplit=1)[0]

    assert [
        one for one in import_results()[function]["heavy"] if not {function, service} & ALLOWED_IMPORTERS[one]
    ] == []


ORDER_PATH = (
    "booking.create_booking",
    "cdc.publish_outbox",
    "payment.on_booking_ordered",
    "booking.on_payment_succeeded",
)


@pytest.mark.parametrize("function", ORDER_PATH)
def test_order_path_imports_no_heavy_library(function: str) -> None:
    assert import_results()[function]["heavy"] == []


IMPURE_MODULES = {
    "environment": "import os\nNAME = os.environ['TABLE_BOOKINGS']",
    "region": "import boto3\nDYNAMODB = boto3.client('dynamodb')",
    "secret": "from common import env\nKEY = env.secret('cursor')",
}


@pytest.mark.parametrize("name", IMPURE_MODULES)
def test_module_needing_an_environment_is_detected(tmp_path: Path, name: str) -> None:
    """The control."""
    (tmp_path / "culprit.py").write_text(IMPURE_MODULES[name])

    assert probe(["culprit"], tmp_path)["culprit"]["error"] is not None


def test_heavy_import_is_detected(tmp_path: Path) -> None:
    """The control."""
    (tmp_path / "culprit.py").write_text("import cryptography")
    (tmp_path / "innocent.py").write_text("import json")

    results = probe(["culprit", "innocent"], tmp_path)

    assert [results[one]["heavy"] for one in ("culprit", "innocent")] == [["cryptography"], []]
