"""What flows can do: one module per capability."""
