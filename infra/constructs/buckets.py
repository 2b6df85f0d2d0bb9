"""Buckets: private, encrypted, TLS only, each object with its older versions for a while."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, LifecycleRule, ObjectOwnership
from constructs import Construct

from infra.constructs.nag import BUCKET, acknowledge
from infra.stacks.stage import Stage

KEPT = Duration.days(7)  # how long a version that was replaced can be restored


class ServiceBucket(Construct):
    """What a service keeps beside its table, and could make again from it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                LifecycleRule(noncurrent_version_expiration=KEPT, abort_incomplete_multipart_upload_after=KEPT)
            ],
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
            versioned=True,
        )
        acknowledge(self, BUCKET)
