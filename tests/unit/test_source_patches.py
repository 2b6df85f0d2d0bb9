"""A negative control's patch applies exactly once and leaves a module that runs."""

import pytest

from tests.support.faults.source_patches import SourcePatch, patched_sources

CLOCK = "layers/common/clock.py"
ANCHOR = "from datetime import"


def test_patched_copy_contains_the_change() -> None:
    with patched_sources(SourcePatch(CLOCK, ANCHOR, "import os\nfrom datetime import")) as roots:
        assert len(roots) == 2


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("no such line", "", "has 0 times"),
        (ANCHOR, f"raise NoSuchName\n{ANCHOR}", "NoSuchName"),
        (ANCHOR, "from datetime", "SyntaxError|invalid-syntax"),
    ],
    ids=["nothing to replace", "undefined name", "no Python"],
)
def test_patch_that_proves_nothing_is_rejected(old: str, new: str, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason), patched_sources(SourcePatch(CLOCK, old, new)):
        pass
