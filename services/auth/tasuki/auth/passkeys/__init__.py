"""Passkeys: a key on the person's own device that stands for two factors, once the device has checked who holds it."""
