"""The HTTP API with throttling, access log and alarms; without routes."""

import json
from typing import cast

from aws_cdk import Duration, RemovalPolicy, Tags
from aws_cdk.aws_apigatewayv2 import CfnStage, HttpApi, HttpStage, ThrottleSettings
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs.alarms import PERIOD, alarm
from infra.stacks.stage import Stage

ACCESS_LOG_FORMAT = json.dumps(
    {
        "request_id": "$context.requestId",
        "route": "$context.routeKey",
        "status": "$context.status",
        "milliseconds": "$context.responseLatency",
        "ip": "$context.identity.sourceIp",
        "integration_error": "$context.integrationErrorMessage",
        "user_id": "$context.authorizer.user_id",
        "authorizer_error": "$context.authorizer.error",
    }
)


class Api(Construct):
    """The HTTP API and its stage. The service stacks add the routes."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.http = HttpApi(self, "Http", create_default_stage=False, api_name=f"ticketing-{stage.name}")
        if stage.api_id:
            Tags.of(self.http).add("ms-custom-id", stage.api_id)
        logs = LogGroup(self, "Access", retention=RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)
        self.stage = HttpStage(
            self,
            "Stage",
            http_api=self.http,
            auto_deploy=True,
            throttle=ThrottleSettings(rate_limit=stage.throttle["rate"], burst_limit=stage.throttle["burst"]),
        )
        cfn = cast(CfnStage, self.stage.node.default_child)
        cfn.access_log_settings = CfnStage.AccessLogSettingsProperty(
            destination_arn=logs.log_group_arn, format=ACCESS_LOG_FORMAT
        )
        errors = self.http.metric_server_error(period=PERIOD, statistic="Sum")
        latency = self.http.metric_latency(period=Duration.minutes(5), statistic="p99")
        alarm(self, "Errors", metric=errors, threshold=5, stage=stage, description="the API answers 5xx")
        alarm(self, "Slow", metric=latency, threshold=3000, stage=stage, description="p99 of the API is over 3 s")
