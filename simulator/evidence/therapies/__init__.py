"""What a therapy does, to whom and at what price: its file, its numbers, and what can be wrong with them."""
