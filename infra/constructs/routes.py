"""Routes: the Lambda authorizer, and one route → integration → function each."""

import re

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigatewayv2 import (
    AuthorizerPayloadVersion,
    HttpAuthorizer,
    HttpAuthorizerType,
    HttpMethod,
    HttpRoute,
    HttpRouteKey,
    IHttpApi,
    IHttpRouteAuthorizer,
    PayloadFormatVersion,
)
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from aws_cdk.aws_iam import ServicePrincipal
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from infra.constructs.nag_suppressions import PUBLIC_ROUTE, acknowledge
from infra.topology_types import Route


def route_id(route_key: str) -> str:
    """The construct id of a route, e.g. `PostV1BookingsBookingIdCancel`.

    It derives from the route key and not from the function: CloudFormation creates before it deletes, so a renamed
    function would otherwise create its route a second time, which API Gateway refuses.
    """
    if route_key == "$default":
        return "DefaultRoute"  # CDK leaves a component named `Default` out of logical ids
    words = re.findall(r"[A-Za-z0-9]+", route_key)
    return "".join(word.capitalize() for word in words)


AUTHORIZER_CACHE_TTL = Duration.seconds(60)  # per token; a revoked session stays valid that long


class TokenAuthorizer(Construct):
    """The Lambda authorizer; API Gateway caches its response for AUTHORIZER_CACHE_TTL per token."""

    def __init__(self, scope: Construct, construct_id: str, *, api: IHttpApi, function: IFunction) -> None:
        super().__init__(scope, construct_id)
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
            results_cache_ttl=AUTHORIZER_CACHE_TTL,
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


class ApiRoute(Construct):
    """A route of the HTTP API to its function, behind the authorizer if the row requires a token."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        row: Route,
        api: IHttpApi,
        function: IFunction,
        authorizer: IHttpRouteAuthorizer,
    ) -> None:
        super().__init__(scope, construct_id)
        key = HttpRouteKey.DEFAULT
        if row.route_key != "$default":
            key = HttpRouteKey.with_(row.path, HttpMethod[row.method])
        HttpRoute(
            self,
            "Route",
            http_api=api,
            route_key=key,
            authorizer=authorizer if row.access.requires_token else None,
            # Its timeout is the maximum of HTTP APIs, 30 seconds.
            integration=HttpLambdaIntegration(
                "Integration", function, payload_format_version=PayloadFormatVersion.VERSION_2_0
            ),
        )
        if not row.access.requires_token:
            acknowledge(self, PUBLIC_ROUTE)
