"""The control API, for tests, load runs and the phone page; ``docs/guides/wechat-emulator.md`` describes it."""
