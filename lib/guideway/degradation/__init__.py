"""Interventions, trends, forecasts and their calibration, for any indicator of any domain.

Every function takes many series at once (``series.SeriesBatch``) and touches none of them from Python:

- ``pooling.estimate_priors``: what a group of series says about one of them;
- ``interventions.find_interventions``: recorded works matched, unrecorded ones inferred;
- ``trends.fit_trends``: level and rate since the last effective work, with a status;
- ``forecasts.forecast_limits`` and ``forecasts.predict``: days to each limit, values ahead;
- ``backtest.backtest`` and ``choice.try_forms``: how good that was, and which form to take;
- ``learning.learn``: all a sample teaches, with the form of each group chosen by back-test.
"""
