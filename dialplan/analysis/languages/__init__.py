"""Sets of aliases as automata: emptiness, intersection, witnesses, exact."""
