"""The weekly degradation report in every form a planner passes on."""
