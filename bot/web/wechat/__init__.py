"""The edge of WeChat's official accounts: their webhooks, and the way out beside the answers to pushes."""
