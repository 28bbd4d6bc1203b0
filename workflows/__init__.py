"""Order, waiting and branching; nothing else."""
