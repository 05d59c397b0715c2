"""The HTTP API that an account's server calls, with WeChat's paths, bodies and error codes."""
