"""The lock files are valid, and the check can fail."""

import pytest

from tools.check_locks import REQUIREMENTS, find_problems

HASH = "    --hash=sha256:00\n"


def test_lock_files_are_hashed_and_consistent() -> None:
    environment, layer = ((REQUIREMENTS / name).read_text() for name in ("all.txt", "runtime.txt"))

    assert find_problems(environment, layer) == []


@pytest.mark.parametrize(
    ("environment", "layer"),
    [
        (f"a==1 \\\n{HASH}", f"a==2 \\\n{HASH}"),
        (f"a==1 \\\n{HASH}", f"b==1 \\\n{HASH}"),
        ("a==1\n", ""),
        (f"--index-url https://pypi.example/simple\na==1 \\\n{HASH}", ""),
        (f"a @ file:///wheels/a.whl \\\n{HASH}", ""),
    ],
)
def test_inconsistent_or_unhashed_lock_is_rejected(environment: str, layer: str) -> None:
    assert find_problems(environment, layer)
