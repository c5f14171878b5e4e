"""Which regions hold records of a person: network tokens in, pointers out."""
