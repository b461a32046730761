"""Settings of the track geometry indicators."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from guideway.monitoring.track_geometry.definitions import TWIST_BASES_M


class TrackGeometryParameters(BaseModel):
    """Settings of track geometry; their hash is stored with results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    good_coverage: float = Field(0.8, ge=0, le=1, description="share of a section measured for quality 'good'")
    suspect_coverage: float = Field(0.5, ge=0, le=1, description="share for 'suspect'; below it is 'poor'")
    least_coverage: float = Field(0.25, ge=0, le=1, description="share below which there is no value")
    twist_bases_m: tuple[int, ...] = Field(
        (), description="bases of twist besides 3 m and those the rule book has limits for"
    )
    tqi_twist_base_m: float = Field(2.5, gt=0, description="base of twist in the Chinese TQI")
    max_gap_m: float = Field(3.0, ge=0, description="longest gap bridged before filtering")
    spike_mm: float = Field(5.0, gt=0, description="a single sample must stand out by this to be a spike")
    standstill_m: float = Field(20.0, gt=0, description="a signal that never moves over this length is not measured")
    merge_m: float = Field(5.0, ge=0, description="exceedances closer than this are one defect")
    tight_curve_radius_m: float = Field(420.0, gt=0, description="below this radius twist limits of tight curves apply")
    curve_per_km: float = Field(0.1, gt=0, description="curvature from which a section counts as a curve")
    cosd_weights: tuple[float, float, float, float] = Field(
        (1.0, 1.0, 1.0, 1.0), description="weights of alignment, gauge, cross level and longitudinal level in CoSD"
    )
    nl_reference_sd_mm: float = Field(1.4, gt=0, description="80th percentile of the network's level SD (index N)")
    all_indices: bool = Field(False, description="also compute national indices the rule book has no limit for")

    @field_validator("twist_bases_m")
    @classmethod
    def _defined(cls, bases: tuple[int, ...]) -> tuple[int, ...]:
        unknown = [base for base in bases if base not in TWIST_BASES_M]
        if unknown:
            known = ", ".join(map(str, TWIST_BASES_M))
            raise ValueError(f"no indicator for twist on {unknown[0]} m; there are {known}")
        return bases

    def limit_class(self, indicator: str, mode: str, curvature_per_km: float) -> str:
        """Class of the rule book an indicator of a section is judged by: its mode, of twist in a tight curve that."""
        is_tight = abs(curvature_per_km) * self.tight_curve_radius_m > 1000
        is_twist = indicator.startswith("twist_") and indicator.endswith("_peak")
        return "tight_curve" if is_tight and is_twist else mode
