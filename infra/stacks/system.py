"""All stacks of a stage, in the order of their dependencies."""

from collections import defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter

from constructs import Construct

from infra.constructs.deployed_resources import DeployedResources
from infra.stacks.data import DataStack
from infra.stacks.edge import EdgeStack
from infra.stacks.service import ServiceStack
from infra.stacks.stage import Stage
from infra.topology import HOLD_BACKSTOP, PROVIDER_API, PROVIDER_FAULTS, PUBLIC_URL, ROWS, SHORT_HOLDS, TOKEN_ISSUER
from infra.topology_types import Authorizer, FunctionSpec

STRIPE_URL = "https://api.stripe.com"


class System:
    """One deployment: Data, Edge and a stack per service; the sandbox only where the stage has it."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        prefix = f"Ticketing-{stage.name}"
        self.data = DataStack(scope, f"{prefix}-Data", stage=stage)
        self.edge = EdgeStack(scope, f"{prefix}-Edge", stage=stage)
        self.resources = DeployedResources(
            stage=stage,
            tables=self.data.tables,
            buckets=self.data.buckets,
            keys=self.data.keys,
            settings=settings(stage, self.edge.url),
            bus=self.edge.bus,
            api=self.edge.api,
        )
        self.services: dict[str, ServiceStack] = {}
        authorizer_id: str | None = None
        for service, rows in rows_in_deployment_order(stage).items():
            stack = ServiceStack(
                scope,
                f"{prefix}-{service.title()}",
                service=service,
                rows=rows,
                resources=self.resources,
                authorizer_id=authorizer_id,
            )
            stack.add_stack_dependency(self.data)
            authorizer_id = authorizer_id or stack.authorizer_id
            self.services[service] = stack


def settings(stage: Stage, url: str) -> Mapping[str, str]:
    """The values of the topology's settings on this stage, by environment variable."""
    return {
        TOKEN_ISSUER.env: url,
        PUBLIC_URL.env: url,
        PROVIDER_API.env: f"{url}/sandbox" if stage.has_sandbox else STRIPE_URL,
        SHORT_HOLDS.env: "1" if stage.short_holds else "0",
        HOLD_BACKSTOP.env: str(stage.hold_backstop_seconds),
        PROVIDER_FAULTS.env: "1" if stage.is_local and stage.has_sandbox else "0",
    }


def rows_in_deployment_order(stage: Stage) -> dict[str, list[FunctionSpec]]:
    """The stage's rows by service: the authorizer's service first, invoked services before their callers."""
    rows: defaultdict[str, list[FunctionSpec]] = defaultdict(list)
    for row in ROWS:
        if row.service != "sandbox" or stage.has_sandbox:
            rows[row.service].append(row)
    authorizer_services = {row.service for row in ROWS if isinstance(row, Authorizer)}
    dependencies = {
        service: ({name.split(".")[0] for row in service_rows for name in row.invokes} | authorizer_services)
        - {service}
        for service, service_rows in rows.items()
    }
    return {service: rows[service] for service in TopologicalSorter(dependencies).static_order()}
