"""The person at the bench as a driver, and roles that a person fills. No scenario, no verdict."""
