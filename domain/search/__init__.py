"""The rules of search: how a query is read, and how what is found is ordered."""
