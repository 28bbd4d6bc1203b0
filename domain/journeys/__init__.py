"""Where a client stands in a campaign, and what comes next: pure rules over time, events and answers."""
