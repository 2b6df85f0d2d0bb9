"""Importing a function costs nothing but its own needs: no environment, no region, no heavy library by accident."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("argon2", "cryptography", "icalendar", "segno", "stripe")

# Each module is imported in a child of its own, which knows nothing of what the others imported.
PROBE = """
import importlib, json, os, sys
import common.api, common.call, common.consumer
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
    command = [sys.executable, "-c", PROBE, ",".join(HEAVY), *modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return {said["name"]: said for said in map(json.loads, done.stdout.splitlines())}


def entry_files() -> list[str]:
    files = sorted((ROOT / "functions").glob("*/*.py"))
    return [f"{file.parent.name}.{file.stem}" for file in files if file.name != "__init__.py"]


@cache
def imported() -> dict[str, dict[str, Any]]:
    return probe(entry_files())


def test_there_are_functions_to_look_at() -> None:
    assert {"booking.create_booking", "cdc.publish_outbox"} <= set(imported())
    assert len(imported()) == len(entry_files())


@pytest.mark.parametrize("function", entry_files())
def test_a_function_is_imported_without_environment_region_or_credentials(function: str) -> None:
    assert imported()[function]["error"] is None


NEEDED = {
    "argon2": {"auth.register", "auth.login", "auth.ensure_admin", "auth.change_password", "auth.reset_password"},
    "cryptography": {"auth", "ticket"},
    "icalendar": {"ticket.render_tickets", "ticket.get_calendar"},
    "segno": {"ticket.render_tickets", "ticket.get_qr", "ticket.get_pdf"},
    "stripe": {"payment"},
}


@pytest.mark.parametrize("function", entry_files())
def test_a_function_imports_a_heavy_library_only_where_it_needs_it(function: str) -> None:
    service = function.split(".", maxsplit=1)[0]

    assert [one for one in imported()[function]["heavy"] if not {function, service} & NEEDED[one]] == []


WAY = ("booking.create_booking", "cdc.publish_outbox", "payment.on_booking_ordered", "booking.on_payment_succeeded")


@pytest.mark.parametrize("function", WAY)
def test_the_way_of_an_order_imports_none(function: str) -> None:
    assert imported()[function]["heavy"] == []


CULPRITS = {
    "environment": "import os\nNAME = os.environ['TABLE_BOOKINGS']",
    "region": "import boto3\nDYNAMODB = boto3.client('dynamodb')",
    "secret": "from common import env\nKEY = env.secret('cursor')",
}


@pytest.mark.parametrize("name", CULPRITS)
def test_a_module_that_needs_an_environment_is_found(tmp_path: Path, name: str) -> None:
    """The control."""
    (tmp_path / "culprit.py").write_text(CULPRITS[name])

    assert probe(["culprit"], tmp_path)["culprit"]["error"] is not None


def test_a_heavy_import_is_found(tmp_path: Path) -> None:
    """The control."""
    (tmp_path / "culprit.py").write_text("import cryptography")
    (tmp_path / "innocent.py").write_text("import json")

    found = probe(["culprit", "innocent"], tmp_path)

    assert [found[one]["heavy"] for one in ("culprit", "innocent")] == [["cryptography"], []]
