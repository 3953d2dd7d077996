"""What a hidden zone shows of itself: sealed Contacts, Routes and Call-IDs, and how they are opened again."""
