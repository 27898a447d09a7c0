"""Drivers: each speaks one real wire to a device and offers a role. No scenario, no verdict."""
