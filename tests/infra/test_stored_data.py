"""Stored data is a contract: names of tables, keys, secrets and states change only with a migration."""

import json

from tests.infra.cloud_assembly import CloudAssembly
from tests.infra.stored_data import FILE, state_values, stored_data


def test_stored_data_matches_its_snapshot(prod: CloudAssembly) -> None:
    assert stored_data(prod) == json.loads(FILE.read_text()), "change stored data only with a migration"


def test_snapshot_covers_every_kind() -> None:
    snapshot = json.loads(FILE.read_text())

    assert len(snapshot["logical_ids"]) > 10
    assert len(snapshot["exports"]) > 10
    assert len(snapshot["tables"]) == 9
    assert len(snapshot["secrets"]) == 5
    assert "CONFIRMED" in state_values()["booking.LIFECYCLE"]["states"]
