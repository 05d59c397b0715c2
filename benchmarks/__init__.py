"""What the program costs, measured as ratios in one run beside a floor. ``make bench`` runs all of them."""
