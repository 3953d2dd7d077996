"""Log-in at an OpenID provider: its addresses, a code made into claims, claims made into a person with a role."""
