"""The steps of a nightly Refresh: learnt, tried, promoted, lists made, drift looked for; each step done twice is done
once."""
