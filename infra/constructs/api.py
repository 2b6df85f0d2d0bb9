"""The HTTP API: itself, its authorizer, and one route → integration → function each."""

import json

from aws_cdk import Duration, RemovalPolicy, Stack, Tags
from aws_cdk.aws_apigatewayv2 import (
    AuthorizerPayloadVersion,
    CfnStage,
    HttpApi,
    HttpAuthorizer,
    HttpAuthorizerType,
    HttpMethod,
    HttpRoute,
    HttpRouteKey,
    HttpStage,
    IHttpApi,
    IHttpRouteAuthorizer,
    PayloadFormatVersion,
    ThrottleSettings,
)
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from aws_cdk.aws_iam import ServicePrincipal
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs.alarms import PERIOD, alarm
from infra.stacks.stage import Stage
from infra.vocabulary import Route

CACHE = Duration.seconds(60)  # how long the gateway believes the authorizer's word on a token
ACCESS = json.dumps(
    {
        "request_id": "$context.requestId",
        "route": "$context.routeKey",
        "status": "$context.status",
        "milliseconds": "$context.responseLatency",
        "ip": "$context.identity.sourceIp",
        "integration_error": "$context.integrationErrorMessage",
        "authorizer_error": "$context.authorizer.error",
    }
)


class Api(Construct):
    """The API without a single route: those belong to the services."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
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
        cfn = self.stage.node.default_child
        assert isinstance(cfn, CfnStage)
        cfn.access_log_settings = CfnStage.AccessLogSettingsProperty(destination_arn=logs.log_group_arn, format=ACCESS)
        errors = self.http.metric_server_error(period=PERIOD, statistic="Sum")
        slow = self.http.metric_latency(period=PERIOD, statistic="p99")
        alarm(self, "Errors", metric=errors, at_least=5, stage=stage, why="the API answers 5xx")
        alarm(self, "Slow", metric=slow, at_least=3000, minutes=5, stage=stage, why="p99 of the API is over 3 s")


class TokenAuthorizer(Construct):
    """The gateway asks the function whose a bearer token is, once a minute per token."""

    def __init__(self, scope: Construct, id: str, *, api: IHttpApi, function: IFunction) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        path = f"path/2015-03-31/functions/{function.function_arn}/invocations"
        self.authorizer = HttpAuthorizer(
            self,
            "Authorizer",
            http_api=api,
            type=HttpAuthorizerType.LAMBDA,
            identity_source=["$request.header.Authorization"],
            authorizer_uri=f"arn:{stack.partition}:apigateway:{stack.region}:lambda:{path}",
            payload_format_version=AuthorizerPayloadVersion.VERSION_2_0,
            enable_simple_responses=True,
            results_cache_ttl=CACHE,
        )
        function.add_permission(
            "AskedByTheGateway",
            principal=ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=stack.format_arn(
                service="execute-api",
                resource=api.api_id,
                resource_name=f"authorizers/{self.authorizer.authorizer_id}",
            ),
        )


class Endpoint(Construct):
    """A call of the API reaches exactly this function, past the authorizer if the row demands it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        row: Route,
        api: IHttpApi,
        function: IFunction,
        authorizer: IHttpRouteAuthorizer,
    ) -> None:
        super().__init__(scope, id)
        key = HttpRouteKey.DEFAULT
        if row.call != "$default":
            key = HttpRouteKey.with_(row.path, HttpMethod[row.method])
        HttpRoute(
            self,
            "Route",
            http_api=api,
            route_key=key,
            authorizer=authorizer if row.who.signed_in else None,
            # It waits 30 seconds, the most that an HTTP API can.
            integration=HttpLambdaIntegration(
                "Integration", function, payload_format_version=PayloadFormatVersion.VERSION_2_0
            ),
        )
