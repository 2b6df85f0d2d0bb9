"""Every row names exactly the layers whose packages its handler imports, directly or indirectly."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra.topology import ROWS
from infra.topology.layers import PACKAGES, SDK_SERVICES
from infra.topology_types import FunctionSpec, Layer
from tests.infra.cloud_assembly import ROOT

ROOTS = (ROOT / "functions", ROOT / "layers/common/python")
MAX_LAYERS = 4  # Lambda allows five; the common layer is the fifth
LAYER_OF = {name: layer for layer, names in PACKAGES.items() for name in names}


@cache
def source(module: str) -> Path | None:
    """The source file of a first-party module."""
    candidates = [root / f"{module.replace('.', '/')}{suffix}" for root in ROOTS for suffix in (".py", "/__init__.py")]
    return next((path for path in candidates if path.exists()), None)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def third_party(module: str, seen: set[str]) -> set[str]:
    """The third-party packages that the module imports, directly or through first-party modules."""
    path = source(module)
    if module in seen or path is None:
        return set()
    seen.add(module)
    names = set(imported(ast.parse(path.read_text())))
    ours = {name for name in names if source(name)}
    foreign = {name.partition(".")[0] for name in names - ours} - sys.stdlib_module_names
    foreign -= {name for name in foreign if any((root / name).is_dir() for root in ROOTS)}
    return foreign.union(*(third_party(name, seen) for name in ours))


def layers_needed(row: FunctionSpec) -> set[Layer]:
    distributions = packages_distributions()
    packages = {distributions[name][0].lower().replace("_", "-") for name in third_party(row.module, set())}
    return {Layer.CORE} | {LAYER_OF[package] for package in packages}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.function)
def test_row_names_exactly_the_layers_it_imports(row: FunctionSpec) -> None:
    assert set(row.layers) == layers_needed(row)
    assert len(row.layers) == len(set(row.layers)) <= MAX_LAYERS


def test_lazy_and_indirect_imports_are_found() -> None:
    assert "stripe" in third_party("payment.http.start_payment", set())
    assert "stripe" not in third_party("booking.http.create_booking", set())


def test_hot_path_has_the_core_layer_only() -> None:
    layers = {row.function: row.layers for row in ROWS}

    assert layers["booking.create_booking"] == layers["cdc.publish_outbox"] == (Layer.CORE,)


def test_every_sdk_client_is_described_in_the_core_layer() -> None:
    calls = [
        node
        for root in ROOTS
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("client") and node.args
    ]
    services = {one.args[0].value for one in calls if isinstance(one.args[0], ast.Constant)}

    assert len(services) > 5
    assert services <= set(SDK_SERVICES)
