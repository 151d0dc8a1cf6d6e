"""What networks make of images: computed once per network and dataset, and kept."""
