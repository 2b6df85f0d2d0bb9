"""No top-level package of ours has the name of a standard-library module: on `sys.path` it would replace it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT_ROOTS = ("functions", "layers/common/python", ".")
FOLDERS_WITHOUT_CODE = {"docs", "requirements", "node_modules", "build", "generated", "layers"}


def packages(root: Path) -> set[str]:
    """Names that `import` finds in the import roots below `root`."""
    entries = [entry for path in IMPORT_ROOTS for entry in (root / path).iterdir() if not entry.name.startswith(".")]
    names = {entry.stem for entry in entries if entry.suffix == ".py"}
    return names | {entry.name for entry in entries if entry.is_dir() and entry.name not in FOLDERS_WITHOUT_CODE}


def test_no_package_shadows_the_standard_library() -> None:
    found = packages(ROOT)

    assert {"booking", "common", "infra", "app"} <= found
    assert found & sys.stdlib_module_names == set()


def test_package_named_like_a_standard_module_is_found(tmp_path: Path) -> None:
    for path in IMPORT_ROOTS:
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
    (tmp_path / "functions" / "platform").mkdir()

    assert packages(tmp_path) & sys.stdlib_module_names == {"platform"}
