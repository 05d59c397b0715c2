"""The website's chat: our own protocol, described in docs/guides/web-channel.md."""
