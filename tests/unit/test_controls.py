"""The guards that `make prove` takes out stand where their controls look for them, and so do the tests."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mutation import ROOT, Change, mutated

MODULES = sorted(Path(ROOT, "tests/component").glob("test_*controls.py"))


def controls() -> Iterator[tuple[str, Any]]:
    for file in MODULES:
        module = importlib.import_module(f"tests.component.{file.stem}")
        yield from ((f"{file.stem}: {name}", control) for name, control in module.CONTROLS.items())


def parts(control: Any) -> Iterator[Any]:
    for one in control if isinstance(control, tuple | list) else (control,):
        yield from parts(one) if isinstance(one, tuple | list) else (one,)


CONTROLS = dict(controls())


def test_there_are_controls_in_every_module() -> None:
    assert len(CONTROLS) > 20 * len(MODULES) // 2


@pytest.mark.parametrize("name", CONTROLS)
def test_a_guard_and_its_test_stand_where_the_control_looks_for_them(name: str) -> None:
    found = list(parts(CONTROLS[name]))
    changes = [one for one in found if isinstance(one, Change)]
    nodes = [one for one in found if isinstance(one, str)]

    for node in nodes:
        file, test = node.split("[")[0].split("::")
        assert f"def {test}(" in (ROOT / file).read_text(), node
    assert nodes
    with mutated(*changes):
        assert changes
