"""FHIR R4: reading and writing resources that keep every digit, validating, referring, searching.

https://hl7.org/fhir/R4/

A pure room: bytes and dicts in, dicts and faults out. Nothing here knows HTTP, SQL or keys.
"""
