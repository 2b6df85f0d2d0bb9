"""Every subscription and timer: rule → queue → function, with its dead-letter queues and alarms."""

from datetime import timedelta
from typing import Any

from infra.topology_types import Schedule, Stream, Subscription
from tests.infra.cloud_assembly import CloudAssembly, Resource

MAX_RECEIVES = 7
SINGLE_MESSAGE = {
    "auth.send_email",
    "payment.close_payment", "payment.on_booking_failed", "payment.on_booking_cancelled", "payment.on_refund_requested",
    "ticket.on_booking_confirmed",
    "notify.send_notification",
}  # fmt: skip
# (batch size, batch window in seconds, maximum concurrency)
BATCHES = {"events.build_index": (500, 1, 2), "booking.on_booking_changed": (500, 1, 2)}


def faults(cloud: CloudAssembly) -> list[str]:
    rows = [row for row in cloud.rows if isinstance(row, Subscription)]
    problems = [f"{row.function}: {what}" for row in rows for what in _consumer_faults(cloud, row)]
    streams = [row for row in cloud.rows if isinstance(row, Stream)]
    problems += [f"{row.function}: {what}" for row in streams for what in _stream_faults(cloud, row)]
    schedules = [row for row in cloud.rows if isinstance(row, Schedule)]
    problems += [f"{row.function}: {what}" for row in schedules for what in _schedule_faults(cloud, row)]
    if len(cloud.by_type("Events::Rule")) != len(rows) + len(schedules):
        problems.append("rules that no row asks for")
    mappings = len(rows) + sum(len(row.tables) for row in streams)
    return problems + (
        [] if len(cloud.by_type("Lambda::EventSourceMapping")) == mappings else ["mappings without a row"]
    )


