"""Append-only tables whose order and content can be proven: hash chains, one sequencer, signed checkpoints."""
