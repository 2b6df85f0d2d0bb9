"""Which files are generated, and from what."""

from pathlib import Path

from tools.docs import bus, openapi, problems, schemas, states, topology
from tools.docs.read import ROOT

SITE = Path("functions/gateway/core/site")  # what the gateway serves of it


def generated() -> dict[Path, str]:
    """Every generated file's path in the repository and its content."""
    found = {
        Path("docs/topology.md"): topology.page(),
        Path("docs/topology.svg"): topology.drawing(),
        Path("docs/bus.md"): bus.page(),
        Path("docs/states.md"): states.page(),
        Path("docs/problems.md"): problems.page(),
        Path("docs/openapi.json"): openapi.text(),
        SITE / "openapi.json": openapi.text(),
        SITE / "problems.json": problems.explained(),
    }
    return found | {schemas.HOME / name: text for name, text in schemas.texts().items()}


def stale() -> list[Path]:
    """The files that are not what would be generated, those that nothing generates any more among them."""
    wanted = generated()
    left = {path.relative_to(ROOT) for path in (ROOT / schemas.HOME).glob("*.json")} - set(wanted)
    return sorted(left | {path for path, text in wanted.items() if _read(path) != text})


def write() -> list[Path]:
    """Bring all files up to date; a bus event that lost a field is an error, not a new snapshot."""
    schemas.refuse_losses(ROOT)
    changed = stale()
    for path, text in generated().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return changed


def _read(path: Path) -> str | None:
    whole = ROOT / path
    return whole.read_text(encoding="utf-8") if whole.exists() else None
