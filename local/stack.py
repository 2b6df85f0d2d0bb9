"""A local system: emulator, deployed app, API proxy and mailbox. `make up` and the tests start it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config

from local.cdk import REGION, ROOT, CdkCli
from local.process import Pids, stack_marker, stop_processes
from local.progress import CommandError, silent_step

HOST = "127.0.0.1"
API_ID = "71c4e700"  # fixed, because the deployment needs the URL before the API exists
READY_SECONDS = 120.0  # a busy machine starts slowly
Step = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Ports:
    """The ports of a stack, on the loopback interface only."""

    emulator: int = 4566
    api: int = 8000
    mailbox: int = 8025

    @classmethod
    def from_environment(cls) -> "Ports":
        """The default ports, or TICKETING_EMULATOR_PORT, TICKETING_API_PORT and TICKETING_MAILBOX_PORT."""
        names = {name: os.environ.get(f"TICKETING_{name.upper()}_PORT", "") for name in cls.__dataclass_fields__}
        if invalid := [value for value in names.values() if value and not value.isdigit()]:
            raise CommandError(f"{invalid[0]} is not a port number.")
        return cls(**{name: int(value) for name, value in names.items() if value})

    @classmethod
    def find_free(cls) -> "Ports":
        """Ports that are free now; another process may still take them."""
        sockets = [socket.create_server((HOST, 0)) for _ in cls.__dataclass_fields__]
        ports = [server.getsockname()[1] for server in sockets]
        for server in sockets:
            server.close()
        return cls(*ports)

    def in_use(self) -> list[int]:
        return [port for port in vars(self).values() if is_listening(port)]


class Stack:
    """Starts, deploys, inspects and stops one local system, whose files are in `state`."""

    def __init__(
        self,
        ports: Ports,
        state: Path,
        *,
        step: Step = silent_step,
        with_parent: bool = False,
        aws_proxy: str | None = None,
    ) -> None:
        self.ports = ports
        self.state = state
        self.api = f"http://localhost:{ports.api}"
        self.mailbox = f"http://localhost:{ports.mailbox}"
        self.endpoint = f"http://{HOST}:{ports.emulator}"
        self.step = step
        self._with_parent = with_parent
        self._aws_proxy = aws_proxy  # receives the functions' AWS calls instead of the emulator
        self._supervisor: subprocess.Popen[bytes] | None = None

    # Start and stop

    def start(self) -> None:
        """Start a new, empty system; after a failure, stop it."""
        try:
            self.launch()
            self.deploy()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Start the emulator, the API proxy and the mailbox. Raises CommandError."""
        if in_use := self.ports.in_use():
            raise CommandError(
                f"Port {in_use[0]} is in use: stop that program, or set another port "
                f"(TICKETING_EMULATOR_PORT, TICKETING_API_PORT, TICKETING_MAILBOX_PORT)."
            )
        with self.step("starting the emulator"):
            self.state.mkdir(parents=True, exist_ok=True)
            self._supervisor = self._spawn()
            self._wait_until_ready(self._supervisor)

    def deploy(self) -> None:
        """Deploy the CDK app to the emulator with the official CLI."""
        cdk = CdkCli(f"http://localhost:{self.ports.emulator}", self.state, self.context)
        with self.step("bootstrapping the account and synthesising the app"):
            cdk.bootstrap_and_synth()
        with self.step("deploying the stacks"):
            cdk.deploy()
        self.__dict__.pop("functions", None)

    def stop(self) -> bool:
        """Stop every process of this stack. Returns whether any was running."""
        any_running = stop_processes(self.state)
        if self._supervisor:
            with self._supervisor:  # waits, and closes its standard input
                self._supervisor = None
        return any_running

    @property
    def context(self) -> dict[str, str]:
        return {"stage": "local", "api_id": API_ID, "public_url": self.api}

    def is_alive(self) -> bool:
        """Whether every process of this stack runs and responds."""
        pids = Pids.read(self.state)
        return pids is not None and len(pids.running(self.state)) == 2 and self._is_responding()

    def _spawn(self) -> subprocess.Popen[bytes]:
        ports = [part for name, port in vars(self.ports).items() for part in (f"--{name}", str(port))]
        options = ["--state", str(self.state.resolve()), "--api-id", API_ID, *ports]
        options += ["--with-parent"] if self._with_parent else []
        options += ["--aws-proxy", self._aws_proxy] if self._aws_proxy else []
        with (self.state / "supervisor.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-X", stack_marker(self.state), "-m", "local.supervisor", *options],
                cwd=ROOT,
                stdin=subprocess.PIPE if self._with_parent else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_until_ready(self, supervisor: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if supervisor.poll() is not None:
                raise CommandError(f"The emulator did not start; see {self.state}/supervisor.log and emulator.log.")
            if self._is_responding():
                return
            time.sleep(0.1)
        raise CommandError(f"The emulator was not ready after {READY_SECONDS:.0f} s; see {self.state}/emulator.log.")

    def _is_responding(self) -> bool:
        return all(
            is_responding(url) for url in (f"{self.endpoint}/_ministack/health", f"{self.mailbox}/messages")
        ) and is_listening(self.ports.api)

    # Resources by the topology's names

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client of the emulated account."""
        create_client: Any = boto3.client  # untyped: one overload per service
        return create_client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator accepts any
            config=Config(proxies={}, max_pool_connections=64, **settings),
        )

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The deployed configuration of every function, by `<service>.<file>`."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        configurations = [function for page in pages for function in page["Functions"]]
        variables = [(function.get("Environment", {}).get("Variables", {}), function) for function in configurations]
        return {names["FUNCTION"]: function for names, function in variables if "FUNCTION" in names}

    def function(self, name: str) -> str:
        """The physical name of `<service>.<file>`."""
        return str(self.functions[name]["FunctionName"])

    def environment_value(self, name: str) -> str:
        """The value of an environment variable, equal in all functions. Raises LookupError."""
        environments = (function.get("Environment", {}).get("Variables", {}) for function in self.functions.values())
        values = {variables[name] for variables in environments if name in variables}
        if len(values) != 1:
            raise LookupError(f"{name} has {len(values)} values among the deployed functions")
        return str(values.pop())

    def table(self, name: str) -> str:
        """The physical name of the topology's table."""
        return self.environment_value(f"TABLE_{name.upper()}")

    def queue(self, function: str) -> str:
        """The URL of a function's queue."""
        mappings = self.client("lambda").list_event_source_mappings(FunctionName=self.function(function))
        arns = [m["EventSourceArn"] for m in mappings["EventSourceMappings"] if ":sqs:" in m["EventSourceArn"]]
        return self._queue_url(arns[0])

    def dead_letters(self, function: str) -> str:
        """The URL of a function's dead-letter queue."""
        response = self.client("sqs").get_queue_attributes(
            QueueUrl=self.queue(function), AttributeNames=["RedrivePolicy"]
        )
        return self._queue_url(json.loads(response["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"])

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        """Invoke a function and return its result. Raises CommandError if it failed."""
        response = self.client("lambda", read_timeout=300).invoke(
            FunctionName=self.function(function), Payload=json.dumps(payload).encode()
        )
        text = response["Payload"].read().decode()
        if "FunctionError" in response:
            raise CommandError(f"{function} failed: {text}")
        return json.loads(text or "null")

    def _queue_url(self, arn: str) -> str:
        return str(self.client("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])

    def remove_state(self) -> None:
        """Remove the files of a stopped stack."""
        shutil.rmtree(self.state, ignore_errors=True)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def is_responding(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        response: IO[bytes] = opener.open(url.replace("localhost", HOST), timeout=5)
    except (OSError, urllib.error.URLError):
        return False
    with response:
        return True
