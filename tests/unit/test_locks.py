"""The lock files' check, and that it can fail."""

import pytest

from tools.check_locks import REQUIREMENTS, faults

HASH = "    --hash=sha256:00\n"


def test_our_locks_are_hashed_name_no_host_and_agree() -> None:
    environment, layer = ((REQUIREMENTS / name).read_text() for name in ("all.txt", "runtime.txt"))

    assert faults(environment, layer) == []


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
def test_a_lock_that_disagrees_lacks_hashes_or_names_a_place_is_refused(environment: str, layer: str) -> None:
    assert faults(environment, layer)
