"""What an official account's messages cost; ``python -m benchmarks.wechat``."""
