"""API documentation, health and the default route.

docs_site: OpenAPI document, documentation page and problem pages
errors: errors of this service
schemas: response models
"""
