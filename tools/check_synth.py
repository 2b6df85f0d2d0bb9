"""Check that every stage synthesises without an AWS account, clean under cdk-nag and cfn-lint."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
# An operator's inputs; nothing is looked up, so any value will do. Only `make deploy` builds the layers.
STAGES = {
    "local": (),
    "dev": ("sender=tickets@ticketing.example", "prebuilt=false"),
    "prod": ("sender=tickets@ticketing.example", "prebuilt=false"),
}


def synth(stage: str, out: Path) -> str:
    """An error text, empty if the stage synthesises."""
    context = [part for value in (f"stage={stage}", "nag=true", *STAGES[stage]) for part in ("-c", value)]
    cli = ROOT / "node_modules" / ".bin" / "cdk"
    error = run([str(cli), "synth", "--quiet", "--no-notices", "--no-color", "--output", str(out), *context])
    return f"stage {stage} does not synthesise clean:\n{error}" if error else ""


def cfn_lint(out: Path) -> str:
    templates = sorted(str(path) for path in out.glob("*.template.json"))
    if not templates:
        return f"no templates in {out}"
    command = str(Path(sys.executable).with_name("cfn-lint"))
    return run([command, "--non-zero-exit-code", "error", "--regions", "eu-central-1", "--", *templates])


def run(command: list[str]) -> str:
    """The output of a failed command, empty if it succeeded."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment = inherited | {
        "PYTHON": sys.executable,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr or "failed without output") if result.returncode else ""


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        output_directories = {stage: Path(folder) / stage for stage in STAGES}
        errors = [error for error in pool.map(synth, output_directories, output_directories.values()) if error]
        errors = errors or [error for error in [cfn_lint(output_directories["prod"])] if error]
    if errors:
        sys.exit("\n".join(errors))
    print(f"synth: {', '.join(STAGES)} clean under cdk-nag and cfn-lint in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
