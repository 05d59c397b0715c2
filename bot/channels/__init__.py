"""The ways customers reach us; each channel parses its wire into messages and renders messages for it."""
