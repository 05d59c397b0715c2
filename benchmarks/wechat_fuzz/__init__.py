"""Mutated pushes at the webhook of official accounts; ``python -m benchmarks.wechat_fuzz``."""
