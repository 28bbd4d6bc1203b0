"""Everything on one machine: the demo shop, its servers and its pace."""
