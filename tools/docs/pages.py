"""The generated files and their generators."""

from pathlib import Path

from tools.docs import bus, openapi, problems, schemas, states, topology
from tools.docs.introspection import ROOT

SITE = Path("functions/gateway/core/site")  # files that the gateway serves


def generated() -> dict[Path, str]:
    """The content of every generated file by its path in the repository."""
    pages = {
        Path("docs/topology.md"): topology.page(),
        Path("docs/topology.svg"): topology.render_svg(),
        Path("docs/bus.md"): bus.page(),
        Path("docs/states.md"): states.page(),
        Path("docs/problems.md"): problems.page(),
        Path("docs/openapi.json"): openapi.text(),
        SITE / "openapi.json": openapi.text(),
        SITE / "problems.json": problems.explanations_json(),
    }
    return pages | {schemas.HOME / name: text for name, text in schemas.texts().items()}


def stale() -> list[Path]:
    """The files that differ from what would be generated, including orphaned schemas."""
    expected = generated()
    orphaned = {path.relative_to(ROOT) for path in (ROOT / schemas.HOME).glob("*.json")} - set(expected)
    return sorted(orphaned | {path for path, text in expected.items() if _read(path) != text})


def write() -> list[Path]:
    """Write all files and return those that changed. Raises ValueError for a breaking change of a bus event."""
    schemas.reject_breaking_changes(ROOT)
    changed = stale()
    for path, text in generated().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return changed


def _read(path: Path) -> str | None:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else None
