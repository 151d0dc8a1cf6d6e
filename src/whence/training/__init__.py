"""Training: recipes as data, augmentation in batches, one loop, pretraining and fine-tuning."""
