"""The command line: one module per command, slow imports inside the commands."""
