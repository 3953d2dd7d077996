"""XMPP federation on two Prosody processes: OUTSIDE faces the partners, INSIDE the servers behind."""
