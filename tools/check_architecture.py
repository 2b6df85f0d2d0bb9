"""Check the import contracts of pyproject.toml; `--planted` proves that each can fail.

The proof adds an import that a contract forbids to a copy of the sources; it exits with 1 if the contract holds
all the same.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONPATH = (".", "functions", "layers/common/python")
SOURCES = ("pyproject.toml", "infra", "functions", "layers")
VIOLATIONS = {
    "Services never import each other": ("functions/booking/core/planted.py", "import payment.core.model"),
    "Common imports no service": ("layers/common/python/common/planted.py", "import booking.core.model"),
    "What runs in Lambda imports neither CDK nor infra": ("functions/booking/core/planted.py", "import aws_cdk"),
    "Model and errors know neither AWS nor Powertools": ("functions/booking/core/model.py", "import boto3"),
    "The topology is data and imports no CDK": ("infra/topology_types.py", "import aws_cdk"),
}


def lint(root: Path) -> tuple[bool, str]:
    """Whether all contracts hold for the sources under `root`, and import-linter's output."""
    path = os.pathsep.join(str(root / part) for part in PYTHONPATH)
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode == 0, result.stdout + result.stderr


def breaks_when_violated(contract: str) -> bool:
    """Whether exactly this contract breaks once its violation is planted."""
    file, statement = VIOLATIONS[contract]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for source in SOURCES:
            copy(ROOT / source, root / source)
        target = root / file
        original = target.read_text() if target.exists() else ""
        target.write_text(f"{original}\n{statement}\n")
        holds, output = lint(root)
    return not holds and f"{contract} BROKEN" in output


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", action="store_true", help="prove that each contract can fail")
    if parser.parse_args().planted:
        unbroken = [contract for contract in VIOLATIONS if not breaks_when_violated(contract)]
        sys.exit(f"stays green on its own violation: {', '.join(unbroken)}" if unbroken else 0)
    holds, output = lint(ROOT)
    print(output if not holds else "import contracts: kept")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
