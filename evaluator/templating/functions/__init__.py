"""The functions that Prometheus and Alertmanager add to Go's own."""
