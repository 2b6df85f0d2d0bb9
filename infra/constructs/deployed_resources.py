"""The deployed resources that the topology names: physical names, ARNs and environment values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_apigatewayv2 import IHttpApi
from aws_cdk.aws_dynamodb import ITable
from aws_cdk.aws_events import IEventBus
from aws_cdk.aws_kms import IKey
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_s3 import IBucket
from aws_cdk.aws_sqs import IQueue

from infra.resource_types import Bucket, Grant, Key, Mail, Secret, Table
from infra.stacks.stage import Stage


@dataclass(frozen=True, kw_only=True)
class DeployedResources:
    """Every resource that a grant can name; `functions` and `dead_letter_queues` fill while the stacks are built."""

    stage: Stage
    tables: Mapping[str, ITable]
    buckets: Mapping[str, IBucket]
    keys: Mapping[str, list[IKey]]
    settings: Mapping[str, str]
    bus: IEventBus
    api: IHttpApi
    functions: dict[str, IFunction] = field(default_factory=dict)
    dead_letter_queues: dict[str, IQueue] = field(default_factory=dict)

    def environment_value(self, resource: Table | Bucket | Secret | Key | Mail) -> str:
        """The value of the resource's environment variable: its name, or the ids of its keys."""
        if isinstance(resource, Table):
            return self.tables[resource.name].table_name
        if isinstance(resource, Bucket):
            return self.buckets[resource.name].bucket_name
        if isinstance(resource, Secret):
            return self.secret_name(resource)
        if isinstance(resource, Key):
            return ",".join(key.key_id for key in self.keys[resource.name])
        return self.stage.sender

    def arns(self, grant: Grant, stack: Stack) -> list[str]:
        """The ARNs of the resources that the grant covers."""
        resource = grant.resource
        if isinstance(resource, Table):
            arn = self.tables[resource.name].table_arn
            return [f"{arn}/index/{grant.index}" if grant.index else arn]
        if isinstance(resource, Bucket):
            bucket = self.buckets[resource.name]
            return [bucket.bucket_arn if grant.actions == ("ListBucket",) else bucket.arn_for_objects(resource.key)]
        if isinstance(resource, Key):
            return [key.key_arn for key in self.keys[resource.name]]
        if isinstance(resource, Secret):
            # Secrets Manager appends six random characters to the name.
            name = f"{self.secret_name(resource)}-??????"
            return [_arn(stack, "secretsmanager", "secret", name, ArnFormat.COLON_RESOURCE_NAME)]
        identity = self.stage.identity or self.stage.sender
        return [_arn(stack, "ses", "identity", identity, ArnFormat.SLASH_RESOURCE_NAME)]

    def secret_name(self, secret: Secret) -> str:
        return f"ticketing/{self.stage.name}/{secret.name}"


def _arn(stack: Stack, service: str, resource: str, name: str, arn_format: ArnFormat) -> str:
    return stack.format_arn(service=service, resource=resource, resource_name=name, arn_format=arn_format)
