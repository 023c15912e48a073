"""SAM 2 and SAM 2.1 on torch and numpy alone: promptable segmentation of pictures and of objects through a video."""
