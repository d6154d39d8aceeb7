"""Incidents: failures in production that became permanent tests."""
