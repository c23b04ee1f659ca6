"""The pages of the room: texts, web hooks, and the address that SMS services call."""
