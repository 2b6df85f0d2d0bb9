"""Invoked by reconcile: publish lost bus events again, with their original ids."""

from cdc.core import relay
from common.rpc.cdc import RepublishEventsRequest, RepublishEventsResponse
from common.rpc.invocation import rpc_handler


@rpc_handler
def handler(request: RepublishEventsRequest) -> RepublishEventsResponse:
    published, failed = relay.republish(request.images)
    return RepublishEventsResponse(published=published, failed=failed)
