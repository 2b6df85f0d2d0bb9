"""What holds for every test: no real AWS account, and no stack that outlives the run."""

import os

from tests.support.aws import isolate
from tests.support.stack import end_politely

isolate(os.environ)
end_politely()
