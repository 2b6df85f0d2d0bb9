"""The stack of one service: its functions and their triggers."""

from collections.abc import Sequence
from functools import cached_property

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_apigatewayv2 import HttpAuthorizer, IHttpRouteAuthorizer
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from infra.constructs.alarms import ServiceAlarms
from infra.constructs.code import ServiceCode
from infra.constructs.deployed_resources import DeployedResources
from infra.constructs.function import TopologyFunction
from infra.constructs.routes import ApiRoute, TokenAuthorizer, route_id
from infra.constructs.schedule import ScheduledFunction
from infra.constructs.streams import StreamReader
from infra.constructs.subscriptions import EventConsumer
from infra.topology_types import Authorizer, FunctionSpec, Route, Schedule, Stream, Subscription


class ServiceStack(Stack):
    """The functions of one service; `authorizer_id` is None for the service that has the authorizer."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        rows: Sequence[FunctionSpec],
        resources: DeployedResources,
        authorizer_id: str | None,
    ) -> None:
        super().__init__(scope, construct_id, description=f"the service {service}")
        self.authorizer_id = authorizer_id
        self._resources = resources
        self._code = ServiceCode(self, "Code", service=service, stage=resources.stage)
        for row in sorted(rows, key=lambda row: not isinstance(row, Authorizer)):
            self._add_row(row)
        functions = [resources.functions[row.function] for row in rows]
        ServiceAlarms(self, "Alarms", service=service, functions=functions, stage=resources.stage)

    def _add_row(self, row: FunctionSpec) -> None:
        if isinstance(row, Subscription):
            subscription = EventConsumer(self, row.construct_id, row=row, resources=self._resources, code=self._code)
            self._add_output("Queue", row, subscription.queue.queue_url)
            self._add_output("Dlq", row, subscription.dead_letter_queue.queue_url)
            self._add_output("Undelivered", row, subscription.undelivered_queue.queue_url)
        elif isinstance(row, Stream):
            reader = StreamReader(self, row.construct_id, row=row, resources=self._resources, code=self._code)
            self._add_output("Dlq", row, reader.dead_letter_queue.queue_url)
        elif isinstance(row, Schedule):
            scheduled = ScheduledFunction(self, row.construct_id, row=row, resources=self._resources, code=self._code)
            self._add_output("Dlq", row, scheduled.dead_letter_queue.queue_url)
        else:
            created = TopologyFunction(self, row.construct_id, row=row, resources=self._resources, code=self._code)
            self._add_trigger(row, created.function)
        self._add_output("Function", row, self._resources.functions[row.function].function_name)

    def _add_trigger(self, row: FunctionSpec, function: IFunction) -> None:
        if isinstance(row, Authorizer):
            self.authorizer_id = TokenAuthorizer(
                self, "Tokens", api=self._resources.api, function=function
            ).authorizer.authorizer_id
        elif isinstance(row, Route):
            ApiRoute(
                self,
                route_id(row.route_key),
                row=row,
                api=self._resources.api,
                function=function,
                authorizer=self._authorizer,
            )

    @cached_property
    def _authorizer(self) -> IHttpRouteAuthorizer:
        if not self.authorizer_id:
            raise ValueError("the authorizer's service is built first")
        return HttpAuthorizer.from_http_authorizer_attributes(
            self, "Authorizer", authorizer_id=self.authorizer_id, authorizer_type="CUSTOM"
        )

    def _add_output(self, kind: str, row: FunctionSpec, value: str) -> None:
        CfnOutput(self, f"{kind}{row.service.title()}{row.construct_id}", value=value)
