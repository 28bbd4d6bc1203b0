"""Which items go together, learnt from what people put into one outfit or box."""
