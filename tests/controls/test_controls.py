"""Each guard is needed: without it in a copy of the sources, its tests fail (`make prove`).

The modules beside this one list the guards by service. Every run checks that their patches apply and their tests exist.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults.source_patches import ROOT, SourcePatch, failing_tests, missing_tests, patched_sources

MODULES = sorted(one for one in Path(__file__).parent.glob("[a-z]*.py") if not one.stem.startswith("test_"))


def controls() -> Iterator[tuple[str, Any]]:
    for file in MODULES:
        module = importlib.import_module(f"tests.controls.{file.stem}")
        yield from ((f"{file.stem}: {name}", control) for name, control in module.CONTROLS.items())


def flatten(control: Any) -> Iterator[Any]:
    for one in control if isinstance(control, tuple | list) else (control,):
        yield from flatten(one) if isinstance(one, tuple | list) else (one,)


CONTROLS = dict(controls())


def test_every_module_has_controls() -> None:
    assert len(MODULES) >= 11
    assert {name.split(":")[0] for name in CONTROLS} == {one.stem for one in MODULES}
    assert len(CONTROLS) >= 230


def patches_and_tests(name: str) -> tuple[list[SourcePatch], list[str]]:
    """The patches that remove the guard, and the tests that must fail."""
    found = list(flatten(CONTROLS[name]))
    return [one for one in found if isinstance(one, SourcePatch)], [one for one in found if isinstance(one, str)]


@pytest.mark.parametrize("name", CONTROLS)
def test_control_patch_applies_and_its_tests_exist(name: str) -> None:
    changes, nodes = patches_and_tests(name)

    for node in nodes:
        file, test = node.split("[")[0].split("::")
        assert f"def {test}(" in (ROOT / file).read_text(), node
    assert nodes
    with patched_sources(*changes):
        assert changes


def test_every_control_test_is_collected() -> None:
    nodes = sorted({node for name in CONTROLS for node in patches_and_tests(name)[1]})

    assert missing_tests(nodes) == []
    assert missing_tests([f"{nodes[0].split('[')[0]}[no such case]"]) != []


@pytest.mark.proof
@pytest.mark.parametrize("name", CONTROLS)
def test_control_tests_fail_without_guard(name: str) -> None:
    changes, nodes = patches_and_tests(name)

    failed, output = failing_tests(nodes, *changes)

    assert failed == nodes, f"no test fails without it: {name}\n{output}"
