"""Every stack of a stage, in the order of what they need."""

from collections import defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter

from constructs import Construct

from infra.constructs.estate import Estate
from infra.stacks.data import DataStack
from infra.stacks.edge import EdgeStack
from infra.stacks.service import ServiceStack
from infra.stacks.stage import Stage
from infra.topology import BACKSTOP, FAULTS, ISSUER, PROVIDER_API, PUBLIC_URL, ROWS, SHORT_HOLDS
from infra.vocabulary import Authorizer, Trigger

STRIPE = "https://api.stripe.com"


class System:
    """One deployment: Data, Edge, and a stack for each service that the stage has."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        prefix = f"Ticketing-{stage.name}"
        self.data = DataStack(scope, f"{prefix}-Data", stage=stage)
        self.edge = EdgeStack(scope, f"{prefix}-Edge", stage=stage)
        self.estate = Estate(
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
        for service, rows in in_order(stage).items():
            stack = ServiceStack(
                scope,
                f"{prefix}-{service.title()}",
                service=service,
                rows=rows,
                estate=self.estate,
                authorizer_id=authorizer_id,
            )
            stack.add_stack_dependency(self.data)
            authorizer_id = authorizer_id or stack.authorizer_id
            self.services[service] = stack


def settings(stage: Stage, url: str) -> Mapping[str, str]:
    """What the topology's settings say on this stage."""
    return {
        ISSUER.env: url,
        PUBLIC_URL.env: url,
        PROVIDER_API.env: f"{url}/sandbox" if stage.sandbox else STRIPE,
        SHORT_HOLDS.env: "1" if stage.short_holds else "0",
        BACKSTOP.env: str(stage.hold_backstop_seconds),
        FAULTS.env: "1" if stage.local and stage.sandbox else "0",
    }


def in_order(stage: Stage) -> dict[str, list[Trigger]]:
    """The stage's rows by service: the authorizer's first, and the called before their callers."""
    rows: defaultdict[str, list[Trigger]] = defaultdict(list)
    for row in ROWS:
        if row.service != "sandbox" or stage.sandbox:
            rows[row.service].append(row)
    first = {row.service for row in ROWS if isinstance(row, Authorizer)}
    needs = {
        service: ({name.split(".")[0] for row in mine for name in row.calls} | first) - {service}
        for service, mine in rows.items()
    }
    return {service: rows[service] for service in TopologicalSorter(needs).static_order()}
