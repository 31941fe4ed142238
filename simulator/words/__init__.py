"""Words that every part of the program shares."""
