"""Routes: the authorizer that guards them, and one route → integration → function each."""

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

from infra.constructs.nag import PUBLIC_ROUTE, acknowledge
from infra.vocabulary import Route

CACHE = Duration.seconds(60)  # how long the gateway believes the authorizer's word on a token


class TokenAuthorizer(Construct):
    """The gateway asks the function whose a bearer token is, once a minute per token."""

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
        construct_id: str,
        *,
        row: Route,
        api: IHttpApi,
        function: IFunction,
        authorizer: IHttpRouteAuthorizer,
    ) -> None:
        super().__init__(scope, construct_id)
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
        if not row.who.signed_in:
            acknowledge(self, PUBLIC_ROUTE)
