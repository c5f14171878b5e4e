"""Every URL of a one-port installation, in one place (the outside contract)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """The paths of the contract under one base URL, without trailing slashes."""

    base: str
    regions: tuple[str, ...]

    @property
    def auth(self) -> str:
        """The issuer."""
        return f"{self.base}/auth"

    @property
    def ehr(self) -> dict[str, str]:
        """FHIR base URL of each region's records."""
        return {region: f"{self.base}/ehr/{region}/fhir" for region in self.regions}

    @property
    def phr(self) -> str:
        """The PHR's pages."""
        return f"{self.base}/phr"

    @property
    def phr_fhir(self) -> str:
        """The PHR's FHIR base URL."""
        return f"{self.base}/phr/fhir"

    @property
    def consent(self) -> str:
        """The consent service, outside FHIR."""
        return f"{self.base}/consent"

    @property
    def officer(self) -> str:
        """The officer's pages."""
        return f"{self.consent}/officer"

    @property
    def consent_fhir(self) -> str:
        """The consent service's FHIR base URL."""
        return f"{self.base}/consent/fhir"

    @property
    def locator(self) -> str:
        """The locator's FHIR base URL."""
        return f"{self.base}/locator/fhir"

    @property
    def shelter(self) -> str:
        """The shelter desk."""
        return f"{self.base}/shelter"

    @property
    def shelter_fhir(self) -> str:
        """The shelter's FHIR base URL."""
        return f"{self.base}/shelter/fhir"

    @property
    def all_audiences(self) -> tuple[str, ...]:
        """Every base URL a person's token may be for."""
        return (*self.ehr.values(), self.phr_fhir, self.consent_fhir, self.shelter_fhir)

    def redirects(self, client_id: str) -> tuple[str, ...]:
        """Return where sign-in may lead back to, for each door."""
        doors = {
            "desk": f"{self.shelter}/callback",
            "resident": f"{self.phr}/callback",
            "officer": f"{self.officer}/callback",
            "privacy-desk": f"{self.consent}/overrides/callback",
            "command-line": f"{self.base}/command-line",
        } | {f"viewer-{region}": f"{self.base}/ehr/{region}/callback" for region in self.regions}
        return (doors[client_id],)
