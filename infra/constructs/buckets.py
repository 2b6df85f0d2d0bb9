"""Buckets: private, encrypted, TLS only, versioned."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, LifecycleRule, ObjectOwnership
from constructs import Construct

from infra.constructs.nag_suppressions import BUCKET, acknowledge
from infra.stacks.stage import Stage

OLD_VERSION_RETENTION = Duration.days(7)  # a replaced version can be restored that long


class ServiceBucket(Construct):
    """A bucket for data that a service derives from its table and can rebuild."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                LifecycleRule(
                    noncurrent_version_expiration=OLD_VERSION_RETENTION,
                    abort_incomplete_multipart_upload_after=OLD_VERSION_RETENTION,
                )
            ],
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
            versioned=True,
        )
        acknowledge(self, BUCKET)
