"""The officer's pages: what is proposed, what is declared, and the form that declares."""
