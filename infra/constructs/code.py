"""What is shipped: one code asset per service, the common layer, the dependency layer."""

from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime, RuntimeFamily
from constructs import Construct

from infra.stacks.stage import BadStage, Stage

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
BYTE_CODE = ["**/__pycache__", "*.pyc"]  # of whoever ran it last; build/ has its own


class ServiceCode(Construct):
    """A service's folder as `functions/` has it, and the layers beneath it.

    Layers belong to each stack: a layer's ARN changes with its content, and an export that
    another stack uses cannot change.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.runtime = Runtime(stage.runtime, RuntimeFamily.PYTHON)
        self.architecture = Architecture.X86_64 if stage.local else Architecture.ARM_64
        self._compiled = stage.bundled
        if stage.bundled and not (BUILD / "layer" / "python").is_dir():
            raise BadStage("build/ is missing: run python -m tools.build_layer first")
        self.code = _asset(
            BUILD / "functions" if stage.bundled else ROOT / "functions",
            ["*", f"!/{service}", f"!/{service}/**", *self._left_out()],
        )
        self.layers = [self._layer("Common", BUILD / "common" if stage.bundled else ROOT / "layers" / "common")]
        if stage.bundled:
            self.layers.append(self._layer("Dependencies", BUILD / "layer"))

    def _layer(self, construct_id: str, path: Path) -> LayerVersion:
        return LayerVersion(
            self,
            construct_id,
            code=_asset(path, self._left_out()),
            compatible_runtimes=[self.runtime],
            compatible_architectures=[self.architecture],
        )

    def _left_out(self) -> list[str]:
        return [] if self._compiled else BYTE_CODE


def _asset(path: Path, exclude: list[str]) -> Code:
    return Code.from_asset(str(path), exclude=exclude, ignore_mode=IgnoreMode.GIT)
