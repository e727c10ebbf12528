"""The model: latents and weights to pixels. torch only, no bytes."""
