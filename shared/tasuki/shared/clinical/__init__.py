"""Clinical knowledge, pure: current medicines, allergies, the five-state emergency profile, IPS."""
