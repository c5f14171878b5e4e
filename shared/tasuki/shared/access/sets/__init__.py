"""Sets that hospitals send as JP-CLINS Bundles."""
