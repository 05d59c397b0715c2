"""Ends with 0 when the server of this container answers: the image's health check."""

import os
import sys
import urllib.request

port = os.environ.get("YINGDA_HTTP__PORT", "8080")
try:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
        sys.exit(answer.status != 200)
except OSError as error:
    sys.exit(f"no answer from port {port}: {error}")
