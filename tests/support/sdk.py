"""What stands in for the SDK's clients in memory: as much of each service as the functions use."""

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
from tests.support.cloud import secrets
from tests.support.deliveries import Crash, Message

if TYPE_CHECKING:
    from tests.support.memory import Memory

KEY_IDS = tuple(f"key-in-memory-{at}" for at in range(topology.TOKEN_KEYS.count))


class Sdk:
    """All clients in one, but for Lambda's: its `invoke` asks another function."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory
        self.mails: list[bytes] = []
        self.objects: dict[tuple[str, str], list[bytes]] = {}  # all versions, the present one last

    def client(self, service: str) -> Any:
        if service == "dynamodb":
            raise AssertionError("tables are asked through the store's port")
        return self

    # -- the bus, the timers' queues, and other functions -------------------------------------------

    def put_events(self, **asked: Any) -> dict[str, Any]:
        return self._memory.call("events", "PutEvents", asked, lambda: self._put(asked["Entries"]))

    def _put(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        self._memory.bus += [
            {"detail-type": one["DetailType"], "source": one["Source"], "detail": json.loads(one["Detail"])}
            for one in entries
        ]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in entries]}

    def send_message(self, **asked: Any) -> dict[str, str]:
        sent = (asked["QueueUrl"], json.loads(asked["MessageBody"]), int(asked.get("DelaySeconds", 0)))
        self._memory.call("sqs", "SendMessage", asked, lambda: self._memory.sent.append(sent))
        return {"MessageId": "m"}

    def change_message_visibility(self, **asked: Any) -> None:
        hastened = (asked["QueueUrl"], int(asked["VisibilityTimeout"]))
        self._memory.call("sqs", "ChangeMessageVisibility", asked, lambda: self._memory.hastened.append(hastened))

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        """Of a dead-letter queue: how many lie there."""
        found = str(len(self._dead(asked["QueueUrl"])))
        counted = {"Attributes": dict.fromkeys(asked["AttributeNames"], found)}
        return self._memory.call("sqs", "GetQueueAttributes", asked, lambda: counted)

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        return self._memory.call("sqs", "ReceiveMessage", asked, lambda: self._received(**asked))

    def _received(self, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        now = clock.now()
        found = [one for one in self._dead(QueueUrl) if one.due <= now][:MaxNumberOfMessages]
        for one in found:
            one.due = now + timedelta(seconds=VisibilityTimeout)
        return {"Messages": [{"ReceiptHandle": str(one.place), "Body": json.dumps(one.envelope)} for one in found]}

    def delete_message(self, **asked: Any) -> None:
        self._memory.call("sqs", "DeleteMessage", asked, lambda: self._gone(**asked))

    def _gone(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        dead, mine = self._memory.dead(), self._dead(QueueUrl)
        dead[:] = [one for one in dead if one not in mine or str(one.place) != ReceiptHandle]

    def _dead(self, url: str) -> list[Message]:
        return [one for one in self._memory.dead() if self._memory.dead_letters(one.slot.consumer) == url]

    def invoke(self, **asked: Any) -> dict[str, Any]:
        return self._memory.call("lambda", "Invoke", asked, lambda: self._answer(**asked))

    def _answer(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - the SDK's words
        try:
            answer, died = self._memory.invoke(FunctionName, json.loads(Payload)), {}
        except Crash:
            answer, died = {"errorType": "Runtime.ExitError"}, {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())} | died

    # -- mail, secrets and keys -----------------------------------------------------------------------

    def send_email(self, **asked: Any) -> dict[str, str]:
        self._memory.call("sesv2", "SendEmail", asked, lambda: self.mails.append(asked["Content"]["Raw"]["Data"]))
        return {"MessageId": f"mail-{len(self.mails)}"}

    def get_secret_value(self, **asked: Any) -> dict[str, str]:
        found = self._memory.call("secretsmanager", "GetSecretValue", asked, lambda: secrets()[asked["SecretId"]])
        return {"SecretString": found}

    def sign(self, **asked: Any) -> dict[str, bytes]:
        made = self._memory.call("kms", "Sign", asked, lambda: _signed(asked["KeyId"], asked["Message"]))
        return {"Signature": made}

    def get_public_key(self, **asked: Any) -> dict[str, bytes]:
        public = self._memory.call("kms", "GetPublicKey", asked, lambda: _key(asked["KeyId"]).public_key())
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    # -- objects ----------------------------------------------------------------------------------------

    def get_object(self, **asked: Any) -> dict[str, Any]:
        return self._memory.call("s3", "GetObject", asked, lambda: self._found(**asked))

    def put_object(self, **asked: Any) -> dict[str, str]:
        return self._memory.call("s3", "PutObject", asked, lambda: self._kept(**asked))

    def _found(self, Bucket: str, Key: str, IfNoneMatch: str | None = None) -> dict[str, Any]:  # noqa: N803
        versions = self.objects.get((Bucket, Key))
        if versions is None:
            raise _refused("NoSuchKey", "GetObject")
        if _etag(versions[-1]) == IfNoneMatch:
            raise _refused("304", "GetObject")
        return {"Body": BytesIO(versions[-1]), "ETag": _etag(versions[-1])}

    def _kept(self, Bucket: str, Key: str, Body: bytes, **condition: str) -> dict[str, str]:  # noqa: N803
        versions = self.objects.get((Bucket, Key))
        if "IfMatch" in condition and versions is None:
            raise _refused("NoSuchKey", "PutObject")
        overtaken = versions and _etag(versions[-1]) != condition.get("IfMatch")
        if {"IfMatch", "IfNoneMatch"} & condition.keys() and overtaken:
            raise _refused("PreconditionFailed", "PutObject")
        self.objects.setdefault((Bucket, Key), []).append(Body)
        return {"ETag": _etag(Body)}


def _refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _signed(key_id: str, message: bytes) -> bytes:
    return _key(key_id).sign(message, ec.ECDSA(SHA256()))


@cache
def _key(key_id: str) -> ec.EllipticCurvePrivateKey:
    assert key_id in KEY_IDS, key_id
    return ec.generate_private_key(ec.SECP256R1())
