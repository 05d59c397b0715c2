"""The promises of WeChat's channel, measured."""

import sys

from benchmarks.wechat.run import main

if __name__ == "__main__":
    sys.exit(main())
