"""The clinician's door: finding a patient, and the patient's summary across regions, as pages."""
