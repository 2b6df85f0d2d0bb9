"""`make environment` repairs an environment whose installation was interrupted."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_environment_without_pip_is_created_again(tmp_path: Path) -> None:
    environment, lock = tmp_path / "venv", tmp_path / "lock.txt"
    lock.write_text("# without packages: the installation fails after the environment was created ==\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)

    result = subprocess.run(
        [ROOT / "local/bootstrap.sh", "environment", environment, lock],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    has_pip = subprocess.run([environment / "bin/python", "-m", "pip", "--version"], capture_output=True, check=False)
    assert has_pip.returncode == 0, result.stderr
