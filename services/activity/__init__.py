"""Who changed what: found, written as a table, and kept for as long as the shop says."""
