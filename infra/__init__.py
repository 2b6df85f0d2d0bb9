"""The infrastructure: the topology as data, and the CDK app that builds it."""
