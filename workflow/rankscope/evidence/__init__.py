"""What claims are made of: samples, regions, results, verdicts."""