def _consumer_faults(cloud: CloudAssembly, row: Subscription) -> list[str]:
    mappings = cloud.mappings(cloud.function(row.function))
    if len(mappings) != 1:
        return ["not one mapping"]
    queue = cloud.resolve(mappings[0].properties["EventSourceArn"])
    dead = cloud.resolve(queue.properties["RedrivePolicy"]["deadLetterTargetArn"])
    rules = [rule for rule in cloud.by_type("Events::Rule") if rule.properties["Targets"][0]["Arn"] == queue.arn]
    if len(rules) != 1:
        return ["not one rule"]
    checks = {
        "the mapping": mappings[0].properties.items() >= _expected_mapping(row).items(),
        "the receives": queue.properties["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES,
        "the visibility": queue.properties["VisibilityTimeout"] >= 6 * row.timeout,
        "the retention": dead.properties["MessageRetentionPeriod"] > queue.properties["MessageRetentionPeriod"],
    }
    wrong = [what for what, right in checks.items() if not right]
    return (
        wrong
        + _rule_faults(cloud, row, rules[0])
        + [f"{one.name} {what}" for one in (queue, dead) for what in _encryption_faults(one)]
    )


def _expected_mapping(row: Subscription) -> dict[str, Any]:
    batch, window, concurrency = BATCHES.get(row.function, (1 if row.function in SINGLE_MESSAGE else 10, 0, None))
    return {
        "BatchSize": batch,
        "MaximumBatchingWindowInSeconds": window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    } | ({"ScalingConfig": {"MaximumConcurrency": concurrency}} if concurrency else {})


def _rule_faults(cloud: CloudAssembly, row: Subscription, rule: Resource) -> list[str]:
    (target,) = rule.properties["Targets"]
    pattern = {
        "source": sorted({event.source for event in row.events}),
        "detail-type": [event.wire_name() for event in row.events],
    }
    checks = {
        "the pattern": rule.properties["EventPattern"] == pattern,
        "the bus": rule.properties["EventBusName"] == cloud.outputs["BusName"]
        and rule.properties["State"] == "ENABLED",
        "the rule's retries": target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        "the rule's own DLQ": _consumers(cloud, target["DeadLetterConfig"]["Arn"]) == [],
        "who may send": _senders(cloud, target["Arn"]) == [rule.arn]
        and _senders(cloud, target["DeadLetterConfig"]["Arn"]) == [rule.arn],
    }
    return [what for what, right in checks.items() if not right]


def _schedule_faults(cloud: CloudAssembly, row: Schedule) -> list[str]:
    function = cloud.function(row.function)
    rules = [rule for rule in cloud.by_type("Events::Rule") if rule.properties["Targets"][0]["Arn"] == function.arn]
    if len(rules) != 1:
        return ["not one rule"]
    (target,) = rules[0].properties["Targets"]
    retries = {"MaximumEventAgeInSeconds": int(row.every.total_seconds()), "MaximumRetryAttempts": 0}
    checks = {
        "how often": rules[0].properties["ScheduleExpression"] == f"rate({row.every // timedelta(minutes=1)} minutes)",
        "the rule is on": rules[0].properties["State"] == "ENABLED",
        "its retries": target["RetryPolicy"] == retries,
        "Lambda's retries": [
            one.properties["MaximumRetryAttempts"] for one in cloud.by_type("Lambda::EventInvokeConfig")
        ]
        == [0],
        "its own DLQ": _consumers(cloud, target["DeadLetterConfig"]["Arn"]) == [],
        "who may send": _senders(cloud, target["DeadLetterConfig"]["Arn"]) == [rules[0].arn],
    }
    return [what for what, right in checks.items() if not right]


def _stream_faults(cloud: CloudAssembly, row: Stream) -> list[str]:
    mappings = {
        one.properties["EventSourceArn"]: one.properties for one in cloud.mappings(cloud.function(row.function))
    }
    problems = []
    for table in row.tables:
        table_resource = cloud.table(table.name)
        mapping = mappings.get(f"{table_resource.name}:StreamArn", {})
        stream = table_resource.properties.get("StreamSpecification")
        if not mapping.items() >= _STREAM.items() or stream != {"StreamViewType": "NEW_AND_OLD_IMAGES"}:
            problems.append(f"the stream of {table.name}")
        elif _consumers(cloud, mapping["DestinationConfig"]["OnFailure"]["Destination"]):
            problems.append(f"the failures of {table.name}")
    return problems


_STREAM: dict[str, Any] = {
    "StartingPosition": "TRIM_HORIZON",
    "FilterCriteria": {
        "Filters": [{"Pattern": '{"dynamodb": {"NewImage": {"outbox_version": {"N": [{"exists": true}]}}}}'}]
    },
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 1000,
    "MaximumRecordAgeInSeconds": 43200,
}


def _consumers(cloud: CloudAssembly, arn: str) -> list[str]:
    return [one.name for one in cloud.by_type("Lambda::EventSourceMapping") if one.properties["EventSourceArn"] == arn]


def _encryption_faults(queue: Resource) -> list[str]:
    return [] if queue.properties.get("SqsManagedSseEnabled") else ["is not encrypted"]


def _policy(cloud: CloudAssembly, arn: str) -> list[dict[str, Any]]:
    name = arn.split(":", maxsplit=1)[0]
    policies = [one.properties for one in cloud.by_type("SQS::QueuePolicy") if name in one.properties["Queues"]]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _senders(cloud: CloudAssembly, arn: str) -> list[str]:
    allowed = [statement for statement in _policy(cloud, arn) if statement["Effect"] == "Allow"]
    assert all(one["Principal"] == {"Service": "events.amazonaws.com"} for one in allowed)
    return [one["Condition"]["ArnEquals"]["aws:SourceArn"] for one in allowed]


def queue_faults(cloud: CloudAssembly) -> list[str]:
    """Queues without a consumer or an alarm, and queues that accept plain HTTP."""
    without_alarm = [
        f"{queue.name} has no alarm"
        for queue in cloud.by_type("SQS::Queue")
        if not _consumers(cloud, queue.arn)
        and not cloud.alarms(
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": f"{queue.name}:QueueName"}],
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    ]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return without_alarm + [
        f"{queue.name} takes plain HTTP"
        for queue in cloud.by_type("SQS::Queue")
        if not any(one["Effect"] == "Deny" and one["Condition"] == plain for one in _policy(cloud, queue.arn))
    ]


def test_subscriptions_schedules_and_streams_match_their_rows(cloud: CloudAssembly) -> None:
    assert faults(cloud) == []


def test_dead_letter_queues_have_alarms_and_require_tls(cloud: CloudAssembly) -> None:
    assert queue_faults(cloud) == []


def test_rule_for_another_event_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    _rule_for(broken, "booking.expire_hold_backstop").properties["EventPattern"]["detail-type"] = [
        "BookingConfirmed.v1"
    ]

    assert faults(broken) == ["booking.expire_hold_backstop: the pattern"]


def test_swapped_queues_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    one, other = (
        broken.mappings(broken.function(f"booking.on_payment_{how}"))[0].properties for how in ("succeeded", "failed")
    )
    one["EventSourceArn"], other["EventSourceArn"] = other["EventSourceArn"], one["EventSourceArn"]

    assert faults(broken) == ["booking.on_payment_succeeded: the pattern", "booking.on_payment_failed: the pattern"]


def test_short_visibility_and_dlq_retention_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    queue = broken.resolve(
        broken.mappings(broken.function("ticket.on_booking_confirmed"))[0].properties["EventSourceArn"]
    )
    queue.properties["VisibilityTimeout"] = 30
    broken.resolve(queue.properties["RedrivePolicy"]["deadLetterTargetArn"]).properties["MessageRetentionPeriod"] = 60

    assert faults(broken) == [
        "ticket.on_booking_confirmed: the visibility",
        "ticket.on_booking_confirmed: the retention",
    ]


def test_missing_stream_filter_and_alarm_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    mapping = next(one for one in broken.mappings(broken.function("cdc.publish_outbox")) if "Payments" in one.name)
    del mapping.properties["FilterCriteria"]
    watched = next(one for one in broken.by_type("CloudWatch::Alarm") if one.properties["Namespace"] == "AWS/SQS")
    broken.resources.remove(watched)

    assert faults(broken) == ["cdc.publish_outbox: the stream of payments"]
    assert len(queue_faults(broken)) == 1


def _rule_for(cloud: CloudAssembly, function: str) -> Resource:
    queue = cloud.mappings(cloud.function(function))[0].properties["EventSourceArn"]
    return next(one for one in cloud.by_type("Events::Rule") if one.properties["Targets"][0]["Arn"] == queue)
