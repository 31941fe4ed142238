"""Where a hospital lies among others: what its numbers say of it, and its offsets."""
