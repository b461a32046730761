"""Settings of run-to-run alignment."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AlignmentParameters(BaseModel):
    """Settings of run-to-run alignment; lengths in metres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shortest_m: float = Field(6.0, gt=0, description="shortest wavelength compared")
    longest_m: float = Field(25.0, gt=0, description="longest wavelength compared")
    window_m: float = Field(100.0, gt=0, description="length of a correlation window")
    hop_m: float = Field(25.0, gt=0, description="distance between windows")
    search_m: float = Field(60.0, gt=0, description="largest drift either way: twice 30 m, for both runs drift")
    coarse_search_m: float = Field(1000.0, ge=0, description="largest constant offset the coarse stage looks for")
    slope_cost_per_m: float = Field(0.1, gt=0, description="cubed correlation a metre of drift costs")
    jump_cost: float = Field(2.0, gt=0, description="cubed correlation a break of any size costs")
    jump_m: float = Field(2.0, gt=0, description="change between windows that is a break, not drift")
    smoothing_m: float = Field(100.0, gt=0, description="smoothing length of the drift curve")
    refine_shortest_m: float = Field(2.0, gt=0, description="shortest wavelength of the second look")
    refine_longest_m: float = Field(35.0, gt=0, description="longest wavelength of the second look")
    refine_window_m: float = Field(60.0, gt=0, description="length of a window of the second look")
    refine_search_m: float = Field(2.0, gt=0, description="largest correction by the second look")
    stretch_m: float = Field(200.0, gt=0, description="length of a reported stretch")
    least_correlation: float = Field(0.4, ge=0, le=1, description="below this a stretch is not comparable")
    agree_m: float = Field(1.5, gt=0, description="a window's own best shift this close to the curve speaks for it")
    least_agreement: float = Field(0.5, ge=0, le=1, description="share of windows of a stretch that must speak for it")
    least_coverage: float = Field(0.5, ge=0, le=1, description="share both runs must have measured")
