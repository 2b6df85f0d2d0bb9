"""What is shipped to AWS is byte code that Lambda loads without a look at the source."""

import importlib.util
import marshal
from pathlib import Path
from types import CodeType

from tools.build_layer import compile_all, copy

UNCHECKED_HASH = 0b01  # PEP 552: by hash, and not compared with the source


def test_byte_code_is_unchecked_and_names_the_files_as_they_are_in_lambda(tmp_path: Path) -> None:
    source = tmp_path / "build" / "gateway" / "get_health.py"
    source.parent.mkdir(parents=True)
    source.write_text("def handler(): pass\n")

    compile_all(tmp_path / "build", "/var/task")

    compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    code = marshal.loads(compiled[16:])  # noqa: S302 - it was written two lines above
    assert int.from_bytes(compiled[4:8], "little") == UNCHECKED_HASH
    assert isinstance(code, CodeType)
    assert code.co_filename == "/var/task/gateway/get_health.py"


def test_the_byte_code_of_whoever_ran_the_source_is_not_shipped(tmp_path: Path) -> None:
    for name in ("functions/gateway/get_health.py", "functions/gateway/__pycache__/get_health.cpython-311.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    copy(tmp_path / "functions", tmp_path / "build")

    assert sorted(path.name for path in tmp_path.glob("build/**/*")) == ["gateway", "get_health.py"]
