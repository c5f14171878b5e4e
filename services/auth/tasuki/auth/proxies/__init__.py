"""Who may act for whom: given by the person, or recorded from papers that were checked."""
