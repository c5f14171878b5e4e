"""Who is asking, for what, and the one door through which any row leaves."""
