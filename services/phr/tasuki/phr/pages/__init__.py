"""The resident's door: write down, decide who may see, and see who looked. No script is needed."""
