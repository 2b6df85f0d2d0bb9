"""The logic of the events service.

categories: create, rename, read and list categories
currencies: ISO 4217 currencies and their decimals
drafts: build a draft from a request or from another event
edit_rules: what may still change after publication
errors: domain errors
event_search: the public list of events, with filters, sort orders and pages
event_types: create, edit and find event types
erasure: delete the drafts of an erased organiser
export: a user's data, for the data export
fields: validated field types of requests and query parameters
index_builder: update or rebuild the search index
index_storage: the search index as an object in S3
live_view: events joined with category names, capacities and availability
model: state machines, event types and validation rules
repository: reads and conditional writes of event items
requests: request bodies
schemas: response bodies
search_filters: search filters, text folding and SQL conditions
search_index: the SQLite FTS5 index
service: use cases of organisers, and the end of an event
"""
