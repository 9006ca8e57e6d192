"""The pipelines that users copy: their scripts run for real, on the real engine."""
