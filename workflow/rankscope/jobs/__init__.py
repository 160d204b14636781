"""What the rules run, one module per rule; a rule hashes what its module runs."""
