"""What one worker process hosts: task queues, the dispatcher of nudges, health and metrics."""
