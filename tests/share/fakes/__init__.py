"""Servers on this machine that speak the protocols of the places where things are shared."""
