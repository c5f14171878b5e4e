"""FHIR engine, sealed store, keys, access, audit, web kit and clinical knowledge shared by all rooms."""
