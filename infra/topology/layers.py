"""The packages of each dependency layer; together they are exactly the pins of requirements/runtime.txt."""

from infra.topology_types import Layer

PACKAGES: dict[Layer, tuple[str, ...]] = {
    Layer.CORE: (
        "annotated-types",
        "aws-lambda-powertools",
        "boto3",
        "botocore",
        "jmespath",
        "pydantic",
        "pydantic-core",
        "python-dateutil",
        "s3transfer",
        "six",
        "typing-extensions",
        "typing-inspection",
        "tzdata",
        "urllib3",
    ),
    Layer.CRYPTO: ("argon2-cffi", "argon2-cffi-bindings", "cffi", "cryptography", "pycparser", "pyjwt"),
    Layer.PAYMENT: ("certifi", "charset-normalizer", "idna", "requests", "stripe"),
    Layer.RENDER: ("icalendar", "pydyf", "segno"),
    Layer.IMAGE: (),
    Layer.SEARCH: ("apsw",),
}
# The SDK's service descriptions that functions use; botocore ships 27 MB of them.
SDK_SERVICES = ("dynamodb", "events", "kms", "lambda", "s3", "secretsmanager", "sesv2", "sqs", "sts")
