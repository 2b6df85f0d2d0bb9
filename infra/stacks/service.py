"""One service's stack: its functions, and all that wakes them."""

from collections.abc import Sequence
from functools import cached_property

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_apigatewayv2 import HttpAuthorizer, IHttpRouteAuthorizer
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from infra.constructs.alarms import ServiceAlarms
from infra.constructs.bus import Subscription
from infra.constructs.clock import Clockwork
from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.function import RowFunction
from infra.constructs.routes import Endpoint, TokenAuthorizer
from infra.constructs.streams import StreamReader
from infra.vocabulary import Authorizer, Every, On, Route, Stream, Trigger


class ServiceStack(Stack):
    """Built row by row; the service that has the authorizer gives its id to the others."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        rows: Sequence[Trigger],
        estate: Estate,
        authorizer_id: str | None,
    ) -> None:
        super().__init__(scope, construct_id, description=f"the service {service}")
        self.authorizer_id = authorizer_id
        self._estate = estate
        self._code = ServiceCode(self, "Code", service=service, stage=estate.stage)
        for row in sorted(rows, key=lambda row: not isinstance(row, Authorizer)):
            self._build(row)
        functions = [estate.functions[row.function] for row in rows]
        ServiceAlarms(self, "Alarms", service=service, functions=functions, stage=estate.stage)

    def _build(self, row: Trigger) -> None:
        if isinstance(row, On):
            heard = Subscription(self, row.construct_id, row=row, estate=self._estate, code=self._code)
            self._tell("Queue", row, heard.queue.queue_url)
            self._tell("Dlq", row, heard.dead.queue_url)
            self._tell("Undelivered", row, heard.undelivered.queue_url)
        elif isinstance(row, Stream):
            reader = StreamReader(self, row.construct_id, row=row, estate=self._estate, code=self._code)
            self._tell("Dlq", row, reader.dead.queue_url)
        elif isinstance(row, Every):
            clock = Clockwork(self, row.construct_id, row=row, estate=self._estate, code=self._code)
            self._tell("Dlq", row, clock.dead.queue_url)
        else:
            built = RowFunction(self, row.construct_id, row=row, estate=self._estate, code=self._code)
            self._expose(row, built.function)
        self._tell("Function", row, self._estate.functions[row.function].function_name)

    def _expose(self, row: Trigger, function: IFunction) -> None:
        if isinstance(row, Authorizer):
            self.authorizer_id = TokenAuthorizer(
                self, "Tokens", api=self._estate.api, function=function
            ).authorizer.authorizer_id
        elif isinstance(row, Route):
            Endpoint(
                self,
                f"{row.construct_id}Route",
                row=row,
                api=self._estate.api,
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

    def _tell(self, kind: str, row: Trigger, value: str) -> None:
        CfnOutput(self, f"{kind}{row.service.title()}{row.construct_id}", value=value)
