"""In-memory fakes of the SDK's clients: the operations that the functions use."""

import hashlib
import json
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common import clock
from infra import topology
from tests.support.faults.fault_points import Crash, QueuedMessage
from tests.support.system.moto_resources import secrets

if TYPE_CHECKING:
    from tests.support.system.in_memory_system import InMemorySystem

KEY_IDS = tuple(f"key-in-memory-{at}" for at in range(topology.TOKEN_KEYS.count))


class FakeSdk:
    """All clients except DynamoDB's in one object; Lambda's `invoke` runs another function."""

    def __init__(self, memory: "InMemorySystem") -> None:
        self._memory = memory
        self.mails: list[bytes] = []
        self.objects: dict[tuple[str, str], list[bytes]] = {}  # all versions, the current one last

    def client(self, service: str) -> Any:
        if service == "dynamodb":
            raise AssertionError("functions access tables through the store's port")
        return self

    # -- the bus, the timers' queues, and other functions -------------------------------------------

    def put_events(self, **request: Any) -> dict[str, Any]:
        return self._memory.sdk_call("events", "PutEvents", request, lambda: self._put_events(request["Entries"]))

    def _put_events(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        self._memory.bus += [
            {"detail-type": one["DetailType"], "source": one["Source"], "detail": json.loads(one["Detail"])}
            for one in entries
        ]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in entries]}

    def send_message(self, **request: Any) -> dict[str, str]:
        message = (request["QueueUrl"], json.loads(request["MessageBody"]), int(request.get("DelaySeconds", 0)))
        self._memory.sdk_call("sqs", "SendMessage", request, lambda: self._memory.delayed_messages.append(message))
        return {"MessageId": "m"}

    def change_message_visibility(self, **request: Any) -> None:
        change = (request["QueueUrl"], int(request["VisibilityTimeout"]))
        self._memory.sdk_call(
            "sqs", "ChangeMessageVisibility", request, lambda: self._memory.visibility_changes.append(change)
        )

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """The number of messages in a DLQ."""
        count = str(len(self._dead_messages(request["QueueUrl"])))
        response = {"Attributes": dict.fromkeys(request["AttributeNames"], count)}
        return self._memory.sdk_call("sqs", "GetQueueAttributes", request, lambda: response)

    def receive_message(self, **request: Any) -> dict[str, Any]:
        return self._memory.sdk_call("sqs", "ReceiveMessage", request, lambda: self._receive(**request))

    def _receive(self, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        now = clock.now()
        messages = [one for one in self._dead_messages(QueueUrl) if one.due <= now][:MaxNumberOfMessages]
        for one in messages:
            one.due = now + timedelta(seconds=VisibilityTimeout)
        return {
            "Messages": [{"ReceiptHandle": str(one.sequence), "Body": json.dumps(one.envelope)} for one in messages]
        }

    def delete_message(self, **request: Any) -> None:
        self._memory.sdk_call("sqs", "DeleteMessage", request, lambda: self._delete(**request))

    def _delete(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        dead, in_queue = self._memory.dead_messages(), self._dead_messages(QueueUrl)
        dead[:] = [one for one in dead if one not in in_queue or str(one.sequence) != ReceiptHandle]

    def _dead_messages(self, url: str) -> list[QueuedMessage]:
        return [one for one in self._memory.dead_messages() if self._memory.dead_letters(one.key.consumer) == url]

    def invoke(self, **request: Any) -> dict[str, Any]:
        return self._memory.sdk_call("lambda", "Invoke", request, lambda: self._invoke(**request))

    def _invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - the SDK's names
        try:
            result, error = self._memory.invoke(FunctionName, json.loads(Payload)), {}
        except Crash:
            result, error = {"errorType": "Runtime.ExitError"}, {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(result).encode())} | error

    # -- mail, secrets and keys -----------------------------------------------------------------------

    def send_email(self, **request: Any) -> dict[str, str]:
        self._memory.sdk_call(
            "sesv2", "SendEmail", request, lambda: self.mails.append(request["Content"]["Raw"]["Data"])
        )
        return {"MessageId": f"mail-{len(self.mails)}"}

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        secret = self._memory.sdk_call(
            "secretsmanager", "GetSecretValue", request, lambda: secrets()[request["SecretId"]]
        )
        return {"SecretString": secret}

    def sign(self, **request: Any) -> dict[str, bytes]:
        signature = self._memory.sdk_call("kms", "Sign", request, lambda: _sign(request["KeyId"], request["Message"]))
        return {"Signature": signature}

    def get_public_key(self, **request: Any) -> dict[str, bytes]:
        public = self._memory.sdk_call(
            "kms", "GetPublicKey", request, lambda: _private_key(request["KeyId"]).public_key()
        )
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    # -- objects ----------------------------------------------------------------------------------------

    def get_object(self, **request: Any) -> dict[str, Any]:
        return self._memory.sdk_call("s3", "GetObject", request, lambda: self._get_object(**request))

    def put_object(self, **request: Any) -> dict[str, str]:
        return self._memory.sdk_call("s3", "PutObject", request, lambda: self._put_object(**request))

    def _get_object(self, Bucket: str, Key: str, IfNoneMatch: str | None = None) -> dict[str, Any]:  # noqa: N803
        versions = self.objects.get((Bucket, Key))
        if versions is None:
            raise _client_error("NoSuchKey", "GetObject")
        if _etag(versions[-1]) == IfNoneMatch:
            raise _client_error("304", "GetObject")
        return {"Body": BytesIO(versions[-1]), "ETag": _etag(versions[-1])}

    def _put_object(self, Bucket: str, Key: str, Body: bytes, **condition: str) -> dict[str, str]:  # noqa: N803
        versions = self.objects.get((Bucket, Key))
        if "IfMatch" in condition and versions is None:
            raise _client_error("NoSuchKey", "PutObject")
        stale = versions and _etag(versions[-1]) != condition.get("IfMatch")
        if {"IfMatch", "IfNoneMatch"} & condition.keys() and stale:
            raise _client_error("PreconditionFailed", "PutObject")
        self.objects.setdefault((Bucket, Key), []).append(Body)
        return {"ETag": _etag(Body)}


def _client_error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _sign(key_id: str, message: bytes) -> bytes:
    return _private_key(key_id).sign(message, ec.ECDSA(SHA256()))


@cache
def _private_key(key_id: str) -> ec.EllipticCurvePrivateKey:
    assert key_id in KEY_IDS, key_id
    return ec.generate_private_key(ec.SECP256R1())
