"""The sandbox provider, independent of Lambda.

stripe_endpoints: the provider's API operations, with the faults that are active for each
stripe_http: Stripe's HTTP format: form bodies, API keys, idempotency keys, error objects
checkout: what a buyer chooses on the hosted page
page: the HTML of the hosted page
sessions: checkout sessions in their table
refunds: refunds of a session's payment, as the provider keeps them
webhook: build, sign and send events to the merchant
faults: which faults are active, and for which session
fault_requests: the request and the report of the faults API
params: the Stripe parameters that the sandbox reads
model: session states, and ids of sessions and payment intents
errors: Stripe's error objects
"""
