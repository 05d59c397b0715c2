"""What customers are worth and where they stand: orders, figures, rules, standings, tags, organisations, segments.

``orders`` -> ``figures`` -> ``assessment`` by ``rules`` -> ``standings``; ``segments`` are filters over all of it.
"""
