"""The deployed byte code is unchecked: Lambda loads it without reading the sources."""

import importlib.util
import marshal
from pathlib import Path
from types import CodeType

import pytest

from infra.topology.layers import PACKAGES, SDK_SERVICES
from infra.topology_types import Layer
from tools.build_layers import REQUIREMENTS, BuildFailed, compile_all, copy_tree, layer_requirements, prune_sdk

UNCHECKED_HASH = 0b01  # PEP 552: unchecked hash-based


def test_byte_code_is_unchecked_and_uses_lambda_paths(tmp_path: Path) -> None:
    source = tmp_path / "build" / "gateway" / "get_health.py"
    source.parent.mkdir(parents=True)
    source.write_text("def handler(): pass\n")

    compile_all(tmp_path / "build", "/var/task")

    compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    code = marshal.loads(compiled[16:])  # noqa: S302 - written by this test
    assert int.from_bytes(compiled[4:8], "little") == UNCHECKED_HASH
    assert isinstance(code, CodeType)
    assert code.co_filename == "/var/task/gateway/get_health.py"


def test_local_byte_code_is_not_shipped(tmp_path: Path) -> None:
    for name in ("functions/gateway/http/get_health.py", "functions/gateway/__pycache__/get_health.cpython-311.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    copy_tree(tmp_path / "functions", tmp_path / "build")

    assert sorted(path.name for path in tmp_path.glob("build/**/*")) == ["gateway", "get_health.py", "http"]


def test_every_pin_is_in_one_layer() -> None:
    layers = layer_requirements(REQUIREMENTS.read_text())

    assert "boto3==" in layers[Layer.CORE]
    assert "stripe==" in layers[Layer.PAYMENT]
    assert sum(text.count("==") for text in layers.values()) == REQUIREMENTS.read_text().count("==")


@pytest.mark.parametrize("lock", ["boto3==1.0 \\\n    --hash=sha256:aa\n", "unknown==1.0 \\\n    --hash=sha256:aa\n"])
def test_pin_without_layer_fails_the_build(lock: str) -> None:
    with pytest.raises(BuildFailed, match="not both in requirements"):
        layer_requirements(lock)


def test_package_in_two_layers_fails_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKAGES, Layer.IMAGE, ("boto3",))

    with pytest.raises(BuildFailed, match="in two layers: boto3"):
        layer_requirements(REQUIREMENTS.read_text())


def test_unused_sdk_services_are_deleted(tmp_path: Path) -> None:
    for service in ("dynamodb", "ec2"):
        (tmp_path / service).mkdir()
    (tmp_path / "endpoints.json").touch()

    prune_sdk(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["dynamodb", "endpoints.json"]
    assert "dynamodb" in SDK_SERVICES
