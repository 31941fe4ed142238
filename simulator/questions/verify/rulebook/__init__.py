"""The rules written a second time, in plain Python from MODEL.md, and compared with the compiled ones in drawn situations."""
