"""The risk model: from order histories alone to chances of an order, order counts and money over a horizon."""
