"""Who you are: the authorization server."""
