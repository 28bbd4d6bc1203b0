"""How clients are taken to behave in a simulation: pure, and drawn per client and day."""
