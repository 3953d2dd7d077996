"""What certificates say: whose they are, and which chain they make. Pure: they are read here, OpenSSL verifies them."""
