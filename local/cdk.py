"""The official CDK command line, pointed at the emulator."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.progress import CannotGoOn

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION = "000000000000", "us-east-1"
LINES_SHOWN = 25


def emulated_aws(endpoint: str) -> dict[str, str]:
    """An environment in which every AWS client talks to the emulator and knows no real account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "PYTHON": sys.executable,
    }


class Cdk:
    """One stage, synthesised into `state/cdk.out` and deployed from there."""

    def __init__(self, endpoint: str, state: Path, context: dict[str, str]) -> None:
        self._environment = emulated_aws(endpoint)
        self._log = state / "deploy.log"
        self._out = state / "cdk.out"
        self._context = [part for key, value in context.items() for part in ("-c", f"{key}={value}")]

    def bootstrap_and_synth(self) -> None:
        """Both at once: neither needs the other."""
        with ThreadPoolExecutor() as pool:
            for job in [pool.submit(self.bootstrap), pool.submit(self.synth)]:
                job.result()

    def bootstrap(self) -> None:
        # From a folder without cdk.json: the account is named, so the app need not be asked for it.
        self._run("bootstrap", f"aws://{ACCOUNT}/{REGION}", folder=self._out.parent)

    def synth(self) -> None:
        self._run("synth", "--quiet", "--output", str(self._out), *self._context)

    def deploy(self) -> None:
        self._run("deploy", "--all", "--app", str(self._out), "--require-approval", "never", "--concurrency", "8")

    def _run(self, command: str, *arguments: str, folder: Path = ROOT) -> None:
        cli = ROOT / "node_modules" / ".bin" / "cdk"
        done = subprocess.run(
            [str(cli), command, "--no-notices", "--no-color", *arguments],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self._log.open("a") as log:
            log.write(f"$ cdk {command} {' '.join(arguments)}\n{done.stdout}\n")
        if done.returncode:
            last = "\n".join(done.stdout.splitlines()[-LINES_SHOWN:])
            raise CannotGoOn(f"{last}\ncdk {command} failed; its whole output is in {self._log}.")
