"""Isolation of tests from real AWS accounts."""

import os
from collections.abc import MutableMapping

REGION = "eu-central-1"
TEST_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "localhost,127.0.0.1",
}


def isolate(environment: MutableMapping[str, str]) -> None:
    """Remove AWS credentials, profiles and endpoints from the environment."""
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment.update(TEST_ENVIRONMENT)
