"""Activities, the steps that workflows call: each loads, calls one service, algorithm or agent, and saves."""
