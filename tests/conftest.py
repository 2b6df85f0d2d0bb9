"""What holds for every test: no real AWS account, and no stack that outlives the run."""

import os

from tests.support.system.aws_isolation import isolate
from tests.support.system.e2e_stack import interrupt_on_sigterm

isolate(os.environ)
os.environ["ACCESS"] = "public"  # routes read it; a test that needs a role sets another value
interrupt_on_sigterm()
