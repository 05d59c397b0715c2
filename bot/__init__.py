"""The service bot: channels, dialog, hand-over and the edge that serves them."""
