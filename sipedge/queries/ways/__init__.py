"""Where something would go that is not SIP: stanzas, requests for web services."""
