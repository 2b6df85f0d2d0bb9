"""`make deploy STAGE=…` and `make destroy STAGE=…`: the system in the AWS account of the environment.

The stage's inputs, which stand in no file:

    TICKETING_SENDER           the address that mail comes from, verified in SES (or its domain is)
    TICKETING_ORIGIN           where people reach the API, e.g. https://tickets.example (without it, the API's own)
    TICKETING_ADMIN_EMAIL, TICKETING_ADMIN_PASSWORD   the one admin
    STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET             the provider; without them the sandbox, which prod refuses
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local.progress import CannotGoOn, command, step

ROOT = Path(__file__).parents[1]
PASSWORD_CHARACTERS = 15


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What an operator gives beside the stage's name."""

    stage: str
    sender: str
    admin_email: str
    admin_password: str
    origin: str | None = None
    stripe_api_key: str | None = None
    stripe_webhook_secret: str | None = None

    @classmethod
    def of(cls, stage: str, environment: Mapping[str, str]) -> "Inputs":
        """Refuses, in one sentence, an unknown stage or a missing input."""
        known(stage)
        inputs = cls(
            stage=stage,
            sender=needed(environment, "TICKETING_SENDER", "the address that mail comes from"),
            admin_email=needed(environment, "TICKETING_ADMIN_EMAIL", "the admin's address"),
            admin_password=needed(environment, "TICKETING_ADMIN_PASSWORD", "the admin's password"),
            origin=environment.get("TICKETING_ORIGIN") or None,
            stripe_api_key=environment.get("STRIPE_API_KEY") or None,
            stripe_webhook_secret=environment.get("STRIPE_WEBHOOK_SECRET") or None,
        )
        inputs.check()
        return inputs

    def check(self) -> None:
        if len(self.admin_password) < PASSWORD_CHARACTERS:
            raise CannotGoOn(f"TICKETING_ADMIN_PASSWORD must have {PASSWORD_CHARACTERS} characters or more.")
        if bool(self.stripe_api_key) != bool(self.stripe_webhook_secret):
            raise CannotGoOn("Give both STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET, or neither for the sandbox.")
        if self.stage == "prod" and not self.stripe_api_key:
            raise CannotGoOn("Stage prod takes real money: set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET.")

    @property
    def context(self) -> list[str]:
        settings = {
            "stage": self.stage,
            "sender": self.sender,
            "provider": "stripe" if self.stripe_api_key else "sandbox",
        }
        if self.origin:
            settings["public_url"] = self.origin.rstrip("/")
        return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]


def known(stage: str) -> None:
    stages = sorted(set(json.loads((ROOT / "cdk.json").read_text())["context"]["stages"]) - {"local"})
    if stage not in stages:
        raise CannotGoOn(f"Which stage? Say STAGE={' or STAGE='.join(stages)}.")


def needed(environment: Mapping[str, str], name: str, meaning: str) -> str:
    if not environment.get(name):
        raise CannotGoOn(f"Set {name}: {meaning}.")
    return environment[name]


def deploy(stage: str) -> None:
    """Build, deploy, hand over the provider's secret, leave exactly one admin."""
    inputs = Inputs.of(stage, os.environ)
    with step("building the dependency layer"):
        run([sys.executable, "-m", "tools.build_layer"])
    cdk("deploy", "--all", "--require-approval", "never", *inputs.context)
    if inputs.stripe_api_key:
        give_provider_secret(inputs)
    admin = {"email": inputs.admin_email, "password": inputs.admin_password}
    names = {"user_name": "admin", "first_name": "Ada", "last_name": "Admin", "mobile_phone": "+10000000000"}
    invoke(stage, "auth.ensure_admin", admin | names)
    invoke(stage, "events.rebuild_index", {})
    print(f"deployed: stage {stage}, admin {inputs.admin_email}")


def destroy(stage: str) -> None:
    """Remove the stage's stacks; what the stage retains (prod: all data) stays."""
    known(stage)
    # Neither input matters to what is removed, but the app refuses to be built without.
    provider = "stripe" if stage == "prod" else "sandbox"
    if not json.loads((ROOT / "cdk.json").read_text())["context"]["stages"][stage].get("retain"):
        empty_buckets(stage)
    context = [f"stage={stage}", "sender=unused@ticketing.example", f"provider={provider}", "prebuilt=false"]
    cdk("destroy", "--all", "--force", *[part for value in context for part in ("-c", value)])


def empty_buckets(stage: str) -> None:
    """Delete every version of every object: CloudFormation removes no bucket that has one."""
    for resource in resources(f"Ticketing-{stage}-Data"):
        if resource["ResourceType"] == "AWS::S3::Bucket":
            boto3.resource("s3").Bucket(resource["PhysicalResourceId"]).object_versions.delete()


def give_provider_secret(inputs: Inputs) -> None:
    """Hand over the provider's keys. A webhook secret that they replace is kept: events that were signed
    with it are still under way, and the provider signs with both while it changes them."""
    secrets, name = boto3.client("secretsmanager"), f"ticketing/{inputs.stage}/provider"
    value = {"api_key": inputs.stripe_api_key, "webhook_secret": inputs.stripe_webhook_secret}
    before = _provider_secret(secrets, name)
    unchanged = before.get("webhook_secret") == inputs.stripe_webhook_secret
    previous = before.get("previous_webhook_secret" if unchanged else "webhook_secret")
    value |= {"previous_webhook_secret": previous} if previous else {}
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))


def _provider_secret(secrets: Any, name: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        return {}  # the first deployment: the secret has no value yet
    return found


def invoke(stage: str, function: str, payload: dict[str, Any]) -> None:
    """Call a function of the stage by the name it has in the topology."""
    service = function.partition(".")[0].capitalize()
    client = boto3.client("lambda")
    built = resources(f"Ticketing-{stage}-{service}")
    names = [r["PhysicalResourceId"] for r in built if r["ResourceType"] == "AWS::Lambda::Function"]
    handlers = {client.get_function_configuration(FunctionName=name)["Handler"]: name for name in names}
    answer = client.invoke(FunctionName=handlers[f"{function}.handler"], Payload=json.dumps(payload).encode())
    if "FunctionError" in answer:
        raise CannotGoOn(f"{function} failed: {answer['Payload'].read().decode()}")


def resources(stack: str) -> list[Any]:
    """What the stack is made of."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [resource for page in pages for resource in page["StackResourceSummaries"]]


def cdk(*arguments: str) -> None:
    run([str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments])


def run(arguments: list[str]) -> None:
    done = subprocess.run(arguments, cwd=ROOT, env=os.environ | {"PYTHON": sys.executable}, check=False)
    if done.returncode:
        raise CannotGoOn(f"{Path(arguments[0]).name} {arguments[1]} failed; the reason stands above.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("deploy", "destroy"))
    parser.add_argument("stage")
    given = parser.parse_args()
    {"deploy": deploy, "destroy": destroy}[given.action](given.stage)


if __name__ == "__main__":
    command(main)
