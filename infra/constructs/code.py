"""Code assets: one per service, the common layer, and the dependency layers."""

from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime, RuntimeFamily
from constructs import Construct

from infra.stacks.stage import InvalidStage, Stage
from infra.topology_types import FunctionSpec, Layer

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
BYTE_CODE = ["**/__pycache__", "*.pyc"]  # left by local runs; build/ has its own


class ServiceCode(Construct):
    """The code of a service's functions, and the layers that each of them uses.

    Layers belong to each stack: a layer's ARN changes with its content, and an export that another stack uses cannot
    change.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.runtime = Runtime(stage.runtime, RuntimeFamily.PYTHON)
        self.architecture = Architecture.X86_64 if stage.is_local else Architecture.ARM_64
        self._is_built = stage.is_bundled
        if stage.is_bundled and not (BUILD / "layers" / Layer.CORE / "python").is_dir():
            raise InvalidStage("build/ is missing: run python -m tools.build_layers first")
        self.code = _asset(
            BUILD / "functions" if stage.is_bundled else ROOT / "functions",
            ["*", f"!/{service}", f"!/{service}/**", *self._exclusions()],
        )
        self._common = self._layer("Common", BUILD / "common" if stage.is_bundled else ROOT / "layers" / "common")
        self._dependencies: dict[Layer, LayerVersion] = {}

    def layers(self, row: FunctionSpec) -> list[LayerVersion]:
        """The layers of the row's function; the local stage has dependencies in the environment instead."""
        if not self._is_built:
            return [self._common]
        return [self._common, *(self._dependency_layer(layer) for layer in row.layers)]

    def _dependency_layer(self, layer: Layer) -> LayerVersion:
        if layer not in self._dependencies:
            self._dependencies[layer] = self._layer(layer.title(), BUILD / "layers" / layer)
        return self._dependencies[layer]

    def _layer(self, construct_id: str, path: Path) -> LayerVersion:
        return LayerVersion(
            self,
            construct_id,
            code=_asset(path, self._exclusions()),
            compatible_runtimes=[self.runtime],
            compatible_architectures=[self.architecture],
        )

    def _exclusions(self) -> list[str]:
        return [] if self._is_built else BYTE_CODE


def _asset(path: Path, exclude: list[str]) -> Code:
    return Code.from_asset(str(path), exclude=exclude, ignore_mode=IgnoreMode.GIT)
