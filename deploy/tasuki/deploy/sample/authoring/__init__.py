"""How the sample was made: runs once at a maintainer's desk, never in the product."""
