"""The API fuzzed by schemathesis from its own document, as each role, on the deployed system."""
