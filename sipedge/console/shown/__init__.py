"""What pages show, made of values: pictures as SVG, filters as they stand in an address."""
