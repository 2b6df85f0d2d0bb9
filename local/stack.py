"""A whole system on this machine: emulator, deployed app, API and mailbox. `make up` and the tests start it alike."""

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

from local.cdk import REGION, ROOT, Cdk
from local.process import Pids, end, mark
from local.progress import CannotGoOn, quiet

HOST = "127.0.0.1"
API_ID = "71c4e700"  # given to the emulator's API, so that its address is known before it exists
READY_SECONDS = 120.0  # a deadline: a busy machine starts slowly
Step = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Ports:
    """Where a stack listens, on loopback only."""

    emulator: int = 4566
    api: int = 8000
    mailbox: int = 8025

    @classmethod
    def from_environment(cls) -> "Ports":
        """The usual ports, or TICKETING_EMULATOR_PORT, TICKETING_API_PORT and TICKETING_MAILBOX_PORT."""
        names = {name: os.environ.get(f"TICKETING_{name.upper()}_PORT", "") for name in cls.__dataclass_fields__}
        if wrong := [value for value in names.values() if value and not value.isdigit()]:
            raise CannotGoOn(f"{wrong[0]} is not a port number.")
        return cls(**{name: int(value) for name, value in names.items() if value})

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody listens on at this moment."""
        sockets = [socket.create_server((HOST, 0)) for _ in cls.__dataclass_fields__]
        ports = [opened.getsockname()[1] for opened in sockets]
        for opened in sockets:
            opened.close()
        return cls(*ports)

    def busy(self) -> list[int]:
        return [port for port in vars(self).values() if listens(port)]


class Stack:
    """Starts, deploys, looks up and ends one local system, whose files lie in `state`."""

    def __init__(
        self, ports: Ports, state: Path, *, step: Step = quiet, with_parent: bool = False, through: str | None = None
    ) -> None:
        self.ports = ports
        self.state = state
        self.api = f"http://localhost:{ports.api}"
        self.mailbox = f"http://localhost:{ports.mailbox}"
        self.endpoint = f"http://{HOST}:{ports.emulator}"
        self.step = step
        self._with_parent = with_parent
        self._through = through  # where the functions' calls go instead of to the emulator itself
        self._keeper: subprocess.Popen[bytes] | None = None

    # Starting and ending

    def start(self) -> None:
        """A fresh, empty system; whatever fails, nothing is left running."""
        try:
            self.launch()
            self.deploy()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """The emulator, the API's port and the mailbox."""
        if busy := self.ports.busy():
            raise CannotGoOn(
                f"Port {busy[0]} is in use by another program: end it, or choose another port "
                f"(TICKETING_EMULATOR_PORT, TICKETING_API_PORT, TICKETING_MAILBOX_PORT)."
            )
        with self.step("starting the emulator"):
            self.state.mkdir(parents=True, exist_ok=True)
            self._keeper = self._spawn()
            self._wait_until_ready(self._keeper)

    def deploy(self) -> None:
        """The CDK app into the emulator, by the official command line."""
        cdk = Cdk(f"http://localhost:{self.ports.emulator}", self.state, self.context)
        with self.step("bootstrapping the account and synthesising the app"):
            cdk.bootstrap_and_synth()
        with self.step("deploying the stacks"):
            cdk.deploy()
        self.__dict__.pop("functions", None)

    def stop(self) -> bool:
        """End every process of this stack; False when none ran."""
        ran = end(self.state)
        if self._keeper:
            with self._keeper:  # waits, and closes the pipe that told it of us
                self._keeper = None
        return ran

    @property
    def context(self) -> dict[str, str]:
        return {"stage": "local", "api_id": API_ID, "public_url": self.api}

    def is_alive(self) -> bool:
        """Whether all of it runs, and is ours."""
        pids = Pids.read(self.state)
        return pids is not None and len(pids.ours(self.state)) == 2 and self._answers()

    def _spawn(self) -> subprocess.Popen[bytes]:
        ports = [part for name, port in vars(self.ports).items() for part in (f"--{name}", str(port))]
        options = ["--state", str(self.state.resolve()), "--api-id", API_ID, *ports]
        options += ["--with-parent"] if self._with_parent else []
        options += ["--through", self._through] if self._through else []
        with (self.state / "keeper.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-X", mark(self.state), "-m", "local.keeper", *options],
                cwd=ROOT,
                stdin=subprocess.PIPE if self._with_parent else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_until_ready(self, keeper: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if keeper.poll() is not None:
                raise CannotGoOn(f"The emulator did not start; {self.state}/keeper.log and emulator.log say why.")
            if self._answers():
                return
            time.sleep(0.1)
        raise CannotGoOn(
            f"The emulator was not ready after {READY_SECONDS:.0f} s; {self.state}/emulator.log says more."
        )

    def _answers(self) -> bool:
        return all(
            answers(url) for url in (f"{self.endpoint}/_ministack/health", f"{self.mailbox}/messages")
        ) and listens(self.ports.api)

    # Looking things up by the topology's names

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client of the emulated account."""
        make: Any = boto3.client  # its overloads are one per service
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
            config=Config(proxies={}, max_pool_connections=64, **settings),
        )

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The deployed configuration of every function, by `<service>.<file>`."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        found = [function for page in pages for function in page["Functions"]]
        return {function["Handler"].removesuffix(".handler"): function for function in found}

    def function(self, name: str) -> str:
        """The physical name of `<service>.<file>`."""
        return str(self.functions[name]["FunctionName"])

    def setting(self, env: str) -> str:
        """What the functions are told in that environment variable."""
        environments = (function.get("Environment", {}).get("Variables", {}) for function in self.functions.values())
        told = {variables[env] for variables in environments if env in variables}
        if len(told) != 1:
            raise LookupError(f"{env} has {len(told)} values among the deployed functions")
        return str(told.pop())

    def table(self, name: str) -> str:
        """The physical name of the topology's table."""
        return self.setting(f"TABLE_{name.upper()}")

    def queue(self, function: str) -> str:
        """The address of the queue that wakes a function."""
        mappings = self.client("lambda").list_event_source_mappings(FunctionName=self.function(function))
        arns = [m["EventSourceArn"] for m in mappings["EventSourceMappings"] if ":sqs:" in m["EventSourceArn"]]
        return self._queue_url(arns[0])

    def dead_letters(self, function: str) -> str:
        """The address of that queue's dead-letter queue."""
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.queue(function), AttributeNames=["RedrivePolicy"]
        )
        return self._queue_url(json.loads(answer["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"])

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        """Call a function as an operator would, and return its answer."""
        answer = self.client("lambda", read_timeout=300).invoke(
            FunctionName=self.function(function), Payload=json.dumps(payload).encode()
        )
        text = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise CannotGoOn(f"{function} failed: {text}")
        return json.loads(text or "null")

    def _queue_url(self, arn: str) -> str:
        return str(self.client("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])

    def forget(self) -> None:
        """Remove the files of a stack that has ended."""
        shutil.rmtree(self.state, ignore_errors=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer: IO[bytes] = opener.open(url.replace("localhost", HOST), timeout=5)
    except (OSError, urllib.error.URLError):
        return False
    with answer:
        return True
