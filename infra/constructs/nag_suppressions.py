"""The acknowledged cdk-nag findings, each with its reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

FUNCTION = {
    "AwsSolutions::AwsSolutions-L1": "the runtime is that of the Python which the tests ran on",
    "Serverless::Serverless-LambdaLatestVersion": "the runtime is that of the Python which the tests ran on",
    "Serverless::Serverless-LambdaDLQ": "its queue, mapping or rule has a DLQ; what the clock wakes comes again",
    "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "X-Ray's two writing actions know no resources; a test names them",
    "Serverless::Serverless-LambdaStarPermissions": "X-Ray's two writing actions know no resources; a test names them",
}
DEAD_LETTERS = {
    "AwsSolutions::AwsSolutions-SQS3": "it is a dead-letter queue, of a rule's target or a stream mapping",
    "Serverless::Serverless-SQSRedrivePolicy": "it is a dead-letter queue; from here a person redrives",
}
QUEUE_MAPPING = {
    "Serverless::Serverless-LambdaEventSourceMappingDestination": "a queue's failures go to its redrive DLQ",
}
SCHEDULE = {
    "Serverless::Serverless-LambdaAsyncFailureDestination": "a run that fails is alarmed, and the next goes on from it",
}
PUBLIC_ROUTE = {
    "AwsSolutions::AwsSolutions-APIG4": "the topology opens it to anyone, or to a provider that signs the body",
}
BUCKET = {
    "AwsSolutions::AwsSolutions-S1": "it holds an index of what is public anyway, and three functions touch it",
}
SECRET = {
    "AwsSolutions::AwsSolutions-SMG4": "tickets and page tokens outlive any rotation of what they derive from",
}


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Acknowledge these findings (rule → reason) on the construct."""
    rules = [Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()]
    Validations.of(construct).acknowledge(*rules)
