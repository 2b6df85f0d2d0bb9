"""Tables, signing keys and secrets."""

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    ProjectionType,
    StreamViewType,
    TableEncryption,
)
from aws_cdk.aws_dynamodb import Table as DynamoTable
from aws_cdk.aws_kms import Key as KmsKey
from aws_cdk.aws_kms import KeySpec, KeyUsage
from aws_cdk.aws_secretsmanager import CfnSecret, SecretStringGenerator
from aws_cdk.aws_secretsmanager import Secret as ManagedSecret
from constructs import Construct

from infra.constructs.nag_suppressions import SECRET, acknowledge
from infra.resource_types import Key, Secret, Table
from infra.stacks.stage import Stage


def _removal_policy(stage: Stage) -> RemovalPolicy:
    return RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY


class ServiceTable(Construct):
    """An on-demand table (`pk`, `sk`) with its indexes and its stream."""

    def __init__(self, scope: Construct, construct_id: str, *, table: Table, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.table = DynamoTable(
            self,
            "Table",
            partition_key=_string_attribute("pk"),
            sort_key=_string_attribute("sk"),
            billing_mode=BillingMode.PAY_PER_REQUEST,
            encryption=TableEncryption.DEFAULT,
            stream=StreamViewType.NEW_AND_OLD_IMAGES if table.stream else None,
            time_to_live_attribute=table.ttl,
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            deletion_protection=stage.retain,
            removal_policy=_removal_policy(stage),
        )
        for index in table.indexes:
            self.table.add_global_secondary_index(
                index_name=index.name,
                partition_key=_string_attribute(index.pk),
                sort_key=_string_attribute(index.sk) if index.sk else None,
                projection_type=ProjectionType.KEYS_ONLY,
            )


class SigningKeys(Construct):
    """KMS P-256 signing keys."""

    def __init__(self, scope: Construct, construct_id: str, *, key: Key, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.keys = [
            KmsKey(
                self,
                f"Key{number}",
                description=f"signs {key.name}s ({number} of {key.count})",
                key_spec=KeySpec.ECC_NIST_P256,
                key_usage=KeyUsage.SIGN_VERIFY,
                removal_policy=_removal_policy(stage),
            )
            for number in range(1, key.count + 1)
        ]


class StageSecret(Construct):
    """A secret `ticketing/<stage>/<name>`: generated, or empty until the operator provides its value."""

    def __init__(self, scope: Construct, construct_id: str, *, secret: Secret, name: str, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        acknowledge(self, SECRET)
        if secret.provided and not stage.has_sandbox:
            # Created without a value: the value is never in a template, and deployments do not change it.
            provided = CfnSecret(self, "Provided", name=name, description="given by the operator")
            provided.apply_removal_policy(_removal_policy(stage))
            return
        ManagedSecret(
            self,
            "Secret",
            secret_name=name,
            generate_secret_string=_sandbox_secret() if secret.provided else _random_secret(),
            removal_policy=_removal_policy(stage),
        )


def _random_secret() -> SecretStringGenerator:
    return SecretStringGenerator(password_length=64, exclude_punctuation=True)


def _sandbox_secret() -> SecretStringGenerator:
    # Generated, not constant: a buyer who knew the sandbox's API key could refund a payment and keep the ticket.
    return SecretStringGenerator(
        secret_string_template="{}",  # noqa: S106 - a template that AWS fills in
        generate_string_key="api_key",
        password_length=40,
        exclude_punctuation=True,
    )


def _string_attribute(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
