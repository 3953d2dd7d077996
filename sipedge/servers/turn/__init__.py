"""TURN by one coturn run by the edge: generated configuration, questions by STUN, state."""
