from support.native import half

__all__ = ["half"]
