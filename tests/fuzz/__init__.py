"""Fuzz the deployed API with schemathesis, from its OpenAPI document, as each role."""
