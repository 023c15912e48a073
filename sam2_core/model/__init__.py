"""The parts of the model, one file for each part of the paper's figure."""
