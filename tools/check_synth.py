"""Does every stage synthesise, without an AWS account, clean under cdk-nag and cfn-lint?"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What an operator would give; nothing is looked up, so any value serves. The layer is built by `make deploy` only.
STAGES = {
    "local": (),
    "dev": ("sender=tickets@ticketing.example", "prebuilt=false"),
    "prod": ("sender=tickets@ticketing.example", "prebuilt=false"),
}


def synth(stage: str, out: Path) -> str:
    """An empty text, or what was wrong."""
    given = [part for value in (f"stage={stage}", "nag=true", *STAGES[stage]) for part in ("-c", value)]
    cli = ROOT / "node_modules" / ".bin" / "cdk"
    said = run([str(cli), "synth", "--quiet", "--no-notices", "--no-color", "--output", str(out), *given])
    return f"stage {stage} does not synthesise clean:\n{said}" if said else ""


def cfn_lint(out: Path) -> str:
    templates = sorted(str(path) for path in out.glob("*.template.json"))
    command = str(Path(sys.executable).with_name("cfn-lint"))
    return run([command, "--non-zero-exit-code", "error", "--regions", "eu-central-1", "--", *templates])


def run(command: list[str]) -> str:
    """What a failed command said; nothing of one that succeeded."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment = kept | {
        "PYTHON": sys.executable,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr or "failed without a word") if done.returncode else ""


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        outs = {stage: Path(folder) / stage for stage in STAGES}
        wrong = [said for said in pool.map(synth, outs, outs.values()) if said]
        wrong = wrong or [said for said in [cfn_lint(outs["prod"])] if said]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"synth: {', '.join(STAGES)} clean under cdk-nag and cfn-lint in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
