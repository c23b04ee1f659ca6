"""The e-government bus under load: the simulated portal, the system, and both their books."""
