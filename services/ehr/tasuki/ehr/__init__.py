"""One medical region: hospital records in, FHIR R4 out."""
