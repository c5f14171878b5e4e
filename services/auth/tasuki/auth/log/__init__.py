"""What the authorization server did and refused, as AuditEvents in a sealed log."""
