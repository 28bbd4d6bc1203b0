"""The agents that write, review and schedule mail and read notes. One file each: prompt, output model, one function."""
