"""What a draft would do, before anybody puts it in force."""
