"""The International Patient Summary: assembling one, and judging one on paper.

Implements https://hl7.org/fhir/uv/ips/ version 2.0.1 (FHIR R4).
"""
