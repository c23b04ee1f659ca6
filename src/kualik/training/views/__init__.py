"""The pages of the room: groups, and the way of a list into them."""
