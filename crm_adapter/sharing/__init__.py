"""Who sees customer data, who is given it, on what grounds: access log, third parties, transfers, uses, reviews."""
