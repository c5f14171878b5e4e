"""Emergency overrides ("break the glass") with their whole life: opened, told, ended, reviewed."""
