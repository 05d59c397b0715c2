"""What was taken in while the store is away: on disk before it is acknowledged, in order, sealed, and for as long as
it takes. No channel is known here.
"""
