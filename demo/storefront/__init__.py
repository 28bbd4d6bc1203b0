"""The demo shop's own site: a shop that uses Selvedge's public API and script as any shop would, and nothing else."""
