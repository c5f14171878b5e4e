"""Who may see what: consents, disaster declarations, decisions with reasons."""
