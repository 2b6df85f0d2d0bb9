"""The Data stack: tables, buckets, signing keys, secrets. Deployed first; never deleted on stages that retain data."""

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_dynamodb import ITable
from aws_cdk.aws_kms import IKey
from aws_cdk.aws_s3 import IBucket
from constructs import Construct

from infra.constructs.buckets import ServiceBucket
from infra.constructs.tables import ServiceTable, SigningKeys, StageSecret
from infra.stacks.stage import Stage
from infra.topology import BUCKETS, SANDBOX, SECRETS, TABLES, TOKEN_KEYS


class DataStack(Stack):
    """The stateful resources of all services."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tables, buckets, signing keys and secrets",
            termination_protection=stage.retain,
        )
        self.tables: dict[str, ITable] = {}
        for table in TABLES:
            if table is SANDBOX and not stage.has_sandbox:
                continue
            created = ServiceTable(self, table.name.title(), table=table, stage=stage).table
            self.tables[table.name] = created
            CfnOutput(self, f"Table{table.name.title()}", value=created.table_name)
        self.buckets: dict[str, IBucket] = {}
        for bucket in BUCKETS:
            self.buckets[bucket.name] = ServiceBucket(self, f"{bucket.name.title()}Bucket", stage=stage).bucket
            CfnOutput(self, f"Bucket{bucket.name.title()}", value=self.buckets[bucket.name].bucket_name)
        keys = SigningKeys(self, "TokenKeys", key=TOKEN_KEYS, stage=stage).keys
        self.keys: dict[str, list[IKey]] = {TOKEN_KEYS.name: list(keys)}
        for secret in SECRETS:
            name = f"ticketing/{stage.name}/{secret.name}"
            construct_id = f"{secret.name.title().replace('-', '')}Secret"
            StageSecret(self, construct_id, secret=secret, name=name, stage=stage)
        self._export_values()

    def _export_values(self) -> None:
        # Export everything, used or not: CloudFormation cannot delete an export while another stack still imports it.
        for table in self.tables.values():
            for value in (table.table_name, table.table_arn, table.table_stream_arn):
                if value:
                    self.export_value(value)
        for bucket in self.buckets.values():
            self.export_value(bucket.bucket_name)
            self.export_value(bucket.bucket_arn)
        for key in (key for keys in self.keys.values() for key in keys):
            self.export_value(key.key_id)
            self.export_value(key.key_arn)
