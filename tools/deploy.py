"""`make deploy STAGE=…` and `make destroy STAGE=…`: the system in the current AWS account.

The stage's inputs, environment variables:

    TICKETING_SENDER           the sender address; it or its domain is verified in SES
    TICKETING_ORIGIN           the public URL, e.g. https://tickets.example (default: the API's own)
    TICKETING_ADMIN_EMAIL, TICKETING_ADMIN_PASSWORD   the one admin
    STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET             the provider (default: the sandbox; required for prod)
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

from local.progress import CommandError, run_command, step

ROOT = Path(__file__).parents[1]
MIN_PASSWORD_LENGTH = 15


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """An operator's inputs besides the stage's name."""

    stage: str
    sender: str
    admin_email: str
    admin_password: str
    origin: str | None = None
    stripe_api_key: str | None = None
    stripe_webhook_secret: str | None = None

    @classmethod
    def from_environment(cls, stage: str, environment: Mapping[str, str]) -> "Inputs":
        """Raises CommandError for an unknown stage or a missing or invalid input."""
        require_known_stage(stage)
        inputs = cls(
            stage=stage,
            sender=required_input(environment, "TICKETING_SENDER", "the sender address"),
            admin_email=required_input(environment, "TICKETING_ADMIN_EMAIL", "the admin's address"),
            admin_password=required_input(environment, "TICKETING_ADMIN_PASSWORD", "the admin's password"),
            origin=environment.get("TICKETING_ORIGIN") or None,
            stripe_api_key=environment.get("STRIPE_API_KEY") or None,
            stripe_webhook_secret=environment.get("STRIPE_WEBHOOK_SECRET") or None,
        )
        inputs.validate()
        return inputs

    def validate(self) -> None:
        if len(self.admin_password) < MIN_PASSWORD_LENGTH:
            raise CommandError(f"TICKETING_ADMIN_PASSWORD must have {MIN_PASSWORD_LENGTH} characters or more.")
        if bool(self.stripe_api_key) != bool(self.stripe_webhook_secret):
            raise CommandError("Give both STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET, or neither for the sandbox.")
        if self.stage == "prod" and not self.stripe_api_key:
            raise CommandError("Stage prod takes real money: set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET.")

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


def require_known_stage(stage: str) -> None:
    stages = sorted(set(json.loads((ROOT / "cdk.json").read_text())["context"]["stages"]) - {"local"})
    if stage not in stages:
        raise CommandError(f"Which stage? Set STAGE={' or STAGE='.join(stages)}.")


def required_input(environment: Mapping[str, str], name: str, meaning: str) -> str:
    if not environment.get(name):
        raise CommandError(f"Set {name}: {meaning}.")
    return environment[name]


def deploy(stage: str) -> None:
    """Build, deploy, store the provider's secret, and create the one admin."""
    inputs = Inputs.from_environment(stage, os.environ)
    with step("building the layers"):
        run([sys.executable, "-m", "tools.build_layers"])
    cdk("deploy", "--all", "--require-approval", "never", *inputs.context)
    if inputs.stripe_api_key:
        store_provider_secret(inputs)
    admin = {"email": inputs.admin_email, "password": inputs.admin_password}
    names = {"user_name": "admin", "first_name": "Ada", "last_name": "Admin", "mobile_phone": "+10000000000"}
    invoke(stage, "auth.ensure_admin", admin | names)
    invoke(stage, "events.rebuild_index", {})
    print(f"deployed: stage {stage}, admin {inputs.admin_email}")


def destroy(stage: str) -> None:
    """Remove the stage's stacks; what the stage retains (prod: all data) stays."""
    require_known_stage(stage)
    # Neither input affects what is removed, but the app requires them.
    provider = "stripe" if stage == "prod" else "sandbox"
    if not json.loads((ROOT / "cdk.json").read_text())["context"]["stages"][stage].get("retain"):
        empty_buckets(stage)
    context = [f"stage={stage}", "sender=unused@ticketing.example", f"provider={provider}", "prebuilt=false"]
    cdk("destroy", "--all", "--force", *[part for value in context for part in ("-c", value)])


def empty_buckets(stage: str) -> None:
    """Delete every version of every object: CloudFormation deletes empty buckets only."""
    for resource in resources(f"Ticketing-{stage}-Data"):
        if resource["ResourceType"] == "AWS::S3::Bucket":
            boto3.resource("s3").Bucket(resource["PhysicalResourceId"]).object_versions.delete()


def store_provider_secret(inputs: Inputs) -> None:
    """Store the provider's keys. A replaced webhook secret is kept as the previous one: events signed with it
    are still in flight, and the provider signs with both during a rotation."""
    secrets, name = boto3.client("secretsmanager"), f"ticketing/{inputs.stage}/provider"
    value = {"api_key": inputs.stripe_api_key, "webhook_secret": inputs.stripe_webhook_secret}
    current = _read_provider_secret(secrets, name)
    unchanged = current.get("webhook_secret") == inputs.stripe_webhook_secret
    previous = current.get("previous_webhook_secret" if unchanged else "webhook_secret")
    value |= {"previous_webhook_secret": previous} if previous else {}
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))


def _read_provider_secret(secrets: Any, name: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        return {}  # the first deployment: the secret has no value yet
    return found


def invoke(stage: str, function: str, payload: dict[str, Any]) -> None:
    """Invoke a function of the stage by its name in the topology."""
    service = function.partition(".")[0].capitalize()
    client = boto3.client("lambda")
    stack_resources = resources(f"Ticketing-{stage}-{service}")
    names = [r["PhysicalResourceId"] for r in stack_resources if r["ResourceType"] == "AWS::Lambda::Function"]
    variables = {name: client.get_function_configuration(FunctionName=name).get("Environment", {}) for name in names}
    physical = {found.get("Variables", {}).get("FUNCTION"): name for name, found in variables.items()}
    response = client.invoke(FunctionName=physical[function], Payload=json.dumps(payload).encode())
    if "FunctionError" in response:
        raise CommandError(f"{function} failed: {response['Payload'].read().decode()}")


def resources(stack: str) -> list[Any]:
    """The resources of the stack."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [resource for page in pages for resource in page["StackResourceSummaries"]]


def cdk(*arguments: str) -> None:
    run([str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments])


def run(arguments: list[str]) -> None:
    result = subprocess.run(arguments, cwd=ROOT, env=os.environ | {"PYTHON": sys.executable}, check=False)
    if result.returncode:
        raise CommandError(f"{Path(arguments[0]).name} {arguments[1]} failed; its output above has the reason.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("deploy", "destroy"))
    parser.add_argument("stage")
    arguments = parser.parse_args()
    {"deploy": deploy, "destroy": destroy}[arguments.action](arguments.stage)


if __name__ == "__main__":
    run_command(main)
