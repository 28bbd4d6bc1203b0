"""The door for people's agents: the Model Context Protocol, over the services that pages and the API call."""
