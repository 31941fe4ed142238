"""Where a hospital lies among all, given the recorded course of each of its people."""
