"""Base classes of RPC contracts."""

from pydantic import BaseModel, ConfigDict


class RpcRequest(BaseModel):
    """A request: the payload of an invocation."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class RpcResponse(BaseModel):
    """A response: what the callee returns."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
