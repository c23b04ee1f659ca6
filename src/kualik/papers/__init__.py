"""Forms as versioned data and the rendering of every official paper."""
