"""Mutated pushes at a real server's webhook: 400 or 403, or 200 for what is a push all the same; nothing else, ever.

``python -m benchmarks.wechat_fuzz [--cases N] [--seed S] [--json]``. Each case is made from the seed and its number;
``--only NUMBER`` makes one of them again. First all of them go through opening and parsing alone, then to the server.
"""

import sys

from benchmarks.wechat_fuzz.run import main

sys.exit(main())
