"""Two engines for one set of rules. They know nothing of money, files, tables or figures."""
