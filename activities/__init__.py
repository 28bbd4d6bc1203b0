"""Activities: load, call one domain function, algorithm or agent, save."""
