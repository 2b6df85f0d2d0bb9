"""Every subscription and timer: rule → queue → function, with its dead-letter queues and alarms."""

from typing import Any

from infra.vocabulary import Every, On, Stream
from tests.infra.cloud import Cloud, Resource

MAX_RECEIVES = 7
ONE_BY_ONE = {
    "auth.on_letter_due",
    "payment.close_payment", "payment.on_booking_failed", "payment.on_booking_cancelled", "payment.on_refund_requested",
    "ticket.on_booking_confirmed",
    "notify.on_noti_pending",
}  # fmt: skip
# Messages at once, seconds waited for more, functions at once.
BURSTS = {"events.build_index": (500, 1, 2), "booking.count_places": (500, 1, 2)}


def faults(cloud: Cloud) -> list[str]:
    rows = [row for row in cloud.rows if isinstance(row, On)]
    found = [f"{row.function}: {what}" for row in rows for what in _consumer(cloud, row)]
    streams = [row for row in cloud.rows if isinstance(row, Stream)]
    found += [f"{row.function}: {what}" for row in streams for what in _stream(cloud, row)]
    clocks = [row for row in cloud.rows if isinstance(row, Every)]
    found += [f"{row.function}: {what}" for row in clocks for what in _clock(cloud, row)]
    if len(cloud.of("Events::Rule")) != len(rows) + len(clocks):
        found.append("rules that no row asks for")
    mappings = len(rows) + sum(len(row.tables) for row in streams)
    return found + ([] if len(cloud.of("Lambda::EventSourceMapping")) == mappings else ["mappings without a row"])


