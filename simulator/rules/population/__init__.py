"""Who is referred: synthetic patients, real ones from a table, and who may enter."""
