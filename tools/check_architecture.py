"""Do the import contracts of pyproject.toml hold? `--planted` shows that each can fail.

For that a copy of the sources gets, one after the other, an import that each contract forbids; the
check ends with 1 if a contract does not turn red on its own violation.
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
PLANTED = {
    "Services never import each other": ("functions/booking/core/planted.py", "import payment.core.model"),
    "Common imports no service": ("layers/common/python/common/planted.py", "import booking.core.model"),
    "What runs in Lambda imports neither CDK nor infra": ("functions/booking/core/planted.py", "import aws_cdk"),
    "Model and errors know neither AWS nor Powertools": ("functions/booking/core/model.py", "import boto3"),
    "The topology is data and imports no CDK": ("infra/vocabulary.py", "import aws_cdk"),
}


def lint(root: Path) -> tuple[bool, str]:
    """Whether all contracts hold for the sources under `root`, and what import-linter says."""
    path = os.pathsep.join(str(root / part) for part in PYTHONPATH)
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def turns_red(contract: str) -> bool:
    """Whether the contract, and no accident, breaks once its violation is planted."""
    file, statement = PLANTED[contract]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for source in SOURCES:
            copy(ROOT / source, root / source)
        target = root / file
        was = target.read_text() if target.exists() else ""
        target.write_text(f"{was}\n{statement}\n")
        holds, said = lint(root)
    return not holds and f"{contract} BROKEN" in said


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", action="store_true", help="show that each contract can fail")
    if parser.parse_args().planted:
        green = [contract for contract in PLANTED if not turns_red(contract)]
        sys.exit(f"stays green on its own violation: {', '.join(green)}" if green else 0)
    holds, said = lint(ROOT)
    print(said if not holds else "import contracts: kept")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
