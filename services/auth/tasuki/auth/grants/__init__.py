"""OAuth grants and token endpoints, built on Authlib's framework-free core.

Authlib ships no types, so classes made from its own carry one `type: ignore` each.
"""
