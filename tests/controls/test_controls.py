"""Each guard, taken out of a copy of the sources, turns the test that stands for it red (`make prove`).

The modules beside this one name the guards, service by service; that guard and test stand where they say is
looked at every time.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mutation import ROOT, Change, failures, mutated

MODULES = sorted(one for one in Path(__file__).parent.glob("[a-z]*.py") if not one.stem.startswith("test_"))


def controls() -> Iterator[tuple[str, Any]]:
    for file in MODULES:
        module = importlib.import_module(f"tests.controls.{file.stem}")
        yield from ((f"{file.stem}: {name}", control) for name, control in module.CONTROLS.items())


def parts(control: Any) -> Iterator[Any]:
    for one in control if isinstance(control, tuple | list) else (control,):
        yield from parts(one) if isinstance(one, tuple | list) else (one,)


CONTROLS = dict(controls())


def test_there_are_controls_in_every_module() -> None:
    assert len(CONTROLS) > 20 * len(MODULES) // 2


def of(name: str) -> tuple[list[Change], list[str]]:
    """The changes that take the guard out, and the tests that must notice."""
    found = list(parts(CONTROLS[name]))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, str)]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_guard_and_its_test_stand_where_the_control_looks_for_them(name: str) -> None:
    changes, nodes = of(name)

    for node in nodes:
        file, test = node.split("[")[0].split("::")
        assert f"def {test}(" in (ROOT / file).read_text(), node
    assert nodes
    with mutated(*changes):
        assert changes


@pytest.mark.proof
@pytest.mark.parametrize("name", CONTROLS)
def test_without_its_guard_the_test_is_red(name: str) -> None:
    changes, nodes = of(name)

    failed, said = failures(nodes, *changes)

    assert failed == nodes, f"nobody notices that it is missing: {name}\n{said}"
