"""The structure of the services' cores: module sizes, import arrows, no circle."""

import ast
from collections import Counter
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT_ROOTS = (ROOT / "functions", ROOT / "layers/common/python", ROOT)
SOURCES = ("functions", "layers/common/python", "infra", "local", "tools")
SERVICES = sorted(path.parent.name for path in (ROOT / "functions").glob("*/core"))
MAX_LINES = 250
# Arrows from module to module, those from handlers to the core included.
MAX_ARROWS = {"payment": 80, "booking": 93}
SHARED = {"model", "errors", "schemas", "repository"}
MODELS = {"reconcile": {"snapshot"}}  # the tables as read: what reconcile has for a model

Graph = Mapping[str, set[str]]


def module_name(path: Path) -> str:
    root = next(root for root in IMPORT_ROOTS if path.is_relative_to(root))
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, known: set[str]) -> set[str]:
    """The modules of ours that the file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}
            found |= {node.module} if names - known else set()
    return (found & known) - {module_name(path)}


def import_graph(paths: list[Path]) -> Graph:
    known = {module_name(path) for path in paths}
    return {module_name(path): imports(path, known) for path in paths}


def circle(graph: Graph) -> list[str]:
    """The modules of one circle, or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def service_graph(service: str) -> tuple[Graph, set[str]]:
    """Imports from a service's modules, and the names of its core modules."""
    paths = [path for path in (ROOT / "functions" / service).rglob("*.py") if path.name != "__init__.py"]
    core = {module_name(path) for path in paths if f"{service}.core." in module_name(path)}
    graph = import_graph(paths)
    return {name: targets & core for name, targets in graph.items()}, core


def test_no_import_circle() -> None:
    paths = [path for source in SOURCES for path in (ROOT / source).rglob("*.py") if path.stat().st_size]
    graph = import_graph(paths)

    assert len(graph) > 400
    assert circle(graph) == []


def test_circle_is_found() -> None:
    assert sorted(set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}))) == ["a", "b", "c"]


@pytest.mark.parametrize("source", SOURCES)
def test_modules_are_short(source: str) -> None:
    paths = list((ROOT / source).rglob("*.py"))

    assert len(paths) > 15
    assert {path.name: lines for path in paths if (lines := len(path.read_text().splitlines())) > MAX_LINES} == {}


@pytest.mark.parametrize("service", MAX_ARROWS)
def test_core_has_few_import_arrows(service: str) -> None:
    graph, core = service_graph(service)

    assert len(core) > 10
    assert sum(map(len, graph.values())) <= MAX_ARROWS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_no_module_is_imported_by_half_of_its_core(service: str) -> None:
    graph, core = service_graph(service)
    importers = Counter(target for name in core for target in graph[name])

    popular = {name.rpartition(".")[2] for name, count in importers.items() if count > len(core) / 2}
    assert popular <= SHARED | MODELS.get(service, set())


@pytest.mark.parametrize("service", SERVICES)
def test_core_index_names_every_module(service: str) -> None:
    core = ROOT / "functions" / service / "core"
    index = ast.get_docstring(ast.parse((core / "__init__.py").read_text())) or ""
    modules = {path.stem for path in core.iterdir() if path.suffix == ".py" and path.stem != "__init__"}
    packages = {path.parent.name for path in core.glob("*/__init__.py")}

    listed = {line.split(":")[0].split(".")[0].strip() for line in index.splitlines() if ":" in line}
    assert modules | packages <= listed
