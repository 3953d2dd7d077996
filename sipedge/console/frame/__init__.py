"""What every page of the console stands on: who asks and what he may, what a page is, and how it is made."""
