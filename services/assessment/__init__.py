"""What an assessment asks beside the score: risk, the next action, hold-outs."""
