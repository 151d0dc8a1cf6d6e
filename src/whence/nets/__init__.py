"""Networks: timm backbones with the paper's head, and the weights that they start from."""

import os

# Set before timm and huggingface_hub are imported anywhere: a library reads it once.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
