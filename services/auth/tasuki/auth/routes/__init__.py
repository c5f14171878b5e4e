"""The HTTP face of the authorization server."""
