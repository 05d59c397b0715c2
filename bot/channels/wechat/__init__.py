"""WeChat official accounts: from signed pushes to messages and back; no input or output happens here.

The facts (fields, limits, windows, error codes) are those of Tencent's documentation of official accounts.
"""