def _consumer(cloud: Cloud, row: On) -> list[str]:
    mappings = cloud.mappings(cloud.function(row.function))
    if len(mappings) != 1:
        return ["not one mapping"]
    queue = cloud.named(mappings[0].props["EventSourceArn"])
    dead = cloud.named(queue.props["RedrivePolicy"]["deadLetterTargetArn"])
    rules = [rule for rule in cloud.of("Events::Rule") if rule.props["Targets"][0]["Arn"] == queue.arn]
    if len(rules) != 1:
        return ["not one rule"]
    checks = {
        "the mapping": mappings[0].props.items() >= _mapping(row).items(),
        "the receives": queue.props["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES,
        "the visibility": queue.props["VisibilityTimeout"] >= 6 * row.seconds,
        "the retention": dead.props["MessageRetentionPeriod"] > queue.props["MessageRetentionPeriod"],
    }
    wrong = [what for what, right in checks.items() if not right]
    return wrong + _rule(cloud, row, rules[0]) + [f"{one.name} {what}" for one in (queue, dead) for what in _bare(one)]


def _mapping(row: On) -> dict[str, Any]:
    batch, window, at_once = BURSTS.get(row.function, (1 if row.function in ONE_BY_ONE else 10, 0, None))
    return {
        "BatchSize": batch,
        "MaximumBatchingWindowInSeconds": window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    } | ({"ScalingConfig": {"MaximumConcurrency": at_once}} if at_once else {})


def _rule(cloud: Cloud, row: On, rule: Resource) -> list[str]:
    (target,) = rule.props["Targets"]
    pattern = {
        "source": sorted({event.source for event in row.events}),
        "detail-type": [event.wire_name() for event in row.events],
    }
    checks = {
        "the pattern": rule.props["EventPattern"] == pattern,
        "the bus": rule.props["EventBusName"] == cloud.outputs["BusName"] and rule.props["State"] == "ENABLED",
        "the rule's retries": target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        "the rule's own DLQ": _readers(cloud, target["DeadLetterConfig"]["Arn"]) == [],
        "who may send": _senders(cloud, target["Arn"]) == [rule.arn]
        and _senders(cloud, target["DeadLetterConfig"]["Arn"]) == [rule.arn],
    }
    return [what for what, right in checks.items() if not right]


def _clock(cloud: Cloud, row: Every) -> list[str]:
    function = cloud.function(row.function)
    rules = [rule for rule in cloud.of("Events::Rule") if rule.props["Targets"][0]["Arn"] == function.arn]
    if len(rules) != 1:
        return ["not one rule"]
    (target,) = rules[0].props["Targets"]
    retries = {"MaximumEventAgeInSeconds": 60 * row.minutes, "MaximumRetryAttempts": 0}
    checks = {
        "how often": rules[0].props["ScheduleExpression"] == f"rate({row.minutes} minutes)",
        "the rule is on": rules[0].props["State"] == "ENABLED",
        "its retries": target["RetryPolicy"] == retries,
        "Lambda's retries": [one.props["MaximumRetryAttempts"] for one in cloud.of("Lambda::EventInvokeConfig")] == [0],
        "its own DLQ": _readers(cloud, target["DeadLetterConfig"]["Arn"]) == [],
        "who may send": _senders(cloud, target["DeadLetterConfig"]["Arn"]) == [rules[0].arn],
    }
    return [what for what, right in checks.items() if not right]


def _stream(cloud: Cloud, row: Stream) -> list[str]:
    mappings = {one.props["EventSourceArn"]: one.props for one in cloud.mappings(cloud.function(row.function))}
    found = []
    for table in row.tables:
        built = cloud.table(table.name)
        mapping = mappings.get(f"{built.name}:StreamArn", {})
        stream = built.props.get("StreamSpecification")
        if not mapping.items() >= _STREAM.items() or stream != {"StreamViewType": "NEW_AND_OLD_IMAGES"}:
            found.append(f"the stream of {table.name}")
        elif _readers(cloud, mapping["DestinationConfig"]["OnFailure"]["Destination"]):
            found.append(f"the failures of {table.name}")
    return found


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


def _readers(cloud: Cloud, arn: str) -> list[str]:
    return [one.name for one in cloud.of("Lambda::EventSourceMapping") if one.props["EventSourceArn"] == arn]


def _bare(queue: Resource) -> list[str]:
    return [] if queue.props.get("SqsManagedSseEnabled") else ["is not encrypted"]


def _policy(cloud: Cloud, arn: str) -> list[dict[str, Any]]:
    name = arn.split(":", maxsplit=1)[0]
    policies = [one.props for one in cloud.of("SQS::QueuePolicy") if name in one.props["Queues"]]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _senders(cloud: Cloud, arn: str) -> list[str]:
    allowed = [statement for statement in _policy(cloud, arn) if statement["Effect"] == "Allow"]
    assert all(one["Principal"] == {"Service": "events.amazonaws.com"} for one in allowed)
    return [one["Condition"]["ArnEquals"]["aws:SourceArn"] for one in allowed]


def unwatched(cloud: Cloud) -> list[str]:
    """Queues that nobody reads and no alarm watches, and queues that take plain HTTP."""
    quiet = [
        f"{queue.name} has no alarm"
        for queue in cloud.of("SQS::Queue")
        if not _readers(cloud, queue.arn)
        and not cloud.alarms(
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": f"{queue.name}:QueueName"}],
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    ]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return quiet + [
        f"{queue.name} takes plain HTTP"
        for queue in cloud.of("SQS::Queue")
        if not any(one["Effect"] == "Deny" and one["Condition"] == plain for one in _policy(cloud, queue.arn))
    ]


def test_every_subscription_timer_and_stream_wakes_exactly_its_function(cloud: Cloud) -> None:
    assert faults(cloud) == []


def test_every_queue_that_nobody_reads_has_an_alarm_and_none_takes_plain_http(cloud: Cloud) -> None:
    assert unwatched(cloud) == []


def test_a_rule_for_another_event_is_seen(local: Cloud) -> None:
    broken = local.copy()
    _rule_of(broken, "booking.expire_hold").props["EventPattern"]["detail-type"] = ["BookingConfirmed.v1"]

    assert faults(broken) == ["booking.expire_hold: the pattern"]


def test_two_functions_on_each_others_queues_are_seen(local: Cloud) -> None:
    broken = local.copy()
    one, other = (
        broken.mappings(broken.function(f"booking.on_payment_{how}"))[0].props for how in ("succeeded", "failed")
    )
    one["EventSourceArn"], other["EventSourceArn"] = other["EventSourceArn"], one["EventSourceArn"]

    assert faults(broken) == ["booking.on_payment_succeeded: the pattern", "booking.on_payment_failed: the pattern"]


def test_a_short_visibility_and_a_forgetful_dlq_are_seen(local: Cloud) -> None:
    broken = local.copy()
    queue = broken.named(broken.mappings(broken.function("ticket.on_booking_confirmed"))[0].props["EventSourceArn"])
    queue.props["VisibilityTimeout"] = 30
    broken.named(queue.props["RedrivePolicy"]["deadLetterTargetArn"]).props["MessageRetentionPeriod"] = 60

    assert faults(broken) == [
        "ticket.on_booking_confirmed: the visibility",
        "ticket.on_booking_confirmed: the retention",
    ]


def test_a_stream_without_its_filter_and_a_missing_alarm_are_seen(local: Cloud) -> None:
    broken = local.copy()
    mapping = next(one for one in broken.mappings(broken.function("cdc.publish_outbox")) if "Payments" in one.name)
    del mapping.props["FilterCriteria"]
    watched = next(one for one in broken.of("CloudWatch::Alarm") if one.props["Namespace"] == "AWS/SQS")
    broken.resources.remove(watched)

    assert faults(broken) == ["cdc.publish_outbox: the stream of payments"]
    assert len(unwatched(broken)) == 1


def _rule_of(cloud: Cloud, function: str) -> Resource:
    queue = cloud.mappings(cloud.function(function))[0].props["EventSourceArn"]
    return next(one for one in cloud.of("Events::Rule") if one.props["Targets"][0]["Arn"] == queue)
