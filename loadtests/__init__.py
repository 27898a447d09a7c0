"""Load on the verification path of any platform reached by URL, by Locust. Speaks the platform's wire, nothing else."""
