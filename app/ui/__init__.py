"""The window: canvas, timeline, panels, dialogs. Knows Qt and nothing of torch, SQL or how data changes."""
