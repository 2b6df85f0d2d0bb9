"""Runs the official CDK CLI against the emulator."""

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.progress import CommandError
from local.source_digest import TEMPLATE_SOURCES, digest

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION = "000000000000", "us-east-1"
ERROR_LINES = 25


def emulator_client_environment(endpoint: str) -> dict[str, str]:
    """An environment in which every AWS client uses the emulator and no real account."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return inherited | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_VALIDATION": "false",  # CDK's own template validation costs 6 s; `make synth` and the tests keep it
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "PYTHON": sys.executable,
    }


class CdkCli:
    """One stage, synthesised into `state/cdk.out` and deployed from there."""

    def __init__(self, endpoint: str, state: Path, context: dict[str, str]) -> None:
        self._environment = emulator_client_environment(endpoint)
        self._log = state / "deploy.log"
        self._out = state / "cdk.out"
        self._context = [part for key, value in context.items() for part in ("-c", f"{key}={value}")]
        self._digest_file = state / "cdk.out.digest"

    def bootstrap_and_synth(self) -> None:
        """Run both concurrently: they are independent."""
        with ThreadPoolExecutor() as pool:
            for job in [pool.submit(self.bootstrap), pool.submit(self.synth)]:
                job.result()

    def bootstrap(self) -> None:
        # In a directory without cdk.json and with an explicit account, the CLI does not run the app.
        self._run("bootstrap", f"aws://{ACCOUNT}/{REGION}", directory=self._out.parent)

    def synth(self) -> None:
        """Synthesise the app, unless `cdk.out` is from the same sources, Python version and context."""
        current = digest(platform.python_version(), *self._context, sources=TEMPLATE_SOURCES)
        if self._out.is_dir() and self._digest_file.is_file() and self._digest_file.read_text() == current:
            return
        self._digest_file.unlink(missing_ok=True)
        self._run("synth", "--quiet", "--output", str(self._out), *self._context)
        self._digest_file.write_text(current)

    def deploy(self) -> None:
        self._run("deploy", "--all", "--app", str(self._out), "--require-approval", "never", "--concurrency", "8")

    def _run(self, command: str, *arguments: str, directory: Path = ROOT) -> None:
        cli = ROOT / "node_modules" / ".bin" / "cdk"
        result = subprocess.run(
            [str(cli), command, "--no-notices", "--no-color", *arguments],
            cwd=directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self._log.open("a") as log:
            log.write(f"$ cdk {command} {' '.join(arguments)}\n{result.stdout}\n")
        if result.returncode:
            tail = "\n".join(result.stdout.splitlines()[-ERROR_LINES:])
            raise CommandError(f"{tail}\ncdk {command} failed; the log is {self._log}.")
