"""Tests of the whole; imported before anything else of them, and so before numpy."""

import os

# As the command line does: a thread per core for small matrices costs more than it gives.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
