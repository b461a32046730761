"""Features, estimators, evaluation and drift of predictive-maintenance models. No MLflow here."""
