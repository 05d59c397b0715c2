"""Conversations written down in Rasa's end-to-end format, played against the whole program."""
