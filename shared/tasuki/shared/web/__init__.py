"""One look for the pages: templates, style, languages, sign-in and server sessions."""
