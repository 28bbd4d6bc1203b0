"""Who is drifting: from order histories alone to chances, counts and money over a horizon."""
