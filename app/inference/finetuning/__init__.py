"""Fine-tuning: a model learns from the masks that a person verified, and is measured on those it has not seen."""
