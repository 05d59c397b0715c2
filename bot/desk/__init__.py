"""People who answer: who waits for one, who takes whom, and what they may say (design: who may speak)."""
