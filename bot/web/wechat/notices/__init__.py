"""Template messages and subscription notices: what WeChat's users allow, what waits, what is sent and how it ended."""
