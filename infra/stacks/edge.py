"""The Edge stack: the HTTP API, the event bus and the e-mail sender, without any service."""

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_ses import EmailIdentity, Identity
from constructs import Construct

from infra.constructs.api import Api
from infra.stacks.stage import Stage


class EdgeStack(Stack):
    """The HTTP API, the event bus and the SES identity."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id, description="HTTP API, bus and sender")
        self.api = Api(self, "Api", stage=stage).http
        self.bus = EventBus(self, "Bus", description="what happened, for whom it concerns")
        self.url = stage.public_url or self.api.api_endpoint
        if stage.create_identity:
            EmailIdentity(self, "Identity", identity=Identity.email(stage.sender))
        # Export everything, used or not: CloudFormation cannot delete an export while another stack still imports it.
        for value in (self.api.api_id, self.api.api_endpoint, self.bus.event_bus_name, self.bus.event_bus_arn):
            self.export_value(value)
        CfnOutput(self, "ApiId", value=self.api.api_id)
        CfnOutput(self, "ApiUrl", value=self.url)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)
        CfnOutput(self, "Sender", value=stage.sender)
