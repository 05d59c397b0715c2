"""Articles and the search that answers from them."""
