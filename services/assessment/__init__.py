"""Services of an assessment beside the score: risk, the next action, holdouts."""
