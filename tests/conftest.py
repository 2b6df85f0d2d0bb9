"""What holds for every test: no real AWS account, and no stack that outlives the run."""

import os

from tests.support.aws import isolate
from tests.support.stack import end_politely

isolate(os.environ)
os.environ["WHO"] = (
    "anyone"  # every route's function is told who may call it; here anybody, unless a test says otherwise
)
end_politely()
