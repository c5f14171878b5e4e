"""FHIR interactions as routes over a gate; `ehr` and `phr` are the same server with other rules."""
