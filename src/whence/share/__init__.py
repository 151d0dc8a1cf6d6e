"""Giving and taking: cards that tell what a thing is, in the formats that the field reads."""
