"""What clients see and change on their own pages, by the signed links of their mail."""
